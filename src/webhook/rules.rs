//! The guard against unintended redirection of an audit stream.
//!
//! The creation of a webhook is a `PATCH` of an existing object, so Konnect does not prevent one configuration from
//! overwriting the stream of another one, or one from the console. The plan only warns about it, because `terraform
//! destroy` plans first and must always work. The apply fails.

use std::time::Duration;

use konnect::{Client, Error, v2};
use terraform_plugin::{Diagnostic, Diagnostics};
use tokio::sync::MutexGuard;

use crate::credential::WriteError;
use crate::run::RunState;
use crate::run::scope::Scope;
use crate::webhook::v3 as destination_webhook;
use crate::webhook::webhook_slot::{Progress, WebhookSlot};
use crate::webhook::webhook_target::{Target, Webhook};

/// How long a creation waits until this run has removed the webhook of another resource of the same scope.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a creation waits for the host to pass a state with the webhook: the host starts the changes of one run at
/// about the same time.
const STATE_TIMEOUT: Duration = Duration::from_millis(500);

/// Reads the webhook of a scope. For a region, each API version shows only webhooks of its own form, so both are
/// called.
///
/// # Errors
/// The webhook could not be read. If `uses_v2` is false and v2 is not available, the v2 webhook counts as absent.
pub(crate) async fn current(client: &Client, scope: &Scope, uses_v2: bool) -> Result<Option<Webhook>, Error> {
    if let Some(found) = destination_webhook::get(client, scope).await?
        && let Some(id) = &found.audit_log_destination_id
    {
        return Ok(Some(Webhook::to_destination(id, found.enabled)));
    }
    if scope.portal.is_some() {
        return Ok(None);
    }
    match v2::get_webhook(client, &scope.region).await {
        Ok(found) => Ok(Webhook::with_endpoint(found)),
        Err(error) if error.is_not_found() || (!uses_v2 && v2::is_webhook_absent(&error)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Warns at plan of an update if another resource of this plan has the same webhook.
pub(crate) fn plan_update(
    run: &RunState,
    scope: &Scope,
    target: Option<Target>,
    diagnostics: &mut Diagnostics,
) {
    if !run.applies() && run.slot(scope).plan_update(target) {
        diagnostics.push(planned_twice(scope));
    }
}

/// Warns at plan of a creation if it redirects a stream or overwrites a disabled webhook, if another resource of this
/// plan has the same webhook, and if the token is rejected.
pub(crate) async fn plan(
    run: &RunState,
    scope: &Scope,
    target: Option<Target>,
    replace_existing: bool,
    fetch: impl Future<Output = Result<Option<Webhook>, Error>>,
    diagnostics: &mut Diagnostics,
) {
    if !run.applies() && run.slot(scope).plan_creation(target.clone()) {
        diagnostics.push(planned_twice(scope));
    }
    let found = fetch.await;
    // The host may have passed a state of this scope since.
    let replaces_own = run.knows_webhook(scope);
    match found {
        Err(error) => {
            let rejected = run.token_warning(&error);
            if rejected.is_empty() && !matches!(error.status(), Some(401 | 403)) {
                diagnostics.push(not_checked(scope, &error));
            }
            diagnostics.append(rejected);
        }
        Ok(Some(found)) if !replaces_own && !replace_existing => {
            if found.enabled && Some(&found.target) != target.as_ref().filter(|t| is_destination(t)) {
                let warning = occupied(scope, &found);
                diagnostics.push(
                    Diagnostic::warning(
                        warning.summary,
                        format!("The apply will fail. {}", warning.detail),
                    )
                    .at(scope.attribute()),
                );
            } else if found.enabled {
                diagnostics.push(shared(scope, &found));
            } else if let Target::Endpoint(_) = found.target {
                diagnostics.push(overwrites_switched_off(scope, &found));
            }
        }
        Ok(_) => {}
    }
}

/// Locks the webhook for a creation if it does not redirect a stream. If a state of this run has the webhook, waits for
/// its possible removal.
///
/// # Errors
/// On [`Scope::attribute`]: this run has already created the webhook, or the creation redirects a stream. The error of
/// `failed` if the check fails.
pub(crate) async fn enter<'a, L: Future<Output = Result<Option<Webhook>, Error>>>(
    run: &RunState,
    slot: &'a WebhookSlot,
    scope: &Scope,
    target: &Target,
    replace_existing: bool,
    fetch: impl Fn() -> L,
    failed: impl Fn(&Error) -> Diagnostics,
) -> Result<MutexGuard<'a, Progress>, Diagnostics> {
    let mut waits = [STATE_TIMEOUT, RELEASE_TIMEOUT].into_iter();
    loop {
        let released = slot.released();
        tokio::pin!(released);
        released.as_mut().enable();
        let progress = slot.lock().await;
        if progress.created {
            return Err(created_twice(scope).into());
        }
        if replace_existing {
            return Ok(progress);
        }
        let found = fetch().await.map_err(|error| failed(&error))?;
        let Some(found) = found.filter(|found| found.enabled) else {
            return Ok(progress);
        };
        if is_destination(target) && found.target == *target {
            return Ok(progress);
        }
        let is_first = waits.len() == 2;
        let replaces_own = run.knows_webhook(scope);
        let wait = waits
            .next()
            .filter(|_| !progress.removed && (is_first || replaces_own));
        drop(progress);
        let Some(wait) = wait else {
            return Err(if replaces_own {
                still_occupied(scope, &found).into()
            } else {
                occupied(scope, &found).into()
            });
        };
        // After a timeout, checks once more.
        let _ = run.wait_for(wait, released).await;
    }
}

/// A stream to the same destination is not overwritten. The credential of an endpoint would be.
fn is_destination(target: &Target) -> bool {
    matches!(target, Target::Destination(_))
}

/// The error for a creation that redirects a stream.
fn occupied(scope: &Scope, found: &Webhook) -> Diagnostic {
    Diagnostic::error(
        format!("{} already delivers audit events", scope.owner()),
        format!(
            "The webhook of {scope} is switched on and delivers to {}. Creating this resource would redirect that \
             stream.\n\n\
             To manage the existing webhook with this resource, import it:\n\n  \
             import {{\n    to = {}.NAME\n    id = \"{}\"\n  }}\n\n\
             To redirect the stream, set replace_existing = true.",
            found.target,
            scope.resource_type(),
            scope.id(),
        ),
    )
    .at(scope.attribute())
}

/// The error for a webhook of the same state that was not removed in time.
fn still_occupied(scope: &Scope, found: &Webhook) -> Diagnostic {
    let refusal = occupied(scope, found);
    let detail = format!(
        "{}\n\nThe state has another resource for this webhook, and this run did not remove it before this creation. If \
         the resource was renamed, or has another key, write a moved block. If it is removed or replaced in this run, \
         apply again.",
        refusal.detail
    );
    Diagnostic::error(refusal.summary, detail).at(scope.attribute())
}

fn two_webhooks(scope: &Scope) -> &'static str {
    match scope.portal {
        Some(_) => "Two webhooks for one Dev Portal",
        None => "Two webhooks for one region",
    }
}

