//! The destination calls, which are identical in v2 and v3.

use http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded::parse;
use uuid::Uuid;

use crate::api::call::Call;
use crate::api::fields::{Fields, Need};
use crate::api::problem::Problem;
use crate::api::query::{Page, read_cursor};
use crate::api::route::{DESTINATIONS, Version};
use crate::http::response::ApiResponse;
use crate::organization::clock;
use crate::organization::state::{Destination, State};
use crate::organization::stream::parse_uuid;

const DEFAULT_SIZE: usize = 10;

/// The maximum page size. Larger sizes are reduced to it.
const MAX_PAGE_SIZE: usize = 100;

type NameFilter = Box<dyn Fn(&str) -> bool>;

/// `GET` of the list: cursor pages and filters on the name. Ignores unknown parameters and invalid values: the API
/// description declares no 400.
pub(crate) fn list(state: &State, call: &Call<'_>) -> ApiResponse {
    let mut page = Page::of(DEFAULT_SIZE);
    let mut filter = None;
    for (key, value) in parse(call.request.query.as_bytes()) {
        match key.as_ref() {
            "page[size]" => {
                if let Ok(size @ 1..) = value.parse() {
                    page.size = MAX_PAGE_SIZE.min(size);
                }
            }
            "page[after]" => page.after = read_cursor(&value),
            "page[before]" => page.before = read_cursor(&value),
            key if filter.is_none() => filter = name_filter(call.version, key, &value),
            _ => {}
        }
    }
    let mut matches: Vec<&Destination> = state
        .destinations(call.request.region)
        .into_iter()
        .flat_map(|destinations| destinations.values())
        .filter(|item| filter.as_ref().is_none_or(|filter| filter(&item.name)))
        .collect();
    matches.sort_by_key(|item| item.sequence);
    // A link as in Konnect: without region and filters, and with a prefix that cannot be requested. A client must extract
    // the cursor.
    let link = |query: &str| format!("/api/{}/{DESTINATIONS}?{query}", call.version.segment());
    let (page, links) = page.cut(&matches, |item| item.sequence, link);
    let data: Vec<Value> = page.iter().map(|item| show(call, item)).collect();
    ApiResponse::ok(&json!({ "data": data, "meta": links }))
}

/// Both operators are case-sensitive.
fn name_filter(version: Version, key: &str, value: &str) -> Option<NameFilter> {
    let value = value.to_owned();
    match key {
        "filter[name][contains]" => Some(Box::new(move |name| name.contains(&value))),
        "filter[name][eq]" => Some(Box::new(move |name| name == value)),
        "filter[name]" if version == Version::V2 => Some(Box::new(move |name| name == value)),
        _ => None,
    }
}

/// `POST` to the list. 400 for an invalid body.
pub(crate) fn create(state: &mut State, call: &Call<'_>) -> Result<ApiResponse, Problem> {
    let mut fields = Fields::parse(call)?;
    let name = fields.text("name", Need::Required);
    let delivery = fields.new_delivery(Need::Required);
    fields.finish()?;
    let destination = Destination {
        id: Uuid::new_v4().to_string(),
        sequence: state.next_sequence(),
        // `finish` has rejected a body without a name.
        name: name.unwrap_or_default(),
        delivery,
        created_at: state.tick(),
        updated_at: clock::NEVER.to_owned(),
    };
    let response = ApiResponse::json(StatusCode::CREATED, &show(call, &destination));
    let destinations = state.destinations_mut(call.request.region);
    destinations.insert(destination.id.clone(), destination);
    Ok(response)
}

/// `GET` of one destination. 404 if the host does not have the destination.
pub(crate) fn get(state: &State, call: &Call<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let found = parse_uuid(id)
        .and_then(|id| state.destination(call.request.region, &id))
        .ok_or_else(Problem::not_found)?;
    Ok(ApiResponse::ok(&show(call, found)))
}

/// `PATCH` of one destination: absent fields keep their values. 404 if the host does not have the destination, 400 for
/// an invalid body.
pub(crate) fn patch(state: &mut State, call: &Call<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let now = state.tick();
    let destination = parse_uuid(id)
        .and_then(|id| state.destinations_mut(call.request.region).get_mut(&id))
        .ok_or_else(Problem::not_found)?;
    let mut fields = Fields::parse(call)?;
    if let Some(name) = fields.text("name", Need::Optional) {
        destination.name = name;
    }
    fields.change_delivery(&mut destination.delivery);
    fields.finish()?;
    destination.updated_at = now;
    Ok(ApiResponse::ok(&show(call, destination)))
}

/// `DELETE` of one destination. 404 if the host does not have the destination; 409 while a webhook refers to it, and
/// for [`Behavior::in_use_lag_ms`](crate::Behavior::in_use_lag_ms) afterwards.
pub(crate) fn delete(state: &mut State, call: &Call<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let id = parse_uuid(id)
        .filter(|id| state.destination(call.request.region, id).is_some())
        .ok_or_else(Problem::not_found)?;
    if let Some(stream) = state.user_of(&id) {
        let detail = format!("Audit log destination [{id}] is used by the webhook of {stream}");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    if state.is_lingering(&id, call.behavior.in_use_lag_ms) {
        let detail = format!("Audit log destination [{id}] is in use");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    state.destinations_mut(call.request.region).remove(&id);
    Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
}

/// The public form: everything except `authorization` and the number.
fn show(call: &Call<'_>, destination: &Destination) -> Value {
    let mut shown = json!(destination);
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|name, _| name != "authorization" && name != "sequence");
    }
    shown["id"] = call.id(&destination.id).into();
    shown["name"] = call.name(&destination.name).into();
    shown["endpoint"] = call.endpoint(&destination.delivery.endpoint).into();
    shown
}
