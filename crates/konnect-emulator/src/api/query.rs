//! Cursor pages. A cursor remains correct when items before it are deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

/// The page that a query selects from an ordered list.
pub(crate) struct Page {
    pub(crate) size: usize,
    pub(crate) after: Option<u64>,
    pub(crate) before: Option<u64>,
}

impl Page {
    pub(crate) fn of(size: usize) -> Self {
        let (after, before) = (None, None);
        Self { size, after, before }
    }

    /// The items of the page, and the object with the links to the next and the previous page. `position` returns the
    /// position of an item, which grows along the list. `link` makes a link of its query.
    pub(crate) fn cut<'a, T>(
        &self,
        items: &'a [T],
        position: impl Fn(&T) -> u64,
        link: impl Fn(&str) -> String,
    ) -> (&'a [T], Value) {
        let page = if let Some(before) = self.before {
            let end = items.partition_point(|item| position(item) < before);
            &items[end.saturating_sub(self.size)..end]
        } else {
            let is_before = |item: &T| self.after.is_some_and(|after| position(item) <= after);
            let rest = &items[items.partition_point(is_before)..];
            &rest[..rest.len().min(self.size)]
        };
        let link = |key, end: Option<&T>, limit: Option<&T>| {
            let end = end.map(&position);
            let cursor = end.filter(|_| end != limit.map(&position))?;
            let cursor = STANDARD.encode(json!({ "sequence": cursor }).to_string());
            let query = Serializer::new(String::new())
                .append_pair(key, &cursor)
                .append_pair("page[size]", &self.size.to_string())
                .finish();
            Some(link(&query))
        };
        let links = json!({
            "next": link("page[after]", page.last(), items.last()),
            "previous": link("page[before]", page.first(), items.first()),
            "size": self.size,
        });
        (page, links)
    }
}

/// The position of a cursor, or `None` for an invalid one.
pub(crate) fn read_cursor(text: &str) -> Option<u64> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    document.get("sequence")?.as_u64()
}
