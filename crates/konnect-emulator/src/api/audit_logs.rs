//! Past events, in cursor pages, newest first.

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::api::call::Call;
use crate::api::problem::{Faults, Problem};
use crate::api::query::{cursor, read_cursor};
use crate::behavior::PullApi;
use crate::event::log::{EventLog, Logged};
use crate::event::pull::{TYPES, entry, type_of};
use crate::event::signing::SigningKey;
use crate::http::response::ApiResponse;
use crate::organization::clock::{self, Clock};
use crate::organization::stream::StreamId;

/// The default page size, from the API description.
const DEFAULT_SIZE: usize = 20;

/// The maximum page size, from the API description.
const MAX_PAGE_SIZE: usize = 1000;

struct Query {
    size: usize,
    /// Only events older than the one with this number.
    after: Option<u64>,
    /// Only events newer than the one with this number.
    before: Option<u64>,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    kind: Option<&'static str>,
    /// The filters as sent, for the links.
    filters: Vec<(String, String)>,
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
    // The log removes expired events only with the next event.
    let from_ms = query.from_ms.unwrap_or(i64::MIN).max(clock.oldest_ms());
    let mut matches = log.between(&StreamId::of_region(call.request.region), from_ms, to_ms);
    matches.retain(|logged| query.kind.is_none_or(|kind| type_of(&logged.event) == kind));
    matches.sort_by_key(|logged| std::cmp::Reverse((logged.event.at_ms, logged.number)));
    let page = query.cut(&matches);
    let number = |logged: Option<&Logged>| logged.map(|logged| logged.number);
    let link = |key, end: Option<&Logged>, limit: Option<&Logged>| {
        let end = number(end)?;
        (Some(end) != number(limit)).then(|| query.link(key, end))
    };
    let data: Vec<Value> = page
        .iter()
        .map(|logged| entry(&logged.event, call.request.region, key))
        .collect();
    let meta = json!({
        "next": link("page[after]", page.last(), matches.last()),
        "previous": link("page[before]", page.first(), matches.first()),
        "size": query.size,
    });
    let document = json!({ "data": data, "meta": { "page": meta } });
    Ok(ApiResponse::ok(&document))
}

impl Query {
    /// 400 for a value that is not valid, an unknown filter, both directions, or an end before the start.
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
        let mut faults = Faults::of("query");
        for (key, value) in parse(query.as_bytes()) {
            if key.starts_with("filter[") {
                read.filters
                    .push((key.clone().into_owned(), value.clone().into_owned()));
            }
            match key.as_ref() {
                _ if value.is_empty() && key.starts_with("page[") => {}
                "page[size]" => match value.parse() {
                    Ok(size @ 1..=MAX_PAGE_SIZE) => read.size = size,
                    _ => faults.reject(&key, "is_integer", "must be an integer from 1 to 1000"),
                },
                "page[after]" => read.after = checked(&mut faults, &key, read_cursor(&value), NO_CURSOR),
                "page[before]" => read.before = checked(&mut faults, &key, read_cursor(&value), NO_CURSOR),
                "filter[ts][gte]" => {
                    read.from_ms = checked(&mut faults, &key, clock::parse_rfc3339(&value), NO_TIME);
                }
                "filter[ts][lte]" => {
                    read.to_ms = checked(&mut faults, &key, clock::parse_rfc3339(&value), NO_TIME);
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
        if read.after.is_some() && read.before.is_some() {
            faults.reject("page[before]", "invalid", "excludes page[after]");
        }
        if read.to_ms.zip(read.from_ms).is_some_and(|(to, from)| to < from) {
            faults.reject("filter[ts][lte]", "invalid", "must not be before filter[ts][gte]");
        }
        faults.finish("Invalid query parameters")?;
        Ok(read)
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

/// A rule and the reason of its violation.
type Violation = (&'static str, &'static str);

const NO_TIME: Violation = ("is_date_time", "must be a valid RFC3339 date-time");
const NO_CURSOR: Violation = ("invalid", "is not a valid cursor");

/// A value that was read. Records the violation if it was not.
fn checked<T>(faults: &mut Faults, key: &str, value: Option<T>, (rule, reason): Violation) -> Option<T> {
    if value.is_none() {
        faults.reject(key, rule, reason);
    }
    value
}
