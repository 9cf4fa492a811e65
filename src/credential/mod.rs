//! The credential that Konnect sends to an endpoint. The API accepts it, but never returns it.
//!
//! Whether Konnect still has the configured credential is derived from the last sent credential and from `updated_at`.
//! The last sent credential is `authorization` or `authorization_wo_version` in the state, or a fingerprint of
//! `authorization_wo` in the private state. A value that can be guessed has no fingerprint: every such value counts as the
//! last one. An `updated_at` later than the one in the state shows an outside change. A refresh that detects one removes
//! `authorization` from the state: the plan then shows the change, and `ignore_changes` suppresses it.
//!
//! Only [`CredentialTracker`] decides whether a credential is sent, and records that.

mod arguments;
pub(crate) mod endpoint;
mod fingerprint;
mod messages;

use konnect::{Authorization, Destination, EndpointWebhook, Error};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};

pub(crate) use self::arguments::{CredentialArguments, VERSION, WRITE_ONLY, configured, missing, validate};
use self::arguments::{Source, parse};
pub(crate) use self::fingerprint::Fingerprint;
use self::fingerprint::guessable;
use self::messages::{first_send, not_recorded, outside_change, unreliable};
use crate::run::values::fails_at_apply;
use crate::run::{errors, time};

/// The private state: the fingerprint of the last sent write-only credential without a version, or null if that can be
/// guessed.
const FINGERPRINT: &str = "fp";
/// The private state: the object was changed outside this configuration. True if only `updated_at` shows it.
const OUTSIDE_CHANGE: &str = "outside";
/// The private state: the response to a change was lost.
const UNCERTAIN_WRITE: &str = "uncertain";
/// The private state: how many times in a row the credential was sent again only because of `updated_at`.
const RESENT: &str = "resent";
/// The private state: `updated_at` changes without a change of the object, so it is not reliable.
const UNRELIABLE_TIME: &str = "unreliable";
/// The private state of a planned change: the decision of the plan. In an apply, the configuration does not reflect
/// `ignore_changes`, so the apply must not decide again.
const DECISION: &str = "credential";

/// Detection stops if `updated_at` changes again after this many consecutive re-sends.
const MAX_RESENT: u8 = 2;

/// Whether a change sends the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SendDecision {
    /// Konnect has the credential, or it is not managed.
    No,
    /// The value is unknown at plan: the apply sends it if it differs from the last one.
    IfDifferent,
    /// The credential is sent.
    Yes,
    /// The credential is sent again only because the object was changed outside this configuration.
    Again,
    /// The object delivers to another endpoint than the configured one, so the credential is not sent.
    Never,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Decision {
    send: SendDecision,
    source: Source,
    /// Whether the plan knew the value, so that it has warned.
    known: bool,
}

/// Whether a credential must be sent independently of the last sent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    /// Not required.
    No,
    /// Konnect has no credential for this object.
    Yes,
}

/// An API object with the time of its last change.
pub(crate) trait Timed {
    /// `updated_at` as returned by the API.
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

/// The reason why a change was not made.
pub(crate) enum WriteError {
    /// The API call failed.
    Api(Error),
    /// A value is invalid.
    Value(Diagnostic),
}

impl WriteError {
    /// Whether the change may have been made, because its response was lost.
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

/// An object after a change.
pub(crate) struct Written<T> {
    /// The object.
    pub(crate) found: T,
    /// Whether a request changed it. Otherwise, it was only read.
    pub(crate) sent: bool,
}

/// Converts a failed call to diagnostics. Errors about the credential are on the argument in use.
pub(crate) fn api_error(error: &Error, config: CredentialArguments<'_>) -> Diagnostics {
    let located = |diagnostic: Diagnostic| match &diagnostic.path {
        Some(path) if *path == "authorization".into() => diagnostic.at(config.attribute()),
        _ => diagnostic,
    };
    errors::api_error(error).into_iter().map(located).collect()
}

/// Decides whether a credential is sent, and records that in the private data of plan and state.
pub(crate) struct CredentialTracker<'a> {
    config: CredentialArguments<'a>,
    private: &'a mut Private,
    detects: bool,
    /// The decision of the first plan, if the host plans again during apply: only the first one shows warnings.
    first: Option<Decision>,
}

impl<'a> CredentialTracker<'a> {
    /// Creates a tracker for one call. At plan, `config` is the configuration. In an apply, `stored` and `version` are
    /// those of the plan and `write_only` is that of the configuration. In a read, all are those of the state.
    /// `detects` is whether outside changes are detected.
    pub(crate) fn new(config: CredentialArguments<'a>, private: &'a mut Private, detects: bool) -> Self {
        Self {
            config,
            private,
            detects,
            first: None,
        }
    }

    /// Sets the private data of the first plan, if the host plans again during apply.
    pub(crate) fn after(mut self, first: Option<&Private>) -> Self {
        self.first = first.and_then(|first| first.get(DECISION));
        self
    }

    /// Removes all records: the object no longer has a credential.
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

