//! Cursor pages and name filters of the list of destinations.

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::api::call::Call;
use crate::api::query::{cursor, read_cursor};
use crate::api::route::{DESTINATIONS, Version};
use crate::organization::state::Destination;

const DEFAULT_SIZE: usize = 10;

/// The maximum page size. Larger sizes are reduced to it.
const MAX_PAGE_SIZE: usize = 100;

pub(crate) struct ListQuery {
    version: Version,
    size: usize,
    after: Option<u64>,
    before: Option<u64>,
    name: Option<NameFilter>,
}

/// A filter on the name.
type NameFilter = Box<dyn Fn(&str) -> bool>;

impl ListQuery {
    /// Parses a query string. The keys may be percent-encoded. Ignores unknown parameters and invalid values: the API
    /// description declares no 400.
    pub(crate) fn parse(call: &Call<'_>) -> Self {
        let mut list = Self {
            version: call.version,
            size: DEFAULT_SIZE,
            after: None,
            before: None,
            name: None,
        };
        for (key, value) in parse(call.request.query.as_bytes()) {
            match key.as_ref() {
                "page[size]" => {
                    if let Ok(size @ 1..) = value.parse() {
                        list.size = MAX_PAGE_SIZE.min(size);
                    }
                }
                "page[after]" => list.after = read_cursor(&value),
                "page[before]" => list.before = read_cursor(&value),
                filter if list.name.is_none() => list.name = name_filter(call.version, filter, &value),
                _ => {}
            }
        }
        list
    }

    /// The response with the page of `all`. `show` converts a destination to its public form.
    pub(crate) fn page<'a>(
        &self,
        all: impl Iterator<Item = &'a Destination>,
        show: impl Fn(&Destination) -> Value,
    ) -> Value {
        let mut matches: Vec<&Destination> = all
            .filter(|item| self.name.as_ref().is_none_or(|filter| filter(&item.name)))
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
