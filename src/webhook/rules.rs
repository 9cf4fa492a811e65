//! The rules of a stream, as far as they are decisions and messages: what a resource has recorded, and what a change is
//! refused for. [`Stream`](crate::webhook::stream::Stream) applies them, and `plan` warns of them.
//!
//! A provider sees one call at a time, and Terraform starts a process for each provider alias and phase. So a rule
//! depends only on the configuration, the state, the private data and what Konnect returns now.

use std::fmt::Write as _;

use konnect::{Error, normal_url};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Diagnostic, Private, Secret};

use crate::credential::{Fingerprint, endpoint};
use crate::run::scope::Scope;
use crate::run::validators;
use crate::webhook::{Current, Model, TYPE, Target};

/// The private data: the target of the resource.
const RECORD: &str = "target";

/// The private data of a planned creation: the URL of `endpoint_wo`.
const EXPECTED: &str = "expected";

/// The private data of a planned redirection: the target that the plan names.
const DISPLACED: &str = "displaced";

/// How a resource got its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Origin {
    /// A request of this resource set it, or an apply adopted it.
    Applied,
    /// An import found it. No apply of this resource has succeeded yet.
    Imported,
    /// An apply accepted it under `ignore_changes`. The configuration names another one.
    Foreign,
}

/// The target that a resource has recorded. A state that was moved from another provider has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) origin: Origin,
    target: RecordedTarget,
    /// The target of an update whose response was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempted: Option<RecordedTarget>,
}

/// A target without its URL, which can be a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RecordedTarget {
    Destination(String),
    /// `None` if the system has no random numbers.
    Endpoint(Option<Fingerprint>),
}

impl Record {
    pub(super) fn of(private: &Private) -> Option<Self> {
        private.get(RECORD)
    }

    pub(super) fn set(private: &mut Private, origin: Origin, target: &Target) {
        private.remove(EXPECTED);
        private.remove(DISPLACED);
        let record = Self {
            origin,
            target: RecordedTarget::of(target),
            attempted: None,
        };
        private.set(RECORD, &record);
    }

    /// Records that an update may have set a target: its response was lost.
    pub(super) fn attempted(private: &mut Private, target: &Target) {
        if let Some(record) = Self::of(private) {
            let attempted = Some(RecordedTarget::of(target));
            private.set(RECORD, &Self { attempted, ..record });
        }
    }

    /// Whether this is the recorded target.
    pub(super) fn is(&self, target: &Target) -> bool {
        self.target.is(target)
    }

    /// Whether a destroy may remove a webhook with this target: this resource last applied or imported it, or an update
    /// of it may have set it.
    pub(super) fn owns(&self, target: &Target) -> bool {
        let attempted = self
            .attempted
            .as_ref()
            .is_some_and(|attempted| attempted.is(target));
        attempted || (self.origin != Origin::Foreign && self.is(target))
    }
}

impl RecordedTarget {
    fn of(target: &Target) -> Self {
        match target {
            Target::Destination(id) => Self::Destination(id.to_ascii_lowercase()),
            Target::Endpoint(url) => Self::Endpoint(Fingerprint::of(&secret(url))),
        }
    }

    fn is(&self, target: &Target) -> bool {
        match (self, target) {
            (Self::Destination(known), Target::Destination(id)) => known.eq_ignore_ascii_case(id),
            (Self::Endpoint(Some(known)), Target::Endpoint(url)) => known.is_of(&secret(url)),
            _ => false,
        }
    }
}

/// Keeps the URL of `endpoint_wo` in the private data of a planned creation. If the creation replaces a tainted webhook,
/// Terraform passes this data, and not that of the state, to the removal, and the state does not contain the URL.
pub(super) fn expect(private: &mut Private, config: &Model) {
    if let (false, Some(target)) = (config.endpoint_wo.is_null(), config.target()) {
        private.set(EXPECTED, &RecordedTarget::of(&target));
    }
}

/// Records at plan what a redirection displaces: its apply displaces nothing else.
pub(super) fn displace(private: &mut Private, found: &Target) {
    private.set(DISPLACED, &RecordedTarget::of(found));
}

/// Keeps only what the plan that the user has seen names as displaced. Terraform 1.16 and later pass the private data of
/// the `first` plan to the one during apply.
pub(super) fn keep_displaced(private: &mut Private, first: Option<&Private>) {
    let Some(first) = first else { return };
    match first.get::<RecordedTarget>(DISPLACED) {
        Some(named) => private.set(DISPLACED, &named),
        None => private.remove(DISPLACED),
    }
}

