//! The warning about a duplicate of an existing destination.
//!
//! A run that is killed after Konnect has created a destination, and before Terraform has recorded it, leaves a
//! destination in no state. Names are not unique, so the next apply creates another one. The plan warns about it. It is
//! not an error, because a destination without a webhook delivers nothing.

use std::fmt::Write as _;

use konnect::{Destination, LogFormat, Region};
use terraform_plugin::{Diagnostic, Diagnostics};

use crate::run::RunState;
use crate::run::time;

/// The values of a planned destination that the API returns.
pub(crate) struct Planned<'a> {
    pub(crate) region: &'a Region,
    pub(crate) name: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) log_format: LogFormat,
    pub(crate) skip_ssl_verification: bool,
}

/// Warns if the region has destinations that equal the planned one and are in no state of this run. A failed search is
/// ignored, because the creation does not depend on it; a rejected token is a warning.
pub(crate) async fn warn(run: &RunState, planned: Planned<'_>, diagnostics: &mut Diagnostics) {
    let Some(existing) = run.listing(planned.region, diagnostics).await else {
        return;
    };
    let equal: Vec<_> = existing
        .iter()
        .filter(|found| planned.equals(found) && !run.knows_destination(&found.id))
        .collect();
    if let Some(first) = equal.first() {
        diagnostics.push(planned.duplicate(run, first, &equal));
    }
}

impl Planned<'_> {
    fn equals(&self, found: &Destination) -> bool {
        self.name == found.name
            && self.endpoint == found.endpoint
            && self.log_format == found.log_format
            && self.skip_ssl_verification == found.skip_ssl_verification
    }

    fn duplicate(&self, run: &RunState, first: &Destination, equal: &[&Destination]) -> Diagnostic {
        let mut list = String::new();
        for found in equal {
            let created = found.created_at.as_deref().unwrap_or("an unknown time");
            let age = time::age(created, run.now()).map_or_else(String::new, |age| format!(", {age}"));
            // Writing to a `String` does not fail.
            let _ = write!(list, "\n  {} (created at {created}{age})", found.id);
        }
        let region = self.region;
        Diagnostic::warning(
            "An identical destination already exists",
            format!(
                "Region {region} has a destination with the same name, endpoint, log_format and \
                 skip_ssl_verification, and this run has not seen it in the state:\n{list}\n\n\
                 The apply creates another one. If an interrupted apply left the existing one behind, import it \
                 instead:\n\n  \
                 import {{\n    to = konnect_audit_log_destination.NAME\n    id = \"{region}/{}\"\n  }}\n\n\
                 If another resource or configuration manages it, or this apply replaces or renames it, no action is \
                 required.",
                first.id
            ),
        )
        .at("name")
    }
}
