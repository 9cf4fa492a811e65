//! Dev Portals.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::types::id::PortalId;
use crate::types::lenient::null_as_default;

/// A Dev Portal, as far as audit logging needs it (API description of portal management, `GET /v3/portals`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Portal {
    /// The ID.
    pub id: PortalId,
    /// The name, which is unique in the region.
    pub name: String,
}

/// The part of the list of Dev Portals to get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalQuery {
    /// The number of portals in a page. The API may return fewer. `None`: the API's default.
    pub size: Option<u32>,
    /// The number of the page, counted from 1. `None`: the first page.
    pub number: Option<NonZeroU32>,
}

/// A page of the list of Dev Portals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortalPage {
    /// The portals of the page.
    pub items: Vec<Portal>,
    /// The number of the next page, for [`PortalQuery::number`]. `None` on the last page.
    pub next: Option<NonZeroU32>,
}

impl PortalQuery {
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        parameters.extend(self.size.map(|size| ("page[size]", size.to_string())));
        parameters.extend(self.number.map(|number| ("page[number]", number.to_string())));
        parameters
    }
}

/// A page as the API sends it (`PaginatedMeta`: number, size and total of the list are numbers that may have a
/// fraction).
#[derive(Deserialize)]
pub(crate) struct SentPortalPage {
    #[serde(deserialize_with = "null_as_default")]
    data: Vec<Portal>,
    #[serde(default, deserialize_with = "null_as_default")]
    meta: NumberedMeta,
}

#[derive(Default, Deserialize)]
struct NumberedMeta {
    #[serde(default, deserialize_with = "null_as_default")]
    page: NumberedPage,
}

#[derive(Default, Deserialize)]
struct NumberedPage {
    size: Option<f64>,
    total: Option<f64>,
}

impl SentPortalPage {
    /// Converts the response to this query.
    pub(crate) fn into_page(self, query: &PortalQuery) -> PortalPage {
        let number = query.number.unwrap_or(NonZeroU32::MIN);
        let page = self.meta.page;
        // Without a total, another page may follow unless this one is empty.
        let more = match (page.size, page.total) {
            (Some(size), Some(total)) if size >= 1.0 => f64::from(number.get()) * size < total,
            _ => true,
        };
        let next = number.checked_add(1).filter(|_| more && !self.data.is_empty());
        PortalPage {
            items: self.data,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    fn next(number: u32, items: usize, meta: &Value) -> Option<u32> {
        let portal = json!({"id": ID, "name": "n"});
        let sent: SentPortalPage = from_value(json!({"data": vec![portal; items], "meta": meta})).unwrap();
        let query = PortalQuery {
            number: NonZeroU32::new(number),
            size: None,
        };
        sent.into_page(&query).next.map(NonZeroU32::get)
    }

    #[test]
    fn next_page_with_total_ends_at_the_total() {
        let meta = json!({"page": {"number": 1.0, "size": 10, "total": 21.0}});
        assert_eq!(next(1, 10, &meta), Some(2));
        assert_eq!(next(2, 10, &meta), Some(3));
        assert_eq!(next(3, 1, &meta), None);
        let full = json!({"page": {"number": 2, "size": 10, "total": 20}});
        assert_eq!(next(2, 10, &full), None);
    }

    #[test]
    fn next_page_without_total_ends_at_an_empty_page() {
        for meta in [json!(null), json!({}), json!({"page": {"size": 0, "total": 5}})] {
            assert_eq!(next(1, 1, &meta), Some(2), "{meta}");
            assert_eq!(next(2, 0, &meta), None, "{meta}");
        }
    }
}
