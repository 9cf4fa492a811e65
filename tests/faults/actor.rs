//! The role of Terraform in one cell: it prepares the objects, makes the call, and then restores consistency of state
//! and Konnect.

use serde_json::{Value as Json, json};
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;

use super::bench::{AUTHORIZATION, Bench, Phase, Plugins, Run};
use super::call::{Call, Object, Operation};
use super::cell::warnings;
use terraform_plugin::testing::terraform::{Plan, State};
use terraform_plugin::testing::value::assert_no_errors;

/// One object in a separate region.
pub struct Actor<'a> {
    bench: &'a Bench,
    /// The plugin of the phase: before the fault, or after it.
    run: &'a Run,
    call: Call,
    region: &'a str,
    /// The Dev Portal of a call about one.
    portal: Option<String>,
    pub state: State,
    config: Value,
    plan: Option<Plan>,
}

pub struct Acted {
    pub state: State,
    pub diagnostics: Vec<tf::Diagnostic>,
}

impl<'a> Actor<'a> {
    /// Prepares everything before the call, without faults.
    pub async fn prepare(bench: &'a Bench, plugins: &'a Plugins, call: Call, region: &'a str) -> Self {
        let has_portal = matches!(call.object(), Object::Portal | Object::PortalStatus);
        let mut actor = Self {
            bench,
            run: bench.run(plugins, Phase::First).await,
            call,
            region,
            portal: has_portal.then(|| bench.emulator.add_portal(region, "docs").unwrap()),
            state: State::none(),
            config: Value::Null,
            plan: None,
        };
        if call.operation() == Operation::Data {
            return actor;
        }
        actor.config = actor.desired_config(false);
        if call.operation() == Operation::Plan {
            return actor;
        }
        let resource = actor.run.resource(call.object());
        let plan = resource.plan(&actor.state, &actor.config).await;
        assert_no_errors(&plan.diagnostics);
        if call.operation() == Operation::Create {
            actor.plan = Some(plan);
            return actor;
        }
        actor.state = resource.apply(&plan).await;
        assert_no_errors(&actor.state.diagnostics);
        if call == Call::PointGone {
            bench.emulator.remove_webhook(region).unwrap();
        }
        if call.operation() == Operation::Update {
            actor.config = actor.desired_config(true);
            let plan = resource.plan(&actor.state, &actor.config).await;
            assert_no_errors(&plan.diagnostics);
            assert!(plan.requires_replace.is_empty() && plan.planned != actor.state.value);
            actor.plan = Some(plan);
        }
        actor
    }

    /// The configuration before or after the change of an update.
    fn desired_config(&self, changed: bool) -> Value {
        let resource = self.run.resource(self.call.object());
        let region = ("region", Value::from(self.region));
        let mut block = match self.call.object() {
            Object::Destination => vec![
                ("name", "siem".into()),
                ("endpoint", "https://siem.example.com/in".into()),
                ("authorization", AUTHORIZATION.into()),
            ],
            Object::Point => vec![
                region,
                ("audit_log_destination_id", self.bench.destination.as_str().into()),
                ("enabled", Value::Bool(true)),
            ],
            Object::Deliver => vec![
                region,
                ("endpoint", "https://siem.example.com/own".into()),
                ("authorization_wo", AUTHORIZATION.into()),
                ("enabled", Value::Bool(true)),
            ],
            Object::Portal => vec![
                region,
                ("portal_id", self.portal.as_deref().unwrap().into()),
                ("audit_log_destination_id", self.bench.destination.as_str().into()),
                ("enabled", Value::Bool(true)),
            ],
            Object::Replay => vec![
                region,
                ("start_at", self.bench.days_ago(4).as_str().into()),
                ("end_at", self.bench.days_ago(3).as_str().into()),
                ("wait_for_completion", Value::Bool(false)),
            ],
            _ => unreachable!("a data source"),
        };
        if changed {
            let change = match (self.call, self.call.object()) {
                (Call::DestinationSame, _) => ("authorization", Value::Null),
                (Call::PointSame, _) => ("replace_existing", Value::Bool(true)),
                (_, Object::Point | Object::Portal) => ("enabled", Value::Bool(false)),
                (_, Object::Replay) => ("end_at", self.bench.days_ago(2).as_str().into()),
                _ => ("endpoint", "https://siem.example.com/moved".into()),
            };
            block.retain(|(name, _)| *name != change.0);
            block.push(change);
        }
        resource.shape.object(&block)
    }

    /// Makes the call on the plugin with the fault.
    pub async fn act(&self, run: &Run) -> Acted {
        if self.call.operation() == Operation::Data {
            let (_, diagnostics) = run
                .data(self.call.object(), self.region, self.portal.as_deref())
                .await;
            return Acted {
                state: State::none(),
                diagnostics,
            };
        }
        let resource = run.resource(self.call.object());
        let mut state = match self.call.operation() {
            Operation::Plan => {
                let plan = resource.plan(&self.state, &self.config).await;
                return Acted {
                    state: self.state.clone(),
                    diagnostics: plan.diagnostics,
                };
            }
            Operation::Create | Operation::Update => resource.apply(self.plan.as_ref().unwrap()).await,
            Operation::Delete => resource.apply(&self.state.removal()).await,
            Operation::Read => resource.read(&self.state).await,
            Operation::Import => resource.import(&self.import_id()).await,
            Operation::Data => unreachable!("done above"),
        };
        let diagnostics = std::mem::take(&mut state.diagnostics);
        Acted { state, diagnostics }
    }

