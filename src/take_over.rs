//! The guard against taking a region's stream over without being asked to.
//!
//! A webhook is created by a `PATCH` of what the region has already, so that nothing at Konnect keeps
//! one configuration from overwriting another one's stream, or one set up in the console.

use konnect::{Client, DestinationId, Error, Region, v2, v3};
use terraform_plugin::Diagnostic;

/// What a region delivers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Occupant {
    /// A destination.
    Destination(DestinationId),
    /// An endpoint of its own; only its host, since a path can be a credential.
    Endpoint(String),
}

/// Whom a region delivers to at present; `None` if its webhook is switched off or was never set up.
///
/// Both versions are asked: each tells of its own form only.
pub(crate) async fn occupant(client: &Client, region: &Region) -> Result<Option<Occupant>, Error> {
    match v3::get_webhook(client, region).await {
        Ok(found) => {
            if let (true, Some(id)) = (found.enabled, found.audit_log_destination_id) {
                return Ok(Some(Occupant::Destination(id)));
            }
        }
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error),
    }
    match v2::get_webhook(client, region).await {
        Ok(found) => {
            let endpoint = found.endpoint.filter(|_| found.enabled);
            Ok(endpoint.map(|endpoint| Occupant::Endpoint(host_of(&endpoint))))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn host_of(endpoint: &str) -> String {
    let host = url::Url::parse(endpoint)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "another host".to_owned())
}

/// The refusal to take over a stream that is there.
pub(crate) fn occupied(region: &Region, by: &Occupant) -> Diagnostic {
    let target = match by {
        Occupant::Destination(id) => format!("the destination {id}"),
        Occupant::Endpoint(host) => format!("an endpoint on {host}"),
    };
    Diagnostic::error(
        "Region already delivers audit events",
        format!(
            "The webhook of region {region} is switched on and delivers to {target}. Creating this resource would \
             redirect that stream.\n\n\
             To manage the existing webhook with this resource, import it:\n\n  \
             import {{\n    to = konnect_audit_log_webhook.NAME\n    id = \"{region}\"\n  }}\n\n\
             To redirect the stream on purpose, set replace_existing = true. To destroy the rest of this \
             configuration, use terraform destroy -refresh=false."
        ),
    )
    .at("region")
}

/// The refusal to set a region up twice in one run.
pub(crate) fn set_up_twice(region: &Region) -> Diagnostic {
    Diagnostic::error(
        "Two webhooks for one region",
        format!(
            "This very run has set up the webhook of region {region} already, for another \
             konnect_audit_log_webhook of this configuration. A region has one webhook, so that the two would \
             overwrite each other for ever: remove one of them, or give it another region."
        ),
    )
    .at("region")
}

/// The note that a removal sent nothing, since this run has set the region up anew.
pub(crate) fn overwritten(region: &Region) -> Diagnostic {
    Diagnostic::warning(
        "Webhook was overwritten, not removed",
        format!(
            "This run has set up the webhook of region {region} for another block, or anew, before this one was to be \
             removed. A region has one webhook, so that the new one has taken the old one's place, and nothing was \
             sent."
        ),
    )
}

/// What to do about a creation that may have been made although its answer was lost.
pub(crate) fn unsure(region: &Region) -> Diagnostic {
    Diagnostic::warning(
        "Webhook may have been set up",
        format!(
            "The answer to setting up region {region} was lost. Should the next plan say that the region already \
             delivers audit events, then it was set up: import it.\n\n  \
             import {{\n    to = konnect_audit_log_webhook.NAME\n    id = \"{region}\"\n  }}"
        ),
    )
}
