//! Import IDs: `ID` or `REGION/ID`.

use std::fmt::Display;

use konnect::{Region, sentence};
use terraform_plugin::{Attr, Diagnostic};

/// Parses an import ID. `expected` describes it in the error.
///
/// # Errors
/// The region or the ID is invalid.
pub(crate) fn parse<T, E: Display>(
    text: &str,
    expected: &str,
    parse_id: impl FnOnce(&str) -> Result<T, E>,
) -> Result<(Attr<Region>, T), Diagnostic> {
    let invalid = |reason: &dyn Display| {
        Diagnostic::error("Invalid import id", format!("{expected} {}", sentence(&reason)))
    };
    let (region, id) = match text.split_once('/') {
        Some((region, id)) => (Attr::Known(Region::parse(region).map_err(|e| invalid(&e))?), id),
        None => (Attr::Null, text),
    };
    Ok((region, parse_id(id).map_err(|e| invalid(&e))?))
}

#[cfg(test)]
mod tests {
    use konnect::DestinationId;

    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    #[test]
    fn id_with_and_without_a_region_is_read() {
        let (region, id) = parse(ID, "", DestinationId::parse).unwrap();
        assert_eq!((region, id.as_str()), (Attr::Null, ID));
        let (region, id) = parse(&format!("eu/{ID}"), "", DestinationId::parse).unwrap();
        assert_eq!(region.known().map(Region::as_str), Some("eu"));
        assert_eq!(id.as_str(), ID);
    }

    #[test]
    fn invalid_region_or_id_reports_expected_form() {
        for wrong in ["", "x", &format!("E U/{ID}"), &format!("/{ID}"), "eu/"] {
            let error = parse(wrong, "The import id is X.", DestinationId::parse).unwrap_err();
            assert!(
                error.detail.starts_with("The import id is X. "),
                "{}",
                error.detail
            );
        }
    }
}