    /// Whether the call is a refresh, which can remove the object from the state.
    pub fn reads(&self) -> bool {
        self.call.operation() == Operation::Read
    }

    /// The import ID, as in errors and the documentation.
    fn import_id(&self) -> String {
        match self.call.object() {
            Object::Destination => {
                let known = self.state.value.get("id").as_str().map(str::to_owned);
                known.or_else(|| self.destinations().into_iter().next()).unwrap()
            }
            Object::Portal => format!("{}/{}", self.region, self.portal.as_deref().unwrap()),
            _ => self.region.to_owned(),
        }
    }

    /// The IDs of the destinations in the region.
    pub fn destinations(&self) -> Vec<String> {
        let region = self.bench.emulator.region(self.region);
        let all = region["destinations"].as_object();
        all.into_iter().flat_map(|all| all.keys().cloned()).collect()
    }

    /// Removes the object at Konnect, as its response claimed.
    pub fn remove_behind_the_scenes(&self) {
        let emulator = &self.bench.emulator;
        for id in self.destinations() {
            emulator.remove_destination(self.region, &id).unwrap();
        }
        match &self.portal {
            Some(portal) => emulator.remove_webhook((self.region, portal)).unwrap(),
            None => emulator.remove_webhook(self.region).unwrap(),
        }
    }

    /// The webhook that Konnect has for the region or for the Dev Portal.
    fn webhook(&self) -> Json {
        let region = self.bench.emulator.region(self.region);
        match &self.portal {
            Some(portal) => region["portals"][portal]["webhook"].clone(),
            None => region["webhook"].clone(),
        }
    }

    /// The steps of a user after the fault: plan and apply, or import as an error requests. Asserts that no changes
    /// remain and one object exists, or none after a removal.
    pub async fn check_consistency(&mut self, plugins: &'a Plugins, must_import: bool) {
        self.run = self.bench.run(plugins, Phase::Last).await;
        match self.call.operation() {
            Operation::Data => {
                let (value, diagnostics) = self
                    .run
                    .data(self.call.object(), self.region, self.portal.as_deref())
                    .await;
                assert!(diagnostics.is_empty() && !value.is_null(), "{diagnostics:?}");
            }
            Operation::Delete => {
                self.refresh().await;
                if !self.state.value.is_null() {
                    let resource = self.run.resource(self.call.object());
                    self.state = resource.apply(&self.state.removal()).await;
                    assert_no_errors(&self.state.diagnostics);
                }
                let left = self.bench.emulator.region(self.region);
                assert_eq!(left["destinations"], json!({}), "a destination is left");
                assert_ne!(self.webhook()["enabled"], true, "a webhook is left");
            }
            _ => {
                self.apply_until_done(must_import).await;
                self.assert_no_changes().await;
            }
        }
    }

    async fn refresh(&mut self) {
        if !self.state.value.is_null() {
            self.state = self.run.resource(self.call.object()).read(&self.state).await;
            assert_no_errors(&self.state.diagnostics);
        }
    }

    async fn import(&mut self) {
        self.state = self
            .run
            .resource(self.call.object())
            .import(&self.import_id())
            .await;
        assert_no_errors(&self.state.diagnostics);
    }

    async fn apply_until_done(&mut self, must_import: bool) {
        let resource = self.run.resource(self.call.object());
        let imports = self.call.operation() == Operation::Import;
        if self.state.value.is_null() && (imports || must_import && !self.destinations().is_empty()) {
            self.import().await;
        }
        self.refresh().await;
        let mut plan = resource.plan(&self.state, &self.config).await;
        if must_import && plan.diagnostics.iter().any(|d| d.detail.contains("import {")) {
            self.import().await;
            plan = resource.plan(&self.state, &self.config).await;
        }
        assert_no_errors(&plan.diagnostics);
        assert!(plan.requires_replace.is_empty(), "{:?}", plan.requires_replace);
        if plan.planned != self.state.value {
            self.state = resource.apply(&plan).await;
            assert_no_errors(&self.state.diagnostics);
        }
    }

    async fn assert_no_changes(&mut self) {
        let resource = self.run.resource(self.call.object());
        self.refresh().await;
        let plan = resource.plan(&self.state, &self.config).await;
        assert_no_errors(&plan.diagnostics);
        let found = warnings(&plan.diagnostics);
        assert_eq!(found, [""; 0], "a settled plan has something to say");
        assert!(
            plan.planned == self.state.value,
            "a settled plan has something to do"
        );
        let region = self.bench.emulator.region(self.region);
        let ids = self.destinations();
        if self.call.object() == Object::Destination {
            let expected = [self.state.value.get("id").as_str().unwrap()];
            assert_eq!(ids, expected, "not exactly one object");
            self.agrees(
                &region["destinations"][&ids[0]],
                &["name", "endpoint", "authorization"],
            );
            return;
        }
        assert_eq!(ids, [""; 0]);
        if self.call.object() == Object::Replay {
            self.agrees(&region["replay_job"], &["start_at", "end_at"]);
            return;
        }
        let webhook = self.webhook();
        self.agrees(&webhook, &["enabled", "endpoint", "audit_log_destination_id"]);
        if self.call.object() == Object::Deliver {
            assert_eq!(webhook["authorization"], AUTHORIZATION);
        }
    }

    /// Asserts that Konnect has the configured values.
    fn agrees(&self, record: &Json, names: &[&str]) {
        for name in names {
            match self.config.get(name) {
                Value::String(expected) => assert_eq!(record[*name], expected.as_str(), "{name}"),
                Value::Bool(expected) => assert_eq!(record[*name], *expected, "{name}"),
                _ => {}
            }
        }
    }
}
