//! Where cells are run: a Konnect, and the plugins that work on it.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use konnect_emulator::{Emulator, EmulatorOptions};
use terraform_plugin::Value;
use terraform_plugin::plugin::proto::tfplugin6 as tf;
use tokio::net::TcpSocket;

const DESTINATION: &str = "konnect_audit_log_destination";
const WEBHOOK: &str = "konnect_audit_log_webhook";

use super::call::Object;
use super::fault::{SHORT_TIMEOUT, Setting};
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{Shape, assert_no_errors};
use terraform_plugin::testing::{Launch, Plugin};

/// The access token. Nothing may ever show it.
pub const TOKEN: &str = "kpat_fault-matrix-Zq7wP2";
/// What destinations and webhooks are given as `authorization`.
pub const AUTHORIZATION: &str = "Splunk fault-matrix-h4RvTn";

/// A plugin, and what it is asked about.
pub struct Run {
    /// The plugin.
    pub plugin: Plugin,
    destination: Resource,
    webhook: Resource,
}

/// A Konnect, and a plugin for each of the three runs of Terraform that a cell takes: what another user set up, what
/// meets the fault, what makes it good.
pub struct Bench {
    /// The Konnect.
    pub emulator: Emulator,
    /// A destination on `global`, for webhooks to point at.
    pub destination: String,
    /// Before the fault.
    pub first: Run,
    /// The one that meets it.
    pub affected: Run,
    /// After the fault.
    pub last: Run,
    /// What plugins have logged that are gone already.
    logged: Mutex<String>,
    /// A port that is taken, and on which nobody listens.
    _closed: Option<TcpSocket>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// Starts all of it.
    pub async fn start(setting: Option<Setting>) -> Self {
        let options = EmulatorOptions {
            clock_offset_seconds: match setting {
                Some(Setting::Clock(seconds)) => seconds,
                _ => 0,
            },
            ..EmulatorOptions::default()
        };
        let mut emulator = Emulator::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let limit = matches!(setting, Some(Setting::ShortTimeout)).then_some(SHORT_TIMEOUT);
        let mut closed = None;
        let (url, launched) = match setting {
            Some(Setting::Closed) => {
                // Bound, so that no other user gets the port, but not listening.
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
                let url = format!("http://{}", socket.local_addr().unwrap());
                closed = Some(socket);
                (url, launch())
            }
            Some(Setting::Https(kind)) => {
                let url = emulator.also_https(kind).await.unwrap();
                let file = folder.path().join("authority.pem");
                std::fs::write(&file, emulator.authority().unwrap()).unwrap();
                (url, launch().env("SSL_CERT_FILE", file.to_str().unwrap()))
            }
            _ => (emulator.url(), launch()),
        };
        let first = configured(launch(), &emulator.url(), None).await;
        let affected = configured(launched, &url, limit).await;
        let last = configured(launch(), &emulator.url(), None).await;
        let destination = destination(&first).await;
        Self {
            emulator,
            destination,
            first,
            affected,
            last,
            logged: Mutex::default(),
            _closed: closed,
            _folder: folder,
        }
    }

    /// A plugin for one cell alone: a host that says 429 is left alone by all calls of a provider.
    pub async fn alone(&self) -> Run {
        configured(launch(), &self.emulator.url(), None).await
    }

    /// Ends such a plugin.
    pub async fn end_alone(&self, run: Run) {
        let ended = Box::pin(run.plugin.host.end()).await;
        self.logged.lock().unwrap().push_str(&ended.stderr);
    }

    /// Ends all of it; returns what the plugins have logged.
    pub async fn end(self) -> String {
        self.emulator.stop().await;
        let mut logged = self.logged.into_inner().unwrap();
        for run in [self.first, self.affected, self.last] {
            logged += &run.plugin.host.end().await.stderr;
        }
        logged
    }
}

/// At the finest level of logging, since nothing of that may hold a secret either.
fn launch() -> Launch {
    Launch::without_tls(crate::PLUGIN).env("TF_LOG", "TRACE")
}

async fn configured(launch: Launch, url: &str, limit: Option<i64>) -> Run {
    let plugin = Plugin::launch(launch).await;
    let url = format!("{url}/{{region}}");
    let block = plugin.block(&[
        ("personal_access_token", TOKEN.into()),
        ("server_url", url.as_str().into()),
        ("max_retries", Value::from(1)),
        ("request_timeout_seconds", limit.map_or(Value::Null, Value::from)),
    ]);
    assert_no_errors(&plugin.configure(block).await);
    Run {
        destination: plugin.resource(DESTINATION),
        webhook: plugin.resource(WEBHOOK),
        plugin,
    }
}

async fn destination(run: &Run) -> String {
    let resource = run.resource(Object::Destination);
    let config = resource.shape.object(&[
        ("name", "of all regions".into()),
        ("endpoint", "https://siem.example.com/all".into()),
        ("authorization", AUTHORIZATION.into()),
    ]);
    let plan = resource.plan(&State::none(), &config).await;
    let state = resource.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    state.value.get("id").as_str().unwrap().to_owned()
}

impl Run {
    /// The resource that an object is one of.
    pub fn resource(&self, object: Object) -> &Resource {
        match object {
            Object::Destination => &self.destination,
            Object::Point | Object::Deliver | Object::Status => &self.webhook,
        }
    }

    /// Reads the status of a region's webhook; null if that failed.
    pub async fn status(&self, region: &str) -> (Value, Vec<tf::Diagnostic>) {
        let type_name = "konnect_audit_log_webhook_status";
        let shape = Shape::of(&self.plugin.schema.data_source_schemas[type_name]);
        let request = tf::read_data_source::Request {
            type_name: type_name.to_owned(),
            config: shape.encode(&shape.object(&[("region", region.into())])),
            ..<_>::default()
        };
        let response = self.plugin.host.provider().read_data_source(request).await;
        let response = response.unwrap().into_inner();
        let value = response
            .state
            .map_or(Value::Null, |state| shape.decode(Some(&state)));
        (value, response.diagnostics)
    }
}
