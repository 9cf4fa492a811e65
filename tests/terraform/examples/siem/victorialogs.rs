//! `VictoriaLogs` itself as the SIEM, where its program `victoria-logs` is on the `PATH`.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use konnect_emulator::{DeliveryOptions, EmulatorOptions, EventKind};
use rcgen::{CertificateParams, KeyPair, SanType};
use tokio::runtime::Runtime;

use crate::workspace::{Workspace, until};

use super::PASSWORD;

/// A running `VictoriaLogs` with TLS and the user of the example, killed on drop.
struct VictoriaLogs {
    process: Child,
    url: String,
    http: reqwest::Client,
    runtime: Runtime,
}

impl VictoriaLogs {
    /// Returns `None` if the program is not installed.
    fn start(folder: &Path) -> Option<Self> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.join("ca.pem"), certificate.pem()).expect("the certificate");
        fs::write(folder.join("key.pem"), key.serialize_pem()).expect("the key");
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let process = Command::new("victoria-logs")
            .current_dir(folder)
            .args([
                &format!("-httpListenAddr=127.0.0.1:{port}"),
                "-tls",
                "-tlsCertFile=ca.pem",
                "-tlsKeyFile=key.pem",
                "-httpAuth.username=konnect",
                &format!("-httpAuth.password={PASSWORD}"),
                "-storageDataPath=data",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let authority = reqwest::Certificate::from_pem(certificate.pem().as_bytes()).expect("a certificate");
        let http = reqwest::Client::builder().tls_certs_only([authority]).build();
        let started = Self {
            process,
            url: format!("https://127.0.0.1:{port}"),
            http: http.expect("a client"),
            runtime: Runtime::new().expect("a runtime"),
        };
        until("VictoriaLogs answers", || started.query("*").is_some());
        Some(started)
    }

    /// The lines that a query returns.
    fn query(&self, query: &str) -> Option<String> {
        let request = self
            .http
            .get(format!("{}/select/logsql/query?query={query}", self.url))
            .basic_auth("konnect", Some(PASSWORD))
            .timeout(Duration::from_secs(5));
        self.runtime.block_on(async {
            let response = request.send().await.ok()?.error_for_status().ok()?;
            response.text().await.ok()
        })
    }
}

impl Drop for VictoriaLogs {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn victorialogs_stores_delivered_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(siem) = VictoriaLogs::start(folder.path()) else {
        eprintln!(
            "Skipped: victoria-logs is not installed (go install \
             github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@latest)."
        );
        return;
    };
    let mut workspace = Workspace::with(EmulatorOptions {
        deliveries: Some(DeliveryOptions {
            trusted_authorities: Some(folder.path().join("ca.pem")),
            allowed_hosts: Vec::new(),
        }),
        ..EmulatorOptions::default()
    });
    workspace.copy("examples/stream/main.tf", "main.tf");
    workspace.copy("examples/siem/victorialogs/siem.tf", "siem.tf");
    workspace.set("TF_VAR_victorialogs_url", &siem.url);
    workspace.set("TF_VAR_victorialogs_password", PASSWORD);
    workspace.init();
    workspace.apply();
    workspace
        .konnect
        .trigger("eu", EventKind::AccountLocked, 1)
        .expect("an event");
    until("the event is stored", || {
        siem.query("event_product:Konnect").is_some_and(|found| {
            found
                .lines()
                .any(|line| line.contains("\"_msg\":\"AUTHENTICATION_OUTCOME_LOCKED\""))
        })
    });
}
