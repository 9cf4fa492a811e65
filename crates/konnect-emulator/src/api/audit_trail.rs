//! The audit events of a request to the API: the use of the token, the permission check and, for a change, the access.

use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, Method as HttpMethod, StatusCode};

use crate::api::credential::Credential;
use crate::api::route::{DESTINATIONS, Resource};
use crate::event::model::{Details, Event, Method, Outcome, Principal};
use crate::organization::state::Organization;

/// The data of a request for its events.
pub(crate) struct Facts<'a> {
    pub(crate) method: &'a HttpMethod,
    /// The path without the region.
    pub(crate) path: &'a str,
    /// The query as sent.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) credential: Credential,
    pub(crate) resource: &'a Resource,
    pub(crate) status: StatusCode,
}

/// The events of a request, in order.
pub(crate) fn events(facts: &Facts<'_>, organization: &Organization, at_ms: i64) -> Vec<Arc<Event>> {
    if facts.credential == Credential::Absent || facts.resource.is_public() {
        return Vec::new();
    }
    let mut details = vec![authentication(facts.credential)];
    if facts.credential.is_known() {
        details.push(authorization(facts.method, facts.resource));
        details.extend(access(facts));
    }
    let user_agent: Arc<str> = facts
        .headers
        .get(USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .unwrap_or_default()
        .into();
    let org_id: Arc<str> = organization.id.as_str().into();
    let principal = principal(facts.credential, organization);
    let trace = fastrand::u128(..);
    let event = |details| {
        Arc::new(Event {
            at_ms,
            trace,
            source: "127.0.0.1",
            user_agent: Arc::clone(&user_agent),
            org_id: Arc::clone(&org_id),
            principal: principal.clone(),
            portal_id: None,
            details,
        })
    };
    details.into_iter().map(event).collect()
}

fn principal(credential: Credential, organization: &Organization) -> Principal {
    let (id, name) = match credential {
        Credential::PersonalToken => (
            organization.user_id.as_str(),
            format!("{} ({})", organization.user_name, organization.user_email),
        ),
        Credential::SystemAccountToken => (
            organization.system_account_id.as_str(),
            "system account".to_owned(),
        ),
        Credential::Unknown | Credential::Absent => ("", String::new()),
    };
    Principal {
        id: id.into(),
        name: name.into(),
    }
}

fn authentication(credential: Credential) -> Details {
    let (method, outcome) = match credential {
        Credential::PersonalToken => (Method::PersonalToken, Outcome::Success),
        Credential::SystemAccountToken => (Method::SystemAccountToken, Outcome::Success),
        Credential::Unknown | Credential::Absent => (Method::Invalid, Outcome::Invalid),
    };
    Details::Authentication {
        method,
        outcome,
        request: "/api/v1/personal-access-tokens/introspect",
    }
}

/// The permission check. `Authz.webhook` of the service `auditlogs` is documented. The names for the other resources
/// follow the same pattern.
fn authorization(method: &HttpMethod, resource: &Resource) -> Details {
    let (service, resource, is_list) = match resource {
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
    let action = match *method {
        HttpMethod::POST => "create",
        HttpMethod::PATCH | HttpMethod::PUT => "edit",
        HttpMethod::DELETE => "delete",
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
fn access(facts: &Facts<'_>) -> Option<Details> {
    let changes = [
        HttpMethod::POST,
        HttpMethod::PUT,
        HttpMethod::PATCH,
        HttpMethod::DELETE,
    ]
    .contains(facts.method);
    changes.then(|| Details::Access {
        method: facts.method.to_string(),
        path: format!("/{}", facts.path),
        query: facts.query.to_owned(),
        status: facts.status.as_u16(),
    })
}
