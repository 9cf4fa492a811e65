//! The destination calls, which are the same in v2 and v3.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::Call;
use crate::clock;
use crate::fields::{Fields, Need};
use crate::page::ListQuery;
use crate::problem::Problem;
use crate::state::{Delivery, Destination, State};

/// `GET` of the list.
///
/// # Errors
///
/// 400 for a query that makes no sense.
pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Answer, Problem> {
    let query = ListQuery::parse(call.version, call.query)?;
    let all = state
        .regions
        .get(&call.region)
        .map(|region| region.destinations.values());
    Ok(Answer::json(
        StatusCode::OK,
        &query.answer(all.into_iter().flatten(), show),
    ))
}

/// `POST` to the list.
///
/// # Errors
///
/// 400 for a body with faults.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Answer, Problem> {
    let mut fields = Fields::parse(call.content_type, call.body)?;
    let name = fields.text("name", Need::Required);
    let endpoint = fields.endpoint(Need::Required);
    let authorization = fields.text("authorization", Need::Required);
    let log_format = fields.log_format(Need::Required);
    let skip_ssl_verification = fields.flag("skip_ssl_verification").unwrap_or(false);
    fields.finish()?;
    let (Some(name), Some(endpoint), Some(authorization), Some(log_format)) =
        (name, endpoint, authorization, log_format)
    else {
        return Err(Problem::bad_request("Required field missing", Vec::new()));
    };
    let destination = Destination {
        id: Uuid::new_v4().to_string(),
        sequence: state.next_sequence(),
        name,
        delivery: Delivery {
            endpoint,
            authorization,
            log_format,
            skip_ssl_verification,
        },
        created_at: state.tick(),
        updated_at: clock::NEVER.to_owned(),
    };
    let answer = Answer::json(StatusCode::CREATED, &show(&destination));
    state
        .region_mut(&call.region)
        .destinations
        .insert(destination.id.clone(), destination);
    Ok(answer)
}

/// `GET` of one.
///
/// # Errors
///
/// 404 unless the region keeps it.
pub(super) fn get(state: &State, call: &Call<'_>, id: &str) -> Result<Answer, Problem> {
    let found = parse_id(id)
        .and_then(|id| state.destination(&call.region, &id))
        .ok_or_else(Problem::not_found)?;
    Ok(Answer::json(StatusCode::OK, &show(found)))
}

/// `PATCH` of one: absent fields stay as they are.
///
/// # Errors
///
/// 404 unless the region keeps it, 400 for a body with faults.
pub(super) fn patch(state: &mut State, call: &Call<'_>, id: &str) -> Result<Answer, Problem> {
    let now = state.tick();
    let destination = parse_id(id)
        .and_then(|id| state.region_mut(&call.region).destinations.get_mut(&id))
        .ok_or_else(Problem::not_found)?;
    let mut fields = Fields::parse(call.content_type, call.body)?;
    if let Some(name) = fields.text("name", Need::Optional) {
        destination.name = name;
    }
    take_delivery(&mut fields, &mut destination.delivery);
    fields.finish()?;
    destination.updated_at = now;
    Ok(Answer::json(StatusCode::OK, &show(destination)))
}

/// `DELETE` of one.
///
/// # Errors
///
/// 404 unless the region keeps it, 409 while any webhook refers to it.
pub(super) fn delete(state: &mut State, call: &Call<'_>, id: &str) -> Result<Answer, Problem> {
    let id = parse_id(id)
        .filter(|id| state.destination(&call.region, id).is_some())
        .ok_or_else(Problem::not_found)?;
    if let Some(region) = state.user_of(&id) {
        let detail = format!("Audit log destination [{id}] is used by the webhook of region [{region}]");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    state.region_mut(&call.region).destinations.remove(&id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Takes the delivery's fields that were sent over into a record that already has them all.
pub(super) fn take_delivery(fields: &mut Fields, delivery: &mut Delivery) {
    if let Some(endpoint) = fields.endpoint(Need::Optional) {
        delivery.endpoint = endpoint;
    }
    if let Some(authorization) = fields.text("authorization", Need::Optional) {
        delivery.authorization = authorization;
    }
    if let Some(log_format) = fields.log_format(Need::Optional) {
        delivery.log_format = log_format;
    }
    if let Some(skip) = fields.flag("skip_ssl_verification") {
        delivery.skip_ssl_verification = skip;
    }
}

/// An id in the form that the state keeps, or `None` for a text that is no UUID. Only the hyphenated form counts.
pub(super) fn parse_id(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}

/// The public form: everything but `authorization`.
fn show(destination: &Destination) -> Value {
    json!({
        "id": destination.id,
        "name": destination.name,
        "endpoint": destination.delivery.endpoint,
        "log_format": destination.delivery.log_format,
        "skip_ssl_verification": destination.delivery.skip_ssl_verification,
        "created_at": destination.created_at,
        "updated_at": destination.updated_at,
    })
}
