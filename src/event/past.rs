//! `data.konnect_audit_log_events`: past audit events of a region (API description v3, `audit-logs`).

use async_trait::async_trait;
use konnect::{AuditLogEntry, AuditLogQuery, AuditLogType, Error, v3};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, Attribute, DataCall, DataSource, Diagnostic, Diagnostics, Nesting, Schema, Validator,
};

use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::scope_argument;
use crate::run::{time, validators};

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

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    region: Attr<String>,
    start_at: Attr<String>,
    end_at: Attr<String>,
    r#type: Attr<String>,
    limit: Attr<i64>,
    events: Attr<Vec<Item>>,
    event_count: Attr<i64>,
    newest_at: Attr<String>,
}

/// An event: the documented fields of all types together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Item {
    r#type: Option<String>,
    ts: Option<String>,
    org_id: Option<String>,
    principal_id: Option<String>,
    actor_id: Option<String>,
    client_ip: Option<String>,
    trace_id: Option<String>,
    user_agent: Option<String>,
    uri: Option<String>,
    portal_id: Option<String>,
    signature: Option<String>,
    successful: Option<bool>,
    outcome: Option<String>,
    authentication_type: Option<String>,
    service: Option<String>,
    resource: Option<String>,
    action: Option<String>,
    granted: Option<bool>,
    method: Option<String>,
    query: Option<String>,
    status_code: Option<i64>,
    raw: Attr<String>,
}

impl From<AuditLogEntry> for Item {
    fn from(entry: AuditLogEntry) -> Self {
        let fields = entry.fields;
        Self {
            r#type: fields.event_type,
            ts: fields.ts,
            org_id: fields.org_id,
            principal_id: fields.principal_id,
            actor_id: fields.actor_id,
            client_ip: fields.client_ip,
            trace_id: fields.trace_id,
            user_agent: fields.user_agent,
            uri: fields.uri,
            portal_id: fields.portal_id,
            signature: fields.signature,
            successful: fields.successful,
            outcome: fields.outcome,
            authentication_type: fields.authentication_type,
            service: fields.service,
            resource: fields.resource,
            action: fields.action,
            granted: fields.granted,
            method: fields.method,
            query: fields.query,
            status_code: fields.status_code,
            raw: entry.raw.into(),
        }
    }
}

/// The attributes of an event.
fn event_attributes() -> Vec<Attribute> {
    let text = |name, description| Attribute::string(name).computed().description(description);
    let flag = |name, description| Attribute::bool(name).computed().description(description);
    vec![
        text(
            "type",
            "Type of the event: `authentication`, `authorization` or `gateway_access`. Konnect can omit it in \
             authentication events.",
        ),
        text("ts", "Time of the event, RFC 3339."),
        text("org_id", "Id of the organization."),
        text("principal_id", "Id of the user or system account."),
        text("actor_id", "Id of the person who acts in place of the principal."),
        text("client_ip", "IP address of the client."),
        text("trace_id", "Id that is shared by the events of one request."),
        text("user_agent", "User agent of the client."),
        text("uri", "URI of the request."),
        text("portal_id", "Id of the Dev Portal."),
        text("signature", "Signature of the event."),
        flag("successful", "Authentication: whether it succeeded."),
        text(
            "outcome",
            "Authentication: the outcome, such as `success` or `invalid_password`.",
        ),
        text(
            "authentication_type",
            "Authentication: the method, such as `sso` or `pat`.",
        ),
        text(
            "service",
            "Authorization: the service that checked the permission.",
        ),
        text("resource", "Authorization: the Kong resource name of the object."),
        text("action", "Authorization: the action, such as `list`."),
        flag("granted", "Authorization: whether the action was allowed."),
        text("method", "Access: the HTTP method."),
        text("query", "Access: the query of the request."),
        Attribute::number("status_code")
            .computed()
            .description("Access: the HTTP status of the response."),
        text(
            "raw",
            "The whole event as Konnect returned it, a JSON object as text, for `jsondecode`.",
        ),
    ]
}

