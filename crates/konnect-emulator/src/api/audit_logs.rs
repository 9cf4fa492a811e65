//! Past events, in cursor pages, newest first.

use http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::api::call::Call;
use crate::api::cursor::{cursor, read_cursor};
use crate::api_response::ApiResponse;
use crate::behavior::PullApi;
use crate::clock;
use crate::event::log::{EventLog, Logged, RETENTION_MS};
use crate::event::pull::{PullType, entry};
use crate::event::signing::SigningKey;
use crate::problem::{InvalidParameter, Problem};
use crate::stream::StreamId;

/// The default page size, from the API description.
const DEFAULT_SIZE: usize = 20;

/// The maximum page size, from the API description.
const MAX_PAGE_SIZE: usize = 1000;

/// The query of a request.
struct Query {
    size: usize,
    /// Only events older than the one with this number.
    after: Option<u64>,
    /// Only events newer than the one with this number.
    before: Option<u64>,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    kind: Option<PullType>,
    /// The filters as sent, for the links.
    filters: Vec<(String, String)>,
}

/// `GET`.
///
/// # Errors
///
/// 400 for an invalid query; 403 or 404 if the behavior specifies that the organization does not have the feature.
pub(crate) fn list(
    log: &EventLog,
    key: Option<&SigningKey>,
    call: &Call<'_>,
    now_ms: i64,
) -> Result<ApiResponse, Problem> {
    match call.behavior.pull_api {
        PullApi::Available => {}
        PullApi::Forbidden => return Err(Problem::forbidden()),
        PullApi::NotFound => return Err(Problem::not_found()),
    }
    let query = Query::parse(call.query)?;
    let to_ms = query.to_ms.unwrap_or(now_ms);
    let from_ms = query.from_ms.unwrap_or(to_ms.saturating_sub(RETENTION_MS));
    // The log removes expired events only with the next event.
    let from_ms = from_ms.max(now_ms.saturating_sub(RETENTION_MS));
    let mut matches = log.between(&StreamId::of_region(&call.region), from_ms, to_ms);
    matches.retain(|logged| query.kind.is_none_or(|kind| PullType::of(&logged.event) == kind));
    matches.sort_by_key(|logged| std::cmp::Reverse((logged.event.at_ms, logged.number)));
    let page = query.cut(&matches);
    let number = |logged: Option<&Logged>| logged.map(|logged| logged.number);
    let link = |key, end: Option<&Logged>, limit: Option<&Logged>| {
        let end = number(end)?;
        (Some(end) != number(limit)).then(|| query.link(key, end))
    };
    let data: Vec<Value> = page
        .iter()
        .map(|logged| entry(&logged.event, &call.region, key))
        .collect();
    let meta = json!({
        "next": link("page[after]", page.last(), matches.last()),
        "previous": link("page[before]", page.first(), matches.first()),
        "size": query.size,
    });
    let document = json!({ "data": data, "meta": { "page": meta } });
    Ok(ApiResponse::json(StatusCode::OK, &document))
}

impl Query {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut read = Self {
            size: DEFAULT_SIZE,
            after: None,
            before: None,
            from_ms: None,
            to_ms: None,
            kind: None,
            filters: Vec::new(),
        };
        let mut faults = Vec::new();
        for (key, value) in parse(query.as_bytes()) {
            if key.starts_with("filter[") {
                read.filters
                    .push((key.clone().into_owned(), value.clone().into_owned()));
            }
            let fault = match key.as_ref() {
                _ if value.is_empty() && key.starts_with("page[") => None,
                "page[size]" => match value.parse() {
                    Ok(size @ 1..=MAX_PAGE_SIZE) => {
                        read.size = size;
                        None
                    }
                    _ => Some(("is_integer", "must be an integer from 1 to 1000")),
                },
                "page[after]" => {
                    read.after = read_cursor(&value);
                    read.after
                        .is_none()
                        .then_some(("invalid", "is not a valid cursor"))
                }
                "page[before]" => {
                    read.before = read_cursor(&value);
                    read.before
                        .is_none()
                        .then_some(("invalid", "is not a valid cursor"))
                }
                "filter[ts][gte]" => {
                    read.from_ms = clock::parse_rfc3339(&value);
                    read.from_ms.is_none().then_some(NO_TIME)
                }
                "filter[ts][lte]" => {
                    read.to_ms = clock::parse_rfc3339(&value);
                    read.to_ms.is_none().then_some(NO_TIME)
                }
                "filter[type]" => {
                    read.kind = PullType::ALL.into_iter().find(|kind| kind.name() == value);
                    if read.kind.is_none() {
                        faults.push(InvalidParameter {
                            choices: PullType::ALL.map(PullType::name).to_vec(),
                            ..InvalidParameter::query(&key, "enum", "must be a type of audit log")
                        });
                    }
                    None
                }
                filter if filter.starts_with("filter[") => Some(("unknown_property", "unknown filter")),
                _ => None,
            };
            faults.extend(fault.map(|(rule, reason)| InvalidParameter::query(&key, rule, reason)));
        }
        if read.after.is_some() && read.before.is_some() {
            faults.push(InvalidParameter::query(
                "page[before]",
                "invalid",
                "excludes page[after]",
            ));
        }
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(Problem::bad_request("Invalid query parameters", faults))
        }
    }

    /// The page of the matches, newest first, that the cursors and the size select.
    fn cut<'a>(&self, matches: &'a [Logged]) -> &'a [Logged] {
        let place = |number| matches.iter().position(|logged| logged.number == number);
        if let Some(before) = self.before {
            let end = place(before).unwrap_or(0);
            &matches[end.saturating_sub(self.size)..end]
        } else {
            let start = match self.after {
                None => 0,
                // If the event of a cursor has expired, so has everything after it.
                Some(after) => place(after).map_or(matches.len(), |place| place + 1),
            };
            &matches[start..matches.len().min(start + self.size)]
        }
    }

    /// A link as in Konnect: a path without version and region, which cannot be requested.
    fn link(&self, key: &str, number: u64) -> String {
        let query = Serializer::new(String::new())
            .extend_pairs(&self.filters)
            .append_pair(key, &cursor(number))
            .append_pair("page[size]", &self.size.to_string())
            .finish();
        format!("/audit-logs?{query}")
    }
}

const NO_TIME: (&str, &str) = ("is_date_time", "must be a valid RFC3339 date-time");
