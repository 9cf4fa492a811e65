//! `data.konnect_audit_log_events`: past audit events of a region (API description v3, `audit-logs`).

use konnect::{AuditLogEntry, AuditLogQuery, AuditLogType, Error, v3};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostic, Diagnostics, ValidateCall, Validator};

use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::scope_argument;
use crate::run::time;

/// The types of events that the API can select.
const TYPES: &[&str] = &["authentication", "authorization", "gateway_access"];
/// The default of `limit`.
const DEFAULT_LIMIT: i64 = 100;
/// The maximum of `limit`: results are stored in the state.
const MAX_LIMIT: i64 = 10_000;
/// The largest page of the API (API description v3, `GET /v3/audit-logs`).
const MAX_PAGE_SIZE: usize = 1_000;

/// The data source `konnect_audit_log_events`.
pub(crate) struct AuditLogEvents;

/// Past audit events of a region, as Konnect keeps them for 7 days, with or without a webhook. The names of the fields
/// differ from those of delivered events.
///
/// The results are stored in the state in clear text. They contain IP addresses and ids of people, and can contain
/// names: restrict access to the state, and select as few events as possible. Kong added this API in August 2026: it
/// may not be enabled for every organization.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Model {
    /// Region of the events. Default: the provider's `region`.
    #[tf(optional, computed)]
    region: Attr<String>,
    /// Earliest time of an event, inclusive, RFC 3339. Default: 7 days before `end_at`.
    #[tf(optional, validate = timestamp())]
    start_at: Attr<String>,
    /// Latest time of an event, inclusive, RFC 3339. Default: the time of the request.
    #[tf(optional, validate = timestamp())]
    end_at: Attr<String>,
    /// Type of the events: `authentication`, `authorization` or `gateway_access`. Default: all types.
    #[tf(optional, validate = Validator::one_of(TYPES))]
    r#type: Attr<String>,
    /// Maximum number of events, from 1 to 10,000. If there are more, the first events that Konnect lists are returned,
    /// in an order that Kong does not document. Default: 100.
    #[tf(optional, computed, validate = Validator::whole_number(1, MAX_LIMIT))]
    limit: Attr<i64>,
    /// The events, newest first. Fields that an event does not have are null.
    #[tf(computed)]
    events: Attr<Vec<Item>>,
    /// Number of `events`.
    #[tf(computed)]
    event_count: Attr<i64>,
    /// Time of the newest of the `events`, RFC 3339. Null if there are none.
    #[tf(computed)]
    newest_at: Attr<String>,
}

// An event: the documented fields of all types together.
#[derive(Debug, Clone, Default, terraform_plugin::Model)]
pub(crate) struct Item {
    /// Type of the event: `authentication`, `authorization` or `gateway_access`. Konnect can omit it in authentication
    /// events.
    #[tf(computed)]
    r#type: Attr<String>,
    /// Time of the event, RFC 3339.
    #[tf(computed)]
    ts: Attr<String>,
    /// Id of the organization.
    #[tf(computed)]
    org_id: Attr<String>,
    /// Id of the user or system account.
    #[tf(computed)]
    principal_id: Attr<String>,
    /// Id of the person who acts in place of the principal.
    #[tf(computed)]
    actor_id: Attr<String>,
    /// IP address of the client.
    #[tf(computed)]
    client_ip: Attr<String>,
    /// Id that is shared by the events of one request.
    #[tf(computed)]
    trace_id: Attr<String>,
    /// User agent of the client.
    #[tf(computed)]
    user_agent: Attr<String>,
    /// URI of the request.
    #[tf(computed)]
    uri: Attr<String>,
    /// Id of the Dev Portal.
    #[tf(computed)]
    portal_id: Attr<String>,
    /// Signature of the event.
    #[tf(computed)]
    signature: Attr<String>,
    /// Authentication: whether it succeeded.
    #[tf(computed)]
    successful: Attr<bool>,
    /// Authentication: the outcome, such as `success` or `invalid_password`.
    #[tf(computed)]
    outcome: Attr<String>,
    /// Authentication: the method, such as `sso` or `pat`.
    #[tf(computed)]
    authentication_type: Attr<String>,
    /// Authorization: the service that checked the permission.
    #[tf(computed)]
    service: Attr<String>,
    /// Authorization: the Kong resource name of the object.
    #[tf(computed)]
    resource: Attr<String>,
    /// Authorization: the action, such as `list`.
    #[tf(computed)]
    action: Attr<String>,
    /// Authorization: whether the action was allowed.
    #[tf(computed)]
    granted: Attr<bool>,
    /// Access: the HTTP method.
    #[tf(computed)]
    method: Attr<String>,
    /// Access: the query of the request.
    #[tf(computed)]
    query: Attr<String>,
    /// Access: the HTTP status of the response.
    #[tf(computed)]
    status_code: Attr<i64>,
    /// The whole event as Konnect returned it, a JSON object as text, for `jsondecode`.
    #[tf(computed)]
    raw: Attr<String>,
}

