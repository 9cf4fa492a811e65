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

struct Query {
    size: usize,
    number: usize,
    filters: Vec<Filter>,
}

/// `GET` of the list. 400 for an invalid query.
pub(crate) fn list(state: &State, call: &Call<'_>) -> Result<ApiResponse, Problem> {
    let query = Query::parse(call.request.query)?;
    let mut matches: Vec<&Portal> = state
        .regions
        .get(call.request.region)
        .into_iter()
        .flat_map(|region| region.portals.values())
        .filter(|portal| query.filters.iter().all(|filter| filter(portal)))
        .collect();
    matches.sort_by_key(|portal| portal.sequence);
    let page: Vec<Value> = matches
        .iter()
        .skip(query.size.saturating_mul(query.number - 1))
        .take(query.size)
        .map(|portal| show(call, portal))
        .collect();
    let meta = json!({ "page": { "number": query.number, "size": query.size, "total": matches.len() } });
    Ok(ApiResponse::ok(&json!({ "data": page, "meta": meta })))
}

/// `GET` of one portal. 404 if the region does not have the portal.
pub(crate) fn get(state: &State, call: &Call<'_>, id: &str) -> Result<ApiResponse, Problem> {
    let found = parse_uuid(id)
        .and_then(|id| state.portal(call.request.region, &id))
        .ok_or_else(Problem::not_found)?;
    Ok(ApiResponse::ok(&show(call, found)))
}

impl Query {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut read = Self {
            size: DEFAULT_SIZE,
            number: 1,
            filters: Vec::new(),
        };
        let mut faults = Faults::of("query");
        for (key, value) in parse(query.as_bytes()) {
            match key.as_ref() {
                "page[size]" | "page[number]" if value.is_empty() => {}
                "page[size]" | "page[number]" => match value.parse() {
                    Ok(number @ 1..) if key == "page[number]" => read.number = number,
                    Ok(size @ 1..) => read.size = MAX_PAGE_SIZE.min(size),
                    _ => faults.reject(&key, "is_integer", "must be a positive integer"),
                },
                key if key.starts_with("filter[") => match filter(key, &value) {
                    Some(filter) => read.filters.push(filter),
                    None => faults.reject(key, "unknown_property", "unknown filter"),
                },
                _ => {}
            }
        }
        faults.finish("Invalid query parameters")?;
        Ok(read)
    }
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
