//! The target and the state of a webhook in either form, which guards and removals compare.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konnect::{DestinationId, EndpointWebhook};
use url::Url;

use crate::run::time;

/// The target of a webhook.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A destination, by its ID.
    Destination(String),
    /// An endpoint, by its URL.
    Endpoint(String),
}

impl Target {
    /// A key that identifies the target without revealing a URL.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Destination(id) => id.to_ascii_lowercase(),
            Self::Endpoint(url) => {
                let hash = digest::digest(&digest::SHA256, url.as_bytes());
                format!(
                    "#{}",
                    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
                )
            }
        }
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Destination(a), Self::Destination(b)) => a.eq_ignore_ascii_case(b),
            (Self::Endpoint(a), Self::Endpoint(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Target {
    /// Shows only the host of an endpoint, because its path can be a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(id) => write!(f, "the destination {id}"),
            Self::Endpoint(url) => {
                let url = Url::parse(url).ok();
                let host = url.as_ref().and_then(Url::host_str);
                write!(f, "an endpoint on {}", host.unwrap_or("an unknown host"))
            }
        }
    }
}

/// The webhook of a scope, from the API or a state.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) target: Target,
    pub(crate) enabled: bool,
    /// The time of the last change. Only v2 returns it.
    pub(crate) updated_at: Option<String>,
}

impl Webhook {
    pub(crate) fn to_destination(id: &DestinationId, enabled: bool) -> Self {
        Self {
            target: Target::Destination(id.to_string()),
            enabled,
            updated_at: None,
        }
    }

    /// `None` if no endpoint is set.
    pub(crate) fn with_endpoint(found: EndpointWebhook) -> Option<Self> {
        Some(Self {
            target: Target::Endpoint(found.endpoint?),
            enabled: found.enabled,
            updated_at: found.updated_at,
        })
    }

    /// Whether another process or user changed more than `enabled` between `self` and `later`.
    pub(crate) fn was_rewritten(&self, later: &Self, trusts_time: bool) -> bool {
        let time_differs = self
            .updated_at
            .as_deref()
            .zip(later.updated_at.as_deref())
            .is_some_and(|(before, after)| !time::same(before, after));
        self.target != later.target || (trusts_time && time_differs && self.enabled == later.enabled)
    }
}
