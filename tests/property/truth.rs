//! The data of Konnect, read without its API.

use konnect_emulator::Emulator;
use serde_json::Value as Json;
use terraform_plugin::Value;

use super::block::Kind;

/// What a webhook delivers to.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A destination, by its id.
    Destination(String),
    /// An endpoint, by its URL.
    Endpoint(String),
}

impl Target {
    /// The target of a configuration, plan or state.
    pub fn of(value: &Value) -> Option<Self> {
        let text = |name| value.get(name).as_str().map(str::to_owned);
        text("audit_log_destination_id")
            .map(Self::Destination)
            .or_else(|| text("endpoint").map(Self::Endpoint))
    }
}

/// How Konnect writes a time that was never set.
const NEVER: &str = "0001-01-01";

#[derive(Debug, Clone, PartialEq)]
pub struct Truth(Json);

/// The readable fields of an endpoint.
const DELIVERY: [&str; 3] = ["endpoint", "log_format", "skip_ssl_verification"];

impl Truth {
    pub fn of(emulator: &Emulator) -> Self {
        Self(emulator.snapshot()["regions"].clone())
    }

    /// Whether a region's webhook is enabled and has a target.
    pub fn delivers(&self, region: &str) -> bool {
        let webhook = &self.0[region]["webhook"];
        webhook["enabled"] == true && matches!(webhook["form"].as_str(), Some("endpoint" | "destination"))
    }

    /// Whether a region's webhook delivers to the same target as in a snapshot that a plan saw.
    pub fn delivers_as(&self, planned_on: &Self, region: &str) -> bool {
        planned_on.delivers(region)
            && self.delivers(region)
            && planned_on.target(region) == self.target(region)
    }

    /// Asserts that a region's webhook has the same target and switch.
    pub fn same_stream(&self, now: &Self, region: &str) {
        let stream = |of: &Self| (of.target(region), of.delivers(region));
        assert_eq!(
            stream(self),
            stream(now),
            "a stream that was redirected after the plan is changed"
        );
    }

    /// The target of a region's webhook, on or off.
    pub fn target(&self, region: &str) -> Option<Target> {
        let webhook = &self.0[region]["webhook"];
        let text = |name: &str| webhook[name].as_str().map(str::to_owned);
        match webhook["form"].as_str()? {
            "destination" => text("audit_log_destination_id").map(Target::Destination),
            "endpoint" => text("endpoint").map(Target::Endpoint),
            _ => None,
        }
    }

    pub fn webhook(&self, region: &str) -> &Json {
        &self.0[region]["webhook"]
    }

    /// The regions whose webhooks use a destination, on or off.
    pub fn users(&self, id: &str) -> Vec<String> {
        let target = Some(Target::Destination(id.to_owned()));
        let users = self.regions().filter(|(region, _)| self.target(region) == target);
        users.map(|(region, _)| region.to_owned()).collect()
    }

    /// Asserts that only the webhook of this region has changed.
    #[track_caller]
    pub fn only_webhook_changed(&self, now: &Self, changed: Option<&str>) {
        for (region, _) in self.regions().chain(now.regions()) {
            if Some(region) != changed {
                let expected = now.webhook(region);
                assert_eq!(self.webhook(region), expected, "the webhook of {region}");
            }
        }
    }

    pub fn regions(&self) -> impl Iterator<Item = (&str, &Json)> {
        let regions = self.0.as_object().into_iter().flatten();
        regions.map(|(name, region)| (name.as_str(), region))
    }

    pub fn destinations(&self) -> impl Iterator<Item = &Json> {
        self.regions()
            .flat_map(|(_, region)| region["destinations"].as_object().into_iter().flatten())
            .map(|(_, destination)| destination)
    }

    /// The record of a state, and the record that contains its endpoint.
    fn records(&self, kind: Kind, state: &Value) -> (&Json, &Json) {
        if kind == Kind::Destination {
            let found = &self.0["global"]["destinations"][text(state, "id")];
            return (found, found);
        }
        let webhook = self.webhook(text(state, "region"));
        (webhook, webhook)
    }

    /// The authorization that Konnect has for this object.
    pub fn authorization(&self, kind: Kind, state: &Value) -> Option<&str> {
        self.records(kind, state).0["authorization"].as_str()
    }

    /// Asserts that a state matches the object.
    #[track_caller]
    pub fn agrees(&self, kind: Kind, state: &Value) {
        let (record, delivery) = self.records(kind, state);
        let same = |name: &str, of: &Json| {
            let known = match state.get(name) {
                Value::String(text) => of[name] == text.as_str(),
                Value::Bool(flag) => of[name] == *flag,
                // A time that was never set.
                Value::Null => of[name].as_str().is_some_and(|time| time.starts_with(NEVER)),
                _ => false,
            };
            assert!(
                known,
                "{name} of {kind:?} is {}, the state says another",
                of[name]
            );
        };
        let to_destination = !state.get("audit_log_destination_id").is_null();
        match kind {
            Kind::Destination => {
                for name in ["name", "created_at", "updated_at"] {
                    same(name, record);
                }
            }
            Kind::Webhook if to_destination => {
                same("enabled", record);
                same("audit_log_destination_id", record);
            }
            Kind::Webhook => {
                same("enabled", record);
                same("updated_at", record);
            }
        }
        if !to_destination {
            for name in DELIVERY {
                same(name, delivery);
            }
        }
    }

    /// The snapshot without the times of changes.
    pub fn timeless(&self) -> Self {
        Self(timeless(self.0.clone()))
    }
}

fn timeless(json: Json) -> Json {
    match json {
        Json::Object(of) => {
            let kept = of.into_iter().filter(|(name, _)| name != "updated_at");
            kept.map(|(name, value)| (name, timeless(value))).collect()
        }
        other => other,
    }
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).as_str().unwrap_or_default()
}
