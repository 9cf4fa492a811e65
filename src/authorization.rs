//! The authorization that Konnect sends to an endpoint: it can be set, and never be read back.
//!
//! So whether Konnect still has the configured one is concluded from three things: the argument in the
//! state (`authorization`), or a fingerprint or the version of the write-only one (`authorization_wo`),
//! and the time of our own last write, since any other time in `updated_at` is somebody else's write.

use konnect::Authorization;
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, Diagnostic, Diagnostics, Private, Secret, Validator};

use crate::fingerprint::Fingerprint;
use crate::validators;

/// The private state: the fingerprint of a write-only authorization without a version.
const FINGERPRINT: &str = "authorization_fingerprint";
/// The private state: `updated_at` as our own last write returned it.
const WRITTEN_AT: &str = "written_at";
/// The private state: `updated_at` of somebody else's write, as of the last refresh.
const FOREIGN_WRITE: &str = "foreign_write";
/// The private state: the answer to a write of ours was lost, after [`WRITTEN_AT`].
const IN_DOUBT: &str = "write_in_doubt";
/// The private state: the object was imported, and nothing has been sent yet.
const IMPORTED: &str = "imported";
/// The private state of a plan: whether the change sends the authorization.
const SEND: &str = "send_authorization";

/// The arguments that a block has for it. `detects` is whether other writers are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) stored: &'a Attr<Secret>,
    pub(crate) write_only: &'a Attr<Secret>,
    pub(crate) version: &'a Attr<i64>,
    pub(crate) detects: &'a Attr<bool>,
}

/// Whether a change sends the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Send {
    /// Konnect has it.
    No,
    /// Its value was not known while planning: only if it turns out to be another.
    IfDifferent,
    /// Konnect may not have it.
    Yes,
}

/// The three attributes that give it, with the resource's own words about `authorization`.
pub(crate) fn attributes(authorization: &'static str) -> [Attribute; 3] {
    [
        Attribute::string("authorization")
            .optional()
            .sensitive()
            .validator(validators::authorization())
            .description(authorization),
        // Not sensitive as well, which would hide nothing: it is null wherever it could be shown. And a CLI
        // stores the paths of several sensitive attributes in any order, by which `plan -refresh-only` took
        // an unchanged object for a changed one every other time.
        Attribute::string("authorization_wo")
            .optional()
            .write_only()
            .validator(validators::authorization())
            .description(
                "Like `authorization`, but write-only: it is never stored in a plan or state, and may come from an \
                 ephemeral value. Needs Terraform 1.11 or OpenTofu 1.11, or later. A new value is noticed by itself \
                 and sent in place, by a salted hash in the private state, unless `authorization_wo_version` is set.",
            ),
        Attribute::number("authorization_wo_version")
            .optional()
            .validator(Validator::whole_number(0, 1 << 53))
            .description(
                "Version of `authorization_wo`, a whole number from 0. If set, no hash of the value is kept, and the value is \
                 sent again only when the version changes: for ephemeral values that are new in every run.",
            ),
    ]
}

/// The attribute that switches the detection of other writers off, without its default.
pub(crate) fn detection() -> Attribute {
    Attribute::bool("detect_authorization_drift").optional()
}

/// The validators over the arguments: not both, no version without a value, and one of them if needed. What is
/// not known yet may turn out to be null, and is no fault.
pub(crate) fn validate(given: Arguments<'_>, needed: Option<&str>, found: &mut Diagnostics) {
    if given.stored.known().is_some() && given.write_only.known().is_some() {
        found.push(
            Diagnostic::error(
                "Two authorizations",
                "Set either authorization, which is stored in the state, or authorization_wo, which is not.",
            )
            .at("authorization_wo"),
        );
    }
    if given.write_only.is_null() && given.version.known().is_some() {
        found.push(
            Diagnostic::error(
                "Version without a value",
                "authorization_wo_version is the version of authorization_wo: set that as well, or neither.",
            )
            .at("authorization_wo_version"),
        );
    }
    if let (true, true, Some(why)) = (given.stored.is_null(), given.write_only.is_null(), needed) {
        let detail = format!(
            "{why} Set authorization_wo, which is never stored, or authorization to what the endpoint expects as \
             the Authorization header."
        );
        found.push(Diagnostic::error("Missing authorization", detail).at("authorization"));
    }
}

/// The configured value, for a request.
pub(crate) fn configured(given: Arguments<'_>) -> Result<(Authorization, &Secret), Diagnostic> {
    let (attribute, value) = match (given.write_only.known(), given.stored.known()) {
        (Some(value), _) => ("authorization_wo", value),
        (None, Some(value)) => ("authorization", value),
        (None, None) => {
            return Err(Diagnostic::error(
                "Missing authorization",
                "Neither authorization nor authorization_wo turned out to have a value. Give one of them one.",
            )
            .at("authorization"));
        }
    };
    let parsed = Authorization::parse(value.expose());
    parsed
        .map(|authorization| (authorization, value))
        .map_err(|e| Diagnostic::error("Invalid authorization", validators::sentence(&e)).at(attribute))
}

/// Notes what a refresh saw of the time of the last write.
pub(crate) fn observe(private: &mut Private, updated_at: Option<&str>) {
    let Some(seen) = updated_at else { return };
    match private.get::<String>(WRITTEN_AT) {
        // Imported, or taken over: what is there now is what counts from here on.
        None => private.set(WRITTEN_AT, &seen),
        // Nobody has written since: a write of ours whose answer was lost has not been made.
        Some(ours) if ours == seen => {
            private.remove(FOREIGN_WRITE);
            private.remove(IN_DOUBT);
        }
        Some(_) => private.set(FOREIGN_WRITE, &seen),
    }
}

