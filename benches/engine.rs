//! The processor time for one object, without any connection: encoding its value, planning its change, and the schemas.
//!
//! `cargo bench --bench engine`

#![expect(clippy::expect_used, reason = "what is measured has to work, as in a test")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use prost::Message;
use terraform_plugin::plugin::codec::{decode, encode};
use terraform_plugin::plugin::wire;
use terraform_plugin::{PlanRequest, ServeMode, Server, Type, Value};
use terraform_provider_konnect::KonnectProvider;

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

fn codec(criterion: &mut Criterion) {
    let server = Server::new(KonnectProvider, ServeMode::Managed);
    let of = server
        .resource(RESOURCE)
        .expect("the resource")
        .schema()
        .object_type();
    let state = stored(of);
    let wire = encode(&state, of);
    let mut group = criterion.benchmark_group("codec");
    group.bench_function("decode a destination", |b| {
        b.iter(|| decode(black_box(Some(&wire)), of));
    });
    group.bench_function("encode a destination", |b| {
        b.iter(|| encode(black_box(&state), of));
    });
    group.finish();
}

fn plan(criterion: &mut Criterion) {
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
    let planned = runtime.block_on(resource.plan(no_change())).planned;
    assert_eq!(planned, stored(of), "nothing is to change");

    let mut group = criterion.benchmark_group("plan");
    group.bench_function("a creation", |b| {
        b.iter_with_setup(creation, |request| runtime.block_on(resource.plan(request)));
    });
    group.bench_function("no change", |b| {
        b.iter_with_setup(no_change, |request| runtime.block_on(resource.plan(request)));
    });
    group.finish();
}

fn schema(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schema");
    group.bench_function("declare and encode all, as at a start", |b| {
        b.iter(|| {
            let server = Server::new(KonnectProvider, ServeMode::Managed);
            let all = server
                .resources()
                .chain(server.data_sources())
                .map(|(_, schema)| schema);
            all.map(|schema| wire::schema(schema).encode_to_vec().len())
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(engine, codec, plan, schema);
criterion_main!(engine);
