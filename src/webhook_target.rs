//! A webhook, in either form, as the guards and removals compare it: what it delivers to, and whether it does.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use konnect::{DestinationId, EndpointWebhook};
use url::Url;

use crate::instant;

/// What a webhook delivers to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A destination, by its id.
    Destination(String),
    /// An endpoint of its own, by its URL.
    Endpoint(String),
}

impl Target {
    /// A text that is the same for the same target, and does not show a URL.
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
    /// Only the host of an endpoint, since its path can be a credential.
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

/// The webhook of a scope, as it is now or as a state shows it.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) target: Target,
    pub(crate) enabled: bool,
    /// When it was last changed. Only v2 returns that.
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

    /// Whether another process or user changed more than the switch between `self` and `later`.
    pub(crate) fn was_rewritten(&self, later: &Self, trusts_time: bool) -> bool {
        let time_differs = self
            .updated_at
            .as_deref()
            .zip(later.updated_at.as_deref())
            .is_some_and(|(before, after)| !instant::same(before, after));
        self.target != later.target || (trusts_time && time_differs && self.enabled == later.enabled)
    }
}
