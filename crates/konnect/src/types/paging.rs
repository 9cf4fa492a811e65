//! Lists that come in pages.

use serde::Deserialize;
use url::form_urlencoded;

use crate::types::model::null_as_default;

/// An organisation has a handful of destinations: more pages than this are a fault.
pub(crate) const MOST_PAGES: usize = 1_000;
/// So are more bytes than this, in all pages together: some 40,000 destinations. It bounds what is kept in memory.
pub(crate) const LARGEST_LIST: usize = 16 * 1024 * 1024;

/// Which part of a list to get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// How many items a page should have; the API may give fewer. `None`: the API's default.
    pub size: Option<u32>,
    /// The cursor of the page before, from [`Page::next`]. `None`: the first page.
    pub after: Option<String>,
    /// Only items with such a name.
    pub name: Option<NameFilter>,
}

/// A filter by name (API descriptions, `LegacyStringFieldFilter`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFilter {
    /// The name is this text.
    Equals(String),
    /// The name has this text in it.
    Contains(String),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page, for [`ListQuery::after`]; `None` on the last.
    pub next: Option<String>,
}

impl ListQuery {
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        parameters.extend(self.size.map(|size| ("page[size]", size.to_string())));
        parameters.extend(self.after.clone().map(|cursor| ("page[after]", cursor)));
        parameters.extend(self.name.clone().map(|name| match name {
            // v2 takes `filter[name]=` as well; this form both versions understand.
            NameFilter::Equals(text) => ("filter[name][eq]", text),
            NameFilter::Contains(text) => ("filter[name][contains]", text),
        }));
        parameters
    }
}

/// A page as it is sent (API descriptions, `CursorMetaPage`).
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

#[derive(Debug, Default, Deserialize)]
pub(crate) struct SentMeta {
    next: Option<String>,
}

impl SentMeta {
    /// The cursor in the address of the next page. The address itself can't be requested as it stands: the
    /// API writes it without its version or with a prefix that is not there.
    ///
    /// `Err` holds an address without a cursor: to stop there would lose the rest of the list in silence.
    pub(crate) fn cursor(&self) -> Result<Option<String>, &str> {
        let Some(next) = self.next.as_deref().filter(|next| !next.is_empty()) else {
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
        };
        meta.cursor().map_err(str::to_owned)
    }

    #[test]
    fn the_cursor_is_taken_out_of_whatever_address() {
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
    fn a_next_page_without_a_cursor_is_not_the_end() {
        assert!(cursor(Some("/v3/audit-log-destinations?page[size]=10")).is_err());
        assert!(cursor(Some("/v3/x?page[after]=")).is_err());
        assert!(cursor(Some("ewog")).is_err());
    }
}
