//! The messages about destinations: duplicates, and creations with an uncertain outcome.
//!
//! A run that is killed after Konnect has created a destination, and before Terraform has recorded it, leaves a
//! destination in no state. Names are not unique, so the next apply creates another one. The plan warns about it. It is
//! not an error, because a destination without a webhook delivers nothing.

use std::fmt::Write as _;

use konnect::{CreateError, Destination, DestinationId, Duplicates, Error};
use terraform_plugin::{Diagnostic, Diagnostics};

use crate::destination::Model;
use crate::run::RunState;
use crate::run::time;

/// Warns if the organization has destinations that equal the planned one and are in no state of this run. A failed search is
/// ignored, because the creation does not depend on it; a rejected token is a warning.
pub(super) async fn plan_creation(
    run: &RunState,
    config: &Model,
    planned: &Model,
    diagnostics: &mut Diagnostics,
) {
    let planned = Model {
        endpoint: config.url().url().into(),
        ..planned.clone()
    };
    let Some(existing) = run.listing(diagnostics).await else {
        return;
    };
    let equal: Vec<_> = existing
        .iter()
        .filter(|found| planned.equals(found, None) && !run.knows_destination(&found.id))
        .collect();
    if let Some(first) = equal.first() {
        diagnostics.push(duplicate(run, first, &equal));
    }
}

fn duplicate(run: &RunState, first: &Destination, equal: &[&Destination]) -> Diagnostic {
    let mut list = String::new();
    for found in equal {
        let created = found.created_at.as_deref().unwrap_or("an unknown time");
        let age = time::age(created, run.now()).map_or_else(String::new, |age| format!(", {age}"));
        // Writing to a `String` does not fail.
        let _ = write!(list, "\n  {} (created at {created}{age})", found.id);
    }
    Diagnostic::warning(
        "An identical destination already exists",
        format!(
            "The organization has a destination with the same name, endpoint and other settings, and this run has not \
             seen it in the state:\n{list}\n\n\
             The apply creates another one. If an interrupted apply left the existing one behind, import it \
             instead:\n\n  \
             import {{\n    to = konnect_audit_log_destination.NAME\n    id = \"{}\"\n  }}\n\n\
             If another resource or configuration manages it, or this apply replaces or renames it, no action is \
             required.",
            first.id
        ),
    )
    .at("name")
}

/// The error for a creation that may have created a destination, or one of several equal ones.
pub(super) fn unresolved(error: &CreateError) -> Diagnostic {
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
            "{error}\n\nCheck the destinations in the Konnect console. If this creation made one, import it by its id or \
             delete it. Then run again."
        ),
    )
}

/// The warning that a creation may have created duplicates.
pub(super) fn left_behind(duplicates: &Duplicates, ours: &DestinationId) -> Diagnostic {
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
             destination {ours}. Check the Konnect console for others of its name, and delete \
             duplicates you do not recognise."
        ),
    )
}

/// The warning that a destination was found after a lost response, and its credential could not be sent again.
pub(super) fn credential_uncertain(id: &DestinationId, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Credential of the destination is not certain",
        format!(
            "The response to the creation was lost, and the destination {id} was found afterwards. Sending its credential \
             once more failed. The next apply sends it again.\n\n{facts}",
            facts = error.facts()
        ),
    )
}

/// The warning that a creation whose response was lost returned a destination that exists.
pub(super) fn adopted(id: &DestinationId) -> Diagnostic {
    Diagnostic::warning(
        "Existing destination was adopted",
        format!(
            "The response to the creation was lost, and Konnect has one new destination that equals this one, {id}, which \
             is now in the state. If another provider configuration created it, two resources have the same destination: \
             compare the ids that `terraform state show` prints for the resources of this name."
        ),
    )
}

/// The error for an id that Konnect does not have.
pub(super) fn not_found(id: &DestinationId, error: &Error) -> Diagnostic {
    Diagnostic::error(
        "Destination not found",
        format!(
            "The organization does not have the audit log destination {id}. Correct the id.\n\n{facts}",
            facts = error.facts()
        ),
    )
}
