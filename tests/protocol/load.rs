//! A thousand destinations and the webhooks of all regions, with user-defined parallelism, against a slow Konnect with
//! a rate limit and 5 percent faulty responses.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use konnect::{MAX_CONCURRENT_REQUESTS, Region};
use konnect_emulator::{Conditions, Fault, RandomFaults, RateLimit};
use terraform_plugin::Value;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::assert_no_errors;

use crate::konnect::{Konnect, created, peak_memory};

const DESTINATIONS: usize = 1_000;
/// The memory limit of the plugin, in KiB.
const MAX_MEMORY_KIB: u64 = 30 * 1024;

/// 50 ms latency, a rate limit below the speed of the client, and a fault in every twentieth request. With most faults,
/// the client cannot determine whether the request was handled.
fn faulty_conditions() -> Conditions {
    Conditions {
        latency_ms: 50,
        rate_limit: Some(RateLimit {
            per_second: 150,
            burst: 100,
        }),
        random_faults: Some(RandomFaults {
            seed: 7,
            percent: 5,
            faults: vec![
                Fault::DropBefore,
                Fault::DropAfter,
                Fault::Truncate,
                Fault::TruncateHeader,
                Fault::status(500),
                Fault::status(502),
                Fault::retry_after(503, 1),
            ],
        }),
    }
}

/// Calls a function for each item, with limited concurrency.
async fn each<T, F: Future>(of: Vec<T>, at_a_time: usize, what: impl FnMut(T) -> F) -> Vec<F::Output> {
    stream::iter(of)
        .map(what)
        .buffer_unordered(at_a_time)
        .collect()
        .await
}

fn destination(of: &Resource, number: usize) -> Value {
    of.shape.object(&[
        ("name", format!("siem {number}").as_str().into()),
        ("endpoint", "https://siem.example.com/audit".into()),
        ("authorization_wo", "Splunk s3cret".into()),
        ("log_format", "json".into()),
    ])
}

fn text(state: &State, name: &str) -> String {
    state.value.get(name).as_str().unwrap().to_owned()
}

async fn load(at_a_time: usize) {
    let konnect = Konnect::start().await;
    assert_no_errors(&konnect.configure(konnect.config_with_retries(4)).await);
    konnect.emulator.set_conditions(faulty_conditions()).unwrap();
    let (destinations, webhooks) = (konnect.destination(), konnect.webhook());

    let make = |number| {
        let destinations = &destinations;
        async move { created(destinations, &destination(destinations, number)).await }
    };
    let states = each((0..DESTINATIONS).collect(), at_a_time, make).await;
    let ids: BTreeMap<_, _> = states
        .iter()
        .map(|state| (text(state, "name"), text(state, "id")))
        .collect();
    let set_up = |region: &'static str| {
        let (webhooks, id) = (&webhooks, ids["siem 0"].as_str());
        let config = [("region", region.into()), ("audit_log_destination_id", id.into())];
        async move { created(webhooks, &webhooks.shape.object(&config)).await }
    };
    let streams = each(Region::KNOWN.to_vec(), at_a_time, set_up).await;

    konnect.emulator.clear_requests();
    let refreshed = each(states.iter().collect(), at_a_time, |state| {
        destinations.read(state)
    })
    .await;
    for read in &refreshed {
        assert_no_errors(&read.diagnostics);
    }
    let all = |states: &[State]| {
        states
            .iter()
            .map(|state| format!("{:?}", state.value))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(all(&refreshed), all(&states));
    assert!(
        konnect.requests() <= 25,
        "{} requests for a refresh",
        konnect.requests()
    );

    let world = konnect.emulator.snapshot();
    let stored = world["regions"]["global"]["destinations"].as_object().unwrap();
    let stored: BTreeMap<_, _> = stored
        .iter()
        .map(|(id, of)| (of["name"].as_str().unwrap().to_owned(), id.clone()))
        .collect();
    let found = world["regions"]["global"]["destinations"]
        .as_object()
        .unwrap()
        .len();
    assert_eq!(found, DESTINATIONS);
    assert_eq!(ids, stored, "each is there once, and in its state");
    for stream in &streams {
        let webhook = &world["regions"][text(stream, "region")]["webhook"];
        assert_eq!(webhook["audit_log_destination_id"], ids["siem 0"].as_str());
        assert_eq!(webhook["enabled"], true);
    }
    let connections = konnect.emulator.most_connections();
    assert!(connections <= 3 * MAX_CONCURRENT_REQUESTS, "{connections:?}");
    if cfg!(target_os = "linux") {
        let memory = peak_memory(konnect.host.process.pid);
        assert!(memory < MAX_MEMORY_KIB, "{memory} KiB");
    }
    konnect.end().await;
}

#[tokio::test]
async fn thousand_destinations_at_parallelism_10_create_once() {
    load(10).await;
}

#[tokio::test]
async fn thousand_destinations_at_parallelism_100_create_once() {
    load(100).await;
}
