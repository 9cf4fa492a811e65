//! The credential that Konnect sends to an endpoint. It can be written, but the API never returns it.
//!
//! Whether Konnect still has the configured credential follows from what was last sent and from `updated_at`. What was
//! last sent is `authorization` or `authorization_wo_version` in the state, or a fingerprint of `authorization_wo` in
//! the private state. An `updated_at` that differs from the one in the state is the time of an outside change. A refresh
//! that finds one removes `authorization` from the state, so that the plan shows the change, and `ignore_changes`
//! suppresses it.
//!
//! [`CredentialTracker`] is the one place that decides whether a credential is sent, and that remembers it.

mod arguments;
mod diagnostics;

use konnect::{Authorization, Destination, EndpointWebhook, Error};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};

pub(crate) use self::arguments::{CredentialArguments, attributes, configured, missing, validate};
use self::arguments::{Source, parse};
use self::diagnostics::{first_send, outside_change, unreliable};
use crate::fingerprint::Fingerprint;
use crate::instant;

/// The private state: the fingerprint of a write-only credential without a version.
const FINGERPRINT: &str = "fp";
/// The private state: the object was changed outside of this configuration. True if only `updated_at` shows it.
const OUTSIDE_CHANGE: &str = "outside";
/// The private state: the response to a change was lost.
const UNCERTAIN_WRITE: &str = "uncertain";
/// The private state: how often in a row the credential was sent again because of nothing but `updated_at`.
const RESENT: &str = "resent";
/// The private state: `updated_at` changes by itself, so it proves nothing.
const UNRELIABLE_TIME: &str = "unreliable";
/// The private state of a planned change: what the plan decided. An apply sees a configuration without the effect of
/// `ignore_changes`, so it must not decide again.
const DECISION: &str = "credential";

/// After so many re-sends in a row that another change of `updated_at` follows, detection stops.
const MAX_RESENT: u8 = 2;

/// Whether a change sends the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SendDecision {
    /// Konnect has it, or it is not managed.
    No,
    /// The value is unknown during planning: the apply sends it if it differs from the last one.
    IfDifferent,
    /// It is sent.
    Yes,
    /// It is sent again only because the object was changed outside of this configuration.
    Again,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Decision {
    send: SendDecision,
    source: Source,
}

/// Why a credential must be sent whatever was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    /// It need not be.
    No,
    /// Konnect has no credential for this object any more, or never had one.
    Yes,
}

/// A record of the API with the time of its last change.
pub(crate) trait Timed {
    /// `updated_at`, as the API writes it.
    fn updated_at(&self) -> Option<&str>;
}

impl Timed for Destination {
    fn updated_at(&self) -> Option<&str> {
        self.updated_at.as_deref()
    }
}

impl Timed for EndpointWebhook {
    fn updated_at(&self) -> Option<&str> {
        self.updated_at.as_deref()
    }
}

/// Why a change was not made.
pub(crate) enum WriteError {
    /// The API call failed.
    Api(Error),
    /// A value can't be used.
    Value(Diagnostic),
}

impl WriteError {
    /// Whether the change may have been made, since the response to it was lost.
    pub(crate) fn may_have_happened(&self) -> bool {
        matches!(self, Self::Api(error) if error.may_have_happened())
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::Api(error)
    }
}

impl From<Diagnostic> for WriteError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Value(diagnostic)
    }
}

/// Decides whether a credential is sent, and remembers it: between plan and apply, and beside the state.
pub(crate) struct CredentialTracker<'a> {
    config: CredentialArguments<'a>,
    private: &'a mut Private,
    detects: bool,
}

impl<'a> CredentialTracker<'a> {
    /// A tracker for one call. `config` is the configuration while planning. In an apply, `stored` and `version` are
    /// those of the plan and `write_only` is that of the configuration. In a read, all are those of the state. `detects`
    /// is whether outside changes are looked for.
    pub(crate) fn new(config: CredentialArguments<'a>, private: &'a mut Private, detects: bool) -> Self {
        Self {
            config,
            private,
            detects,
        }
    }

    /// Forgets all: the object has no credential of its own any more.
    pub(crate) fn forget(&mut self) {
        for name in [
            FINGERPRINT,
            OUTSIDE_CHANGE,
            UNCERTAIN_WRITE,
            RESENT,
            UNRELIABLE_TIME,
            DECISION,
        ] {
            self.private.remove(name);
        }
    }

    /// Whether `updated_at` shows who changed the object.
    pub(crate) fn trusts_time(&self) -> bool {
        self.detects && !self.is_set(UNRELIABLE_TIME)
    }

    /// Whether an outside change was found, or cannot be excluded.
    pub(crate) fn has_outside_change(&self) -> bool {
        self.private.get::<bool>(OUTSIDE_CHANGE).is_some() || self.is_set(UNCERTAIN_WRITE)
    }

