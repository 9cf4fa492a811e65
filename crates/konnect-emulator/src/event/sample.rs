//! Sample events.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::event::model::{Details, Event, SUCCESS};
use crate::organization::state::Organization;

/// The kind of a sample event, with its severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A login that succeeded: severity 0.
    #[default]
    Authentication,
    /// A login with a wrong password: severity 1.
    AuthenticationFailed,
    /// A login to a locked account: severity 6.
    AccountLocked,
    /// A permission that was granted: severity 1.
    Authorization,
    /// A permission that was denied: severity 6.
    AuthorizationDenied,
    /// A change that succeeded: severity 1.
    Access,
    /// A change that ended in a 500: severity 10.
    AccessFailed,
}

/// Creates an event of the organization's user, with a new trace ID.
pub(crate) fn sample(
    kind: EventKind,
    organization: &Organization,
    portal: Option<&str>,
    at_ms: i64,
) -> Event {
    let login = |outcome| Details::Authentication {
        method: "BASIC",
        outcome,
        request: if portal.is_some() {
            "/api/v2/developer/authenticate"
        } else {
            "/api/v1/authenticate"
        },
    };
    let check = |granted| Details::Authorization {
        service: "konnect",
        resource: "control-planes".to_owned(),
        action: "list",
        granted,
    };
    let change = |status| Details::Access {
        method: "POST".to_owned(),
        path: "/v2/control-planes".to_owned(),
        query: String::new(),
        status,
    };
    Event {
        at_ms,
        trace: fastrand::u128(..),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64)".into(),
        org_id: organization.id.as_str().into(),
        principal: organization.user(),
        portal_id: portal.map(Into::into),
        details: match kind {
            EventKind::Authentication => login(SUCCESS),
            EventKind::AuthenticationFailed => login("INVALID_PASSWORD"),
            EventKind::AccountLocked => login("LOCKED"),
            EventKind::Authorization => check(true),
            EventKind::AuthorizationDenied => check(false),
            EventKind::Access => change(201),
            EventKind::AccessFailed => change(500),
        },
    }
}
