//! The processor time for one object, without any connection: encoding its value, planning its change, and the schemas.
//!
//! `cargo bench --bench engine`

#![expect(clippy::expect_used, reason = "what is measured has to work, as in a test")]

use std::hint::black_box;
use std::time::Instant;

use prost::Message;
use terraform_plugin::protocol::codec::{decode, encode};
use terraform_plugin::protocol::wire;
use terraform_plugin::protocol::{PlanRequest, ServeMode, Server};
use terraform_plugin::{Type, Value};
use terraform_provider_konnect::KonnectProvider;

/// The number of calls in a batch.
const CALLS: u32 = 1_000;
/// The number of batches, whose median is reported.
const BATCHES: usize = 51;

const RESOURCE: &str = "konnect_audit_log_destination";

/// The configuration of a destination.
fn configured(of: &Type) -> Value {
    let block = Value::object([
        ("name", Value::from("destination 1")),
        ("endpoint", "https://siem.example.com/konnect-audit-logs".into()),
        ("authorization", "Bearer pR7-zQ3.kM8xA".into()),
        ("log_format", "json".into()),
    ]);
    block.shaped(of).expect("a block")
}

/// The state of a destination.
fn stored(of: &Type) -> Value {
    let mut state = configured(of);
    for (name, value) in [
        ("id", "8c6ad0b2-6a2f-4a5e-9a0d-3a4f1f0a4c11"),
        ("created_at", "2026-07-01T10:00:00Z"),
        ("updated_at", "2026-07-01T10:00:00Z"),
    ] {
        state.set(name, value.into());
    }
    state.set("skip_ssl_verification", false.into());
    state
}

/// Prints the time of a call, without that of `setup`, which makes its input.
fn measure<I, T>(name: &str, setup: impl Fn() -> I, call: impl Fn(I) -> T) {
    let batch = |_| {
        let inputs: Vec<I> = (0..CALLS).map(|_| setup()).collect();
        let start = Instant::now();
        for input in inputs {
            black_box(call(black_box(input)));
        }
        start.elapsed() / CALLS
    };
    let mut times: Vec<_> = (0..BATCHES).map(batch).collect();
    times.sort();
    println!("{name:<40} {:?}", times[BATCHES / 2]);
}

fn codec() {
    let server = Server::new(KonnectProvider, ServeMode::Managed);
    let of = server
        .resource(RESOURCE)
        .expect("the resource")
        .schema()
        .object_type();
    let state = stored(of);
    let wire = encode(&state, of);
    measure("decode a destination", || &wire, |wire| decode(Some(wire), of));
    measure("encode a destination", || &state, |state| encode(state, of));
}

fn plan() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let server = Server::new(KonnectProvider, ServeMode::Managed);
    let block = Value::object([("personal_access_token", Value::from("kpat_1"))])
        .shaped(server.schema().object_type())
        .expect("a provider block");
    let diagnostics = runtime.block_on(server.configure(block, "1.11.4".to_owned()));
    assert!(
        diagnostics.into_iter().next().is_none(),
        "the provider is configured"
    );
    let resource = server.resource(RESOURCE).expect("the resource");
    let of = resource.schema().object_type();

    let creation = || PlanRequest {
        prior: Value::Null,
        config: configured(of),
        ..PlanRequest::default()
    };
    let no_change = || PlanRequest {
        prior: stored(of),
        config: configured(of),
        ..PlanRequest::default()
    };
    let plan = |request| runtime.block_on(resource.plan(request));
    assert_eq!(plan(no_change()).planned, stored(of), "nothing is to change");
    measure("plan a creation", creation, plan);
    measure("plan no change", no_change, plan);
}

fn schema() {
    let encode_all = |()| {
        let server = Server::new(KonnectProvider, ServeMode::Managed);
        let all = server
            .resources()
            .chain(server.data_sources())
            .map(|(_, schema)| schema);
        all.map(|schema| wire::schema(schema).encode_to_vec().len())
            .sum::<usize>()
    };
    measure("declare and encode all schemas", || (), encode_all);
}

fn main() {
    codec();
    plan();
    schema();
}
