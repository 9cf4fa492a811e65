//! A stream: the webhook of a scope, with the calls that read, set up, change and remove it under the rules.

use std::time::Duration;

use konnect::{Client, DestinationId, Error, v2 as konnect_v2, v3 as konnect_v3};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::credential::endpoint;
use crate::credential::{self, CredentialTracker, WriteError, Written};
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::portal;
use crate::run::scope::Scope;
use crate::run::time;
use crate::webhook::rules::{self, Origin, Record};
use crate::webhook::{Change, Current, Form, Model, Target, v2, v3};

/// How long a creation waits for a webhook that is switched on: another resource of this apply may remove it.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(10);
/// The first wait before the webhook is read again. Each further wait is twice as long, at most [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The time limit for the removal of a webhook whose creation no state records. The process ends after it.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The webhook of a scope.
pub(crate) struct Stream<'a> {
    pub(super) run: &'a RunState,
    pub(super) client: &'a Client,
    pub(super) scope: Scope,
    /// Whether the configuration or state has an endpoint: v2 must then be available.
    uses_v2: bool,
}

impl<'a> Stream<'a> {
    /// The stream of a scope. `uses_v2` is whether the configuration or state has an endpoint.
    ///
    /// # Errors
    /// Parts of the provider block are known only after apply.
    pub(crate) fn of(run: &'a RunState, scope: Scope, uses_v2: bool) -> Result<Self, Diagnostic> {
        Ok(Self {
            run,
            client: run.client()?,
            scope,
            uses_v2,
        })
    }

    /// Reads the webhook from Konnect. A v2 webhook whose region has a destination is a webhook with a destination, so
    /// v3 is read first.
    ///
    /// # Errors
    /// The webhook could not be read.
    pub(crate) async fn current(&self) -> Result<Option<Current>, Error> {
        if let Some(found) = v3::present(v3::get(self.client, &self.scope).await)? {
            return Ok(Some(Current::Destination(found)));
        }
        if self.scope.portal.is_some() {
            return Ok(None);
        }
        self.endpoint(konnect_v2::get_webhook(self.client, &self.scope.region).await)
    }

    /// A target with its host, also for a destination if it can be read.
    pub(super) async fn describe(&self, target: &Target) -> String {
        if let Target::Destination(id) = target
            && let Ok(id) = DestinationId::parse(id)
            && let Ok(found) =
                konnect_v3::get_destination(self.client, &self.run.regions.organization(), &id).await
            && let Attr::Known(host) = endpoint::host(&found.endpoint)
        {
            return format!("{target} on {host}");
        }
        target.to_string()
    }

    /// The v2 webhook. Without an endpoint in the configuration or state, v2 may be unavailable.
    fn endpoint(&self, found: Result<konnect::EndpointWebhook, Error>) -> Result<Option<Current>, Error> {
        match v2::present(found) {
            Err(error) if !self.uses_v2 && konnect_v2::is_webhook_absent(&error) => Ok(None),
            found => Ok(found?.map(Current::Endpoint)),
        }
    }

