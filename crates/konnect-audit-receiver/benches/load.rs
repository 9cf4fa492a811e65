//! Measures how many events per second one receiver accepts over HTTPS with verified signatures, and its memory use.
//!
//! `cargo bench -p konnect-audit-receiver --bench load [-- EVENTS_PER_SECOND]`. Default: 10,000. Sends for 10 seconds.
//! Fails if an event is lost, if the rate is not reached, or if memory grows by more than 100 MB (on Linux).

use std::error::Error;
use std::fs;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konnect_audit_receiver::{Options, Receiver, Tls};
use konnect_event::KeySet;
use tokio::time::{Instant, sleep_until};

/// The number of events in a delivery.
const BATCH: u32 = 500;

/// The duration of sending, in seconds.
const SECONDS: u32 = 10;

/// The default rate, in events per second.
const RATE: u32 = 10_000;

/// The maximum memory growth, in MB.
const MAX_GROWTH_MB: u64 = 100;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // cargo passes `--bench`.
    let rate = std::env::args().skip(1).find(|argument| argument != "--bench");
    let rate = rate.map_or(Ok(RATE), |rate| rate.parse())?.max(1);
    tokio::runtime::Runtime::new()?.block_on(measure(rate))
}

async fn measure(rate: u32) -> Outcome<()> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32])?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let keys =
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"bench","x":"{x}"}}]}}"#);
    let mut options = Options::new("127.0.0.1:0");
    options.tls = Tls::SelfMade { ca: None };
    options.keys = Some(KeySet::from_json(&keys)?);
    let receiver = Receiver::start(options).await?;
    let authority = receiver.authority().unwrap_or_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(authority.as_bytes())?])
        .build()?;

    let deliver = async |body: String| {
        let request = client
            .post(receiver.url())
            .header("content-type", "text/plain")
            .body(body);
        request.send().await?.error_for_status()
    };

    // The first delivery opens the connection, and is not measured.
    let body = batch(&pair);
    deliver(body.clone()).await?;
    let before = resident_megabytes();
    let mut most = before;
    let batches = rate * SECONDS / BATCH;
    let begun = Instant::now();
    for number in 0..batches {
        sleep_until(begun + Duration::from_secs(1) * number * BATCH / rate).await;
        deliver(body.clone()).await?;
        most = most.max(resident_megabytes());
    }
    let taken = begun.elapsed().as_secs_f64();
    let arrived = receiver.stop().await.verified - u64::from(BATCH);
    let sent = batches * BATCH;
    let growth = most.saturating_sub(before);
    let each_second = f64::from(sent) / taken;
    println!(
        "{sent} events in {taken:.1} s, {each_second:.0} a second; memory grew by {growth} MB, from {before} MB"
    );
    if arrived != u64::from(sent) {
        return Err(format!("{arrived} of {sent} events arrived with a verified signature").into());
    }
    // The last delivery is due before the end.
    if taken > f64::from(SECONDS) {
        return Err(format!("the receiver is too slow for {rate} events a second").into());
    }
    if growth > MAX_GROWTH_MB {
        return Err(format!("memory grew by more than {MAX_GROWTH_MB} MB").into());
    }
    Ok(())
}

/// A delivery of signed events with the length of Konnect's.
fn batch(pair: &Ed25519KeyPair) -> String {
    let mut lines = String::new();
    for number in 0..BATCH {
        let line = format!(
            "2026-01-02T03:04:05Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|rt=1767323045678 \
             src=192.0.2.1 action=list granted=true org_id=2b1f7a06-63dc-4b9b-9a0a-3a1d5f0f1a6e \
             principal_id=87655c36-8d63-48fe-9a1e-53b28dfbc19b trace_id={number:032x} user_agent=curl/8.5.0"
        );
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(line.as_bytes()));
        lines.push_str(&line);
        lines.push_str(" sig=");
        lines.push_str(&signature);
        lines.push('\n');
    }
    lines
}

/// The resident memory of this process. 0 on other systems than Linux.
fn resident_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes.and_then(|text| text.parse().ok()).unwrap_or(0_u64) / 1024
}
