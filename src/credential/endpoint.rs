//! The arguments that set the URL of an endpoint: `endpoint`, or `endpoint_wo` for a URL that is a secret.
//!
//! Konnect returns the URL. With `endpoint_wo`, the state has only its host, and the private state a hash, by which a
//! refresh recognizes another URL and a plan another value.

use konnect::{is_same_url, normal_url};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};
use url::Url;

use crate::credential::fingerprint::{Fingerprint, MIN_LENGTH};

/// The private state: the fingerprint of the URL that was applied with `endpoint_wo`.
const APPLIED: &str = "url";
/// The private state: the last refresh returned another URL.
const CHANGED: &str = "url_changed";
/// The private state of a planned change: whether it sends the URL.
const DECISION: &str = "url_send";

/// The private data of a planned creation: the host of `endpoint_wo`.
const PLANNED_HOST: &str = "planned_host";

/// The arguments of a block that set the URL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndpointArguments<'a> {
    /// `endpoint`.
    pub(crate) stored: &'a Attr<String>,
    /// `endpoint_wo`.
    pub(crate) write_only: &'a Attr<Secret>,
    /// `endpoint_wo_version`.
    pub(crate) version: &'a Attr<i64>,
    /// `endpoint_host`, in a plan or state.
    pub(crate) host: &'a Attr<String>,
}

/// Whether a change sends the URL of `endpoint_wo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Send {
    No,
    /// The value is unknown at plan: the apply sends it if it differs from the last one.
    IfDifferent,
    Yes,
}

/// The description of `endpoint_wo`, which is not sensitive: its value is null wherever it could be shown.
pub(crate) const WRITE_ONLY: &str = "Write-only form of `endpoint`, for a URL that is a secret, as with Sumo Logic: it is never stored in a plan \
                 or state, and accepts ephemeral values. Requires Terraform 1.11 or OpenTofu 1.11, or later. The provider \
                 detects a new value, and an outside change, by a salted hash in the private state.";

/// The description of `endpoint_wo_version`.
pub(crate) const VERSION: &str = "Version of `endpoint_wo`, a whole number from 0. If set, a new value is sent only when the version \
                 changes, or after an outside change of the URL.";

/// The description of `endpoint_host`.
pub(crate) const HOST: &str = "Host of the endpoint, with the port if the URL has one. It shows where events go without the secret part of \
             the URL.";

/// Host and port of a URL.
pub(crate) fn host(url: &str) -> Attr<String> {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(|url| {
        let host = url.host_str()?;
        Some(
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        )
    });
    host.into()
}

