//! Secrets in the memory of the process and in core dumps.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use konnect_emulator::{Emulator, EmulatorOptions};
use nix::sys::signal::Signal;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::debug::{debugging, socket};
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{Shape, assert_no_errors};
use terraform_plugin::testing::{Channel, Host, Launch, check, plain, provider, signal, within};
use terraform_plugin::{Type, Value};

use crate::PLUGIN;
use crate::konnect::DESTINATION;

/// The number of occurrences of a text in the writable memory of a process.
fn occurrences(pid: u32, text: &str) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let mut parts = line.split_whitespace();
        let (range, rights) = (parts.next().unwrap(), parts.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let hex = |text| u64::from_str_radix(text, 16).unwrap();
        let (start, end) = (hex(start), hex(end));
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Memory that was released since cannot be read.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            found += bytes
                .windows(text.len())
                .filter(|part| *part == text.as_bytes())
                .count();
        }
    }
    found
}

async fn configured(channel: &Channel, emulator: &Emulator, token: &str) -> Resource {
    let mut provider = provider(channel);
    let schema = provider
        .get_provider_schema(tf::get_provider_schema::Request {})
        .await;
    let schema = schema.unwrap().into_inner();
    let block = Shape::of(schema.provider.as_ref().unwrap());
    let config = block.object(&[
        ("personal_access_token", token.into()),
        (
            "server_url",
            format!("{}/{{region}}", emulator.url()).as_str().into(),
        ),
    ]);
    let request = tf::configure_provider::Request {
        terraform_version: "1.11.4".to_owned(),
        config: block.encode(&config),
        client_capabilities: None,
    };
    assert_no_errors(
        &provider
            .configure_provider(request)
            .await
            .unwrap()
            .into_inner()
            .diagnostics,
    );
    let parts = [("id".to_owned(), Type::String)];
    Resource {
        provider,
        type_name: DESTINATION.to_owned(),
        shape: Shape::of(&schema.resource_schemas[DESTINATION]),
        identity: Type::Object(parts.into()),
    }
}

/// Uses debug mode, in which the memory can be read without privileges. Zeroing does not depend on the mode.
#[tokio::test]
async fn authorization_after_calls_and_connections_is_wiped() {
    // Built from parts: the program itself must not contain the text.
    let [stored, write_only] =
        ["st0red", "wr1te-only"].map(|kind| format!("Splunk {kind}-{}", "s3cret-9f1c"));
    let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let (process, reattach) = debugging(Launch::without_host(PLUGIN)).await;
    let channel = plain(&socket(&reattach)).await;
    let destination = configured(&channel, &emulator, "kpat_memory-test").await;

    for (attribute, secret) in [("authorization", &stored), ("authorization_wo", &write_only)] {
        let config = destination.shape.object(&[
            ("name", attribute.into()),
            ("endpoint", "https://siem.example.com/".into()),
            (attribute, Value::from(secret.as_str())),
        ]);
        assert_no_errors(&destination.validate(&config).await);
        let plan = destination.plan(&State::none(), &config).await;
        assert_no_errors(&plan.diagnostics);
        let state = destination.apply(&plan).await;
        assert_no_errors(&state.diagnostics);
        destination.read(&state).await;
    }
    let found = emulator.requests().iter().filter(|r| r.method == "POST").count();
    assert_eq!(found, 2);
    assert!(
        occurrences(process.pid, "kpat_memory-test") > 0,
        "the token is in use, and what looks for it must find it"
    );

    // Closes connections, whose buffers contain the last data.
    emulator.stop().await;
    drop((destination, channel));
    let wiped = async {
        while occurrences(process.pid, "s3cret-9f1c") > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("the memory to be free of secrets", wiped).await;

    let channel = plain(&socket(&reattach)).await;
    check(&channel).await.unwrap();
    signal(process.pid, Signal::SIGINT);
    process.ended().await.assert_success();
}

/// The limits of a process, as `name: soft hard unit`.
fn core_limit(process: &str) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    line.split_whitespace()
        .skip(4)
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn managed_plugin_crash_writes_no_core_dump() {
    let mut host = Host::start(PLUGIN).await;
    assert_eq!(core_limit(&host.process.pid.to_string()), "0 0");
    signal(host.process.pid, Signal::SIGABRT);
    let status = host.process.exit().await;
    assert!(
        !std::os::unix::process::ExitStatusExt::core_dumped(&status),
        "{status:?}"
    );
}

#[tokio::test]
async fn debug_mode_keeps_core_dump_limit() {
    let (process, _) = debugging(Launch::without_host(PLUGIN)).await;
    assert_eq!(core_limit(&process.pid.to_string()), core_limit("self"));
    signal(process.pid, Signal::SIGINT);
    process.ended().await.assert_success();
}
