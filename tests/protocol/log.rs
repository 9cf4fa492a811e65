//! The log on stderr.

use serde_json::Value as Json;
use terraform_plugin::testing::{Host, Launch, Tls, check};

use crate::PLUGIN;

/// The log of a run with a warning.
async fn log_of(launch: Launch) -> Vec<Json> {
    let host = Host::launch(launch).await;
    let tls = Tls::trusting(&host.handshake.certificate().unwrap());
    if let Ok(stranger) = tls.connect(&host.socket(), None).await {
        assert!(check(&stranger).await.is_err());
    }
    host.assert_responds().await;
    let log = host.end().await.stderr;
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn log_line_is_hclog_json() {
    let log = log_of(Launch::without_tls(PLUGIN).env("TF_LOG", "trace")).await;
    assert!(!log.is_empty());
    for line in &log {
        let text = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("{key}: {line}"));
        assert!(
            ["trace", "debug", "info", "warn", "error"].contains(&text("@level")),
            "{line}"
        );
        assert!(
            !text("@message").is_empty() && !text("@module").is_empty(),
            "{line}"
        );
        // RFC 3339 with microseconds, as hclog requires.
        let time = text("@timestamp");
        assert!(
            time.len() == 27 && time.ends_with('Z') && time.as_bytes()[10] == b'T',
            "{time}"
        );
        humantime::parse_rfc3339(time).unwrap();
    }
    let levels: Vec<_> = log.iter().map(|line| line["@level"].as_str().unwrap()).collect();
    assert!(
        levels.contains(&"warn") && levels.contains(&"debug"),
        "{levels:?}"
    );
}

#[tokio::test]
async fn log_level_follows_environment() {
    for (settings, expected) in [
        (&[("TF_LOG", "warn")][..], &["warn"][..]),
        (&[("TF_LOG", "error")], &[]),
        (&[("TF_LOG", "off")], &[]),
        (&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "error")], &[]),
        (
            &[("TF_LOG_PROVIDER", "error"), ("TF_LOG_PROVIDER_KONNECT", "warn")],
            &["warn"],
        ),
        (&[("TF_LOG_PROVIDER_OTHER", "trace")], &[]),
        (&[], &[]),
    ] {
        let launch = settings
            .iter()
            .fold(Launch::without_tls(PLUGIN), |launch, (name, value)| {
                launch.env(name, value)
            });
        let log = log_of(launch).await;
        let mut levels: Vec<_> = log.iter().map(|line| line["@level"].as_str().unwrap()).collect();
        levels.dedup();
        assert_eq!(levels, expected, "{settings:?}: {log:?}");
    }
}