impl From<AuditLogEntry> for Item {
    fn from(entry: AuditLogEntry) -> Self {
        let fields = entry.fields;
        Self {
            r#type: fields.event_type.into(),
            ts: fields.ts.into(),
            org_id: fields.org_id.into(),
            principal_id: fields.principal_id.into(),
            actor_id: fields.actor_id.into(),
            client_ip: fields.client_ip.into(),
            trace_id: fields.trace_id.into(),
            user_agent: fields.user_agent.into(),
            uri: fields.uri.into(),
            portal_id: fields.portal_id.into(),
            signature: fields.signature.into(),
            successful: fields.successful.into(),
            outcome: fields.outcome.into(),
            authentication_type: fields.authentication_type.into(),
            service: fields.service.into(),
            resource: fields.resource.into(),
            action: fields.action.into(),
            granted: fields.granted.into(),
            method: fields.method.into(),
            query: fields.query.into(),
            status_code: fields.status_code.into(),
            raw: entry.raw.into(),
        }
    }
}

impl DataSource for AuditLogEvents {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_events"
    }

    fn validate(&self, call: &mut ValidateCall<Model>) -> Result<(), Diagnostics> {
        Ok(check_range(&call.config.start_at, &call.config.end_at)?)
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let config = &call.config;
        let region = scope_argument(call.data, &config.region, &Attr::Null)?.region;
        let limit = config.limit.known().copied().unwrap_or(DEFAULT_LIMIT);
        let count = usize::try_from(limit).unwrap_or_default();
        let query = AuditLogQuery {
            since: config.start_at.known().cloned(),
            until: config.end_at.known().cloned(),
            event_type: config
                .r#type
                .known()
                .map(|name| AuditLogType::from(name.as_str())),
            size: Some(u32::try_from(count.min(MAX_PAGE_SIZE)).unwrap_or(u32::MAX)),
            after: None,
        };
        let mut found = v3::first_audit_logs(call.data.client()?, &region, &query, count)
            .await
            .map_err(|error| failed(&error))?;
        let time = |entry: &AuditLogEntry| entry.fields.ts.clone().unwrap_or_default();
        found.sort_by(|a, b| time::compare(&time(b), &time(a)));
        let events: Vec<Item> = found.into_iter().map(Item::from).collect();
        Ok(Model {
            region: region.to_string().into(),
            limit: limit.into(),
            event_count: i64::try_from(events.len()).unwrap_or(i64::MAX).into(),
            newest_at: events.first().map(|event| event.ts.clone()).unwrap_or_default(),
            events: events.into(),
            ..config.clone()
        })
    }
}

fn check_range(start: &Attr<String>, end: &Attr<String>) -> Result<(), Diagnostic> {
    match (start, end) {
        (Attr::Known(start), Attr::Known(end)) if time::is_after(start, end) => {
            Err(Diagnostic::error("Invalid time range", "end_at must not be before start_at.").at("end_at"))
        }
        _ => Ok(()),
    }
}

fn failed(error: &Error) -> Diagnostics {
    let Some(status @ (403 | 404)) = error.status() else {
        return api_error(error);
    };
    Diagnostic::error(
        "Past audit events are not available",
        format!(
            "Konnect returned {status}. The API for past events may not be enabled for the organization, or the owner \
             of the access token may lack the permission to read audit logs.\n\n{facts}", facts = error.facts()),
    )
    .into()
}

/// A time in RFC 3339.
fn timestamp() -> Validator {
    Validator::text(|text| {
        (!time::is_valid(text)).then(|| {
            Diagnostic::error(
                "Invalid time",
                "Set it to a time in RFC 3339, for example 2026-11-20T09:00:00Z.",
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_range_end_before_start_is_an_error_on_end_at() {
        let check = |start: &str, end: &str| check_range(&start.into(), &end.into());
        let early = "2026-11-20T09:00:00Z";
        assert!(check(early, early).is_ok());
        assert!(check(early, "2026-11-20T10:30:00+01:00").is_ok());
        let error = check(early, "2026-11-20T09:30:00+01:00").unwrap_err();
        assert_eq!(error.path, Some("end_at".into()));
    }
}
