//! The content of an audit event.
//!
//! The kinds, names and severities are those of Kong's audit log reference (developer.konghq.com, "Audit logs").

use std::sync::Arc;

/// The address of the callers.
pub(crate) const SOURCE: &str = "127.0.0.1";

/// The outcome of an authentication that succeeded.
pub(crate) const SUCCESS: &str = "SUCCESS";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The ID of a user or of a system account. Empty if the caller could not be identified.
    pub(crate) id: Arc<str>,
    /// The name and email address, `Name (email)`.
    pub(crate) name: Arc<str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) at_ms: i64,
    /// 128 random bits that the events of one request share.
    pub(crate) trace: u128,
    pub(crate) user_agent: Arc<str>,
    pub(crate) org_id: Arc<str>,
    pub(crate) principal: Principal,
    /// The portal, if the event belongs to a portal's stream.
    pub(crate) portal_id: Option<Arc<str>>,
    pub(crate) details: Details,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Details {
    /// A login, or the use of a token.
    Authentication {
        /// The name after `AUTHENTICATION_TYPE_`.
        method: &'static str,
        /// The name after `AUTHENTICATION_OUTCOME_`.
        outcome: &'static str,
        /// The path of the call that checks the credential.
        request: &'static str,
    },
    Authorization {
        service: &'static str,
        /// The name after `Authz.`: the path of the resource.
        resource: String,
        /// The action: `list`, `retrieve`, `create`, `edit` or `delete`.
        action: &'static str,
        granted: bool,
    },
    Access {
        method: String,
        path: String,
        query: String,
        status: u16,
    },
}

impl Event {
    pub(crate) fn product(&self) -> &'static str {
        if self.portal_id.is_some() {
            "Dev-Portal"
        } else {
            "Konnect"
        }
    }

    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The severity: 0 to 10.
    pub(crate) fn severity(&self) -> u8 {
        match &self.details {
            Details::Authentication { outcome, .. } => match *outcome {
                SUCCESS => 0,
                "INVALID_PASSWORD" => 1,
                "LOCKED" => 6,
                _ => 7,
            },
            Details::Authorization { granted: true, .. } => 1,
            Details::Access { status: 500, .. } => 10,
            Details::Authorization { .. }
            | Details::Access {
                status: 401 | 403, ..
            } => 6,
            Details::Access { .. } => 1,
        }
    }
}
