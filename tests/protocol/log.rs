//! The log on stderr.

use serde_json::Value as Json;
use terraform_plugin::testing::{Host, Launch, Tls, check};

use crate::PLUGIN;

#[tokio::test]
async fn log_line_is_hclog_json() {
    let host = Host::launch(Launch::without_tls(PLUGIN).env("TF_LOG", "trace")).await;
    // A client without a certificate causes a warning.
    let tls = Tls::trusting(&host.handshake.certificate().unwrap());
    if let Ok(stranger) = tls.connect(&host.socket(), None).await {
        assert!(check(&stranger).await.is_err());
    }
    host.assert_responds().await;
    let log = host.end().await.stderr;
    let log = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let log: Vec<Json> = log.collect();
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
