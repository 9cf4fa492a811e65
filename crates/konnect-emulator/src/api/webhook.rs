//! The webhook of a region in both versions, the webhook of a portal, and the status.
//!
//! A region has one webhook, which v2 and v3 share. Each version writes only its own form and reads both: v2 shows a
//! destination's fields as those of the webhook, v3 shows an empty destination ID if v2 has set an endpoint. A portal
//! has one webhook, of the v3 form.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::fields::{Fields, Need};
use crate::api::problem::Problem;
use crate::http::response::ApiResponse;
use crate::organization::state::{State, Target, Webhook};
use crate::organization::stream::StreamId;
use crate::organization::stream::parse_uuid;

const DESTINATION_ID: &str = "audit_log_destination_id";

/// A field of portals' webhooks. Kong's published description does not have it, but its provider kong/konnect-beta does.
const PRINCIPAL_NAME: &str = "include_principal_name";

/// v2 `GET`. A webhook that was never configured is returned too. 404 if the portal does not exist.
pub(crate) fn get_v2(state: &State, call: &Call<'_>, stream: &StreamId) -> Result<ApiResponse, Problem> {
    let webhook = state.webhook(stream).ok_or_else(Problem::not_found)?;
    Ok(ApiResponse::ok(&show_v2(state, call, stream, &webhook)))
}

/// v3 `GET`. 404 if the portal does not exist, or if the webhook was never configured. A deleted one has an empty
/// destination ID.
pub(crate) fn get_v3(state: &State, call: &Call<'_>, stream: &StreamId) -> Result<ApiResponse, Problem> {
    let webhook = state.webhook(stream).ok_or_else(Problem::not_found)?;
    if webhook.target == Target::Unconfigured {
        return Err(Problem::not_found());
    }
    Ok(show_v3(call, stream, &webhook))
}

/// v2 `PATCH`. An endpoint converts a webhook of the other form to this one. 400 for an invalid body, or one without
/// the endpoint or the authorization if the webhook has none yet. Disabling a webhook that was never configured is not
/// an error and changes nothing.
pub(crate) fn patch_v2(
    state: &mut State,
    call: &Call<'_>,
    stream: &StreamId,
) -> Result<ApiResponse, Problem> {
    let mut fields = Fields::parse(call)?;
    let mut webhook = state.webhook(stream).ok_or_else(Problem::not_found)?;
    let names_delivery = ["endpoint", "authorization", "log_format", "skip_ssl_verification"]
        .iter()
        .any(|field| fields.has(field));
    let enabled = fields.flag("enabled");
    match &mut webhook.target {
        Target::Endpoint(delivery) => fields.change_delivery(delivery),
        Target::Destination { .. } if !names_delivery => {}
        Target::Unconfigured | Target::Emptied if !names_delivery && enabled == Some(false) => {
            fields.finish()?;
            return get_v2(state, call, stream);
        }
        other => *other = Target::Endpoint(fields.new_delivery(Need::Optional)),
    }
    fields.finish()?;
    webhook.enabled = enabled.unwrap_or(webhook.enabled);
    webhook.updated_at = state.tick();
    let response = ApiResponse::ok(&show_v2(state, call, stream, &webhook));
    state.set_webhook(stream, webhook);
    Ok(response)
}

/// v3 `PATCH`. A destination ID converts a webhook of the other form to this one. 404 if the portal does not exist; 400
/// for an invalid body or `enabled: true` without a target; 404 for a destination that neither the region nor `global`
/// has, or that the region does not know yet.
pub(crate) fn patch_v3(
    state: &mut State,
    call: &Call<'_>,
    stream: &StreamId,
) -> Result<ApiResponse, Problem> {
    let mut webhook = state.webhook(stream).ok_or_else(Problem::not_found)?;
    let mut fields = Fields::parse(call)?;
    let enabled = fields.flag("enabled");
    let include_principal_name = match stream.portal {
        Some(_) => fields.flag(PRINCIPAL_NAME),
        None => None,
    };
    let named = fields.has(DESTINATION_ID);
    let id = take_destination_id(&mut fields);
    let was_set_up = webhook.target.is_set_up();
    if !named && !was_set_up && enabled == Some(true) {
        fields.missing(DESTINATION_ID);
    }
    fields.finish().map_err(name_destination_id)?;
    if let Some(audit_log_destination_id) = id {
        let region = call.request.region;
        let known = state
            .usable_destination(region, &audit_log_destination_id)
            .is_some_and(|found| !state.is_too_new(&found.id, call.behavior.new_destination_lag_ms));
        if !known {
            let detail = format!("Audit log destination [{audit_log_destination_id}] was not found");
            return Err(Problem::new(StatusCode::NOT_FOUND, detail));
        }
        webhook.target = Target::Destination {
            audit_log_destination_id,
        };
    } else if !was_set_up {
        return Ok(show_v3(call, stream, &webhook));
    }
    webhook.enabled = enabled.unwrap_or(webhook.enabled);
    webhook.include_principal_name = include_principal_name.unwrap_or(webhook.include_principal_name);
    webhook.updated_at = state.tick();
    let response = show_v3(call, stream, &webhook);
    state.set_webhook(stream, webhook);
    Ok(response)
}

