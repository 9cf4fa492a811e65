//! What to tell of a creation whose answer was lost.

use konnect::{CreateError, DestinationId, Duplicates, Region};
use terraform_plugin::{Diagnostic, Diagnostics};

use crate::errors::diagnose;
use crate::resources::audit_log_destination::ATTRIBUTES;

/// The note that a creation which was given up too early may have left another destination behind.
pub(crate) fn left_behind(duplicates: &Duplicates, ours: &DestinationId, region: &Region) -> Diagnostic {
    let others = match duplicates {
        Duplicates::Found(ids) => {
            let ids = ids
                .iter()
                .map(DestinationId::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            format!("now there is also {ids}, which looks the same and came into being meanwhile")
        }
        Duplicates::None | Duplicates::Unknown => {
            "whether the first one made another could not be found out".to_owned()
        }
    };
    Diagnostic::warning(
        "Another destination of this name may have been created",
        format!(
            "Konnect did not answer the creation at first, so that it was made again; {others}. This resource is the \
             destination {ours} in region {region}. Look for others of its name in the Konnect console, and delete \
             what nobody else made."
        ),
    )
}

/// A creation that failed, or whose answer was lost for good: then what to do about what may exist.
pub(crate) fn lost_or_failed(error: &CreateError, region: &Region) -> Diagnostics {
    let import = format!(
        "\n\nLook at the destinations of region {region} in the Konnect console. If this creation made one, import it \
         (import id {region}/ID), or delete it; then run again."
    );
    match error {
        CreateError::Failed(error) => diagnose(error, ATTRIBUTES),
        CreateError::Unknown { .. } | CreateError::GivenUp { .. } => {
            Diagnostic::error("Destination may have been created", format!("{error}{import}")).into()
        }
        CreateError::Several { .. } | CreateError::Taken { .. } => Diagnostic::error(
            "Destination was created, but which one is not certain",
            format!("{error}{import}"),
        )
        .into(),
    }
}