    /// Decides while planning an update whether it sends the credential, warns where the plan does not show the reason,
    /// and leaves the decision for the apply.
    pub(crate) fn plan(
        &mut self,
        object: &str,
        prior: CredentialArguments<'_>,
        required: Required,
        diagnostics: &mut Diagnostics,
    ) -> SendDecision {
        let Some(source) = self.config.source() else {
            self.private.remove(DECISION);
            return SendDecision::No;
        };
        let changed = self.changed_since(source, prior);
        let outside = self.detects && self.private.get::<bool>(OUTSIDE_CHANGE).is_some();
        let uncertain = self.is_set(UNCERTAIN_WRITE);
        let send = if required == Required::Yes {
            SendDecision::Yes
        } else if outside || uncertain {
            diagnostics.push(outside_change(
                object,
                self.config.attribute(),
                outside,
                uncertain,
            ));
            SendDecision::Again
        } else {
            if changed != SendDecision::No && !self.was_managed(prior) {
                diagnostics.push(first_send(object, self.config.attribute()));
            }
            changed
        };
        self.private.set(DECISION, &Decision { send, source });
        send
    }

    /// Compares what a refresh read with the last write. A difference is confirmed by one more read, since `found` may
    /// come from a list. Reports in `diagnostics` when detection stops.
    ///
    /// # Errors
    /// Why that read failed.
    pub(crate) async fn observe<T: Timed, L: Future<Output = Result<T, Error>>>(
        &mut self,
        object: &str,
        before: &Attr<String>,
        found: T,
        look: impl FnOnce() -> L,
        only_time_differs: impl FnOnce(&T) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Result<T, Error> {
        let tracked = self.config.source().is_some() || self.was_managed(self.config);
        let (true, true, Some(before)) = (self.detects, tracked, before.known()) else {
            return Ok(found);
        };
        let differs = |found: &T| {
            found
                .updated_at()
                .is_some_and(|seen| !instant::same(before, seen))
        };
        if self.is_set(UNRELIABLE_TIME) {
            diagnostics.push(unreliable(object, MAX_RESENT));
            return Ok(found);
        }
        let found = if differs(&found) { look().await? } else { found };
        if !differs(&found) {
            if self.private.get::<bool>(OUTSIDE_CHANGE).is_none() {
                self.private.remove(RESENT);
            }
            return Ok(found);
        }
        let only_time = only_time_differs(&found);
        if only_time && self.private.get::<u8>(RESENT).unwrap_or_default() >= MAX_RESENT {
            self.private.remove(RESENT);
            self.private.set(UNRELIABLE_TIME, &true);
            diagnostics.push(unreliable(object, MAX_RESENT));
        } else {
            self.private.set(OUTSIDE_CHANGE, &only_time);
        }
        Ok(found)
    }

    /// Makes a change of an object: decide, look, send, read again, remember.
    ///
    /// `look` reads the object, `send` makes the change with the credential or without, and `is_planned` is whether the
    /// object is as planned already. `before` is `updated_at` of the state. Without `other_changes` and without a
    /// credential to send, the object is only read.
    ///
    /// # Errors
    /// Why the change was not made, or may not have been.
    pub(crate) async fn write<T, L, S>(
        &mut self,
        before: &Attr<String>,
        other_changes: bool,
        look: impl Fn() -> L,
        send: impl FnOnce(Option<Authorization>) -> S,
        is_planned: impl Fn(&T) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Result<T, WriteError>
    where
        T: Timed,
        L: Future<Output = Result<T, Error>>,
        S: Future<Output = Result<T, Error>>,
    {
        let decision = self.private.get::<Decision>(DECISION);
        let had_outside_change = self.has_outside_change();
        let mut credential = self.to_send()?;
        let mut postponed = false;
        let changed_since_refresh = |now: &T| {
            let times = before.known().zip(now.updated_at());
            times.is_some_and(|(before, seen)| !instant::same(before, seen))
        };
        if credential.is_none() && !other_changes {
            let found = look().await?;
            let changed = self.trusts_time() && decision.is_some() && changed_since_refresh(&found);
            self.record_write(false, false);
            if changed {
                self.private.set(OUTSIDE_CHANGE, &false);
            }
            return Ok(found);
        }
        if let (None, Some(decision), true) = (&credential, decision, self.trusts_time()) {
            // This change moves `updated_at`, and so hides a change that was made after the refresh.
            let now = look().await?;
            let changed = changed_since_refresh(&now);
            // If the object is as planned, this very change was made before, and its response was lost.
            if changed && !is_planned(&now) {
                match decision.source {
                    Source::WriteOnly => credential = Some(configured(self.config)?),
                    // Whether `ignore_changes` names `authorization` shows in the next plan only.
                    Source::Stored => postponed = true,
                }
            }
        }
        let is_sent = credential.is_some();
        let result = send(credential).await;
        if result.as_ref().is_err_and(Error::may_have_happened) {
            self.mark_write_uncertain();
        }
        let mut found = result?;
        if had_outside_change {
            // The time of this change counts as reads show it: an API that shows writers another time than readers must
            // not make every plan send again.
            found = look().await.unwrap_or(found);
        }
        let again = decision.is_some_and(|decision| decision.send == SendDecision::Again);
        self.record_write(is_sent, again);
        if postponed {
            self.private.set(OUTSIDE_CHANGE, &false);
            diagnostics.push(
                Diagnostic::warning(
                    "Changed by another process or user during this run",
                    "The object was changed after this plan was made, so Konnect may have another credential. The next \
                     apply sends the configured one.",
                )
                .at("authorization"),
            );
        }
        Ok(found)
    }

    /// Remembers that a creation sent the credential.
    pub(crate) fn created(&mut self) {
        self.record_write(true, false);
    }

    /// Remembers that it is uncertain which credential Konnect has: the next apply sends it.
    pub(crate) fn mark_write_uncertain(&mut self) {
        self.private.set(UNCERTAIN_WRITE, &true);
    }

    /// The credential that the plan decided to send, if any.
    fn to_send(&self) -> Result<Option<Authorization>, Diagnostic> {
        let Some(decision) = self.private.get::<Decision>(DECISION) else {
            return Ok(None);
        };
        let (value, attribute) = match decision.source {
            Source::Stored => (self.config.stored.known(), "authorization"),
            Source::WriteOnly => (self.config.write_only.known(), "authorization_wo"),
        };
        let send = match (decision.send, value) {
            (SendDecision::No, _) => false,
            (SendDecision::IfDifferent, Some(value)) => {
                let sent = self.private.get::<Fingerprint>(FINGERPRINT);
                !sent.is_some_and(|sent| sent.is_of(value))
            }
            // Null after apply-time evaluation: not managed.
            (_, value) => value.is_some(),
        };
        value
            .filter(|_| send)
            .map(|value| parse(value, attribute))
            .transpose()
    }

    fn record_write(&mut self, sent: bool, again: bool) {
        let only_time = self.private.get(OUTSIDE_CHANGE) == Some(true);
        let decision = self.private.get::<Decision>(DECISION);
        for spent in [DECISION, OUTSIDE_CHANGE, UNCERTAIN_WRITE] {
            self.private.remove(spent);
        }
        if sent {
            if again && only_time {
                let resent = self.private.get::<u8>(RESENT).unwrap_or_default();
                self.private.set(RESENT, &(resent.saturating_add(1)));
            } else {
                self.private.remove(RESENT);
                self.private.remove(UNRELIABLE_TIME);
            }
        }
        // In an update the plan's decision counts: the configuration may hold an ignored argument.
        let source = decision.map_or_else(|| self.config.source().filter(|_| sent), |d| Some(d.source));
        match (source, self.config.write_only, self.config.version) {
            (Some(Source::WriteOnly), Attr::Known(value), Attr::Null) => {
                if sent {
                    match Fingerprint::of(value) {
                        Some(fingerprint) => self.private.set(FINGERPRINT, &fingerprint),
                        None => self.private.remove(FINGERPRINT),
                    }
                }
            }
            _ => self.private.remove(FINGERPRINT),
        }
    }

    fn changed_since(&self, source: Source, prior: CredentialArguments<'_>) -> SendDecision {
        match (source, self.config.write_only, self.config.version) {
            (Source::Stored, ..) if self.config.stored == prior.stored => SendDecision::No,
            (Source::Stored, ..) => SendDecision::Yes,
            (_, _, version) if !prior.stored.is_null() || version != prior.version => SendDecision::Yes,
            (_, value, Attr::Null) => match (self.private.get::<Fingerprint>(FINGERPRINT), value) {
                (Some(sent), Attr::Known(value)) if sent.is_of(value) => SendDecision::No,
                (Some(_), Attr::Unknown) => SendDecision::IfDifferent,
                _ => SendDecision::Yes,
            },
            _ => SendDecision::No,
        }
    }

    /// Whether something is known of the credential that Konnect has.
    fn was_managed(&self, prior: CredentialArguments<'_>) -> bool {
        !prior.stored.is_null()
            || !prior.version.is_null()
            || self.private.get::<Fingerprint>(FINGERPRINT).is_some()
            || self.has_outside_change()
    }

    fn is_set(&self, name: &str) -> bool {
        self.private.get(name) == Some(true)
    }
}

/// Removes the credential from a state whose object was changed outside of this configuration, so that the plan shows
/// it.
pub(crate) fn clear_after_outside_change(private: &Private, stored: &mut Attr<Secret>) {
    if private.get::<bool>(OUTSIDE_CHANGE).is_some() {
        *stored = Attr::Null;
    }
}

#[cfg(test)]
mod tests;
