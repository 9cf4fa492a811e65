//! Webhooks that deliver to a destination (API v3): the one of a region, or the one of a Dev Portal. The resources call
//! the API through these functions, which choose the call by the [`Scope`].

use konnect::{
    Cache, Client, DestinationId, DestinationWebhook, DestinationWebhookChanges, Error, RepeatSchedule,
    repeat_while, sentence, v3,
};
use terraform_plugin::{Attr, Diagnostic};

use crate::credential::WriteError;
use crate::planned::{changed_value, require};
use crate::portal;
use crate::run_state::RunState;
use crate::scope::Scope;
use crate::webhook_target::Target;

/// The argument that sets the destination.
const DESTINATION: &str = "audit_log_destination_id";

/// The arguments of a resource that set such a webhook.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    /// Text, since it usually comes from another resource, which can be mocked.
    pub(crate) audit_log_destination_id: &'a Attr<String>,
    pub(crate) enabled: &'a Attr<bool>,
}

impl Settings<'_> {
    /// What the webhook delivers to, if that is known.
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

    /// The id to store for a destination that the API returned, possibly in another letter case: then the own one.
    pub(crate) fn keep_letter_case(self, found: &DestinationId) -> String {
        let own = self.audit_log_destination_id.known();
        own.filter(|own| own.eq_ignore_ascii_case(found.as_str()))
            .cloned()
            .unwrap_or_else(|| found.to_string())
    }
}

/// Reads the webhook of a scope. `None` if it has no destination: then it was never set up, or was removed. A Dev Portal
/// that does not exist has none either.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn get(client: &Client, scope: &Scope) -> Result<Option<DestinationWebhook>, Error> {
    present(match &scope.portal {
        Some(portal) => v3::get_portal_webhook(client, &scope.region, portal).await,
        None => v3::get_webhook(client, &scope.region).await,
    })
}

/// The same, from a request that other reads share.
///
/// # Errors
/// Why it could not be read.
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

/// Writes what differs from `prior`, or everything if there is no prior webhook, in one request. If nothing differs, it
/// only reads. While Konnect does not find a destination that this run created a moment ago, the request is repeated.
///
/// # Errors
/// Why it was not written: the call failed, a value can't be used, or the webhook to change is gone.
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
    };
    let schedule = run.new_destination_schedule(&id);
    let Some(portal) = &scope.portal else {
        let written = v3::update_webhook_to_new_destination(client, &scope.region, &changes, schedule);
        return Ok(written.await?);
    };
    let written = match v3::update_portal_webhook(client, &scope.region, portal, &changes).await {
        // Waiting does not help if it is the Dev Portal that does not exist.
        Err(error)
            if error.is_not_found()
                && !schedule.limit.is_zero()
                && portal::is_missing(client, scope).await != Some(true) =>
        {
            v3::update_portal_webhook_to_new_destination(client, &scope.region, portal, &changes, schedule)
                .await
        }
        written => written,
    };
    Ok(written?)
}

/// Removes the webhook of a scope.
///
/// The API description declares 409 for a Dev Portal's webhook, without saying when. It passes if it is like that of a
/// destination in use, so the call is repeated for as long as for one.
///
/// # Errors
/// Why it was not removed.
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

/// The webhook was removed after the refresh: the state stays, and the next plan sets it up again.
pub(crate) fn gone(scope: &Scope) -> Diagnostic {
    Diagnostic::error(
        "Webhook is gone",
        format!(
            "Another process or user removed the webhook of {scope} after this plan was made. Plan again: the plan sets \
             it up again."
        ),
    )
}

/// The answer 404 to a write: neither the region nor `global` has the destination.
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
    fn destination_in_another_letter_case_keeps_the_own_id() {
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
