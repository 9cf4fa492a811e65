//! Past events, in cursor pages, newest first. The names of their fields differ from those of delivered events.

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::api::call::Call;
use crate::api::fields::NO_TIME;
use crate::api::problem::{Faults, Problem};
use crate::api::query::{Page, read_cursor};
use crate::behavior::PullApi;
use crate::event::format::json_signature;
use crate::event::log::EventLog;
use crate::event::model::{Details, Event, SOURCE, SUCCESS};
use crate::event::signing::SigningKey;
use crate::http::response::ApiResponse;
use crate::organization::clock::{self, Clock};
use crate::organization::stream::StreamId;

/// The default page size, from the API description.
const DEFAULT_SIZE: usize = 20;

/// The maximum page size, from the API description.
const MAX_PAGE_SIZE: usize = 1000;

const TYPES: [&str; 3] = ["authentication", "authorization", "gateway_access"];

const NO_CURSOR: &str = "is not a valid cursor";

struct Query {
    page: Page,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    kind: Option<&'static str>,
    /// The filters as sent, for the links.
    filters: String,
}

/// `GET`. 400 for an invalid query; 403 or 404 if the behavior specifies that the organization does not have the
/// feature.
pub(crate) fn list(
    log: &EventLog,
    key: &SigningKey,
    call: &Call<'_>,
    clock: &Clock,
) -> Result<ApiResponse, Problem> {
    match call.behavior.pull_api {
        PullApi::Available => {}
        PullApi::Forbidden => return Err(Problem::forbidden()),
        PullApi::NotFound => return Err(Problem::not_found()),
    }
    let query = Query::parse(call.request.query)?;
    let to_ms = query.to_ms.unwrap_or(clock.now_ms());
    // The log keeps more than the API shows.
    let from_ms = query.from_ms.unwrap_or(i64::MIN).max(clock.oldest_ms());
    let mut matches = log.between(&StreamId::from(call.request.region), from_ms, to_ms);
    matches.retain(|logged| query.kind.is_none_or(|kind| type_of(&logged.event) == kind));
    matches.reverse();
    // As in Konnect: a path without version and region, which cannot be requested.
    let link = |page: &str| format!("/audit-logs?{}{page}", query.filters);
    let (page, links) = query.page.cut(&matches, |logged| u64::MAX - logged.number, link);
    let entries = page
        .iter()
        .map(|logged| entry(&logged.event, call.request.region, key));
    let document = json!({ "data": entries.collect::<Vec<_>>(), "meta": { "page": links } });
    Ok(ApiResponse::ok(&document))
}

impl Query {
    /// 400 for a value that is not valid, an unknown filter, both directions, or an end before the start.
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut read = Self {
            page: Page::of(DEFAULT_SIZE),
            from_ms: None,
            to_ms: None,
            kind: None,
            filters: String::new(),
        };
        let mut faults = Faults::of("query");
        for (key, value) in parse(query.as_bytes()) {
            if key.starts_with("filter[") {
                let pair = Serializer::new(String::new()).append_pair(&key, &value).finish();
                read.filters += &(pair + "&");
            }
            match key.as_ref() {
                _ if value.is_empty() && key.starts_with("page[") => {}
                "page[size]" => match value.parse() {
                    Ok(size @ 1..=MAX_PAGE_SIZE) => read.page.size = size,
                    _ => faults.reject(&key, "is_integer", "must be an integer from 1 to 1000"),
                },
                "page[after]" => {
                    read.page.after = faults.check(read_cursor(&value), &key, "invalid", NO_CURSOR);
                }
                "page[before]" => {
                    read.page.before = faults.check(read_cursor(&value), &key, "invalid", NO_CURSOR);
                }
                "filter[ts][gte]" => {
                    read.from_ms = faults.check(clock::parse_rfc3339(&value), &key, "is_date_time", NO_TIME);
                }
                "filter[ts][lte]" => {
                    read.to_ms = faults.check(clock::parse_rfc3339(&value), &key, "is_date_time", NO_TIME);
                }
                "filter[type]" => {
                    read.kind = TYPES.into_iter().find(|kind| *kind == value);
                    if read.kind.is_none() {
                        faults.reject_choice(&key, &TYPES, "must be a type of audit log");
                    }
                }
                filter if filter.starts_with("filter[") => {
                    faults.reject(filter, "unknown_property", "unknown filter");
                }
                _ => {}
            }
        }
        if read.page.after.is_some() && read.page.before.is_some() {
            faults.reject("page[before]", "invalid", "excludes page[after]");
        }
        if read.to_ms.zip(read.from_ms).is_some_and(|(to, from)| to < from) {
            faults.reject("filter[ts][lte]", "invalid", "must not be before filter[ts][gte]");
        }
        faults.finish("Invalid query parameters")?;
        Ok(read)
    }
}

fn type_of(event: &Event) -> &'static str {
    let [authentication, authorization, access] = TYPES;
    match event.details {
        Details::Authentication { .. } => authentication,
        Details::Authorization { .. } => authorization,
        Details::Access { .. } => access,
    }
}

/// The entry of an event. The signature of entries is not documented; the emulator uses that of the event in JSON.
fn entry(event: &Event, region: &str, key: &SigningKey) -> Value {
    let mut entry = match &event.details {
        Details::Authentication {
            method,
            outcome,
            request,
        } => json!({
            "successful": *outcome == SUCCESS,
            "outcome": outcome.to_ascii_lowercase(),
            "authentication_type": method.to_ascii_lowercase(),
            "uri": request,
        }),
        Details::Authorization {
            service,
            resource,
            action,
            granted,
        } => json!({
            "service": service,
            "resource": format!("krn:konnect:reg/{region}:org/{}:{resource}", event.org_id),
            "action": action,
            "granted": granted,
        }),
        Details::Access {
            method,
            path,
            query,
            status,
        } => json!({
            // The field is required, and only set for impersonation.
            "actor_id": "",
            "method": method,
            "uri": path,
            "query": query,
            "status_code": status,
        }),
    };
    entry["type"] = json!(type_of(event));
    entry["ts"] = json!(clock::rfc3339(event.at_ms));
    entry["org_id"] = json!(&*event.org_id);
    entry["client_ip"] = json!(SOURCE);
    entry["user_agent"] = json!(&*event.user_agent);
    entry["trace_id"] = json!(event.trace_id());
    entry["signature"] = json!(json_signature(event, key));
    if !event.principal.id.is_empty() {
        entry["principal_id"] = json!(&*event.principal.id);
    }
    entry
}
