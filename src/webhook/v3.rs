//! Webhooks that deliver to a destination (API v3), of a region or a Dev Portal. The [`Scope`] determines the API call.

use konnect::{
    Cache, Client, DestinationId, DestinationWebhook, DestinationWebhookChanges, Error, RepeatSchedule,
    repeat_while, sentence, v3,
};
use terraform_plugin::{Attr, Diagnostic};

use crate::credential::WriteError;
use crate::run::RunState;
use crate::run::portal;
use crate::run::scope::Scope;
use crate::run::values::{changed_value, require};
use crate::webhook::webhook_target::Target;

/// The argument that sets the destination.
const DESTINATION: &str = "audit_log_destination_id";

/// The arguments of a resource that set such a webhook.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    /// Text, because it usually comes from another resource, which can be mocked.
    pub(crate) audit_log_destination_id: &'a Attr<String>,
    pub(crate) enabled: &'a Attr<bool>,
}

impl Settings<'_> {
    /// The target of the webhook, if it is known.
    pub(crate) fn target(self) -> Option<Target> {
        self.audit_log_destination_id
            .known()
            .cloned()
            .map(Target::Destination)
    }

    fn destination_id(self) -> Result<DestinationId, Diagnostic> {
        DestinationId::parse(&require(self.audit_log_destination_id.clone(), DESTINATION)?)
            .map_err(|e| Diagnostic::error("Invalid destination id", sentence(&e)).at(DESTINATION))
    }

    /// The ID to store for a destination from the API: the configured one if only the letter case differs.
    pub(crate) fn keep_letter_case(self, found: &DestinationId) -> String {
        let own = self.audit_log_destination_id.known();
        own.filter(|own| own.eq_ignore_ascii_case(found.as_str()))
            .cloned()
            .unwrap_or_else(|| found.to_string())
    }
}

/// Reads the webhook of a scope. Returns `None` if it has no destination, because it was never configured or was
/// removed, or if the Dev Portal does not exist.
///
/// # Errors
/// The webhook could not be read.
pub(crate) async fn get(client: &Client, scope: &Scope) -> Result<Option<DestinationWebhook>, Error> {
    present(match &scope.portal {
        Some(portal) => v3::get_portal_webhook(client, &scope.region, portal).await,
        None => v3::get_webhook(client, &scope.region).await,
    })
}

/// Like [`get`], with a request that other reads share.
///
/// # Errors
/// The webhook could not be read.
pub(crate) async fn read(cache: &Cache, scope: &Scope) -> Result<Option<DestinationWebhook>, Error> {
    present(match &scope.portal {
        Some(portal) => cache.portal_webhook(&scope.region, portal).await,
        None => cache.destination_webhook(&scope.region).await,
    })
}

fn present(found: Result<DestinationWebhook, Error>) -> Result<Option<DestinationWebhook>, Error> {
    match found {
        Ok(found) => Ok(Some(found).filter(|found| found.audit_log_destination_id.is_some())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the differences from `prior`, or everything without a prior webhook, in one request. Only reads if nothing
/// differs. Repeats the request while Konnect does not find a destination that this run has just created.
///
/// # Errors
/// The call failed, a value is invalid, or the webhook to change no longer exists.
pub(crate) async fn write(
    run: &RunState,
    client: &Client,
    scope: &Scope,
    prior: Option<Settings<'_>>,
    planned: Settings<'_>,
) -> Result<DestinationWebhook, WriteError> {
    let id = planned.destination_id()?;
    let moved = prior.is_none_or(|prior| prior.target() != planned.target());
    let enabled = changed_value(prior.map_or(&Attr::Null, |prior| prior.enabled), planned.enabled);
    if !moved && enabled.is_none() {
        return get(client, scope).await?.ok_or_else(|| gone(scope).into());
    }
    let changes = DestinationWebhookChanges {
        audit_log_destination_id: moved.then(|| id.clone()),
        enabled,
        include_principal_name: None,
    };
    let schedule = run.new_destination_schedule(&id);
    let Some(portal) = &scope.portal else {
        let update = || v3::update_webhook(client, &scope.region, &changes);
        return Ok(repeat_while(client, schedule, Error::is_not_found, update).await?);
    };
    let written = match v3::update_portal_webhook(client, &scope.region, portal, &changes).await {
        // Does not wait if the Dev Portal does not exist.
        Err(error)
            if error.is_not_found()
                && !schedule.limit.is_zero()
                && portal::is_missing(client, scope).await != Some(true) =>
        {
            let update = || v3::update_portal_webhook(client, &scope.region, portal, &changes);
            repeat_while(client, schedule, Error::is_not_found, update).await
        }
        written => written,
    };
    Ok(written?)
}

/// Removes the webhook of a scope.
///
/// The API description declares 409 for a Dev Portal's webhook, without a reason. It may be temporary as for a
/// destination in use, so the call is repeated on the same schedule.
///
/// # Errors
/// The webhook was not removed.
pub(crate) async fn delete(client: &Client, scope: &Scope) -> Result<(), Error> {
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

/// The error for a webhook that was removed after the refresh. The state remains, and the next plan creates it again.
pub(crate) fn gone(scope: &Scope) -> Diagnostic {
    Diagnostic::error(
        "Webhook is gone",
        format!(
            "Another process or user removed the webhook of {scope} after this plan was made. Plan again: the plan sets \
             it up again."
        ),
    )
}

/// The error for a 404 to a write: neither the region nor `global` has the destination.
pub(crate) fn unknown_destination(scope: &Scope, id: &Attr<String>, error: &Error) -> Diagnostic {
    Diagnostic::error(
        "Destination not found",
        format!(
            "Neither region {} nor global has the audit log destination {}. Create the destination in one of them, or \
             correct the id.\n\n{error}",
            scope.region,
            id.known().map_or("", String::as_str)
        ),
    )
    .at(DESTINATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destination_in_other_letter_case_keeps_original_id() {
        let id = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";
        let found = DestinationId::parse(id).unwrap();
        for (own, kept) in [
            (id.to_uppercase(), id.to_uppercase()),
            ("another".to_owned(), id.to_owned()),
        ] {
            let settings = Settings {
                audit_log_destination_id: &Attr::Known(own),
                enabled: &Attr::Null,
            };
            assert_eq!(settings.keep_letter_case(&found), kept);
        }
    }
}