/// Removes what an earlier plan recorded as displaced.
pub(super) fn forget_displaced(private: &mut Private) {
    private.remove(DISPLACED);
}

/// Whether the plan names this target as displaced.
pub(super) fn is_displaced(private: &Private, found: &Target) -> bool {
    let named = private.get::<RecordedTarget>(DISPLACED);
    named.is_some_and(|named| named.is(found))
}

/// Whether a destroy may remove a webhook with this target.
pub(super) fn owns(private: &Private, state: &Model, target: &Target) -> bool {
    if let Some(record) = Record::of(private) {
        return record.owns(target);
    }
    // Terraform does not pass the private data of a tainted object to its removal.
    let expected = private.get::<RecordedTarget>(EXPECTED);
    state.target().as_ref() == Some(target) || expected.is_some_and(|expected| expected.is(target))
}

fn secret(url: &str) -> Secret {
    Secret::from(normal_url(url))
}

/// Whether an apply has to record the target that Konnect has: a refresh found it, the plan keeps it, and this resource
/// neither applied it nor accepted it as foreign.
pub(super) fn adopts(private: &Private, prior: &Model, planned: &Model) -> bool {
    let Some(target) = planned.target() else {
        return false;
    };
    prior.target().as_ref() == Some(&target) && !Record::of(private).is_some_and(|record| record.is(&target))
}

/// Whether another process or user has redirected the stream since a request of this resource set its target.
pub(super) fn was_redirected(private: &Private, prior: &Model) -> bool {
    let (record, target) = (Record::of(private), prior.target());
    record
        .zip(target)
        .is_some_and(|(record, target)| record.origin == Origin::Foreign || !record.is(&target))
}

/// Whether Konnect has the target that the plan saw. With `endpoint_wo`, the state has only the host: the record identifies
/// the target, unless the refresh saw another URL, on that host.
pub(super) fn is_as_planned(private: &Private, prior: &Model, found: &Target) -> bool {
    if let Some(prior) = prior.target() {
        return prior == *found;
    }
    let is_seen = |url: &str| endpoint::is_changed(private) && prior.endpoint_host == endpoint::host(url);
    Record::of(private).is_some_and(|record| record.is(found))
        || matches!(found, Target::Endpoint(url) if is_seen(url))
}

/// Records the target of a state that has lost its private data: Terraform saves an object without it if the provider does
/// not respond to a change. The state of another provider has no region.
pub(super) fn recover(private: &mut Private, state: &Model) {
    let has_lost_it = Record::of(private).is_none() && !state.region.is_null();
    if let Some(target) = state.target().filter(|_| has_lost_it) {
        Record::set(private, Origin::Applied, &target);
    }
}

/// Whether a change of the target needs `replace_existing`: no apply of this resource has succeeded since the import or
/// the move from another provider.
pub(super) fn is_unconfirmed(private: &Private) -> bool {
    Record::of(private).is_none_or(|record| record.origin == Origin::Imported)
}

/// The error for a creation over a webhook that is switched on.
pub(super) fn occupied(scope: &Scope, found: &Current) -> Diagnostic {
    let target = found.target();
    Diagnostic::error(
        format!("{} already delivers audit events", scope.owner()),
        format!(
            "The webhook of {scope} is switched on and delivers to {target}. A creation does not change it.\n\n\
             If this plan replaces this resource, no action is required. If another resource of this configuration has this \
             webhook, remove this one: a {} has one webhook. After a rename or a new key, write a moved block. If this \
             apply removes the other resource, apply again. If this apply replaces it with create_before_destroy, remove \
             that setting. If the plan deletes a deposed object of this resource, which an interrupted apply leaves, run \
             `terraform state rm` for this resource, which drops all its objects, and import each webhook.\n\n\
             To manage the existing webhook, import it with its target:\n\n{}\n\n\
             To redirect it to another target, set replace_existing = true. That does not take over a webhook that already has \
             the target of this resource.",
            scope.owner_in_text(),
            import_blocks(scope, &target, Some(found)),
        ),
    )
    .at(scope.attribute())
}

