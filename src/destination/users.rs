//! The webhooks that use a destination and prevent its deletion.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use konnect::{Client, DestinationId, DestinationWebhook, Error, Region, v3};
use terraform_plugin::Diagnostic;

use crate::run::scope::Scope;
use crate::run::{RunState, portal};

/// The time limit of a search for webhooks that use a destination.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of concurrent requests of a search.
const CONCURRENT_READS: usize = 4;

/// The webhooks of all known regions and their Dev Portals that use a destination. Those that cannot be read in time are
/// missing.
pub(super) async fn find(run: &RunState, id: &DestinationId) -> Vec<Scope> {
    // Also works after the run was stopped.
    let Ok(client) = run.client().map(Client::after_stop) else {
        return Vec::new();
    };
    let client = &client;
    let mut users = Vec::new();
    let search = async {
        let mut webhooks = stream::iter(run.regions.known())
            .map(|region| webhooks(client, region))
            .buffer_unordered(CONCURRENT_READS);
        while let Some(found) = webhooks.next().await {
            users.extend(found.into_iter().filter_map(|(scope, webhook)| {
                (webhook.audit_log_destination_id.as_ref() == Some(id)).then_some(scope)
            }));
        }
    };
    let _ = tokio::time::timeout(SEARCH_TIMEOUT, search).await;
    users.sort_by_key(Scope::id);
    users
}

/// The webhook of a region and those of its Dev Portals, as far as they can be read.
async fn webhooks(client: &Client, region: Region) -> Vec<(Scope, DestinationWebhook)> {
    let own = v3::get_webhook(client, &region).await.ok();
    let own = own.map(|webhook| {
        (
            Scope {
                region: region.clone(),
                portal: None,
            },
            webhook,
        )
    });
    let portals = if region == Region::global() {
        Vec::new()
    } else {
        portal::all(client, &region).await.unwrap_or_default()
    };
    let of_portals = stream::iter(portals).map(async |portal| {
        let webhook = v3::get_portal_webhook(client, &region, &portal.id).await.ok()?;
        Some((
            Scope {
                region: region.clone(),
                portal: Some(portal.id),
            },
            webhook,
        ))
    });
    let of_portals: Vec<_> = of_portals.buffer_unordered(CONCURRENT_READS).collect().await;
    own.into_iter().chain(of_portals.into_iter().flatten()).collect()
}

/// The error for a destination in use, with the webhooks that use it.
pub(super) fn still_in_use(id: &DestinationId, users: &[Scope], error: &Error) -> Diagnostic {
    let users = if users.is_empty() {
        "The webhook that uses it was not found.".to_owned()
    } else {
        let users: Vec<_> = users
            .iter()
            .map(|scope| format!("the webhook of {scope}"))
            .collect();
        format!("It is used by {}.", users.join(", "))
    };
    Diagnostic::error(
        "Destination is still in use",
        format!(
            "Konnect does not delete the destination {id} while a webhook uses it. {users}\n\n\
             If this run moves the webhook to another destination, Terraform deletes this one first, unless \
             create_before_destroy = true is set in its lifecycle block and applied. Set it, or move the webhook in an apply \
             of its own. Otherwise remove the webhook, or connect it to another destination.\n\n{facts}",
            facts = error.facts()
        ),
    )
}
