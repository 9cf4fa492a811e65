//! The audit events of a request to the API: the use of the token, the permission check and, for a change, the access.

use std::sync::Arc;

use http::header::USER_AGENT;
use http::{Method, StatusCode};

use crate::api::call::{Call, Credential};
use crate::api::route::{DESTINATIONS, Resource};
use crate::event::model::{Details, Event, Principal, SUCCESS};
use crate::organization::state::State;

/// The events of a call that has this status, in order.
pub(crate) fn events(call: &Call<'_>, status: StatusCode, state: &State) -> Vec<Arc<Event>> {
    if call.credential == Credential::Absent || call.resource.is_public() {
        return Vec::new();
    }
    let user_agent = call.request.headers.get(USER_AGENT);
    let user_agent = user_agent.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let organization = &state.organization;
    let (method, outcome, principal) = match call.credential {
        Credential::PersonalToken => ("PAT", SUCCESS, organization.user()),
        Credential::SystemAccountToken => ("SPAT", SUCCESS, organization.system_account()),
        Credential::Unknown | Credential::Absent => ("INVALID", "INVALID", Principal::default()),
    };
    let first = Event {
        at_ms: state.clock.now_ms(),
        trace: fastrand::u128(..),
        user_agent: user_agent.unwrap_or_default().into(),
        org_id: organization.id.as_str().into(),
        principal,
        portal_id: None,
        details: Details::Authentication {
            method,
            outcome,
            request: "/api/v1/personal-access-tokens/introspect",
        },
    };
    let mut events = vec![Arc::new(first.clone())];
    if call.credential.is_known() {
        let others = [authorization(call)].into_iter().chain(access(call, status));
        events.extend(others.map(|details| {
            Arc::new(Event {
                details,
                ..first.clone()
            })
        }));
    }
    events
}

/// The permission check. `Authz.webhook` of the service `auditlogs` is documented. The names for the other resources
/// follow the same pattern.
fn authorization(call: &Call<'_>) -> Details {
    let (service, resource, is_list) = match &call.resource {
        Resource::Destinations => ("auditlogs", DESTINATIONS.to_owned(), true),
        Resource::Destination(id) => ("auditlogs", format!("{DESTINATIONS}/{id}"), false),
        Resource::Webhook(None)
        | Resource::WebhookStatus(None)
        | Resource::SigningKeys
        | Resource::AvailableRegions => ("auditlogs", "webhook".to_owned(), false),
        Resource::ControlPlanes => ("konnect", "control-planes".to_owned(), true),
        Resource::ReplayJob(None) => ("auditlogs", "replay-job".to_owned(), false),
        Resource::AuditLogs => ("auditlogs", "audit-logs".to_owned(), true),
        Resource::Portals => ("konnect", "portals".to_owned(), true),
        Resource::Portal(portal)
        | Resource::Webhook(Some(portal))
        | Resource::WebhookStatus(Some(portal))
        | Resource::ReplayJob(Some(portal)) => ("konnect", format!("portals/{portal}"), false),
        Resource::Organization => ("identity", "organization".to_owned(), false),
        Resource::User => ("identity", "users".to_owned(), false),
    };
    let action = match *call.request.method {
        Method::POST => "create",
        Method::PATCH | Method::PUT => "edit",
        Method::DELETE => "delete",
        _ if is_list => "list",
        _ => "retrieve",
    };
    Details::Authorization {
        service,
        resource,
        action,
        granted: true,
    }
}

/// Reads have no access events.
fn access(call: &Call<'_>, status: StatusCode) -> Option<Details> {
    let request = call.request;
    (*request.method != Method::GET).then(|| Details::Access {
        method: request.method.to_string(),
        path: format!("/{}", request.path),
        query: request.query.to_owned(),
        status: status.as_u16(),
    })
}
