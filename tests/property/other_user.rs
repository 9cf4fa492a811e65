//! Changes of another user to objects of the configuration.

use konnect_emulator::Emulator;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use terraform_plugin::Value;

use super::block::Kind;
use super::secrets::OTHER_USERS_SECRET;
use super::steps::DESTINATIONS;
use super::truth::{Truth, text};

pub const ENDPOINT: &str = "https://stranger.example.com/";
/// The name that other users give to a destination.
const NAME: &str = "a stranger's";

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Modification {
    /// Another authorization, which no response contains.
    Authorization,
    Endpoint,
    /// A format, possibly an unknown one.
    Format(&'static str),
    /// Only a new `updated_at`.
    Touch,
    /// Enables or disables it.
    Toggle,
    /// The other form of webhook, with another target.
    Switch,
    /// Connects a webhook to the destination in this slot.
    Redirect(usize),
    Remove,
}

pub fn any() -> impl Strategy<Value = Modification> {
    prop_oneof![
        3 => Just(Modification::Authorization),
        1 => Just(Modification::Endpoint),
        1 => select(&["cef", "json", "leef"][..]).prop_map(Modification::Format),
        1 => Just(Modification::Touch),
        1 => Just(Modification::Toggle),
        1 => Just(Modification::Switch),
        2 => (0..DESTINATIONS).prop_map(Modification::Redirect),
        1 => Just(Modification::Remove),
    ]
}

/// Creates a destination of other users, and returns its id.
pub fn destination(emulator: &Emulator) -> String {
    let id = emulator.add_destinations("global", 1).unwrap().remove(0);
    let edit = json!({ "name": NAME, "endpoint": ENDPOINT, "authorization": OTHER_USERS_SECRET });
    emulator.edit_destination("global", &id, edit).unwrap();
    id
}

pub fn occupy(emulator: &Emulator, region: &str) {
    let webhook = json!({ "enabled": true, "endpoint": ENDPOINT, "authorization": OTHER_USERS_SECRET });
    emulator.edit_webhook(region, webhook).unwrap();
}

impl Modification {
    /// Modifies the object of this state. `theirs` is the destination of other users, `ours` are those in the state.
    pub fn commit(
        self,
        emulator: &Emulator,
        kind: Kind,
        state: &Value,
        theirs: &str,
        ours: impl Fn(usize) -> Option<String>,
    ) {
        let (region, id) = (text(state, "region"), text(state, "id"));
        if kind == Kind::Destination {
            let edit = match self {
                Self::Authorization => json!({ "authorization": OTHER_USERS_SECRET }),
                Self::Endpoint => json!({ "endpoint": ENDPOINT }),
                Self::Format(name) => json!({ "log_format": name }),
                Self::Touch | Self::Toggle | Self::Switch | Self::Redirect(_) => json!({}),
                Self::Remove => return emulator.remove_destination("global", id).unwrap_or_default(),
            };
            // The destination may no longer exist.
            let _ = emulator.edit_destination("global", id, edit);
            return;
        }
        let webhook = emulator.snapshot()["regions"][region]["webhook"].clone();
        let own = webhook["form"] == "endpoint";
        let edit = match self {
            Self::Remove => return emulator.remove_webhook(region).unwrap(),
            Self::Toggle => json!({ "enabled": webhook["enabled"] == false }),
            Self::Redirect(slot) => match ours(slot) {
                Some(id) => json!({ "enabled": true, "audit_log_destination_id": id }),
                None => json!({}),
            },
            Self::Switch if own => json!({ "enabled": true, "audit_log_destination_id": theirs }),
            Self::Switch => {
                json!({ "enabled": true, "endpoint": ENDPOINT, "authorization": OTHER_USERS_SECRET })
            }
            Self::Authorization if own => json!({ "authorization": OTHER_USERS_SECRET }),
            Self::Endpoint if own => json!({ "endpoint": ENDPOINT }),
            Self::Format(name) if own => json!({ "log_format": name }),
            _ => json!({}),
        };
        emulator.edit_webhook(region, edit).unwrap();
    }
}

/// Removes the webhooks that use a destination.
pub fn release(emulator: &Emulator, id: &str) {
    for region in Truth::of(emulator).users(id) {
        emulator.remove_webhook(&region).unwrap();
    }
}

/// Asserts that all remaining destinations belong to other users.
pub fn only_theirs(truth: &Truth) {
    for destination in truth.destinations() {
        assert_eq!(destination["name"], NAME, "a destination of ours is left");
    }
}
