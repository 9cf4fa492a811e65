//! Webhooks with their own endpoint (API v2). Only a region can have one. It contains a credential, and cannot be
//! deleted.

use konnect::{Authorization, Client, EndpointWebhook, EndpointWebhookChanges, Error, LogFormat, Region, v2};
use terraform_plugin::{Diagnostics, Private};

use crate::credential::endpoint;
use crate::credential::{self, CredentialTracker, Fingerprint, WriteError, Written};
use crate::run::RunState;
use crate::webhook::{Change, Model};

/// The webhook, or `None` without an endpoint.
///
/// # Errors
/// The webhook could not be read.
pub(super) fn present(found: Result<EndpointWebhook, Error>) -> Result<Option<EndpointWebhook>, Error> {
    match found {
        Ok(found) => Ok(Some(found).filter(|found| found.endpoint.is_some())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the API returned the settings of a model, except for times. `applied` is the URL that was applied with
/// `endpoint_wo`.
pub(super) fn equals(known: &Model, found: &EndpointWebhook, applied: Option<&Fingerprint>) -> bool {
    let url = found.endpoint.as_deref().unwrap_or_default();
    known.enabled.known() == Some(&found.enabled)
        && endpoint::is_known(&known.endpoint, applied, url)
        && known.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
        && known.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
}

/// Whether two models have the same delivery settings, apart from the URL.
fn same_delivery(a: &Model, b: &Model) -> bool {
    a.log_format == b.log_format && a.skip_ssl_verification == b.skip_ssl_verification
}

/// A request that enables or disables the webhook. If it is `moved` or has a credential to send, the request sets
/// everything.
fn changes(
    planned: &Model,
    endpoint: Option<String>,
    moved: bool,
    authorization: Option<Authorization>,
) -> EndpointWebhookChanges {
    let switch = EndpointWebhookChanges {
        enabled: planned.enabled.known().copied(),
        ..EndpointWebhookChanges::default()
    };
    if !moved && authorization.is_none() {
        return switch;
    }
    EndpointWebhookChanges {
        endpoint,
        log_format: planned.log_format.known().map(|f| LogFormat::from(f.as_str())),
        skip_ssl_verification: planned.skip_ssl_verification.known().copied(),
        authorization,
        ..switch
    }
}

/// Configures the webhook of a region with its credential.
///
/// # Errors
/// The call failed, or a value is absent or invalid.
pub(super) async fn create(
    client: &Client,
    region: &Region,
    change: &Change<'_>,
    private: &mut Private,
    diagnostics: &mut Diagnostics,
) -> Result<EndpointWebhook, WriteError> {
    let (planned, url) = (change.planned, change.config.url());
    let endpoint = url.to_create(&planned.endpoint_host)?;
    let credential = change.credential();
    let authorization = credential::configured(credential)?;
    let changes = changes(planned, Some(endpoint.clone()), true, Some(authorization));
    let found = v2::update_webhook(client, region, &changes).await?;
    CredentialTracker::new(credential, private, false).created(diagnostics);
    endpoint::record(private, url, Some(&endpoint), true);
    Ok(found)
}

/// Writes the differences from the prior webhook, or everything without a prior webhook of this form, in one request. If
/// nothing differs and no credential must be sent, the result is the webhook that was `seen`, or one that is read.
///
/// # Errors
/// The call failed, or a value is invalid.
pub(super) async fn update(
    run: &RunState,
    client: &Client,
    region: &Region,
    change: &Change<'_>,
    seen: Option<EndpointWebhook>,
    private: &mut Private,
    diagnostics: &mut Diagnostics,
) -> Result<Written<EndpointWebhook>, WriteError> {
    let (planned, url) = (change.planned, change.config.url());
    let prior = change.prior_of_same_form();
    if prior.is_none() && change.credential().is_unset() {
        // Under `ignore_changes`. Konnect has no credential for the endpoint while the region has a destination.
        return Err(WriteError::Value(credential::missing()));
    }
    // Kong's provider stores times in another form, which cannot be compared.
    let known = prior.filter(|prior| !prior.region.is_null());
    let before = known
        .and_then(|known| known.updated_at.known())
        .map(String::as_str);
    let new_url = match prior {
        Some(prior) => url.to_update(&prior.endpoint, &planned.endpoint, private)?,
        None => Some(url.to_create(&planned.endpoint_host)?),
    };
    let moved = new_url.is_some() || prior.is_none_or(|prior| !same_delivery(prior, planned));
    let switched = prior.is_none_or(|prior| prior.enabled != planned.enabled);
    let endpoint = new_url
        .clone()
        .or_else(|| url.beside_credential(&planned.endpoint, private));
    let applied = endpoint::applied(private);
    let seen = seen.as_ref();
    let fetch = || async move {
        match seen {
            Some(seen) => Ok(seen.clone()),
            None => v2::get_webhook(client, region).await,
        }
    };
    let send = async |authorization: Option<_>| {
        let changes = changes(planned, endpoint.clone(), moved, authorization);
        v2::update_webhook(client, region, &changes).await
    };
    let is_planned = |now: &EndpointWebhook| equals(planned, now, applied.as_ref());
    let written = CredentialTracker::new(change.credential(), private, run.detects_drift)
        .write(before, moved || switched, fetch, send, is_planned, diagnostics)
        .await?;
    endpoint::record(private, url, new_url.as_deref(), prior.is_none());
    Ok(written)
}

/// Disables the webhook of a region, because the API cannot delete it.
///
/// # Errors
/// The webhook was not disabled.
pub(super) async fn switch_off(client: &Client, region: &Region) -> Result<(), Error> {
    let off = EndpointWebhookChanges {
        enabled: Some(false),
        ..EndpointWebhookChanges::default()
    };
    v2::update_webhook(client, region, &off).await.map(drop)
}
