//! Webhooks with their own endpoint (API v2). Only a region can have one. It contains a credential, and cannot be
//! deleted.

use konnect::{Authorization, Client, EndpointWebhook, EndpointWebhookChanges, Error, LogFormat, Region, v2};
use terraform_plugin::Diagnostics;

use crate::credential::{self, CredentialArguments, CredentialTracker, WriteError, Written};
use crate::run::values::require;
use crate::webhook::Model;

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

/// Whether the API returned the settings of a model, except for times.
pub(super) fn equals(known: &Model, found: &EndpointWebhook) -> bool {
    known.enabled.known() == Some(&found.enabled)
        && known.endpoint.known() == found.endpoint.as_ref()
        && known.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
        && known.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
}

/// Whether two models have the same delivery settings.
fn same_delivery(a: &Model, b: &Model) -> bool {
    a.endpoint == b.endpoint
        && a.log_format == b.log_format
        && a.skip_ssl_verification == b.skip_ssl_verification
}

/// A request that enables or disables the webhook. If it is `moved` or has a credential to send, the request sets
/// everything.
fn changes(
    planned: &Model,
    endpoint: String,
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
        endpoint: Some(endpoint),
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
    planned: &Model,
    credential: CredentialArguments<'_>,
    tracker: &mut CredentialTracker<'_>,
) -> Result<EndpointWebhook, WriteError> {
    let endpoint = require(planned.endpoint.clone(), "endpoint")?;
    let authorization = credential::configured(credential)?;
    let changes = changes(planned, endpoint, true, Some(authorization));
    let found = v2::update_webhook(client, region, &changes).await?;
    tracker.created();
    Ok(found)
}

/// Writes the differences from `prior`, or everything without a prior webhook of this form, in one request. Only reads
/// if nothing differs and no credential must be sent. `before` is `updated_at` of the state.
///
/// # Errors
/// The call failed, or a value is invalid.
pub(super) async fn update(
    client: &Client,
    region: &Region,
    prior: Option<&Model>,
    before: Option<&str>,
    planned: &Model,
    tracker: &mut CredentialTracker<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Written<EndpointWebhook>, WriteError> {
    let moved = prior.is_none_or(|prior| !same_delivery(prior, planned));
    let switched = prior.is_none_or(|prior| prior.enabled != planned.enabled);
    let endpoint = require(planned.endpoint.clone(), "endpoint")?;
    let fetch = || v2::get_webhook(client, region);
    let send = async |authorization: Option<_>| {
        let changes = changes(planned, endpoint.clone(), moved, authorization);
        v2::update_webhook(client, region, &changes).await
    };
    let is_planned = |now: &EndpointWebhook| equals(planned, now);
    tracker
        .write(before, moved || switched, fetch, send, is_planned, diagnostics)
        .await
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