    /// Whether `updated_at` is reliable.
    fn trusts_time(&self) -> bool {
        self.detects && !self.is_set(UNRELIABLE_TIME)
    }

    /// Whether an outside change was detected, or cannot be excluded.
    fn has_outside_change(&self) -> bool {
        self.private.get::<bool>(OUTSIDE_CHANGE).is_some() || self.is_set(UNCERTAIN_WRITE)
    }

    /// Stores at plan that a creation sends the credential. Warns if there is none.
    pub(crate) fn plan_creation(&mut self, diagnostics: &mut Diagnostics) {
        let Some(source) = self.config.source() else {
            diagnostics.push(fails_at_apply(missing()));
            return;
        };
        // A replacement is planned twice, and the first plan, as an update, has warned.
        if self.private.get::<Decision>(DECISION).is_none() {
            self.warn_if_guessable(diagnostics);
        }
        self.decide(SendDecision::Yes, source);
    }

    fn decide(&mut self, send: SendDecision, source: Source) {
        let known = self
            .first
            .map_or(!self.config.write_only.is_unknown(), |first| first.known);
        self.private.set(DECISION, &Decision { send, source, known });
    }

    /// Warns of a write-only credential without a version that has no fingerprint.
    fn warn_if_guessable(&self, diagnostics: &mut Diagnostics) {
        if let (Attr::Known(value), Attr::Null) = (self.config.write_only, self.config.version)
            && let Some(reason) = guessable(value)
        {
            diagnostics.push(not_recorded(reason));
        }
    }

    /// Decides at plan whether an update sends the credential, and stores the decision for the apply. Warns if the plan
    /// does not show the reason.
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
        if changed != SendDecision::No {
            self.warn_if_guessable(diagnostics);
        }
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
        self.decide(send, source);
        send
    }

