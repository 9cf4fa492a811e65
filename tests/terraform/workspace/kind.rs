//! The two resources with a URL and a credential.

use serde_json::{Value, json};

use super::konnect::LocalKonnect;
use super::{Block, Workspace};

/// A resource with a URL and a credential. Its block has the label `it`.
#[derive(Clone, Copy)]
pub enum Kind {
    Destination,
    /// The webhook of `eu`, with an endpoint of its own.
    Webhook,
}

impl Kind {
    pub const BOTH: [Self; 2] = [Self::Destination, Self::Webhook];

    pub fn address(self) -> &'static str {
        match self {
            Self::Destination => "konnect_audit_log_destination.it",
            Self::Webhook => "konnect_audit_log_webhook.it",
        }
    }

    /// A block with only the required attributes.
    pub fn block(self) -> Block {
        match self {
            Self::Destination => Block::destination("it"),
            Self::Webhook => Block::webhook_with_endpoint("it"),
        }
    }

    /// A block without a credential.
    pub fn bare(self) -> Block {
        self.block().without("authorization")
    }

    /// The only object of this kind at Konnect.
    pub fn stored(self, konnect: &LocalKonnect) -> Value {
        match self {
            Self::Destination => konnect.destinations().remove(0),
            Self::Webhook => konnect.region("eu")["webhook"].take(),
        }
    }

    /// The credential that Konnect has.
    pub fn credential(self, workspace: &Workspace) -> Value {
        self.stored(&workspace.konnect)["authorization"].take()
    }

    /// The path of its API.
    pub fn path(self, konnect: &LocalKonnect) -> String {
        match self {
            Self::Destination => {
                let stored = self.stored(konnect);
                let id = stored["id"].as_str().expect("an id");
                format!("/global/v3/audit-log-destinations/{id}")
            }
            Self::Webhook => "/eu/v2/audit-log-webhook".to_owned(),
        }
    }

    /// Changes it as another user.
    pub fn patch(self, workspace: &Workspace, body: &Value) {
        let konnect = &workspace.konnect;
        konnect.patch(&self.path(konnect), body);
    }

    /// Changes it in the data of Konnect, which leaves its time.
    pub fn edit(self, konnect: &LocalKonnect, set: Value) {
        let edited = match self.stored(konnect)["id"].as_str() {
            Some(id) => konnect.edit_destination("global", id, set),
            None => konnect.edit_webhook("eu", set),
        };
        edited.expect("the object");
    }

    /// The minimal body of an update of the credential.
    pub fn update_of(self, credential: &str) -> Value {
        match self {
            Self::Destination => {
                json!({ "endpoint": "https://siem.example.com/audit", "authorization": credential })
            }
            Self::Webhook => json!({
                "enabled": true,
                "endpoint": "https://siem.example.com/eu",
                "authorization": credential,
                "log_format": "cef",
                "skip_ssl_verification": false,
            }),
        }
    }
}
