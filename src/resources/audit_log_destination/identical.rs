//! The guard against making a second one of what an interrupted apply has left behind.
//!
//! A run that is killed after Konnect has made a destination, and before Terraform has recorded it, leaves one
//! that no state tells of. Names are not unique, so that the next apply would make another one. What gives it
//! away is that it is just like the one to be made.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use konnect::{Destination, DestinationId, Region};
use terraform_plugin::{Attr, Diagnostic};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::resources::audit_log_destination::Model;

/// How long no further state may come before a destination counts as one that no state tells of. The host hands
/// states over in any order, and while it waits for an answer it goes on with others.
const QUIET: Duration = Duration::from_secs(1);

/// The destinations that the host has in a state, as far as it has shown, and those that this process has created.
/// What has been deleted since stays among them.
pub(crate) struct Held(watch::Sender<HashSet<DestinationId>>);

impl Default for Held {
    fn default() -> Self {
        Self(watch::Sender::new(HashSet::new()))
    }
}

impl Held {
    /// Notes one more.
    pub(crate) fn insert(&self, id: &DestinationId) {
        self.0.send_if_modified(|held| held.insert(id.clone()));
    }

    /// Whether it was shown by now.
    pub(crate) fn contains(&self, id: &DestinationId) -> bool {
        self.0.borrow().contains(id)
    }

    /// Those of these that are in no state. As long as states keep coming, one of them may be theirs.
    async fn not_held(&self, mut of: Vec<Destination>) -> Vec<Destination> {
        let mut shown = self.0.subscribe();
        loop {
            {
                let held = shown.borrow_and_update();
                of.retain(|destination| !held.contains(&destination.id));
            }
            let quiet = of.is_empty() || tokio::time::timeout(QUIET, shown.changed()).await.is_err();
            if quiet {
                return of;
            }
        }
    }
}

/// Why a creation is refused: the region has destinations that are just like it, made before this process came,
/// and none of them is in a state that the host has shown. `None` if it is not to be, if it can't be told yet,
/// or if the region's destinations can't be listed: a creation does not depend on that.
pub(crate) async fn refusal(provider: &Connection, held: &Held, planned: &Model) -> Option<Diagnostic> {
    let (Attr::Known(region), Attr::Known(_), Attr::Known(_)) =
        (&planned.region, &planned.name, &planned.endpoint)
    else {
        return None;
    };
    if planned.allow_identical != Attr::Known(false) {
        return None;
    }
    let standing = provider.standing(provider.client().ok()?, region).await?;
    let alike = standing.iter().filter(|found| just_like(found, planned));
    let left = held.not_held(alike.cloned().collect()).await;
    (!left.is_empty()).then(|| refused(region, &left))
}

/// Whether they are the same in all that can be read.
fn just_like(found: &Destination, planned: &Model) -> bool {
    planned.name.known() == Some(&found.name)
        && planned.endpoint.known() == Some(&found.endpoint)
        && planned.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
        && planned.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
}

fn refused(region: &Region, alike: &[Destination]) -> Diagnostic {
    let mut which = String::new();
    for found in alike {
        let created = found
            .created_at
            .as_deref()
            .unwrap_or("a time that Konnect does not tell");
        // A `String` takes any text.
        let _ = write!(which, "\n  {} (created at {created})", found.id);
    }
    let id = alike
        .first()
        .map_or_else(String::new, |found| found.id.to_string());
    Diagnostic::error(
        "Destination already exists",
        format!(
            "Region {region} already has what this creation would make, with the same name, endpoint, log_format and \
             skip_ssl_verification:\n{which}\n\n\
             Look for that id in the output of `terraform show` first. If this state has it, a resource was renamed, \
             got another key or is being replaced: write a moved block, or set allow_identical = true. Don't import it \
             then.\n\n\
             If no state has it, an apply that was interrupted before Terraform could record its work has left it \
             behind. To manage it with this resource, import it:\n\n  \
             import {{\n    to = konnect_audit_log_destination.NAME\n    id = \"{region}/{id}\"\n  }}\n\n\
             If another configuration or another block of this provider has it, give this one another name, or set \
             allow_identical = true to have both."
        ),
    )
    .at("name")
}
