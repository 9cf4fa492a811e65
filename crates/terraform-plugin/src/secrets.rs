//! The secrets that the process has received, and their removal from texts.

use std::sync::{LazyLock, PoisonError, RwLock};

use redact::Redactor;

/// The length of the shortest value that is removed, in characters. Shorter values are ordinary words: their removal
/// makes a message unreadable, and the gaps reveal them.
const MIN_LENGTH: usize = 4;

/// The sensitive values that this process has received.
static SECRETS: LazyLock<RwLock<Redactor>> =
    LazyLock::new(|| RwLock::new(Redactor::from_length(MIN_LENGTH, [])));

/// Remembers a secret that no sensitive attribute contains, such as a token of the environment.
pub fn remember_secret(secret: &str) {
    let mut known = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    known.add(secret);
}

/// A text of a user or a service, for a message or for the state: one line without control characters, invisible
/// characters and secrets.
///
/// Every foreign text in a detail needs this call, or the form `{text:?}`. Without it, a line break of the text begins a
/// line that the user takes for one of the CLI. All other characters that do harm are removed from every message.
#[must_use]
pub fn foreign_text(text: &str) -> String {
    redact::single_line(&without_sensitive(text))
}

/// Removes the secrets that the process knows from a text: those of sensitive attributes, and those of
/// [`remember_secret`].
pub(crate) fn without_sensitive(text: &str) -> String {
    let known = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    known.redact(text)
}
