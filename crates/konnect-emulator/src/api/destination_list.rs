//! Cursor pages and name filters of the list of destinations.

use serde_json::{Value, json};
use url::form_urlencoded::parse;

use crate::api::call::Call;
use crate::api::query::{Page, read_cursor};
use crate::api::route::{DESTINATIONS, Version};
use crate::organization::state::Destination;

const DEFAULT_SIZE: usize = 10;

/// The maximum page size. Larger sizes are reduced to it.
const MAX_PAGE_SIZE: usize = 100;

pub(crate) struct ListQuery {
    version: Version,
    page: Page,
    name: Option<NameFilter>,
}

type NameFilter = Box<dyn Fn(&str) -> bool>;

impl ListQuery {
    /// Parses a query string. The keys may be percent-encoded. Ignores unknown parameters and invalid values: the API
    /// description declares no 400.
    pub(crate) fn parse(call: &Call<'_>) -> Self {
        let mut list = Self {
            version: call.version,
            page: Page::of(DEFAULT_SIZE),
            name: None,
        };
        for (key, value) in parse(call.request.query.as_bytes()) {
            match key.as_ref() {
                "page[size]" => {
                    if let Ok(size @ 1..) = value.parse() {
                        list.page.size = MAX_PAGE_SIZE.min(size);
                    }
                }
                "page[after]" => list.page.after = read_cursor(&value),
                "page[before]" => list.page.before = read_cursor(&value),
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
        // A link as in Konnect: without region and filters, and with a prefix that cannot be requested. A client must
        // extract the cursor.
        let link = |query: &str| format!("/api/{}/{DESTINATIONS}?{query}", self.version.segment());
        let (page, links) = self.page.cut(&matches, |item| item.sequence, link);
        json!({ "data": page.iter().map(|item| show(item)).collect::<Vec<_>>(), "meta": links })
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