impl EndpointArguments<'_> {
    /// The argument in use, for diagnostics.
    pub(crate) fn attribute(self) -> &'static str {
        if self.write_only.is_null() {
            "endpoint"
        } else {
            "endpoint_wo"
        }
    }

    /// Whether neither argument sets a URL.
    pub(crate) fn is_unset(self) -> bool {
        self.stored.is_null() && self.write_only.is_null()
    }

    /// The URL, if it is known. In a plan or state, only `endpoint` is.
    pub(crate) fn url(self) -> Option<String> {
        let write_only = self.write_only.known().map(|url| url.expose().to_owned());
        write_only.or_else(|| self.stored.known().cloned())
    }

    /// The URL that a request with a credential contains, so that the credential goes to no other endpoint. `planned` is
    /// `endpoint` of the plan.
    pub(crate) fn beside_credential(self, planned: &Attr<String>, private: &Private) -> Option<String> {
        if private.get::<Send>(DECISION).is_some() {
            self.url()
        } else {
            planned.known().cloned()
        }
    }

    /// Checks that not both are set, and that a version has a value.
    pub(crate) fn validate(self, diagnostics: &mut Diagnostics) {
        if self.stored.known().is_some() && self.write_only.known().is_some() {
            diagnostics.push(
                Diagnostic::error(
                    "Conflicting endpoint arguments",
                    "Set either endpoint, which is stored in the state, or endpoint_wo, which is not.",
                )
                .at("endpoint_wo"),
            );
        }
        if self.version.known().is_some() && self.write_only.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Version without a value",
                    "endpoint_wo_version is the version of endpoint_wo: set both, or neither.",
                )
                .at("endpoint_wo_version"),
            );
        }
    }

    /// Plans `endpoint_host`, and stores for the apply whether it sends the URL of `endpoint_wo`. Warns of an outside
    /// change, which the plan shows only as an unknown host. `first` is the private data of the first plan, which Terraform
    /// 1.16 and later pass to the one during apply.
    pub(crate) fn plan(
        self,
        prior: Option<Self>,
        private: &mut Private,
        first: Option<&Private>,
        diagnostics: &mut Diagnostics,
    ) -> Attr<String> {
        // A replacement is planned twice, and the first plan, as an update, has warned.
        let warned = prior.is_none() && private.get::<Send>(DECISION).is_some();
        private.remove(DECISION);
        private.remove(PLANNED_HOST);
        if self.write_only.is_null() {
            return match (self.stored, prior) {
                // Both are null under `ignore_changes` of `endpoint_wo`.
                (Attr::Null, Some(prior)) => prior.host.clone(),
                (Attr::Null, None) => Attr::Null,
                (Attr::Unknown, _) => Attr::Unknown,
                (Attr::Known(url), _) => host(url),
            };
        }
        if let (Attr::Known(url), false) = (self.write_only, warned)
            && is_guessable(url)
            && !applied(private).is_some_and(|applied| is(&applied, url.expose()))
        {
            diagnostics.push(short());
        }
        let Some(prior) = prior else {
            private.set(DECISION, &Send::Yes);
            // The value can be another one at apply: then the apply says so.
            let first = first.and_then(|first| first.get::<String>(PLANNED_HOST));
            let planned = match (first, self.write_only) {
                (Some(first), _) => Attr::Known(first),
                (None, Attr::Known(url)) => host(url.expose()),
                (None, _) => Attr::Unknown,
            };
            private.set(PLANNED_HOST, &planned.known());
            return planned;
        };
        if is_changed(private) {
            diagnostics.push(outside_change(prior.host, self.write_only));
        }
        let applied = applied(private);
        let send = if !prior.stored.is_null() || applied.is_none() || is_changed(private) {
            Send::Yes
        } else if !self.version.is_null() {
            if self.version == prior.version {
                Send::No
            } else {
                Send::Yes
            }
        } else {
            match (applied, self.write_only) {
                (Some(applied), Attr::Known(url)) if is(&applied, url.expose()) => Send::No,
                (_, Attr::Unknown) => Send::IfDifferent,
                _ => Send::Yes,
            }
        };
        private.set(DECISION, &send);
        if send == Send::No {
            prior.host.clone()
        } else {
            Attr::Unknown
        }
    }

    /// The URL that a creation sends. The values are those of the configuration, with the planned host.
    ///
    /// # Errors
    /// On the argument: it is null after apply-time evaluation, or its host differs from the plan.
    pub(crate) fn to_create(self, planned_host: &Attr<String>) -> Result<String, Diagnostic> {
        let url = self.url().filter(|url| !url.trim().is_empty());
        let url = url.ok_or_else(|| self.missing())?;
        if planned_host.known().is_some() && *planned_host != host(&url) {
            return Err(self.changed_after_plan());
        }
        Ok(url)
    }

    /// The URL that an update sends, or `None` if Konnect has it. `planned` is `endpoint` of the plan.
    ///
    /// # Errors
    /// On `endpoint_wo`: its value changed after the plan.
    pub(crate) fn to_update(
        self,
        prior: &Attr<String>,
        planned: &Attr<String>,
        private: &Private,
    ) -> Result<Option<String>, Diagnostic> {
        let Some(send) = private.get::<Send>(DECISION) else {
            return Ok(planned.known().filter(|_| prior != planned).cloned());
        };
        let applied = applied(private);
        let url = self.write_only.known().map(Secret::expose);
        let differs = url.is_some_and(|url| !applied.is_some_and(|applied| is(&applied, url)));
        match send {
            Send::Yes | Send::IfDifferent if differs && url.is_some_and(|url| url.trim().is_empty()) => {
                Err(self.missing())
            }
            Send::Yes => Ok(url.map(str::to_owned)),
            Send::IfDifferent => Ok(url.filter(|_| differs).map(str::to_owned)),
            Send::No if differs && self.version.is_null() => Err(self.changed_after_plan()),
            Send::No => Ok(None),
        }
    }

    /// `endpoint` and `endpoint_host` of a state for a URL that the API returned. The arguments are those of the state or
    /// plan before. The URL of `endpoint_wo` is not shown, also if Terraform has lost the private data.
    pub(crate) fn shown(self, private: &Private, url: String) -> (Attr<String>, Attr<String>) {
        let is_hidden = applied(private).is_some() || (self.stored.is_null() && !self.host.is_null());
        let host = host(&url);
        (if is_hidden { Attr::Null } else { Attr::Known(url) }, host)
    }

    fn missing(self) -> Diagnostic {
        let name = self.attribute();
        let detail = format!("\"{name}\" is null or blank. Set it to a value.");
        Diagnostic::error("Missing value", detail).at(name)
    }

    fn changed_after_plan(self) -> Diagnostic {
        Diagnostic::error(
            "Endpoint changed after the plan",
            "The value of endpoint_wo differs from the one that was planned, as an ephemeral value can. Nothing was \
             changed. Run again: the plan then shows the change.",
        )
        .at(self.attribute())
    }
}

