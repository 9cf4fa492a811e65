//! The diagnostics for the creation of a destination with an uncertain outcome.

use konnect::{CreateError, DestinationId, Duplicates, Error, Region};
use terraform_plugin::Diagnostic;

/// The error for a creation that may have created a destination, or one of several equal ones.
pub(crate) fn unresolved(error: &CreateError, region: &Region) -> Diagnostic {
    let summary = match error {
        CreateError::Several { .. } | CreateError::Taken { .. } => {
            "Destination was created, but which one is not certain"
        }
        CreateError::Failed(_) | CreateError::Unknown { .. } | CreateError::AttemptsExhausted { .. } => {
            "Destination may have been created"
        }
    };
    Diagnostic::error(
        summary,
        format!(
            "{error}\n\nCheck the destinations of region {region} in the Konnect console. If this creation made one, \
             import it (import id {region}/ID) or delete it. Then run again."
        ),
    )
}

/// The warning that a creation may have created duplicates.
pub(crate) fn left_behind(duplicates: &Duplicates, ours: &DestinationId, region: &Region) -> Diagnostic {
    let others = match duplicates {
        Duplicates::Found(ids) => {
            let ids = ids
                .iter()
                .map(DestinationId::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            format!("An identical destination was created in the meantime: {ids}")
        }
        Duplicates::None | Duplicates::Unknown => {
            "Whether the first attempt created another destination could not be determined".to_owned()
        }
    };
    Diagnostic::warning(
        "Another destination of this name may have been created",
        format!(
            "Konnect did not respond to the creation at first, so it was repeated. {others}. This resource is the \
             destination {ours} in region {region}. Check the Konnect console for others of its name, and delete \
             duplicates you do not recognise."
        ),
    )
}

/// The warning that a destination was found after a lost response, and its credential could not be sent again.
pub(crate) fn credential_uncertain(id: &DestinationId, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Credential of the destination is not certain",
        format!(
            "The response to the creation was lost, and the destination {id} was found afterwards. Sending its credential \
             once more failed. The next apply sends it again.\n\n{error}"
        ),
    )
}