/// Notes that a write of ours failed which may have been made all the same: what is seen to have been written
/// then may be ours.
pub(crate) fn in_doubt(private: &mut Private) {
    private.set(IN_DOUBT, &true);
}

/// Notes that the object was imported: what Konnect has for it can't be known.
pub(crate) fn imported(private: &mut Private) {
    private.set(IMPORTED, &true);
}

/// Decides while planning an update whether it sends the authorization, says why where the plan does not
/// show it, and leaves the decision for the change.
pub(crate) fn plan(
    kind: &str,
    config: Arguments<'_>,
    prior: Arguments<'_>,
    private: &mut Private,
    found: &mut Diagnostics,
) -> Send {
    let stored_before = !prior.stored.is_null();
    let mut send = match (config.write_only, config.version) {
        (Attr::Null, _) if config.stored == prior.stored => Send::No,
        (Attr::Null, _) => Send::Yes,
        (_, version) if stored_before || version != prior.version => Send::Yes,
        (value, Attr::Null) => match (private.get::<Fingerprint>(FINGERPRINT), value) {
            (Some(sent), Attr::Known(value)) if sent.is_of(value) => Send::No,
            (Some(_), Attr::Unknown) => Send::IfDifferent,
            _ => Send::Yes,
        },
        _ => Send::No,
    };
    let attribute = if config.write_only.is_null() {
        "authorization"
    } else {
        "authorization_wo"
    };
    let detects = config.detects.known() != Some(&false);
    if private.get(IMPORTED) == Some(true) && send != Send::No {
        let detail = format!(
            "Konnect never tells an authorization, so that of the imported {kind} is not known. This plan sends \
             the configured one, once."
        );
        found.push(
            Diagnostic::warning("Authorization of an imported object is sent once", detail).at(attribute),
        );
    } else if let (true, Some(at)) = (detects, private.get::<String>(FOREIGN_WRITE)) {
        send = Send::Yes;
        let (summary, whose) = if private.get(IN_DOUBT) == Some(true) {
            let whose = "that may have been an earlier change by this configuration, to which the answer was lost, \
                         or somebody else";
            ("Changed by a lost request or somebody else", whose)
        } else {
            ("Changed by somebody else", "that was not this configuration")
        };
        let detail = format!(
            "Konnect says that the {kind} was last changed at {at}, and {whose}. Its authorization may have been \
             changed as well, which can't be read: so this plan sends the configured one again. To switch this off, \
             set detect_authorization_drift = false."
        );
        found.push(Diagnostic::warning(summary, detail).at(attribute));
    }
    if send == Send::No {
        private.remove(SEND);
    } else {
        private.set(SEND, &send);
    }
    send
}

/// The authorization that a planned update has to send, if any.
pub(crate) fn to_send(config: Arguments<'_>, private: &Private) -> Result<Option<Authorization>, Diagnostic> {
    let (authorization, value) = match private.get(SEND).unwrap_or(Send::No) {
        Send::No => return Ok(None),
        Send::IfDifferent | Send::Yes => configured(config)?,
    };
    let only_if_different = private.get(SEND) == Some(Send::IfDifferent);
    let same = private
        .get::<Fingerprint>(FINGERPRINT)
        .is_some_and(|sent| sent.is_of(value));
    Ok((!only_if_different || !same).then_some(authorization))
}

/// Whether a write of ours without the authorization has to be preceded by a look, since it would cover up
/// that somebody else wrote after the last refresh.
pub(crate) fn looks_before_writing(config: Arguments<'_>, private: &Private) -> bool {
    config.detects.known() != Some(&false) && private.get::<String>(WRITTEN_AT).is_some()
}

/// Whether somebody else wrote to the object after the last refresh, as that look shows.
pub(crate) fn written_meanwhile(config: Arguments<'_>, private: &Private, seen: Option<&str>) -> bool {
    looks_before_writing(config, private) && private.get::<String>(WRITTEN_AT).as_deref() != seen
}

/// Puts what the API says of its field `authorization` on the argument that the user has set.
pub(crate) fn on_given(given: Arguments<'_>, diagnostics: Diagnostics) -> Diagnostics {
    let mut told = Diagnostics::new();
    for diagnostic in diagnostics {
        let moved = !given.write_only.is_null() && diagnostic.path == Some("authorization".into());
        told.push(if moved {
            diagnostic.at("authorization_wo")
        } else {
            diagnostic
        });
    }
    told
}

/// Whether somebody else wrote to the object, as of the last refresh.
pub(crate) fn written_by_others(private: &Private) -> bool {
    private.get::<String>(FOREIGN_WRITE).is_some()
}

/// Forgets all of it: the object has no authorization any more.
pub(crate) fn forget(private: &mut Private) {
    for name in [FINGERPRINT, WRITTEN_AT, FOREIGN_WRITE, IN_DOUBT, IMPORTED, SEND] {
        private.remove(name);
    }
}

/// Notes a write of ours: its time, and what of the secret is to be remembered.
pub(crate) fn written(private: &mut Private, config: Arguments<'_>, sent: bool, updated_at: Option<&str>) {
    for spent in [SEND, IMPORTED, FOREIGN_WRITE, IN_DOUBT] {
        private.remove(spent);
    }
    match updated_at {
        Some(at) => private.set(WRITTEN_AT, &at),
        None => private.remove(WRITTEN_AT),
    }
    match (config.write_only, config.version) {
        (Attr::Known(value), Attr::Null) if sent => match Fingerprint::of(value) {
            Some(fingerprint) => private.set(FINGERPRINT, &fingerprint),
            None => private.remove(FINGERPRINT),
        },
        (Attr::Known(_), Attr::Null) => {}
        _ => private.remove(FINGERPRINT),
    }
}

#[cfg(test)]
mod tests;