/// Records what a change applied: the URL of `endpoint_wo` that it sent. Without a decision, the block has no
/// `endpoint_wo`.
pub(crate) fn record(
    private: &mut Private,
    config: EndpointArguments<'_>,
    sent: Option<&str>,
    created: bool,
) {
    let managed = created || private.get::<Send>(DECISION).is_some();
    private.remove(DECISION);
    private.remove(PLANNED_HOST);
    if config.write_only.is_null() {
        if sent.is_some() || created {
            private.remove(APPLIED);
            private.remove(CHANGED);
        }
        return;
    }
    if let (Some(url), true) = (sent, managed) {
        private.remove(CHANGED);
        match Fingerprint::of(&Secret::from(normal_url(url))) {
            Some(fingerprint) => private.set(APPLIED, &fingerprint),
            None => private.remove(APPLIED),
        }
    }
}

/// Removes all records: the object no longer has an endpoint of its own.
pub(crate) fn forget(private: &mut Private) {
    for name in [APPLIED, CHANGED, DECISION] {
        private.remove(name);
    }
}

/// The fingerprint of the URL that was applied with `endpoint_wo`.
pub(crate) fn applied(private: &Private) -> Option<Fingerprint> {
    private.get(APPLIED)
}

/// Whether the last refresh returned another URL than the one that was applied with `endpoint_wo`.
pub(crate) fn is_changed(private: &Private) -> bool {
    private.get(CHANGED) == Some(true)
}

/// Whether the planned change can send the URL of `endpoint_wo`.
pub(crate) fn is_sent(private: &Private) -> bool {
    private.get::<Send>(DECISION).is_some_and(|send| send != Send::No)
}

/// Whether a URL of the API is the one in a model, or the one that was applied with `endpoint_wo`.
pub(crate) fn is_known(known: &Attr<String>, applied: Option<&Fingerprint>, url: &str) -> bool {
    known.known().is_some_and(|known| is_same_url(known, url))
        || applied.is_some_and(|applied| is(applied, url))
}

/// Records at a refresh whether the API returned another URL than the applied one.
pub(crate) fn observe(private: &mut Private, url: &str) {
    match applied(private) {
        Some(applied) if !is(&applied, url) => private.set(CHANGED, &true),
        _ => private.remove(CHANGED),
    }
}

/// Whether the path and query of a URL can be guessed from its fingerprint.
fn is_guessable(url: &Secret) -> bool {
    Url::parse(url.expose()).is_ok_and(|url| url.path().len() + url.query().map_or(0, str::len) < MIN_LENGTH)
}

/// The warning that the URL of `endpoint_wo` can be guessed.
fn short() -> Diagnostic {
    Diagnostic::warning(
        "Path of endpoint_wo can be guessed",
        "The path and query of the URL have fewer than 16 characters together. The private state contains a salted hash of \
         the URL, so someone who can read the state can find a short secret by trying. Use a longer secret in the URL, or a \
         credential in authorization_wo.",
    )
    .at("endpoint_wo")
}

/// The warning that another process or user changed the URL.
fn outside_change(host_now: &Attr<String>, configured: &Attr<Secret>) -> Diagnostic {
    let configured = configured.known().and_then(|url| host(url.expose()).into_known());
    Diagnostic::warning(
        "Endpoint was changed by another process or user",
        format!(
            "Events are now sent to a URL on {} that this configuration did not set. The apply sets the URL of endpoint_wo{} \
             again.",
            host_now.known().map_or("an unknown host", String::as_str),
            configured.map_or_else(String::new, |host| format!(", on {host},"))
        ),
    )
    .at("endpoint_wo")
}

fn is(applied: &Fingerprint, url: &str) -> bool {
    applied.is_of(&Secret::from(normal_url(url)))
}
