//! Webhooks that deliver to a destination (API v3), of a region or a Dev Portal. The [`Scope`] determines the API call.

use konnect::{
    Client, DestinationId, DestinationWebhook, DestinationWebhookChanges, Error, RepeatSchedule,
    repeat_while, v3,
};
use terraform_plugin::Diagnostic;

use crate::credential::WriteError;
use crate::run::RunState;
use crate::run::portal;
use crate::run::scope::Scope;
use crate::run::values::{argument, changed_value};
use crate::webhook::Model;

/// The argument that sets the destination.
const DESTINATION: &str = "audit_log_destination_id";

/// Reads the webhook of a scope from Konnect.
///
/// # Errors
/// When the call fails.
pub(super) async fn get(client: &Client, scope: &Scope) -> Result<DestinationWebhook, Error> {
    match &scope.portal {
        Some(portal) => v3::get_portal_webhook(client, &scope.region, portal).await,
        None => v3::get_webhook(client, &scope.region).await,
    }
}

/// The webhook, or `None` without a destination: it was never configured or was removed, or the Dev Portal does not
/// exist.
///
/// # Errors
/// The webhook could not be read.
pub(super) fn present(found: Result<DestinationWebhook, Error>) -> Result<Option<DestinationWebhook>, Error> {
    match found {
        Ok(found) => Ok(Some(found).filter(|found| found.audit_log_destination_id.is_some())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The changes from `prior`, or everything without a prior webhook of this form. `None` if nothing differs.
///
/// # Errors
/// The id of the destination is invalid.
pub(super) fn changes(
    prior: Option<&Model>,
    planned: &Model,
) -> Result<Option<DestinationWebhookChanges>, Diagnostic> {
    let id = argument(
        planned.audit_log_destination_id.require(DESTINATION)?,
        DESTINATION,
        DestinationId::parse,
    )?;
    let moved = prior.is_none_or(|prior| prior.target() != planned.target());
    let changes = DestinationWebhookChanges {
        audit_log_destination_id: moved.then_some(id),
        enabled: match prior {
            Some(prior) => changed_value(&prior.enabled, &planned.enabled),
            None => planned.enabled.known().copied(),
        },
        include_principal_name: match prior {
            Some(prior) => changed_value(&prior.include_principal_name, &planned.include_principal_name),
            None => planned.include_principal_name.known().copied(),
        },
    };
    Ok(Some(changes).filter(|changes| *changes != DestinationWebhookChanges::default()))
}

/// Changes the webhook in one request. Repeats it while Konnect does not find a destination that this run has just
/// created.
///
/// # Errors
/// When the call fails.
pub(super) async fn write(
    run: &RunState,
    client: &Client,
    scope: &Scope,
    changes: &DestinationWebhookChanges,
) -> Result<DestinationWebhook, WriteError> {
    let id = changes.audit_log_destination_id.as_ref();
    let schedule = id.map(|id| run.new_destination_schedule(id));
    let send = async || match &scope.portal {
        Some(portal) => v3::update_portal_webhook(client, &scope.region, portal, changes).await,
        None => v3::update_webhook(client, &scope.region, changes).await,
    };
    let mut written = send().await;
    if let (Err(error), Some(schedule)) = (&written, schedule)
        && error.is_not_found()
        && !schedule.limit.is_zero()
        // Does not wait if the Dev Portal does not exist.
        && portal::is_missing(client, scope).await != Some(true)
    {
        written = repeat_while(client, schedule, Error::is_not_found, send).await;
    }
    Ok(written?)
}

/// Removes the webhook of a scope.
///
/// The API description declares 409 for a Dev Portal's webhook, without a reason. It may be temporary as for a
/// destination in use, so the call is repeated on the same schedule.
///
/// # Errors
/// The webhook was not removed.
pub(super) async fn delete(client: &Client, scope: &Scope) -> Result<(), Error> {
    match &scope.portal {
        Some(portal) => {
            let delete = || v3::delete_portal_webhook(client, &scope.region, portal);
            repeat_while(
                client,
                RepeatSchedule::DESTINATION_IN_USE,
                Error::is_conflict,
                delete,
            )
            .await
        }
        None => v3::delete_webhook(client, &scope.region).await,
    }
}

/// The error for a 404 to a write: Konnect does not have the destination.
pub(super) fn unknown_destination(planned: &Model, error: &Error) -> Diagnostic {
    let id = planned.audit_log_destination_id.known();
    Diagnostic::error(
        "Destination not found",
        format!(
            "The organization does not have the audit log destination {}. Create it, or correct the id.\n\n{facts}",
            id.map_or("", String::as_str), facts = error.facts()),
    )
    .at(DESTINATION)
}
