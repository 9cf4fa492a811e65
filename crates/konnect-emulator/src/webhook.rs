//! The webhook calls of both versions, and the status that they share.
//!
//! A region has one webhook, which v2 and v3 see from two sides. Each version can write its own form only and
//! read both: v2 shows a destination's fields as if they were the webhook's, v3 shows an empty destination id
//! where v2 wrote an endpoint.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Call;
use crate::destinations::{parse_id, take_delivery};
use crate::fields::{Fields, Need};
use crate::problem::{InvalidParameter, Problem};
use crate::state::{Attempt, Delivery, State, Target, Webhook};

const DESTINATION_ID: &str = "audit_log_destination_id";

/// v2 `GET`. There always is something to show.
pub(super) fn get_v2(state: &State, call: &Call<'_>) -> Answer {
    Answer::json(
        StatusCode::OK,
        &show_v2(state, &call.region, &state.webhook(&call.region)),
    )
}

/// v3 `GET`.
///
/// # Errors
///
/// 404 where nobody ever set a webhook up.
pub(super) fn get_v3(state: &State, call: &Call<'_>) -> Result<Answer, Problem> {
    let webhook = state.webhook(&call.region);
    if webhook.target == Target::Unconfigured {
        return Err(Problem::not_found());
    }
    Ok(Answer::json(StatusCode::OK, &show_v3(&webhook)))
}

/// v2 `PATCH`. An endpoint switches a webhook of the other form over to this one.
///
/// # Errors
///
/// 400 for a body with faults, or one that leaves out the endpoint or the authorization of a webhook that has
/// none yet. Switching off what was never set up is no error and changes nothing.
pub(super) fn patch_v2(state: &mut State, call: &Call<'_>) -> Result<Answer, Problem> {
    let mut fields = Fields::parse(call.content_type, call.body)?;
    let mut webhook = state.webhook(&call.region);
    let names_delivery = ["endpoint", "authorization", "log_format", "skip_ssl_verification"]
        .iter()
        .any(|field| fields.has(field));
    let enabled = fields.flag("enabled");
    match &mut webhook.target {
        Target::Endpoint(delivery) => take_delivery(&mut fields, delivery),
        Target::Destination { .. } if !names_delivery => {}
        Target::Unconfigured | Target::Emptied if !names_delivery && enabled == Some(false) => {
            fields.finish()?;
            return Ok(get_v2(state, call));
        }
        other => {
            if let Some(delivery) = first_delivery(&mut fields) {
                *other = Target::Endpoint(delivery);
            }
        }
    }
    fields.finish()?;
    webhook.enabled = enabled.unwrap_or(webhook.enabled);
    webhook.updated_at = state.tick();
    let answer = Answer::json(StatusCode::OK, &show_v2(state, &call.region, &webhook));
    state.region_mut(&call.region).webhook = webhook;
    Ok(answer)
}

/// v3 `PATCH`. A destination id switches a webhook of the other form over to this one.
///
/// # Errors
///
/// 400 for a body with faults or `enabled: true` with nothing to send to, 404 for a destination that neither the
/// region nor `global` keeps.
pub(super) fn patch_v3(state: &mut State, call: &Call<'_>) -> Result<Answer, Problem> {
    let mut fields = Fields::parse(call.content_type, call.body)?;
    let mut webhook = state.webhook(&call.region);
    let enabled = fields.flag("enabled");
    let named = fields.has(DESTINATION_ID);
    let id = take_destination_id(&mut fields);
    let was_set_up = webhook.target.is_set_up();
    if !named && !was_set_up && enabled == Some(true) {
        fields.missing(DESTINATION_ID);
    }
    fields.finish().map_err(name_destination_id)?;
    if let Some(audit_log_destination_id) = id {
        if state
            .usable_destination(&call.region, &audit_log_destination_id)
            .is_none()
        {
            let detail = format!("Audit log destination [{audit_log_destination_id}] was not found");
            return Err(Problem::new(StatusCode::NOT_FOUND, detail));
        }
        webhook.target = Target::Destination {
            audit_log_destination_id,
        };
    } else if !was_set_up {
        return Ok(Answer::json(StatusCode::OK, &show_v3(&webhook)));
    }
    webhook.enabled = enabled.unwrap_or(webhook.enabled);
    webhook.updated_at = state.tick();
    let answer = Answer::json(StatusCode::OK, &show_v3(&webhook));
    state.region_mut(&call.region).webhook = webhook;
    Ok(answer)
}

