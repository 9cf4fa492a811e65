//! The search for destinations, for data sources and the list resource.

use konnect::{Client, Destination, Error, ListQuery, NameFilter, Region, is_same_name, v3};
use terraform_plugin::{Attr, Validator};

/// The number of destinations in a page. The API description specifies no maximum.
const PAGE_SIZE: usize = 100;

/// The arguments that select destinations by their names.
#[derive(Debug, Clone, terraform_plugin::Model)]
#[tf(conflicts(name, name_contains))]
pub(crate) struct NameArguments {
    /// Only destinations with exactly this name. Conflicts with `name_contains`.
    #[tf(optional, validate = Validator::not_blank())]
    pub(crate) name: Attr<String>,
    /// Only destinations whose name contains this text, in the same letter case. Conflicts with `name`.
    #[tf(optional, validate = Validator::not_blank())]
    pub(crate) name_contains: Attr<String>,
}

impl NameArguments {
    fn filter(&self) -> Option<NameFilter> {
        match (&self.name, &self.name_contains) {
            (Attr::Known(name), _) => Some(NameFilter::Equals(name.clone())),
            (_, Attr::Known(part)) => Some(NameFilter::Contains(part.clone())),
            _ => None,
        }
    }
}

/// Finds destinations, ordered by name and ID. Requests pages until the list ends or contains `limit` matches. These
/// are then the first ones of the API, whose order is not documented.
///
/// # Errors
/// When a call fails.
pub(crate) async fn find_destinations(
    client: &Client,
    region: &Region,
    names: &NameArguments,
    limit: usize,
) -> Result<Vec<Destination>, Error> {
    let filter = names.filter();
    let query = ListQuery {
        size: Some(u32::try_from(limit.clamp(1, PAGE_SIZE)).unwrap_or(u32::MAX)),
        after: None,
        name: filter.clone(),
    };
    // Filters again, because the API description does not define whether its filters are case-sensitive.
    let matches = |destination: &Destination| match &filter {
        Some(NameFilter::Equals(name)) => is_same_name(&destination.name, name),
        Some(NameFilter::Contains(part)) => destination.name.contains(part.as_str()),
        None => true,
    };
    let mut found = v3::first_destinations(client, region, &query, limit, matches).await?;
    found.sort_by(|a, b| (&a.name, a.id.as_str()).cmp(&(&b.name, b.id.as_str())));
    Ok(found)
}
