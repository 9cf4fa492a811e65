//! Lists in pages.

use serde::Deserialize;
use url::form_urlencoded;

use crate::types::lenient::null_as_default;

/// The maximum number of pages of a list. An organization has few destinations and portals, so more pages indicate an
/// error.
pub(crate) const MAX_PAGES: usize = 1_000;
/// The maximum size of a list in bytes, all pages together: about 40,000 destinations. It limits the memory use.
pub(crate) const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;

/// The part of a list of destinations to get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// The number of items in a page. The API may return fewer. `None`: the API's default.
    pub size: Option<u32>,
    /// A cursor of the API: the list begins after it. `None`: the first page.
    pub after: Option<String>,
    /// A filter by name.
    pub name: Option<NameFilter>,
}

/// A filter by name (API descriptions, `LegacyStringFieldFilter`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFilter {
    /// The name is this text.
    Equals(String),
    /// The name contains this text.
    Contains(String),
}

/// A page of a list with cursors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The cursor of the next page, for the next query. `None` on the last page.
    pub next: Option<String>,
}

impl ListQuery {
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        parameters.extend(self.size.map(|size| ("page[size]", size.to_string())));
        parameters.extend(self.after.clone().map(|cursor| ("page[after]", cursor)));
        parameters.extend(self.name.clone().map(|name| match name {
            NameFilter::Equals(text) => ("filter[name][eq]", text),
            NameFilter::Contains(text) => ("filter[name][contains]", text),
        }));
        parameters
    }
}

/// A page as the API sends it (API descriptions, `CursorMetaPage` and `CursorMeta`).
#[derive(Debug, Deserialize)]
pub(crate) struct SentPage<T> {
    #[serde(
        deserialize_with = "null_as_default",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub data: Vec<T>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub meta: SentMeta,
}

/// The address of the next page, in `meta` for destinations and in `meta.page` for events.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SentMeta {
    next: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    page: SentMetaPage,
}

#[derive(Debug, Default, Deserialize)]
struct SentMetaPage {
    next: Option<String>,
}

impl SentMeta {
    /// The cursor in the address of the next page. The address itself cannot be requested: the API returns it without
    /// the version, or with a prefix that does not exist.
    ///
    /// # Errors
    /// The address, if it has no cursor: the rest of the list would be lost silently.
    pub(crate) fn cursor(&self) -> Result<Option<String>, &str> {
        let next = self.page.next.as_deref().or(self.next.as_deref());
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Ok(None);
        };
        let query = next.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, value)| name == "page[after]" && !value.is_empty())
            .map(|(_, value)| Some(value.into_owned()))
            .ok_or(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(next: Option<&str>) -> Result<Option<String>, String> {
        let meta = SentMeta {
            next: next.map(str::to_owned),
            ..SentMeta::default()
        };
        meta.cursor().map_err(str::to_owned)
    }

    #[test]
    fn cursor_in_meta_page_is_found() {
        let sent = r#"{"data": null, "meta": {"page": {"next": "/audit-logs?page[after]=b", "size": 10}}}"#;
        let page: SentPage<u8> = serde_json::from_str(sent).unwrap();
        assert_eq!(page.meta.cursor(), Ok(Some("b".to_owned())));
        let last: SentPage<u8> =
            serde_json::from_str(r#"{"data": [], "meta": {"page": {"next": null}}}"#).unwrap();
        assert_eq!(last.meta.cursor(), Ok(None));
    }

    #[test]
    fn cursor_any_address_returns_its_page_after() {
        for next in [
            "/api/v2/audit-log-destinations?page[after]=ewog&page[size]=10",
            "/audit-log-destinations?page%5Bsize%5D=10&page%5Bafter%5D=ewog",
            "https://elsewhere.example/v3/x?page[after]=ewog#end",
            "?page[after]=ewog",
        ] {
            assert_eq!(cursor(Some(next)), Ok(Some("ewog".to_owned())), "{next}");
        }
        assert_eq!(
            cursor(Some("/x?page[after]=a%2Bb%3D")),
            Ok(Some("a+b=".to_owned()))
        );
        assert_eq!(cursor(None), Ok(None));
        assert_eq!(cursor(Some("")), Ok(None));
    }

    #[test]
    fn cursor_address_without_page_after_is_an_error() {
        assert!(cursor(Some("/v3/audit-log-destinations?page[size]=10")).is_err());
        assert!(cursor(Some("/v3/x?page[after]=")).is_err());
        assert!(cursor(Some("ewog")).is_err());
    }
}
