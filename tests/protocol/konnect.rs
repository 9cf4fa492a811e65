//! A plugin with a local Konnect.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use konnect_emulator::{Emulator, EmulatorOptions};
use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::assert_no_errors;
use terraform_plugin::testing::{Ended, Launch, Plugin, within};

use crate::PLUGIN;

/// The resource type of destinations.
pub const DESTINATION: &str = "konnect_audit_log_destination";
/// The resource type of webhooks.
pub const WEBHOOK: &str = "konnect_audit_log_webhook";

/// The endpoint of another user's webhook.
pub const OTHER_USERS_ENDPOINT: &str = "https://stranger.example.com/a-path-like-a-password";

/// A plugin and its Konnect.
pub struct Konnect {
    /// The plugin.
    pub plugin: Plugin,
    /// The Konnect.
    pub emulator: Emulator,
}

impl Konnect {
    /// Starts both. The plugin is not configured.
    pub async fn start() -> Self {
        Box::pin(Self::launch(Launch::without_tls(PLUGIN))).await
    }

    /// Starts both, the plugin with further settings. It is not configured.
    pub async fn launch(launch: Launch) -> Self {
        let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
        let plugin = Plugin::launch(launch).await;
        Self { plugin, emulator }
    }

    /// Starts both, and configures the plugin.
    pub async fn configured() -> Self {
        let konnect = Box::pin(Self::start()).await;
        assert_no_errors(&konnect.configure(konnect.config()).await);
        konnect
    }

    /// A provider block for the emulator, without retries.
    pub fn config(&self) -> Option<tf::DynamicValue> {
        self.config_with_retries(0)
    }

    /// The same with this number of retries.
    pub fn config_with_retries(&self, retries: i64) -> Option<tf::DynamicValue> {
        let url = format!("{}/{{region}}", self.emulator.url());
        self.block(&[
            ("personal_access_token", Value::from("kpat_protocol-tests")),
            ("server_url", Value::from(url.as_str())),
            ("max_retries", Value::from(retries)),
        ])
    }

    /// The destinations.
    pub fn destination(&self) -> Resource {
        self.resource(DESTINATION)
    }

    /// The webhooks.
    pub fn webhook(&self) -> Resource {
        self.resource(WEBHOOK)
    }

    /// Configures a webhook with an endpoint as another user.
    pub fn other_users_webhook(&self, region: &str, enabled: bool) {
        let webhook = json!({
            "enabled": enabled, "endpoint": OTHER_USERS_ENDPOINT, "authorization": "Splunk stranger",
            "log_format": "json",
        });
        self.emulator.edit_webhook(region, webhook).unwrap();
    }

    /// The number of requests that have reached Konnect.
    pub fn requests(&self) -> usize {
        self.emulator.requests().len()
    }

    /// Waits until a request of this method has reached Konnect.
    pub async fn requested(&self, method: &str) {
        until("a request", || asked(&self.emulator, method) > 0).await;
    }

    /// Interrupts the run.
    pub async fn stop(&self) {
        let request = tf::stop_provider::Request {};
        let stopped = self.host.provider().stop_provider(request).await;
        assert_eq!(stopped.unwrap().into_inner().error, "");
    }

    /// Ends both.
    pub async fn end(self) -> Ended {
        self.emulator.stop().await;
        self.plugin.host.end().await
    }
}

impl Deref for Konnect {
    type Target = Plugin;

    fn deref(&self) -> &Plugin {
        &self.plugin
    }
}

impl DerefMut for Konnect {
    fn deref_mut(&mut self) -> &mut Plugin {
        &mut self.plugin
    }
}

/// A minimal configuration of a destination.
pub fn siem(of: &Resource, name: &str) -> Value {
    of.shape.object(&[
        ("name", name.into()),
        ("endpoint", "https://siem.example.com/collector".into()),
        ("authorization", "Splunk s3cret".into()),
    ])
}

/// The object of a configuration, planned and applied.
pub async fn created(of: &Resource, config: &Value) -> State {
    let plan = of.plan(&State::none(), config).await;
    assert_no_errors(&plan.diagnostics);
    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    state
}

/// The attributes that diagnostics are on.
pub fn attributes(diagnostics: &[tf::Diagnostic]) -> Vec<String> {
    use tf::attribute_path::step::Selector;
    let steps = diagnostics
        .iter()
        .filter_map(|d| d.attribute.as_ref()?.steps.first());
    let names = steps.filter_map(|step| match step.selector.as_ref()? {
        Selector::AttributeName(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// Waits until a condition is met.
pub async fn until(what: &str, met: impl Fn() -> bool) {
    let met = async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(what, met).await;
}

/// The number of requests of a method.
pub fn asked(emulator: &Emulator, method: &str) -> usize {
    emulator.requests().iter().filter(|r| r.method == method).count()
}

/// The number of destinations at Konnect.
pub fn stored(emulator: &Emulator) -> usize {
    emulator.snapshot()["regions"]["global"]["destinations"]
        .as_object()
        .map_or(0, serde_json::Map::len)
}

/// The peak of a process's resident memory, in KiB.
pub fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
