//! The concurrency limit of a host that responds with 429.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Failure;
use crate::error::kind::ErrorKind;
use crate::http::concurrency_limit::{
    ConcurrencyLimiter, ConcurrencyLimits, MAX_CONCURRENT_REQUESTS, Permit,
};

const MAX_CLOSURES: u32 = 4;

fn failure() -> Failure {
    let cause = "a 429".to_owned();
    Failure::not_sent(ErrorKind::Unsendable { cause })
}

async fn acquire<'a>(limits: &'a ConcurrencyLimits, limiter: &'a ConcurrencyLimiter) -> Permit<'a> {
    limits.acquire(limiter, MAX_CLOSURES).await.ok().unwrap()
}

/// Acquires as many permits as are available without a wait.
async fn all<'a>(limits: &'a ConcurrencyLimits, limiter: &'a ConcurrencyLimiter) -> Vec<Permit<'a>> {
    let mut permits = Vec::new();
    // Yields, because the runtime delays a task that does not.
    tokio::task::yield_now().await;
    // A timeout of zero expires only if `acquire` waits.
    while let Ok(one) = tokio::time::timeout(Duration::ZERO, acquire(limits, limiter)).await {
        permits.push(one);
    }
    permits
}

fn rate_limit(acquire: Permit<'_>, seconds: u64) {
    acquire.on_rate_limited(Duration::from_secs(seconds), 0.0, &failure());
}

#[tokio::test(start_paused = true)]
async fn acquire_limits_all_hosts_together() {
    let limits = ConcurrencyLimits::default();
    let (one, other) = (
        limits.limiter("https://eu.example"),
        limits.limiter("https://us.example"),
    );
    assert!(Arc::ptr_eq(&one, &limits.limiter("https://eu.example")));
    let mut permits = all(&limits, &one).await;
    assert_eq!(permits.len(), MAX_CONCURRENT_REQUESTS);
    assert_eq!(all(&limits, &other).await.len(), 0);
    permits.truncate(MAX_CONCURRENT_REQUESTS - 3);
    assert_eq!(all(&limits, &other).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn rate_limit_applies_to_one_host_only() {
    let limits = ConcurrencyLimits::default();
    let (limiter, other) = (limits.limiter("a"), limits.limiter("b"));
    let (first, second) = (acquire(&limits, &limiter).await, acquire(&limits, &limiter).await);
    let start = Instant::now();
    rate_limit(first, 5);
    // The later end applies.
    rate_limit(second, 3);
    drop(acquire(&limits, &other).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(acquire(&limits, &limiter).await);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn rate_limit_wait_is_spread() {
    let limits = ConcurrencyLimits::default();
    let limiter = limits.limiter("a");
    let start = Instant::now();
    acquire(&limits, &limiter)
        .await
        .on_rate_limited(Duration::from_secs(8), 1.0, &failure());
    drop(acquire(&limits, &limiter).await);
    assert_eq!(start.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn rate_limit_halves_the_width_and_responses_restore_it() {
    let limits = ConcurrencyLimits::default();
    let limiter = limits.limiter("a");
    let mut width = MAX_CONCURRENT_REQUESTS;
    while width > 1 {
        // Rejects all permits of a round, which counts once.
        for acquire in all(&limits, &limiter).await {
            rate_limit(acquire, 1);
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        width /= 2;
        assert_eq!(all(&limits, &limiter).await.len(), width);
    }
    rate_limit(acquire(&limits, &limiter).await, 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(all(&limits, &limiter).await.len(), 1, "one permit always remains");
    for width in 1..MAX_CONCURRENT_REQUESTS {
        for _ in 0..width {
            acquire(&limits, &limiter).await.on_response();
        }
        assert_eq!(all(&limits, &limiter).await.len(), width + 1);
    }
    for _ in 0..MAX_CONCURRENT_REQUESTS {
        acquire(&limits, &limiter).await.on_response();
    }
    assert_eq!(
        all(&limits, &limiter).await.len(),
        MAX_CONCURRENT_REQUESTS,
        "and never more"
    );
}

#[tokio::test(start_paused = true)]
async fn acquire_repeated_closures_give_up_without_progress() {
    for progress in [false, true] {
        let limits = ConcurrencyLimits::default();
        let limiter = limits.limiter("a");
        rate_limit(acquire(&limits, &limiter).await, 1);
        let mut waiting = Box::pin(limits.acquire(&limiter, 1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        for _ in 0..2 {
            // A request that is sent when the host opens is rejected again.
            tokio::time::advance(Duration::from_secs(2)).await;
            let (one, other) = (acquire(&limits, &limiter).await, acquire(&limits, &limiter).await);
            if progress {
                one.on_response();
            }
            rate_limit(other, 1);
        }
        let got = tokio::time::timeout(Duration::from_mins(1), waiting)
            .await
            .unwrap();
        assert_eq!(got.is_ok(), progress);
    }
}

#[tokio::test(start_paused = true)]
async fn rate_limit_longer_than_a_minute_fails_others_at_once() {
    let limits = ConcurrencyLimits::default();
    let limiter = limits.limiter("a");
    let (first, second) = (acquire(&limits, &limiter).await, acquire(&limits, &limiter).await);
    let same = limits.limiter("a");
    rate_limit(first, 3_600);
    // A response to an earlier request does not lift the rate limit.
    second.on_response();
    let start = Instant::now();
    let error = limits.acquire(&same, MAX_CLOSURES).await.err().unwrap();
    assert_eq!(error.asked_wait, Some(Duration::from_hours(1)));
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Near the end of the closure, requests wait.
    tokio::time::advance(Duration::from_secs(3_550)).await;
    drop(acquire(&limits, &limiter).await);
    assert_eq!(start.elapsed().as_secs(), 3_600);
}

#[tokio::test(start_paused = true)]
async fn rate_limit_without_end_is_bounded() {
    let limits = ConcurrencyLimits::default();
    let limiter = limits.limiter("a");
    rate_limit(acquire(&limits, &limiter).await, u64::MAX);
    assert!(limits.acquire(&limiter, MAX_CLOSURES).await.is_err());
}