#[async_trait]
impl DataSource for AuditLogEvents {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_events"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Past audit events of a region, as Konnect keeps them for 7 days, with or without a webhook. The names of \
             the fields differ from those of delivered events.\n\n\
             The results are stored in the state in clear text. They contain IP addresses and ids of people, and can \
             contain names: restrict access to the state, and select as few events as possible. Kong added this API in \
             August 2026: it may not be enabled for every organization.",
            [
                Attribute::string("region")
                    .optional()
                    .computed()
                    .validator(validators::region_of_another_object())
                    .description("Region of the events. Default: the provider's `region`."),
                Attribute::string("start_at").optional().validator(timestamp()).description(
                    "Earliest time of an event, inclusive, RFC 3339. Default: 7 days before `end_at`.",
                ),
                Attribute::string("end_at")
                    .optional()
                    .validator(timestamp())
                    .description("Latest time of an event, inclusive, RFC 3339. Default: the time of the request."),
                Attribute::string("type").optional().validator(Validator::one_of(TYPES)).description(
                    "Type of the events: `authentication`, `authorization` or `gateway_access`. Default: all types.",
                ),
                Attribute::number("limit")
                    .optional()
                    .computed()
                    .validator(Validator::whole_number(1, MAX_LIMIT))
                    .description(
                        "Maximum number of events, from 1 to 10,000. If there are more, the first events that \
                         Konnect lists are returned, in an order that Kong does not document. Default: 100.",
                    ),
                Attribute::nested("events", Nesting::List, event_attributes())
                    .computed()
                    .description("The events, newest first. Fields that an event does not have are null."),
                Attribute::number("event_count").computed().description("Number of `events`."),
                Attribute::string("newest_at")
                    .computed()
                    .description("Time of the newest of the `events`, RFC 3339. Null if there are none."),
            ],
        )
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        if let (Attr::Known(start), Attr::Known(end)) = (&config.start_at, &config.end_at)
            && time::is_after(start, end)
        {
            diagnostics.push(
                Diagnostic::error("Invalid time range", "end_at must not be before start_at.").at("end_at"),
            );
        }
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let config = &call.config;
        let region = scope_argument(call.provider, &config.region, &Attr::Null)?.region;
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
        let mut found = v3::first_audit_logs(call.provider.client()?, &region, &query, count)
            .await
            .map_err(|error| failed(&error))?;
        let time = |entry: &AuditLogEntry| entry.fields.ts.clone().unwrap_or_default();
        found.sort_by(|a, b| time::compare(&time(b), &time(a)));
        let events: Vec<Item> = found.into_iter().map(Item::from).collect();
        Ok(Model {
            region: region.to_string().into(),
            limit: limit.into(),
            event_count: i64::try_from(events.len()).unwrap_or(i64::MAX).into(),
            newest_at: events.first().and_then(|event| event.ts.clone()).into(),
            events: events.into(),
            ..config.clone()
        })
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
    use terraform_plugin::to_value;

    use super::*;

    fn model(events: Vec<Item>) -> Model {
        Model {
            region: Attr::Null,
            start_at: Attr::Null,
            end_at: Attr::Null,
            r#type: Attr::Null,
            limit: Attr::Null,
            events: events.into(),
            event_count: Attr::Null,
            newest_at: Attr::Null,
        }
    }

    #[test]
    fn model_fits_schema() {
        let schema = AuditLogEvents.schema();
        let value = to_value(&model(vec![Item::default()]), schema.object_type()).unwrap();
        assert_eq!(value.as_object().unwrap().len(), schema.attributes().len());
    }

    #[test]
    fn validate_end_before_start_is_an_error_on_end_at() {
        let validate = |start: &str, end: &str| {
            let mut diagnostics = Diagnostics::new();
            let config = Model {
                start_at: start.to_owned().into(),
                end_at: end.to_owned().into(),
                ..model(Vec::new())
            };
            AuditLogEvents.validate(&config, &mut diagnostics);
            diagnostics
        };
        let early = "2026-11-20T09:00:00Z";
        assert!(validate(early, early).is_empty());
        assert!(validate(early, "2026-11-20T10:30:00+01:00").is_empty());
        let diagnostics = validate(early, "2026-11-20T09:30:00+01:00");
        assert_eq!(diagnostics.iter().next().unwrap().path, Some("end_at".into()));
    }
}
