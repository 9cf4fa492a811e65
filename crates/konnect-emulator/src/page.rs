//! Cursor pages and name filters of the list of destinations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::problem::{InvalidParameter, Problem};
use crate::route::Version;
use crate::state::Destination;

/// The path segment of the list.
pub(super) const COLLECTION: &str = "audit-log-destinations";

/// Items a page when nothing was asked.
const DEFAULT_SIZE: usize = 10;

/// No page is larger, whatever was asked.
const LARGEST_SIZE: usize = 100;

/// What a list call asked for.
#[derive(Debug)]
pub(super) struct ListQuery {
    version: Version,
    size: usize,
    after: Option<u64>,
    before: Option<u64>,
    name: Option<NameFilter>,
}

/// One operator on the name. Both compare upper and lower case as different.
#[derive(Debug, PartialEq)]
enum NameFilter {
    Equals(String),
    Contains(String),
}

impl ListQuery {
    /// Reads a query string, whose keys may be percent-encoded or not.
    ///
    /// Unknown parameters are ignored, as Konnect does; an unknown filter is not, since a client that believes it
    /// filtered would take every destination for a match.
    ///
    /// # Errors
    ///
    /// 400 for a page size that is no positive number, a cursor that no page handed out, both directions at once,
    /// an operator that the version lacks, or more than one operator.
    pub(super) fn parse(version: Version, query: &str) -> Result<Self, Problem> {
        let mut asked = Self {
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
                    Ok(size @ 1..) => asked.size = LARGEST_SIZE.min(size),
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
                        asked.after = cursor;
                    } else {
                        asked.before = cursor;
                    }
                }
                filter if filter.starts_with("filter[") => match NameFilter::read(version, filter, &value) {
                    Some(filter) if asked.name.is_none() => asked.name = Some(filter),
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
        if asked.after.is_some() && asked.before.is_some() {
            faults.push(InvalidParameter::query(
                "page[before]",
                "invalid",
                "excludes page[after]",
            ));
        }
        if faults.is_empty() {
            Ok(asked)
        } else {
            Err(Problem::bad_request("Invalid query parameters", faults))
        }
    }

    /// The page of `all`, as the answer to the call. `show` turns a destination into its public form.
    pub(super) fn answer<'a>(
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

    /// The part of the ordered matches that the cursors and the size leave.
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

    /// A link as Konnect writes it: without region and filters, and under a prefix that can't be requested. A
    /// client has to take the cursor out of it.
    fn link(&self, key: &str, sequence: u64) -> String {
        let query = Serializer::new(String::new())
            .append_pair(key, &cursor(sequence))
            .append_pair("page[size]", &self.size.to_string())
            .finish();
        format!("/api/{}/{COLLECTION}?{query}", self.version.segment())
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
            Self::Equals(wanted) => name == wanted,
            Self::Contains(part) => name.contains(part),
        }
    }
}

/// A position in the order of creation, which stays right when items before it are deleted.
fn cursor(sequence: u64) -> String {
    STANDARD.encode(json!({ "sequence": sequence }).to_string())
}

fn read_cursor(text: &str) -> Option<u64> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    document.get("sequence")?.as_u64()
}
