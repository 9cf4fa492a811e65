//! The environment of cells: a Konnect, and the plugins that use it.

use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use konnect_emulator::{Behavior, Emulator, EmulatorOptions};
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use tokio::net::TcpSocket;

const DESTINATION: &str = "konnect_audit_log_destination";
const WEBHOOK: &str = "konnect_audit_log_webhook";
const REPLAY_JOB: &str = "konnect_audit_log_replay_job";

use super::call::Object;
use super::fault::{SHORT_TIMEOUT, Setting};
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::assert_no_errors;
use terraform_plugin::testing::{Launch, Plugin};

/// The access token, which no output may contain.
pub const TOKEN: &str = "kpat_fault-matrix-Zq7wP2";
/// The `authorization` of destinations and webhooks.
pub const AUTHORIZATION: &str = "Splunk fault-matrix-h4RvTn";

pub struct Run {
    pub plugin: Plugin,
    destination: Resource,
    webhook: Resource,
    replay_job: Resource,
}

/// The three Terraform runs of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    First,
    Affected,
    Last,
}

pub enum Plugins {
    /// Those of the bench, which its other cells use too.
    Shared,
    /// One plugin for the time of the cell, which is configured again for each phase. Destinations have no region, so each cell has a server URL
    /// of its own instead.
    Own {
        run: Box<Run>,
        /// The region of the cell, as the path of the server URL.
        region: String,
    },
}

/// A Konnect, and a plugin for each of the three Terraform runs of a cell: the preparation, the run with the fault, and
/// the recovery.
pub struct Bench {
    pub emulator: Emulator,
    /// A destination on `global` for webhooks.
    pub destination: String,
    first: Run,
    affected: Run,
    last: Run,
    /// The address that [`Self::affected`] calls.
    affected_url: String,
    /// The file of the certificate that it trusts.
    trusted: Option<String>,
    limit: Option<i64>,
    /// Plugins of ended cells.
    idle: Mutex<Vec<Run>>,
    /// The logs of ended plugins.
    logged: Mutex<String>,
    started: SystemTime,
    /// A bound port that does not listen.
    _closed: Option<TcpSocket>,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub async fn start(setting: Option<Setting>) -> Self {
        let options = EmulatorOptions {
            clock_offset_seconds: match setting {
                Some(Setting::Clock(seconds)) => seconds,
                _ => 0,
            },
            // A replay job stays as it was accepted, so that the number of requests does not depend on the time.
            replay_step: Duration::from_hours(1),
            // Each cell has a region and its destinations for itself.
            behavior: Behavior {
                separate_destinations: true,
                ..Behavior::default()
            },
            ..EmulatorOptions::default()
        };
        let mut emulator = Emulator::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let limit = matches!(setting, Some(Setting::ShortTimeout)).then_some(SHORT_TIMEOUT);
        let mut closed = None;
        let mut trusted = None;
        let url = match setting {
            Some(Setting::Closed) => {
                // Bound but not listening: other programs cannot use the port, and it refuses connections.
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
                let url = format!("http://{}", socket.local_addr().unwrap());
                closed = Some(socket);
                url
            }
            Some(Setting::Https(kind)) => {
                let url = emulator.also_https(kind).await.unwrap();
                let file = folder.path().join("authority.pem");
                std::fs::write(&file, emulator.authority().unwrap()).unwrap();
                trusted = Some(file.to_str().unwrap().to_owned());
                url
            }
            _ => emulator.url(),
        };
        let template = |url: &str| format!("{url}/{{region}}");
        let first = configured(launch(None), &template(&emulator.url()), None).await;
        let affected = configured(launch(trusted.as_deref()), &template(&url), limit).await;
        let last = configured(launch(None), &template(&emulator.url()), None).await;
        let destination = destination(&first).await;
        Self {
            emulator,
            destination,
            first,
            affected,
            last,
            affected_url: url,
            trusted,
            limit,
            idle: Mutex::default(),
            logged: Mutex::default(),
            started: SystemTime::now(),
            _closed: closed,
            _folder: folder,
        }
    }

    /// The time so many days before the bench started, in RFC 3339.
    pub fn days_ago(&self, days: u64) -> String {
        humantime::format_rfc3339_seconds(self.started - Duration::from_secs(days * 86_400)).to_string()
    }

    /// The plugins of a cell with such an object.
    pub async fn plugins(&self, object: Object, region: &str) -> Plugins {
        if !matches!(object, Object::Destination | Object::Destinations) {
            return Plugins::Shared;
        }
        let idle = self.idle.lock().unwrap().pop();
        let run = match idle {
            Some(run) => run,
            None => Run::launch(launch(self.trusted.as_deref())).await,
        };
        Plugins::Own {
            run: Box::new(run),
            region: region.to_owned(),
        }
    }

