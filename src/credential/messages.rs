//! The diagnostics about credentials.

use terraform_plugin::Diagnostic;

/// The warning that the apply sends a credential to an object whose current one is unknown.
pub(super) fn first_send(object: &str, argument: &'static str) -> Diagnostic {
    Diagnostic::warning(
        "Credential is sent to an existing object",
        format!(
            "The API never returns a credential, so the current one of this {object} is not known. The \
             apply sends the configured one, once."
        ),
    )
    .at(argument)
}

/// The warning that nothing is recorded of a write-only credential that can be guessed.
pub(super) fn not_recorded(reason: &str) -> Diagnostic {
    Diagnostic::warning(
        "A later change of the credential needs a version",
        format!(
            "The value {reason}, so a hash of it in the state could be used to guess it, and the provider stores none. \
             Without a hash, no plan shows a new value: set authorization_wo_version, and increment it with each new value."
        ),
    )
    .at("authorization_wo")
}

/// The warning that the apply sends a credential again, because Konnect may have another one.
pub(super) fn outside_change(
    object: &str,
    argument: &'static str,
    outside: bool,
    uncertain: bool,
) -> Diagnostic {
    let (summary, reason) = match (outside, uncertain) {
        (true, true) => (
            "Changed by a lost request, or by another process or user",
            format!(
                "The {object} was changed after the last confirmed change by this configuration. Either an earlier \
                 request of this configuration, whose response was lost, or another process or user changed it"
            ),
        ),
        (true, false) => (
            "Changed by another process or user",
            format!("The {object} was last changed by another process or user, not by this configuration"),
        ),
        _ => (
            "Credential is sent again after a lost response",
            format!("The response to an earlier change of this {object} was lost"),
        ),
    };
    let detail = format!(
        "{reason}. The API never returns the credential, so it may differ: the apply sends the configured one again. \
         To leave the credential as it is, set ignore_changes = [{argument}], or detect_authorization_drift = false \
         in the provider block."
    );
    Diagnostic::warning(summary, detail).at(argument)
}

/// The warning that detection has stopped after `resent` re-sends.
pub(super) fn unreliable(object: &str, resent: u8) -> Diagnostic {
    Diagnostic::warning(
        "Outside changes of the credential are not detected",
        format!(
            "The credential of this {object} was sent again {resent} times, and each time only updated_at changed \
             afterwards. It does not show who changed the object, so its changes no longer cause the credential to be \
             sent. To enable detection again, change the credential. To disable it for all objects, set \
             detect_authorization_drift = false in the provider block."
        ),
    )
}