/// v3 `DELETE`. Removes the target of a webhook of either form. Idempotent. 404 if the portal does not exist.
pub(crate) fn delete_v3(state: &mut State, stream: &StreamId) -> Result<ApiResponse, Problem> {
    state.webhook(stream).ok_or_else(Problem::not_found)?;
    let webhook = Webhook {
        target: Target::Emptied,
        updated_at: state.tick(),
        ..Webhook::default()
    };
    state.set_webhook(stream, webhook);
    Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
}

/// `GET` of the status, in both versions. 404 if the portal does not exist.
pub(crate) fn status(state: &State, stream: &StreamId) -> Result<ApiResponse, Problem> {
    let webhook = state.webhook(stream).ok_or_else(Problem::not_found)?;
    if !webhook.target.is_set_up() {
        let status = json!({ "webhook_enabled": false, "webhook_status": "unconfigured" });
        return Ok(ApiResponse::ok(&status));
    }
    let mut status = json!({
        "webhook_enabled": webhook.enabled,
        "webhook_status": if webhook.is_failing() { "inactive" } else { "active" },
    });
    if let Some(attempt) = webhook.last_attempt {
        status["last_attempt_at"] = json!(attempt.at);
        status["last_response_message"] = json!(attempt.message);
        if let Some(code) = attempt.code {
            status["last_response_code"] = json!(code);
        }
    }
    Ok(ApiResponse::ok(&status))
}

fn take_destination_id(fields: &mut Fields) -> Option<String> {
    let text = fields.any_text(DESTINATION_ID)?;
    let reason = "destination id format is invalid";
    let id = parse_uuid(&text);
    fields.faults.check(id, DESTINATION_ID, "is_uuid", reason)
}

/// Konnect has a separate message for a body in which only the ID is invalid.
fn name_destination_id(mut problem: Problem) -> Problem {
    if let [fault] = problem.invalid_parameters.as_slice()
        && fault.rule == "is_uuid"
    {
        "Could not parse destination id".clone_into(&mut problem.detail);
    }
    problem
}

fn show_v2(state: &State, call: &Call<'_>, stream: &StreamId, webhook: &Webhook) -> Value {
    let delivery = match &webhook.target {
        Target::Endpoint(delivery) => Some(delivery),
        Target::Destination {
            audit_log_destination_id,
        } => state
            .usable_destination(&stream.region, audit_log_destination_id)
            .filter(|_| call.behavior.v2_shows_destination)
            .map(|found| &found.delivery),
        Target::Unconfigured | Target::Emptied => None,
    };
    json!({
        "enabled": webhook.enabled,
        "endpoint": delivery.map_or("unconfigured".to_owned(), |delivery| call.endpoint(&delivery.endpoint)),
        "log_format": delivery.map_or("cef", |delivery| &delivery.log_format),
        "skip_ssl_verification": delivery.is_some_and(|delivery| delivery.skip_ssl_verification),
        "updated_at": webhook.updated_at,
    })
}

fn show_v3(call: &Call<'_>, stream: &StreamId, webhook: &Webhook) -> ApiResponse {
    let id = match &webhook.target {
        Target::Destination {
            audit_log_destination_id,
        } => call.id(audit_log_destination_id),
        _ => String::new(),
    };
    let mut document = json!({ DESTINATION_ID: id, "enabled": webhook.enabled });
    if stream.portal.is_some() {
        document[PRINCIPAL_NAME] = json!(webhook.include_principal_name);
    }
    ApiResponse::ok(&document)
}
