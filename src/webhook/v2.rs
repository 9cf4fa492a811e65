//! Webhooks with their own endpoint (API v2). Only a region can have one. It contains a credential, and cannot be
//! deleted.

use konnect::{
    Authorization, Cache, Client, EndpointWebhook, EndpointWebhookChanges, Error, LogFormat, Region, v2,
};
use terraform_plugin::{Attr, Diagnostics};

use crate::credential::{self, CredentialArguments, CredentialTracker, WriteError};
use crate::run::scope::Scope;
use crate::run::values::require;
use crate::webhook::v3::gone;

/// The arguments of a resource that set such a webhook, without the credential.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) enabled: &'a Attr<bool>,
    pub(crate) endpoint: &'a Attr<String>,
    pub(crate) log_format: &'a Attr<String>,
    pub(crate) skip_ssl_verification: &'a Attr<bool>,
}

impl Settings<'_> {
    /// Whether the delivery settings are equal.
    fn same_delivery(self, other: Settings<'_>) -> bool {
        self.endpoint == other.endpoint
            && self.log_format == other.log_format
            && self.skip_ssl_verification == other.skip_ssl_verification
    }

    /// Whether the API returned these settings.
    fn equals(self, found: &EndpointWebhook) -> bool {
        self.enabled.known() == Some(&found.enabled)
            && self.endpoint.known() == found.endpoint.as_ref()
            && self.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
            && self.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
    }

    /// A request that enables or disables the webhook. If it is `moved` or has a credential to send, the request sets
    /// everything.
    fn changes(
        self,
        endpoint: String,
        moved: bool,
        authorization: Option<Authorization>,
    ) -> EndpointWebhookChanges {
        let switch = EndpointWebhookChanges {
            enabled: self.enabled.known().copied(),
            ..EndpointWebhookChanges::default()
        };
        if !moved && authorization.is_none() {
            return switch;
        }
        EndpointWebhookChanges {
            endpoint: Some(endpoint),
            log_format: self.log_format.known().map(|f| LogFormat::from(f.as_str())),
            skip_ssl_verification: self.skip_ssl_verification.known().copied(),
            authorization,
            ..switch
        }
    }
}

/// Reads the webhook of a region, with a request that other reads share. Returns `None` if it has no endpoint.
///
/// # Errors
/// The webhook could not be read.
pub(crate) async fn read(cache: &Cache, region: &Region) -> Result<Option<EndpointWebhook>, Error> {
    match cache.endpoint_webhook(region).await {
        Ok(found) => Ok(has_endpoint(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Like [`read`], and detects outside changes of the credential. `known` and `updated_at` are those of the state.
///
/// # Errors
/// The webhook could not be read.
pub(crate) async fn observe(
    client: &Client,
    cache: &Cache,
    region: &Region,
    known: Settings<'_>,
    updated_at: &Attr<String>,
    tracker: &mut CredentialTracker<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<EndpointWebhook>, Error> {
    let Some(found) = read(cache, region).await? else {
        return Ok(None);
    };
    let fetch = || v2::get_webhook(client, region);
    let found = tracker
        .observe(
            "webhook",
            updated_at,
            found,
            fetch,
            |found| known.equals(found),
            diagnostics,
        )
        .await?;
    Ok(has_endpoint(found))
}

/// Configures the webhook of a region with its credential.
///
/// # Errors
/// The call failed, or a value is absent or invalid.
pub(crate) async fn create(
    client: &Client,
    region: &Region,
    planned: Settings<'_>,
    credential: CredentialArguments<'_>,
    tracker: &mut CredentialTracker<'_>,
) -> Result<EndpointWebhook, WriteError> {
    let endpoint = require(planned.endpoint.clone(), "endpoint")?;
    let authorization = credential::configured(credential)?;
    let changes = planned.changes(endpoint, true, Some(authorization));
    let found = v2::update_webhook(client, region, &changes).await?;
    tracker.created();
    present(found, region)
}

/// Writes the differences from `prior`, or everything if the webhook delivered to a destination before, in one request.
/// Only reads if nothing differs and no credential must be sent. `before` is `updated_at` of the state.
///
/// # Errors
/// The call failed, a value is invalid, or the webhook no longer exists.
pub(crate) async fn update(
    client: &Client,
    region: &Region,
    prior: Option<Settings<'_>>,
    before: &Attr<String>,
    planned: Settings<'_>,
    tracker: &mut CredentialTracker<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<EndpointWebhook, WriteError> {
    let moved = prior.is_none_or(|prior| !prior.same_delivery(planned));
    let switched = prior.is_none_or(|prior| prior.enabled != planned.enabled);
    let endpoint = require(planned.endpoint.clone(), "endpoint")?;
    let fetch = || v2::get_webhook(client, region);
    let send = async |authorization: Option<_>| {
        let changes = planned.changes(endpoint.clone(), moved, authorization);
        v2::update_webhook(client, region, &changes).await
    };
    let is_planned = |now: &EndpointWebhook| planned.equals(now);
    let found = tracker
        .write(before, moved || switched, fetch, send, is_planned, diagnostics)
        .await?;
    present(found, region)
}

/// Disables the webhook of a region, because the API cannot delete it.
///
/// # Errors
/// The webhook was not disabled.
pub(crate) async fn switch_off(client: &Client, region: &Region) -> Result<(), Error> {
    let off = EndpointWebhookChanges {
        enabled: Some(false),
        ..EndpointWebhookChanges::default()
    };
    v2::update_webhook(client, region, &off).await.map(drop)
}

fn has_endpoint(found: EndpointWebhook) -> Option<EndpointWebhook> {
    Some(found).filter(|found| found.endpoint.is_some())
}

fn present(found: EndpointWebhook, region: &Region) -> Result<EndpointWebhook, WriteError> {
    has_endpoint(found).ok_or_else(|| gone(&Scope::region(region.clone())).into())
}