    /// Compares the result of a refresh with the last write. A difference is confirmed with a second read, because
    /// `found` may come from a list. Adds a diagnostic when detection stops.
    ///
    /// # Errors
    /// The second read failed.
    pub(crate) async fn observe<T: Timed, L: Future<Output = Result<T, Error>>>(
        &mut self,
        object: &str,
        before: Option<&str>,
        found: T,
        fetch: impl FnOnce() -> L,
        only_time_differs: impl FnOnce(&T) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Result<T, Error> {
        let tracked = self.config.source().is_some() || self.was_managed(self.config);
        if !(self.detects && tracked && before.is_some()) {
            return Ok(found);
        }
        let differs = |found: &T| time::is_later(before, found.updated_at());
        if self.is_set(UNRELIABLE_TIME) {
            diagnostics.push(unreliable(object, MAX_RESENT));
            return Ok(found);
        }
        let found = if differs(&found) { fetch().await? } else { found };
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

    /// Changes an object: decides, reads, sends and records. The response to the write is the result.
    ///
    /// `fetch` reads the object, `send` makes the change with or without the credential, and `is_planned` returns
    /// whether the object already is as planned. `before` is the time of the last change in the state. Without
    /// `other_changes` and without a credential to send, the object is only read.
    ///
    /// # Errors
    /// The change was not made, or its outcome is unknown.
    pub(crate) async fn write<T, L, S>(
        &mut self,
        before: Option<&str>,
        other_changes: bool,
        fetch: impl Fn() -> L,
        send: impl FnOnce(Option<Authorization>) -> S,
        is_planned: impl Fn(&T) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Result<Written<T>, WriteError>
    where
        T: Timed,
        L: Future<Output = Result<T, Error>>,
        S: Future<Output = Result<T, Error>>,
    {
        let decision = self.private.get::<Decision>(DECISION);
        let mut credential = self.to_send()?;
        let mut postponed = false;
        let changed_since_refresh = |now: &T| before.is_some() && time::is_later(before, now.updated_at());
        if credential.is_none() && !other_changes {
            let found = fetch().await?;
            let changed = self.trusts_time() && decision.is_some() && changed_since_refresh(&found);
            self.record_write(false, false, diagnostics);
            if changed {
                self.private.set(OUTSIDE_CHANGE, &false);
            }
            return Ok(Written { found, sent: false });
        }
        if let (None, Some(decision), true) = (&credential, decision, self.trusts_time())
            && decision.send != SendDecision::Never
        {
            // This change updates `updated_at`, which hides a change that was made after the refresh.
            let now = fetch().await?;
            let changed = changed_since_refresh(&now);
            // If the object is as planned, an earlier attempt made this change, and its response was lost.
            if changed && !is_planned(&now) {
                match decision.source {
                    Source::WriteOnly => credential = Some(configured(self.config)?),
                    // Only the next plan shows whether `ignore_changes` contains `authorization`.
                    Source::Stored => postponed = true,
                }
            }
        }
        let is_sent = credential.is_some();
        let result = send(credential).await;
        if result.as_ref().is_err_and(Error::may_have_happened) {
            self.mark_write_uncertain();
        }
        let found = result?;
        let again = decision.is_some_and(|decision| decision.send == SendDecision::Again);
        self.record_write(is_sent, again, diagnostics);
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
        Ok(Written { found, sent: true })
    }

    /// Records that a creation sent the credential.
    pub(crate) fn created(&mut self, diagnostics: &mut Diagnostics) {
        self.record_write(true, false, diagnostics);
    }

    /// Records that it is uncertain which credential Konnect has: the next apply sends it.
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
            (SendDecision::No | SendDecision::Never, _) => false,
            (SendDecision::IfDifferent, Some(value)) => !self.last_sent().is_some_and(|last| last.is(value)),
            // Null after apply-time evaluation: not managed.
            (_, value) => value.is_some(),
        };
        value
            .filter(|_| send)
            .map(|value| parse(value, attribute))
            .transpose()
    }

    fn record_write(&mut self, sent: bool, again: bool, diagnostics: &mut Diagnostics) {
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
        // In an update, the decision of the plan applies: the configuration may contain an ignored argument.
        let source = decision.map_or_else(|| self.config.source().filter(|_| sent), |d| Some(d.source));
        match (source, self.config.write_only, self.config.version) {
            (Some(Source::WriteOnly), Attr::Known(value), Attr::Null) => {
                let last = self.last_sent();
                let is_same = last.as_ref().is_some_and(|last| last.is(value));
                let is_outdated = matches!(last, Some(LastSent::Recorded(last)) if last.is_outdated());
                if sent && !is_same && decision.is_some_and(|decision| !decision.known) {
                    self.warn_if_guessable(diagnostics);
                }
                if sent || (is_same && is_outdated) {
                    self.record(value);
                }
            }
            _ => self.private.remove(FINGERPRINT),
        }
    }

    /// Records the last sent write-only credential.
    fn record(&mut self, value: &Secret) {
        self.private.remove(FINGERPRINT);
        if guessable(value).is_some() {
            self.private.set(FINGERPRINT, &None::<Fingerprint>);
        } else if let Some(fingerprint) = Fingerprint::of(value) {
            self.private.set(FINGERPRINT, &fingerprint);
        }
    }

    fn last_sent(&self) -> Option<LastSent> {
        let recorded = self.private.get::<Option<Fingerprint>>(FINGERPRINT)?;
        Some(recorded.map_or(LastSent::Guessable, LastSent::Recorded))
    }

    fn changed_since(&self, source: Source, prior: CredentialArguments<'_>) -> SendDecision {
        match (source, self.config.write_only, self.config.version) {
            (Source::Stored, ..) if self.config.stored == prior.stored => SendDecision::No,
            (Source::Stored, ..) => SendDecision::Yes,
            (_, _, version) if !prior.stored.is_null() || version != prior.version => SendDecision::Yes,
            (_, value, Attr::Null) => match (self.last_sent(), value) {
                (Some(last), Attr::Known(value)) if last.is(value) => SendDecision::No,
                (Some(_), Attr::Unknown) => SendDecision::IfDifferent,
                _ => SendDecision::Yes,
            },
            _ => SendDecision::No,
        }
    }

    /// Whether the credential that Konnect has is known.
    fn was_managed(&self, prior: CredentialArguments<'_>) -> bool {
        !prior.stored.is_null()
            || !prior.version.is_null()
            || self.last_sent().is_some()
            || self.has_outside_change()
    }

    fn is_set(&self, name: &str) -> bool {
        self.private.get(name) == Some(true)
    }
}

/// What is recorded of the last sent write-only credential without a version.
enum LastSent {
    Recorded(Fingerprint),
    Guessable,
}

impl LastSent {
    /// Whether a value counts as the last sent one. A new value that can be guessed is not distinguished from an earlier
    /// one.
    fn is(&self, value: &Secret) -> bool {
        match self {
            Self::Recorded(last) => guessable(value).is_none() && last.is_of(value),
            Self::Guessable => guessable(value).is_some(),
        }
    }
}

/// Makes a change send no credential, since the object delivers to another endpoint than the configured one. Returns a
/// warning if it would have been sent.
pub(crate) fn keep(private: &mut Private, object: &str, target: &str) -> Option<Diagnostic> {
    let decision = private.get::<Decision>(DECISION)?;
    let send = SendDecision::Never;
    private.set(DECISION, &Decision { send, ..decision });
    if matches!(decision.send, SendDecision::No | SendDecision::Never) {
        return None;
    }
    Some(Diagnostic::warning(
        "Credential is not sent",
        format!(
            "The {object} delivers to {target}, which differs from the configured endpoint, and ignore_changes keeps it. The \
             credential is only sent together with the configured endpoint: remove the endpoint from ignore_changes."
        ),
    ))
}

/// Removes the credential from a state whose object was changed outside this configuration: the plan then shows the
/// change.
pub(crate) fn clear_after_outside_change(private: &Private, stored: &mut Attr<Secret>) {
    if private.get::<bool>(OUTSIDE_CHANGE).is_some() {
        *stored = Attr::Null;
    }
}

#[cfg(test)]
mod tests;
