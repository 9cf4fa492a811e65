//! The search for destinations, for data sources and the list resource.

use konnect::{Client, Destination, Error, ListQuery, NameFilter, Region, v3};
use terraform_plugin::{Attr, Attribute, Diagnostic, Diagnostics, Validator};

/// The number of destinations in a page. The API description specifies no maximum.
const PAGE_SIZE: usize = 100;

/// The arguments that select destinations by their names. `name` and `name_contains` exclude each other.
pub(crate) fn name_filter_attributes() -> [Attribute; 2] {
    [
        Attribute::string("name")
            .optional()
            .validator(Validator::not_blank())
            .description("Only destinations with exactly this name. Conflicts with `name_contains`."),
        Attribute::string("name_contains")
            .optional()
            .validator(Validator::not_blank())
            .description(
                "Only destinations whose name contains this text, in the same letter case. Conflicts with `name`.",
            ),
    ]
}

/// The values of [`name_filter_attributes`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameArguments<'a> {
    pub(crate) name: &'a Attr<String>,
    pub(crate) name_contains: &'a Attr<String>,
}

impl NameArguments<'_> {
    /// Reports an error if both are set.
    pub(crate) fn validate(self, diagnostics: &mut Diagnostics) {
        if self.name.known().is_some() && self.name_contains.known().is_some() {
            diagnostics.push(
                Diagnostic::error(
                    "Conflicting arguments",
                    "Set either name or name_contains, not both.",
                )
                .at("name_contains"),
            );
        }
    }

    fn filter(self) -> Option<NameFilter> {
        match (self.name, self.name_contains) {
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
    names: NameArguments<'_>,
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
        Some(NameFilter::Equals(name)) => destination.name == *name,
        Some(NameFilter::Contains(part)) => destination.name.contains(part.as_str()),
        None => true,
    };
    let mut found = v3::first_destinations(client, region, &query, limit, matches).await?;
    found.sort_by(|a, b| (&a.name, a.id.as_str()).cmp(&(&b.name, b.id.as_str())));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_arguments_both_set_is_an_error_on_name_contains() {
        let (set, null) = (Attr::Known("a".to_owned()), Attr::Null);
        for (name, name_contains, expected) in [
            (&set, &set, 1),
            (&set, &null, 0),
            (&null, &set, 0),
            (&set, &Attr::Unknown, 0),
        ] {
            let mut diagnostics = Diagnostics::new();
            NameArguments { name, name_contains }.validate(&mut diagnostics);
            assert_eq!(diagnostics.iter().count(), expected);
            assert!(diagnostics.iter().all(|d| d.path == Some("name_contains".into())));
        }
    }
}