    /// Makes the plugin of a cell available to others.
    pub fn release(&self, plugins: Plugins) {
        if let Plugins::Own { run, .. } = plugins {
            self.idle.lock().unwrap().push(*run);
        }
    }

    /// Begins a phase of a cell, and returns its plugin.
    pub async fn run<'a>(&'a self, plugins: &'a Plugins, phase: Phase) -> &'a Run {
        let (run, region) = match (plugins, phase) {
            (Plugins::Shared, Phase::First) => return &self.first,
            (Plugins::Shared, Phase::Affected) => return &self.affected,
            (Plugins::Shared, Phase::Last) => return &self.last,
            (Plugins::Own { run, region }, _) => (run, region),
        };
        let url = self.emulator.url();
        let (url, limit) = match phase {
            Phase::Affected => (&self.affected_url, self.limit),
            Phase::First | Phase::Last => (&url, None),
        };
        run.configure(&format!("{url}/{region}"), limit).await;
        run
    }

    /// A plugin for a single cell, because a 429 affects all calls of a provider to the host.
    pub async fn alone(&self) -> Run {
        configured(launch(None), &format!("{}/{{region}}", self.emulator.url()), None).await
    }

    /// Ends such a plugin.
    pub async fn end_alone(&self, run: Run) {
        let ended = Box::pin(run.plugin.host.end()).await;
        self.logged.lock().unwrap().push_str(&ended.stderr);
    }

    /// Ends the environment. Returns the logs of the plugins.
    pub async fn end(self) -> String {
        self.emulator.stop().await;
        let mut logged = self.logged.into_inner().unwrap();
        let idle = self.idle.into_inner().unwrap();
        for run in [self.first, self.affected, self.last].into_iter().chain(idle) {
            logged += &run.plugin.host.end().await.stderr;
        }
        logged
    }
}

/// Logs at the finest level, which must not contain secrets either.
fn launch(trusted: Option<&str>) -> Launch {
    let launch = Launch::without_tls(crate::PLUGIN).env("TF_LOG", "TRACE");
    match trusted {
        Some(file) => launch.env("SSL_CERT_FILE", file),
        None => launch,
    }
}

async fn configured(launch: Launch, url: &str, limit: Option<i64>) -> Run {
    let run = Run::launch(launch).await;
    run.configure(url, limit).await;
    run
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
    async fn launch(launch: Launch) -> Self {
        let plugin = Plugin::launch(launch).await;
        Self {
            destination: plugin.resource(DESTINATION),
            webhook: plugin.resource(WEBHOOK),
            replay_job: plugin.resource(REPLAY_JOB),
            plugin,
        }
    }

    async fn configure(&self, url: &str, limit: Option<i64>) {
        let block = self.plugin.block(&[
            ("personal_access_token", TOKEN.into()),
            ("server_url", url.into()),
            ("max_retries", Value::from(1)),
            ("request_timeout_seconds", limit.map_or(Value::Null, Value::from)),
        ]);
        assert_no_errors(&self.plugin.configure(block).await);
    }

    pub fn resource(&self, object: Object) -> &Resource {
        match object {
            Object::Destination => &self.destination,
            Object::Point | Object::Deliver | Object::Portal => &self.webhook,
            Object::Replay => &self.replay_job,
            _ => unreachable!("a data source"),
        }
    }

    /// Reads the data source of an object, in a region or of a Dev Portal of it. Null if that failed.
    pub async fn data(
        &self,
        object: Object,
        region: &str,
        portal: Option<&str>,
    ) -> (Value, Vec<tf::Diagnostic>) {
        let mut arguments = Vec::new();
        if object != Object::Destinations {
            arguments.push(("region", region.into()));
        }
        if let Some(portal) = portal {
            arguments.push(("portal_id", portal.into()));
        }
        let type_name = match object {
            Object::Status | Object::PortalStatus => "konnect_audit_log_webhook_status",
            Object::Destinations => "konnect_audit_log_destinations",
            Object::Events => "konnect_audit_log_events",
            Object::Keys => "konnect_audit_log_signing_keys",
            _ => unreachable!("a resource"),
        };
        match self.plugin.data_source(type_name).read(&arguments).await {
            Ok(value) => (value, Vec::new()),
            Err(diagnostics) => (Value::Null, diagnostics),
        }
    }
}