    /// Refreshes a state, and detects outside changes of the credential. A webhook of the other form that is switched
    /// off counts as absent: its form was changed, and then it was removed.
    ///
    /// # Errors
    /// The webhook could not be read.
    pub(crate) async fn read(
        &self,
        known: &Model,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<Model>, Error> {
        rules::recover(private, known);
        let Some(mut found) = self.current().await? else {
            return Ok(None);
        };
        let form = match &found {
            Current::Destination(_) => Form::Destination,
            Current::Endpoint(_) => Form::Endpoint,
        };
        if form != known.form() && !found.is_enabled() {
            return Ok(None);
        }
        if let Current::Endpoint(webhook) = found {
            let applied = endpoint::applied(private);
            let mut tracker = CredentialTracker::new(known.credential(), private, self.run.detects_drift);
            let webhook = tracker
                .observe(
                    "webhook",
                    known.updated_at.known().map(String::as_str),
                    webhook,
                    || konnect_v2::get_webhook(self.client, &self.scope.region),
                    |now| v2::equals(known, now, applied.as_ref()),
                    diagnostics,
                )
                .await?;
            endpoint::observe(private, webhook.endpoint.as_deref().unwrap_or_default());
            found = Current::Endpoint(webhook);
        }
        let mut state = known.with(found, &self.scope, private);
        state.updated_at = time::refreshed(&known.updated_at, state.updated_at);
        credential::clear_after_outside_change(private, &mut state.authorization);
        Ok(Some(state))
    }

    /// Sets the webhook up.
    ///
    /// # Errors
    /// The webhook is switched on and must not be redirected, or it was not set up.
    pub(crate) async fn create(
        &self,
        change: &Change<'_>,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Model, Diagnostics> {
        let target = change.planned.target().or_else(|| change.config.target());
        let target = target.ok_or_else(|| no_target(change.config))?;
        let lock = self.run.stream_lock(&self.scope);
        let _turn = self
            .claim(&lock, &target, change.planned.replaces(), private)
            .await?;
        let mut created = self.send(change, None, private, diagnostics).await;
        // A `PATCH` is idempotent: if the response was lost, it is sent once more.
        let was_lost = created.as_ref().is_err_and(WriteError::may_have_happened);
        if was_lost {
            created = self.send(change, None, private, diagnostics).await;
        }
        match created {
            Ok(Written { found, .. }) => {
                Record::set(private, Origin::Applied, &target);
                Ok(change.planned.with(found, &self.scope, private))
            }
            Err(error) => {
                if was_lost || error.may_have_happened() {
                    diagnostics.push(rules::uncertain(&self.scope, &target));
                }
                Err(self.write_failed(error, change).await)
            }
        }
    }

    /// Locks the stream for a creation when its webhook is off, or may be redirected to another target. Waits for another
    /// resource of this apply to remove it, without the lock. A webhook that already delivers to the target is never
    /// taken over: its owner would then remove it. Nor is one whose target the plan does not name.
    async fn claim<'l>(
        &self,
        lock: &'l Mutex<()>,
        target: &Target,
        replaces: bool,
        private: &Private,
    ) -> Result<MutexGuard<'l, ()>, Diagnostics> {
        let deadline = Instant::now() + RELEASE_TIMEOUT;
        let mut wait = FIRST_WAIT;
        loop {
            let turn = lock.lock().await;
            let found = self.current().await.map_err(|error| api_error(&error))?;
            let Some(found) = found.filter(Current::is_enabled) else {
                return Ok(turn);
            };
            let redirects = replaces && found.target() != *target;
            if redirects && rules::is_displaced(private, &found.target()) {
                return Ok(turn);
            }
            drop(turn);
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.run.pause(wait.min(left)).await.is_none() {
                let error = if redirects {
                    rules::changed_since_plan(&self.scope, &found.target())
                } else {
                    rules::occupied(&self.scope, &found)
                };
                return Err(error.into());
            }
            wait = wait.saturating_mul(2).min(MAX_WAIT);
        }
    }

    /// Changes the webhook, or only records its target if Konnect already has it.
    ///
    /// # Errors
    /// The change would redirect a stream that was only imported or moved, or it was not made.
    pub(crate) async fn update(
        &self,
        change: &Change<'_>,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Model, Diagnostics> {
        let (planned, prior) = (change.planned, change.prior.unwrap_or(change.planned));
        // The URL of `endpoint_wo` is a target only if this change sends it, as a change of form does.
        let sends_url = change.prior_of_same_form().is_none() || endpoint::is_sent(private);
        let sent_url = || change.config.target().filter(|_| sends_url);
        let target = planned.target().or_else(sent_url);
        let lock = self.run.stream_lock(&self.scope);
        let _turn = lock.lock().await;
        // The change must not write to the webhook of another process or user, who may have redirected it after the plan.
        let keeps_target = target.is_none() || prior.target() == target;
        let is_unconfirmed = rules::is_unconfirmed(private) && !planned.replaces();
        let seen = self.current().await.map_err(|error| api_error(&error))?;
        let found = seen.as_ref().map(Current::target);
        // A webhook that was removed, or redirected before the plan, has none of the settings that this change keeps.
        let mut is_as_before = seen.is_some();
        if is_unconfirmed && found != target {
            let error = rules::not_confirmed(&self.scope, found.as_ref(), prior, change.config);
            return Err(error.into());
        }
        match found {
            None if keeps_target && !prior.region.is_null() => return Err(rules::gone(&self.scope).into()),
            Some(found) if !is_unconfirmed => {
                is_as_before =
                    target.as_ref() == Some(&found) || rules::is_as_planned(private, prior, &found);
                // Without a record, as after a move from another provider, the plan names the target.
                let is_named = Record::of(private).is_none() && rules::is_displaced(private, &found);
                if !(is_as_before || is_named) {
                    return Err(rules::changed_since_plan(&self.scope, &found).into());
                }
            }
            _ => {}
        }
        let prior = change.prior.filter(|_| is_as_before);
        let change = &Change { prior, ..*change };
        if let (Form::Endpoint, Some(target)) = (planned.form(), &target) {
            let is_configured = change.config.target().as_ref() == Some(target);
            if !is_configured && !Record::of(private).is_some_and(|record| record.owns(target)) {
                // Under `ignore_changes`: the credential must not go to the endpoint of another process or user.
                diagnostics.extend(credential::keep(private, "webhook", &target.to_string()));
            }
        }
        let Written { found, sent } = match self.send(change, seen, private, diagnostics).await {
            Ok(written) => written,
            Err(error) => {
                if let (true, Some(target)) = (error.may_have_happened(), &target) {
                    Record::attempted(private, target);
                }
                return Err(self.write_failed(error, change).await);
            }
        };
        let now = found.target();
        if target.as_ref().is_some_and(|target| *target != now) && !sent {
            return Err(rules::changed_since_plan(&self.scope, &now).into());
        }
        let is_adopted = target.is_some() && !sent;
        let target = target.unwrap_or(now);
        let record = Record::of(private);
        let is_recorded = record.as_ref().is_some_and(|record| record.is(&target));
        let is_configured = change.config.target().as_ref() == Some(&target);
        let confirms = rules::is_unconfirmed(private) && is_configured;
        if sent || (is_adopted && (confirms || !is_recorded)) {
            // Under `ignore_changes`, the plan keeps the target of another process or user, and the configuration of the
            // apply names its own.
            let own = is_configured || record.is_some_and(|record| record.owns(&target));
            Record::set(
                private,
                if own { Origin::Applied } else { Origin::Foreign },
                &target,
            );
        }
        Ok(planned.with(found, &self.scope, private))
    }

    /// Sends one `PATCH` in the version of the planned form. If nothing changes, the result is the webhook that was `seen`,
    /// or one that is read. A change of form sends everything, because settings of the other form do not apply.
    async fn send(
        &self,
        change: &Change<'_>,
        seen: Option<Current>,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Written<Current>, WriteError> {
        let (planned, region) = (change.planned, &self.scope.region);
        if planned.form() == Form::Destination {
            let changes = v3::changes(change.prior_of_same_form(), planned)?;
            let Some(changes) = changes else {
                let found = match seen {
                    Some(found) => found,
                    None => self.current().await?.ok_or_else(|| rules::gone(&self.scope))?,
                };
                if matches!(found, Current::Destination(_)) {
                    CredentialTracker::new(planned.credential(), private, false).forget();
                    endpoint::forget(private);
                }
                return Ok(Written { found, sent: false });
            };
            let found = v3::write(self.run, self.client, &self.scope, &changes).await?;
            if found.audit_log_destination_id.is_none() {
                return Err(rules::gone(&self.scope).into());
            }
            CredentialTracker::new(planned.credential(), private, false).forget();
            endpoint::forget(private);
            return Ok(Written {
                found: Current::Destination(found),
                sent: true,
            });
        }
        let seen = seen.and_then(|seen| match seen {
            Current::Endpoint(seen) => Some(seen),
            Current::Destination(_) => None,
        });
        let Written { found, sent } = match change.prior {
            None => Written {
                found: v2::create(self.client, region, change, private, diagnostics).await?,
                sent: true,
            },
            Some(_) => v2::update(self.run, self.client, region, change, seen, private, diagnostics).await?,
        };
        if found.endpoint.is_none() {
            return Err(rules::gone(&self.scope).into());
        }
        Ok(Written {
            found: Current::Endpoint(found),
            sent,
        })
    }

    /// Removes the webhook if it delivers to the target that this resource last applied or imported, whether it is
    /// switched on or not. Otherwise, it remains, with a warning.
    ///
    /// # Errors
    /// The webhook was not removed.
    pub(crate) async fn remove(
        &self,
        state: &Model,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Diagnostics> {
        let lock = self.run.stream_lock(&self.scope);
        let _turn = lock.lock().await;
        let found = self.current().await.map_err(|error| api_error(&error))?;
        let Some(found) = found else { return Ok(()) };
        if !rules::owns(private, state, &found.target()) {
            diagnostics.push(rules::left_in_place(&self.scope, &found));
            return Ok(());
        }
        self.take_down(self.client, &found)
            .await
            .map_err(|error| rules::not_removed(&self.scope, &error).into())
    }

    /// Removes a webhook whose creation no state records, if that creation switched it on. With `replace_existing`, the
    /// webhook may have been on before, and its previous target is not known.
    ///
    /// This run no longer holds the lock of the state, so another run may have changed the webhook: it is read first.
    pub(crate) async fn roll_back(&self, created: &Model, private: &Private) {
        if created.replaces() || created.enabled != Attr::Known(true) {
            return;
        }
        let scope = &self.scope;
        let stream = Stream {
            client: &self.client.after_stop(),
            scope: scope.clone(),
            ..*self
        };
        let removal = async {
            let found = stream.current().await?;
            let Some(found) = found.filter(|found| rules::owns(private, created, &found.target())) else {
                return Ok(false);
            };
            stream.take_down(stream.client, &found).await?;
            Ok::<_, Error>(true)
        };
        match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
            Ok(Ok(true)) => tracing::warn!(%scope, "removed a webhook: rolled back, not saved to state"),
            Ok(Ok(false)) => {
                tracing::warn!(%scope, "left a webhook in place that was changed after its creation");
            }
            _ => tracing::error!(%scope, "a webhook may exist that was not saved to state"),
        }
    }

    /// Removes a webhook, or switches it off if the API cannot remove it.
    async fn take_down(&self, client: &Client, found: &Current) -> Result<(), Error> {
        let removed = match found {
            Current::Destination(_) => v3::delete(client, &self.scope).await,
            Current::Endpoint(found) if !found.enabled => Ok(()),
            Current::Endpoint(_) => v2::switch_off(client, &self.scope.region).await,
        };
        removed.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
    }

    /// Converts a failed write to diagnostics. After a 404, finds out whether the Dev Portal or the destination is
    /// missing.
    async fn write_failed(&self, error: WriteError, change: &Change<'_>) -> Diagnostics {
        let planned = change.planned;
        let error = match error {
            WriteError::Value(diagnostic) => return diagnostic.into(),
            WriteError::Api(error) => error,
        };
        if error.is_not_found() && error.method() == "PATCH" && planned.form() == Form::Destination {
            match portal::is_missing(self.client, &self.scope).await {
                Some(true) => return portal::not_found(&self.scope, &error).into(),
                Some(false) => return v3::unknown_destination(planned, &error).into(),
                None if self.scope.portal.is_none() => {
                    return v3::unknown_destination(planned, &error).into();
                }
                None => {}
            }
        }
        credential::api_error(&error, change.credential())
    }
}

fn no_target(config: &Model) -> Diagnostic {
    let attribute = config.target_attribute();
    let detail = format!("\"{attribute}\" is null. Set it to a value.");
    Diagnostic::error("Missing value", detail).at(attribute)
}