/// The error for an update that would redirect a stream that was only imported or moved. `found` is its target.
pub(super) fn not_confirmed(
    scope: &Scope,
    found: Option<&Target>,
    prior: &Model,
    config: &Model,
) -> Diagnostic {
    let attribute = config.target_attribute();
    let Some(found) = found else {
        let target = prior.target().map_or_else(
            || "the target of the state".to_owned(),
            |target| target.to_string(),
        );
        return Diagnostic::error(
            "Webhook was not found",
            format!(
                "The state of this resource has {target}, and {scope} has no webhook. Set {} to the one whose webhook \
                 was moved or imported. To set up a webhook for {scope}, set replace_existing = true.",
                scope.attribute()
            ),
        )
        .at(scope.attribute());
    };
    Diagnostic::error(
        "Imported stream is not redirected",
        format!(
            "The webhook of {scope} delivers to {found}, which no apply of this resource has set. After an import, a move \
             from another provider or a killed apply, a change of the target needs replace_existing = true, until an apply \
             succeeds. Set the target to the existing one, or set replace_existing = true to redirect the stream. If the webhook of another region or Dev Portal was meant, correct {}.",
            scope.attribute()
        ),
    )
    .at(attribute)
}

/// The error for an update whose webhook another process or user redirected after the plan.
pub(super) fn changed_since_plan(scope: &Scope, found: &Target) -> Diagnostic {
    Diagnostic::error(
        "Webhook was changed after the plan",
        format!(
            "The webhook of {scope} now delivers to {found}: another process or user changed it after this plan was made. \
             Nothing was changed. Plan again."
        ),
    )
}

/// The error for a webhook that was removed after the refresh. The state remains, and the next plan creates it again.
pub(super) fn gone(scope: &Scope) -> Diagnostic {
    Diagnostic::error(
        "Webhook is gone",
        format!(
            "Another process or user removed the webhook of {scope} after this plan was made. Plan again: the plan sets \
             it up again."
        ),
    )
}

/// The warning that a removal did not change the webhook.
pub(super) fn left_in_place(scope: &Scope, found: &Current) -> Diagnostic {
    let activity = if found.is_enabled() {
        "delivers"
    } else {
        "is switched off and set"
    };
    Diagnostic::warning(
        "Webhook was left in place",
        format!(
            "The webhook of {scope} {activity} to {}, which this resource has no record of setting. Nothing was removed at \
             Konnect. The resource is removed from the state. To remove the webhook too, import it and destroy it.",
            found.target()
        ),
    )
}

/// The warning that a removal left the webhook of a state that was moved from another provider and never applied. That
/// state does not contain the region, and a guess could remove another webhook.
pub(super) fn region_not_known() -> Diagnostic {
    Diagnostic::warning(
        "Webhook was left in place",
        "The state of this resource was moved from another provider, and no apply has stored the region. Nothing was removed \
         at Konnect. The resource is removed from the state. To remove the webhook too, import it and destroy it.",
    )
}

/// The error for a removal that Konnect refuses. A destroy has no configuration that shows which webhook it is about.
pub(super) fn not_removed(scope: &Scope, error: &Error) -> Diagnostic {
    Diagnostic::error(
        format!("Webhook of {scope} was not removed"),
        format!("{}.\n\n{}", error.summary(), error.detail()),
    )
}

/// The warning about a creation whose response was lost.
pub(super) fn uncertain(scope: &Scope, target: &Target) -> Diagnostic {
    Diagnostic::warning(
        "Webhook may have been set up",
        format!(
            "The response to the creation of the webhook of {scope} was lost. If the next plan reports that it already \
             delivers audit events to {target}, import it:\n\n{}",
            import_blocks(scope, target, None)
        ),
    )
}

/// The blocks that import an existing webhook with its target.
///
/// `settings` is the webhook, if its settings are known.
fn import_blocks(scope: &Scope, found: &Target, settings: Option<&Current>) -> String {
    let mut target = match found {
        Target::Destination(id) => format!("audit_log_destination_id = \"{id}\""),
        Target::Endpoint(url) => {
            let host = endpoint::host(url);
            let host = host.known().map_or("siem.example.com", String::as_str);
            format!("endpoint = \"https://{host}/\" # complete the URL, or use endpoint_wo for a secret one")
        }
    };
    if let Some(Current::Endpoint(found)) = settings {
        if found.log_format.as_str() != validators::DEFAULT_LOG_FORMAT {
            let _ = write!(target, "\n    log_format = \"{}\"", found.log_format.as_str());
        }
        if found.skip_ssl_verification {
            target.push_str("\n    skip_ssl_verification = true");
        }
    }
    format!(
        "  import {{\n    to = {TYPE}.NAME\n    id = \"{}\"\n  }}\n\n  \
         resource \"{TYPE}\" \"NAME\" {{\n    {}\n    {target}\n  }}",
        scope.id(),
        scope.arguments(),
    )
}