fn created_twice(scope: &Scope) -> Diagnostic {
    Diagnostic::error(
        two_webhooks(scope),
        format!(
            "Another resource has already configured the webhook of {scope} in this run. There is one webhook for it, so \
             the two resources would overwrite each other on every apply. Remove one of them, or set another {}.",
            scope.attribute()
        ),
    )
    .at(scope.attribute())
}

fn planned_twice(scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        two_webhooks(scope),
        format!(
            "This plan has another resource for the webhook of {scope}. There is one webhook for it: the apply creates \
             one of the two resources and fails for the other, or the two overwrite each other on every apply. Remove \
             one of them, or set another {}.",
            scope.attribute()
        ),
    )
    .at(scope.attribute())
}

fn shared(scope: &Scope, found: &Webhook) -> Diagnostic {
    Diagnostic::warning(
        format!("{} already delivers to this destination", scope.owner()),
        format!(
            "The webhook of {scope} is switched on and delivers to {} already. The apply takes it over. If another \
             configuration manages it, destroying either one switches the stream off for both.",
            found.target
        ),
    )
    .at(scope.attribute())
}

fn overwrites_switched_off(scope: &Scope, found: &Webhook) -> Diagnostic {
    Diagnostic::warning(
        "A webhook that is switched off is overwritten",
        format!(
            "The webhook of {scope} is switched off and set to {}. The apply overwrites it. The API never returns its \
             credential, so this configuration cannot restore it.",
            found.target
        ),
    )
    .at(scope.attribute())
}

fn not_checked(scope: &Scope, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Existing webhook could not be checked",
        format!(
            "Whether {scope} already delivers audit events is not known. The apply checks again and fails if it can't \
             find out, or if the creation would redirect a stream.\n\n{error}"
        ),
    )
}

/// Records that a creation has ended. Warns if its response was lost.
pub(crate) fn leave<T>(
    scope: &Scope,
    progress: &mut Progress,
    created: &Result<T, WriteError>,
    diagnostics: &mut Diagnostics,
) {
    match created {
        Ok(_) => progress.created = true,
        Err(error) if error.may_have_happened() => diagnostics.push(uncertain(scope)),
        Err(_) => {}
    }
}

/// The warning about a creation whose response was lost.
fn uncertain(scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        "Webhook may have been set up",
        format!(
            "The response to the creation of the webhook of {scope} was lost. If the next plan reports that it already \
             delivers audit events, the webhook was set up: import it.\n\n  \
             import {{\n    to = {}.NAME\n    id = \"{}\"\n  }}",
            scope.resource_type(),
            scope.id()
        ),
    )
}
