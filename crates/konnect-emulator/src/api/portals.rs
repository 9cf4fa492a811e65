//! Dev Portals: one, and the list in numbered pages.

use serde_json::{Value, json};
use url::form_urlencoded::parse;

use crate::api::call::Call;
use crate::api::problem::{Faults, Problem};
use crate::http::response::ApiResponse;
use crate::organization::state::{Portal, State};
use crate::organization::stream::parse_uuid;

const DEFAULT_SIZE: usize = 10;

/// The maximum page size. Larger sizes are reduced to it.
const MAX_PAGE_SIZE: usize = 100;

type Filter = Box<dyn Fn(&Portal) -> bool>;

/// `GET` of the list. 400 for an invalid query.
pub(crate) fn list(state: &State, call: &Call<'_>) -> Result<ApiResponse, Problem> {
    let (mut size, mut number) = (DEFAULT_SIZE, 1);
    let mut filters = Vec::new();
    let mut faults = Faults::of("query");
    for (key, value) in parse(call.request.query.as_bytes()) {
        match key.as_ref() {
            "page[size]" | "page[number]" if value.is_empty() => {}
            "page[size]" | "page[number]" => match value.parse() {
                Ok(read @ 1..) if key == "page[number]" => number = read,
                Ok(read @ 1..) => size = MAX_PAGE_SIZE.min(read),
                _ => faults.reject(&key, "is_integer", "must be a positive integer"),
            },
            key if key.starts_with("filter[") => match filter(key, &value) {
                Some(filter) => filters.push(filter),
                None => faults.reject(key, "unknown_property", "unknown filter"),
            },
            _ => {}
        }
    }
    faults.finish("Invalid query parameters")?;
    let region = state.regions.get(call.request.region).into_iter();
    let portals = region.flat_map(|region| region.portals.values());
    let mut matches: Vec<&Portal> = portals
        .filter(|portal| filters.iter().all(|filter| filter(portal)))
        .collect();
    matches.sort_by_key(|portal| portal.sequence);
    let page = matches.iter().skip(size.saturating_mul(number - 1)).take(size);
    let data: Vec<Value> = page.map(|portal| show(call, portal)).collect();
    let meta = json!({ "page": { "number": number, "size": size, "total": matches.len() } });
    Ok(ApiResponse::ok(&json!({ "data": data, "meta": meta })))
}

/// `GET` of one portal. 404 if the region does not have the portal.
pub(crate) fn get(state: &State, call: &Call<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let found = parse_uuid(id)
        .and_then(|id| state.portal(call.request.region, &id))
        .ok_or_else(Problem::not_found)?;
    Ok(ApiResponse::ok(&show(call, found)))
}

fn filter(key: &str, value: &str) -> Option<Filter> {
    let value = value.to_owned();
    match key {
        "filter[id]" | "filter[id][eq]" => Some(Box::new(move |portal| portal.id == value)),
        "filter[name]" | "filter[name][eq]" => Some(Box::new(move |portal| portal.name == value)),
        "filter[name][neq]" => Some(Box::new(move |portal| portal.name != value)),
        "filter[name][contains]" => Some(Box::new(move |portal| portal.name.contains(&value))),
        _ => None,
    }
}

fn show(call: &Call<'_>, portal: &Portal) -> Value {
    let domain = format!(
        "{}.emulated.example",
        portal.id.split('-').next().unwrap_or_default()
    );
    json!({
        "id": call.id(&portal.id),
        "name": call.name(&portal.name),
        "display_name": call.name(&portal.name),
        "description": null,
        "created_at": portal.created_at,
        "updated_at": portal.created_at,
        "authentication_enabled": true,
        "rbac_enabled": false,
        "default_api_visibility": "private",
        "default_page_visibility": "private",
        "default_application_auth_strategy_id": null,
        "auto_approve_developers": false,
        "auto_approve_applications": false,
        "default_domain": domain,
        "canonical_domain": domain,
        "labels": {},
    })
}
