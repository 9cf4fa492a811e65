//! The webhooks that use a destination and prevent its deletion.

use std::time::Duration;

use konnect::{Client, DestinationId, Error, v3};
use terraform_plugin::Diagnostic;

use crate::run::RunState;

/// The time limit of the search for webhooks that use a destination.
const USERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The error for a destination in use, with the webhooks that use it.
pub(crate) async fn still_in_use(run: &RunState, id: &DestinationId, error: &Error) -> Diagnostic {
    let mut users = Vec::new();
    let search = async {
        // Also works after the run was stopped.
        let Ok(client) = run.client().map(Client::after_stop) else {
            return;
        };
        for region in run.regions.known() {
            let webhook = v3::get_webhook(&client, &region).await;
            if webhook.is_ok_and(|webhook| webhook.audit_log_destination_id.as_ref() == Some(id)) {
                users.push(region.to_string());
            }
        }
    };
    let _ = tokio::time::timeout(USERS_TIMEOUT, search).await;
    let users = match users.as_slice() {
        [] => "The webhook that uses it was not found. It can belong to a Dev Portal.".to_owned(),
        users => format!(
            "The webhook of each of these regions uses it: {}.",
            users.join(", ")
        ),
    };
    Diagnostic::error(
        "Destination is still in use",
        format!(
            "Konnect does not delete the destination {id} while a webhook uses it. {users}\n\n\
             If this run replaces, renames or removes a destination and moves its webhook to another one: Terraform deletes \
             the destination first, unless create_before_destroy = true is set in its lifecycle block and applied. Set it, \
             or move the webhook in a separate run (-target). Otherwise remove that webhook first, or connect it to \
             another destination: check the konnect_audit_log_webhook resources of other configurations, and the webhooks \
             in the Konnect console.\n\n{error}"
        ),
    )
}
