//! How a host that says 429 gets fewer requests, and when.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Failure;
use crate::error::kind::ErrorKind;
use crate::http::concurrency_limit::{
    ConcurrencyLimiter, ConcurrencyLimits, MAX_CONCURRENT_REQUESTS, Permit,
};

const PATIENCE: u32 = 4;

fn failure() -> Failure {
    let cause = "a 429".to_owned();
    Failure::not_sent(ErrorKind::Unsendable { cause })
}

async fn pass<'a>(gates: &'a ConcurrencyLimits, gate: &'a ConcurrencyLimiter) -> Permit<'a> {
    gates.acquire(gate, PATIENCE).await.ok().unwrap()
}

/// Takes as many passes as there are without a wait.
async fn all<'a>(gates: &'a ConcurrencyLimits, gate: &'a ConcurrencyLimiter) -> Vec<Permit<'a>> {
    let mut passes = Vec::new();
    // A task that has done much without a pause is made to wait as well.
    tokio::task::yield_now().await;
    // A wait of nothing ends only where there is one.
    while let Ok(one) = tokio::time::timeout(Duration::ZERO, pass(gates, gate)).await {
        passes.push(one);
    }
    passes
}

fn turn_away(pass: Permit<'_>, seconds: u64) {
    pass.on_rate_limited(Duration::from_secs(seconds), 0.0, &failure());
}

#[tokio::test(start_paused = true)]
async fn so_many_are_under_way_to_all_hosts_together() {
    let gates = ConcurrencyLimits::default();
    let (one, other) = (
        gates.limiter("https://eu.example"),
        gates.limiter("https://us.example"),
    );
    assert!(Arc::ptr_eq(&one, &gates.limiter("https://eu.example")));
    let mut passes = all(&gates, &one).await;
    assert_eq!(passes.len(), MAX_CONCURRENT_REQUESTS);
    assert_eq!(all(&gates, &other).await.len(), 0);
    passes.truncate(MAX_CONCURRENT_REQUESTS - 3);
    assert_eq!(all(&gates, &other).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_one_is_everybodys_but_for_other_hosts() {
    let gates = ConcurrencyLimits::default();
    let (gate, other) = (gates.limiter("a"), gates.limiter("b"));
    let (first, second) = (pass(&gates, &gate).await, pass(&gates, &gate).await);
    let start = Instant::now();
    turn_away(first, 5);
    // The later of two is right.
    turn_away(second, 3);
    drop(pass(&gates, &other).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(pass(&gates, &gate).await);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_spread_a_little() {
    let gates = ConcurrencyLimits::default();
    let gate = gates.limiter("a");
    let start = Instant::now();
    pass(&gates, &gate)
        .await
        .on_rate_limited(Duration::from_secs(8), 1.0, &failure());
    drop(pass(&gates, &gate).await);
    assert_eq!(start.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn half_as_many_come_back_and_then_more_again() {
    let gates = ConcurrencyLimits::default();
    let gate = gates.limiter("a");
    let mut width = MAX_CONCURRENT_REQUESTS;
    while width > 1 {
        // All of a round are turned away, which counts once.
        for pass in all(&gates, &gate).await {
            turn_away(pass, 1);
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        width /= 2;
        assert_eq!(all(&gates, &gate).await.len(), width);
    }
    turn_away(pass(&gates, &gate).await, 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(all(&gates, &gate).await.len(), 1, "one always gets through");
    for width in 1..MAX_CONCURRENT_REQUESTS {
        for _ in 0..width {
            pass(&gates, &gate).await.on_answer();
        }
        assert_eq!(all(&gates, &gate).await.len(), width + 1);
    }
    for _ in 0..MAX_CONCURRENT_REQUESTS {
        pass(&gates, &gate).await.on_answer();
    }
    assert_eq!(
        all(&gates, &gate).await.len(),
        MAX_CONCURRENT_REQUESTS,
        "and never more"
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_gives_up_and_who_sees_progress_does_not() {
    for progress in [false, true] {
        let gates = ConcurrencyLimits::default();
        let gate = gates.limiter("a");
        turn_away(pass(&gates, &gate).await, 1);
        let mut waiting = Box::pin(gates.acquire(&gate, 1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        for _ in 0..2 {
            // Whoever comes when it opens is turned away again.
            tokio::time::advance(Duration::from_secs(2)).await;
            let (one, other) = (pass(&gates, &gate).await, pass(&gates, &gate).await);
            if progress {
                one.on_answer();
            }
            turn_away(other, 1);
        }
        let got = tokio::time::timeout(Duration::from_mins(1), waiting)
            .await
            .unwrap();
        assert_eq!(got.is_ok(), progress);
    }
}