/// v3 `DELETE`, which empties the webhook, whatever its form, and may be repeated.
pub(super) fn delete_v3(state: &mut State, call: &Call<'_>) -> Answer {
    let updated_at = state.tick();
    state.region_mut(&call.region).webhook = Webhook {
        target: Target::Emptied,
        updated_at,
        ..Webhook::default()
    };
    Answer::empty(StatusCode::NO_CONTENT)
}

/// `GET` of the status, in both versions.
pub(super) fn status(state: &State, call: &Call<'_>) -> Answer {
    let webhook = state.webhook(&call.region);
    if !webhook.target.is_set_up() {
        let status = json!({ "webhook_enabled": false, "webhook_status": "unconfigured" });
        return Answer::json(StatusCode::OK, &status);
    }
    let failed = webhook.last_attempt.as_ref().is_some_and(Attempt::failed);
    let mut status = json!({
        "webhook_enabled": webhook.enabled,
        "webhook_status": if failed { "inactive" } else { "active" },
    });
    if let Some(attempt) = webhook.last_attempt {
        status["last_attempt_at"] = json!(attempt.at);
        status["last_response_code"] = json!(attempt.code);
        status["last_response_message"] = json!(attempt.message);
    }
    Answer::json(StatusCode::OK, &status)
}

/// The delivery of a webhook that had none: endpoint and authorization must be there, the rest has defaults.
fn first_delivery(fields: &mut Fields) -> Option<Delivery> {
    let endpoint = fields.endpoint(Need::Required);
    let authorization = fields.text("authorization", Need::Required);
    let log_format = fields
        .log_format(Need::Optional)
        .unwrap_or_else(|| "cef".to_owned());
    let skip_ssl_verification = fields.flag("skip_ssl_verification").unwrap_or(false);
    Some(Delivery {
        endpoint: endpoint?,
        authorization: authorization?,
        log_format,
        skip_ssl_verification,
    })
}

fn take_destination_id(fields: &mut Fields) -> Option<String> {
    let text = fields.any_text(DESTINATION_ID)?;
    let id = parse_id(&text);
    if id.is_none() {
        fields.reject(InvalidParameter::body(
            DESTINATION_ID,
            "is_uuid",
            "destination id format is invalid",
        ));
    }
    id
}

/// Konnect has a sentence of its own for a body whose only fault is the id.
fn name_destination_id(problem: Problem) -> Problem {
    match problem.invalid_parameters.as_slice() {
        [fault] if fault.rule == "is_uuid" => {
            Problem::bad_request("Could not parse destination id", problem.invalid_parameters)
        }
        _ => problem,
    }
}

fn show_v2(state: &State, region: &str, webhook: &Webhook) -> Value {
    let delivery = match &webhook.target {
        Target::Endpoint(delivery) => Some(delivery),
        Target::Destination {
            audit_log_destination_id,
        } => state
            .usable_destination(region, audit_log_destination_id)
            .map(|found| &found.delivery),
        Target::Unconfigured | Target::Emptied => None,
    };
    json!({
        "enabled": webhook.enabled,
        "endpoint": delivery.map_or("unconfigured", |delivery| &delivery.endpoint),
        "log_format": delivery.map_or("cef", |delivery| &delivery.log_format),
        "skip_ssl_verification": delivery.is_some_and(|delivery| delivery.skip_ssl_verification),
        "updated_at": webhook.updated_at,
    })
}

fn show_v3(webhook: &Webhook) -> Value {
    let id = match &webhook.target {
        Target::Destination {
            audit_log_destination_id,
        } => audit_log_destination_id.as_str(),
        _ => "",
    };
    json!({ "audit_log_destination_id": id, "enabled": webhook.enabled })
}
