//! Cursor pages and name filters of the list of destinations.

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::api::call::Call;
use crate::api::cursor::{cursor, read_cursor};
use crate::api::route::{DESTINATIONS, Version};
use crate::behavior::InvalidListQuery;
use crate::problem::{InvalidParameter, Problem};
use crate::state::Destination;

/// The default page size.
const DEFAULT_SIZE: usize = 10;

/// The maximum page size. Larger sizes are reduced to it.
const MAX_PAGE_SIZE: usize = 100;

/// The query of a list request.
#[derive(Debug)]
pub(crate) struct ListQuery {
    version: Version,
    size: usize,
    after: Option<u64>,
    before: Option<u64>,
    name: Option<NameFilter>,
}

/// A filter on the name. Both operators are case-sensitive.
#[derive(Debug, PartialEq)]
enum NameFilter {
    Equals(String),
    Contains(String),
}

impl ListQuery {
    /// Parses a query string. The keys may be percent-encoded.
    ///
    /// Unknown parameters are ignored, but an unknown filter is an error: otherwise a client would treat every
    /// destination as a match.
    ///
    /// # Errors
    ///
    /// 400 for a page size that is not a positive number, an invalid cursor, both directions, an operator that the
    /// version does not have, or more than one operator.
    pub(crate) fn parse(call: &Call<'_>) -> Result<Self, Problem> {
        let (version, query) = (call.version, call.query);
        let mut list = Self {
            version,
            size: DEFAULT_SIZE,
            after: None,
            before: None,
            name: None,
        };
        let mut faults = Vec::new();
        for (key, value) in parse(query.as_bytes()) {
            match key.as_ref() {
                "page[size]" | "page[after]" | "page[before]" if value.is_empty() => {}
                "page[size]" => match value.parse() {
                    Ok(size @ 1..) => list.size = MAX_PAGE_SIZE.min(size),
                    _ => faults.push(InvalidParameter::query(
                        &key,
                        "is_integer",
                        "must be a positive integer",
                    )),
                },
                "page[after]" | "page[before]" => {
                    let cursor = read_cursor(&value);
                    if cursor.is_none() {
                        faults.push(InvalidParameter::query(&key, "invalid", "is not a valid cursor"));
                    } else if key == "page[after]" {
                        list.after = cursor;
                    } else {
                        list.before = cursor;
                    }
                }
                filter if filter.starts_with("filter[") => match NameFilter::read(version, filter, &value) {
                    Some(filter) if list.name.is_none() => list.name = Some(filter),
                    Some(_) => faults.push(InvalidParameter::query(
                        filter,
                        "invalid",
                        "one operator is allowed",
                    )),
                    None => faults.push(InvalidParameter::query(
                        filter,
                        "unknown_property",
                        "unknown filter",
                    )),
                },
                _ => {}
            }
        }
        if list.after.is_some() && list.before.is_some() {
            faults.push(InvalidParameter::query(
                "page[before]",
                "invalid",
                "excludes page[after]",
            ));
        }
        if faults.is_empty() || call.behavior.invalid_list_query == InvalidListQuery::Ignored {
            Ok(list)
        } else {
            Err(Problem::bad_request("Invalid query parameters", faults))
        }
    }

    /// The response with the page of `all`. `show` converts a destination to its public form.
    pub(crate) fn page<'a>(
        &self,
        all: impl Iterator<Item = &'a Destination>,
        show: impl Fn(&Destination) -> Value,
    ) -> Value {
        let mut matches: Vec<&Destination> = all
            .filter(|item| self.name.as_ref().is_none_or(|filter| filter.accepts(&item.name)))
            .collect();
        matches.sort_by_key(|item| item.sequence);
        let page = self.cut(&matches);
        let (next, previous) = match (page.first(), page.last(), matches.first(), matches.last()) {
            (Some(start), Some(end), Some(first), Some(last)) => (
                (end.sequence < last.sequence).then(|| self.link("page[after]", end.sequence)),
                (start.sequence > first.sequence).then(|| self.link("page[before]", start.sequence)),
            ),
            _ => (None, None),
        };
        json!({
            "data": page.iter().map(|item| show(item)).collect::<Vec<_>>(),
            "meta": { "next": next, "previous": previous, "size": self.size },
        })
    }

    /// The page of the ordered matches that the cursors and the size select.
    fn cut<'a, 'b>(&self, matches: &'a [&'b Destination]) -> &'a [&'b Destination] {
        if let Some(before) = self.before {
            let end = matches.partition_point(|item| item.sequence < before);
            &matches[end.saturating_sub(self.size)..end]
        } else {
            let start = self
                .after
                .map_or(0, |after| matches.partition_point(|item| item.sequence <= after));
            &matches[start..matches.len().min(start + self.size)]
        }
    }

    /// A link as in Konnect: without region and filters, and with a prefix that cannot be requested. A client must
    /// extract the cursor.
    fn link(&self, key: &str, sequence: u64) -> String {
        let query = Serializer::new(String::new())
            .append_pair(key, &cursor(sequence))
            .append_pair("page[size]", &self.size.to_string())
            .finish();
        format!("/api/{}/{DESTINATIONS}?{query}", self.version.segment())
    }
}

impl NameFilter {
    fn read(version: Version, key: &str, value: &str) -> Option<Self> {
        match key {
            "filter[name][eq]" => Some(Self::Equals(value.to_owned())),
            "filter[name][contains]" => Some(Self::Contains(value.to_owned())),
            "filter[name]" if version == Version::V2 => Some(Self::Equals(value.to_owned())),
            _ => None,
        }
    }

    fn accepts(&self, name: &str) -> bool {
        match self {
            Self::Equals(expected) => name == expected,
            Self::Contains(part) => name.contains(part),
        }
    }
}
