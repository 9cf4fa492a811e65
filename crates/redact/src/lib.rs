//! Removes secrets from texts, for instance from the response of a server in an error, and from messages to the user.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

mod escape;

use self::escape::{could_be_cut, lengths};

const MARK: &str = "[redacted]";

/// Replaces secrets with `[redacted]`, in every form in which a server or proxy is likely to repeat them.
pub struct Redactor {
    secrets: Vec<SecretString>,
}

/// How the beginning of a text matches a secret.
enum Match {
    /// The secret occupies this number of bytes.
    Whole(usize),
    /// The text ends within the secret.
    CutOff,
    None,
}

impl Redactor {
    /// A redactor for these secrets, and for the part of each after its first space: a server can repeat `Bearer abc`
    /// as `abc`.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_length(1, secrets)
    }

    /// A redactor that ignores forms with fewer characters than this.
    pub fn from_length<'a>(shortest: usize, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            add_forms(secret, &mut forms);
            // A server can repeat `Bearer abc` as `abc`.
            if let Some((_, credentials)) = secret.split_once(' ') {
                add_forms(credentials.trim(), &mut forms);
            }
        }
        forms.retain(|form| form.chars().nth(shortest.saturating_sub(1)).is_some());
        Self {
            secrets: forms.into_iter().map(SecretString::from).collect(),
        }
    }

    /// Returns the text without secrets. Existing marks remain.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, false)
    }

    /// Like [`Redactor::redact`], for a truncated text: also removes the beginning of a secret at the end.
    #[must_use]
    pub fn redact_cut(&self, text: &str) -> String {
        self.replace(text, true)
    }

    fn replace(&self, text: &str, was_cut: bool) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with(MARK) {
                Some(MARK.len())
            } else {
                self.secret_at(rest, was_cut)
            };
            if let Some(length) = length {
                clean.push_str(MARK);
                rest = &rest[length..];
            } else {
                clean.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        clean
    }

    /// The length of the longest secret at the beginning of the text.
    fn secret_at(&self, text: &str, was_cut: bool) -> Option<usize> {
        let lengths = self
            .secrets
            .iter()
            .filter_map(|secret| match compare(text, secret.expose_secret()) {
                Match::Whole(length) => Some(length),
                Match::CutOff if was_cut => Some(text.len()),
                Match::CutOff | Match::None => None,
            });
        lengths.max()
    }
}

/// Compares a text with a secret. Each character of the text may be escaped in any way.
fn compare(text: &str, secret: &str) -> Match {
    // A fast check first: at most positions of a text, no secret begins.
    let begins = |first| lengths(text, first).next().is_some();
    if !secret.chars().next().is_some_and(begins) && !could_be_cut(text) {
        return Match::None;
    }
    let mut cut_off = false;
    let mut ends = vec![0];
    for character in secret.chars() {
        cut_off |= ends.iter().any(|end| could_be_cut(&text[*end..]));
        let mut next = Vec::new();
        for end in ends {
            next.extend(lengths(&text[end..], character).map(|length| end + length));
        }
        next.sort_unstable();
        next.dedup();
        ends = next;
        if ends.is_empty() {
            break;
        }
    }
    match ends.into_iter().max() {
        Some(end) => Match::Whole(end),
        None if cut_off => Match::CutOff,
        None => Match::None,
    }
}

fn add_forms(secret: &str, forms: &mut Vec<String>) {
    if secret.is_empty() {
        return;
    }
    forms.push(secret.to_owned());
    for alignment in 0..3 {
        for core in [
            base64_core(&STANDARD_NO_PAD, secret, alignment),
            base64_core(&URL_SAFE_NO_PAD, secret, alignment),
        ] {
            // The rest of a short secret matches ordinary words.
            if core.len() >= 4 {
                forms.push(core);
            }
        }
    }
}

/// The base64 characters that depend only on the secret, if it is encoded as a part of a longer text (`Bearer ...`,
/// `user:...`) with this number of bytes (modulo 3) before it.
fn base64_core(engine: &impl Engine, secret: &str, alignment: usize) -> String {
    let mut bytes = vec![0; alignment];
    bytes.extend_from_slice(secret.as_bytes());
    let whole_bits = bytes.len() * 8 / 6;
    let encoded = engine.encode(&bytes);
    encoded[(alignment * 8).div_ceil(6)..whole_bits].to_owned()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "Splunk a/b\"<c>&é+hunter2";

    #[test]
    fn redact_every_form_is_removed() {
        let redactor = Redactor::new([SECRET]);
        let echoes = [
            SECRET.to_owned(),
            serde_json::Value::from(SECRET).to_string(),
            serde_json::Value::from(SECRET)
                .to_string()
                .replace('/', "\\/")
                .replace('<', "\\u003c"),
            url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
            "Splunk%20a%2fb%22%3cc%3e%26%c3%a9%2bhunter2".to_owned(),
            "Splunk%20a/b%22%3Cc%3E&%C3%A9%2Bhunter2".to_owned(),
            "Splunk a\\/b\\\"\\u003cc\\u003E\\u0026\\u00e9+hunter2".to_owned(),
            "Splunk&#32;a&#x2F;b&#34;&LT;c>&#038;é&#43;hunter2".replace("&LT;", "&lt;"),
            SECRET.split_once(' ').unwrap().1.to_owned(),
            "Splunk a/b&quot;&lt;c&gt;&amp;é+hunter2".to_owned(),
        ];
        for echo in echoes {
            let text = redactor.redact(&format!("before {echo} after"));
            assert!(!text.contains("unter2") && text.contains(MARK), "{echo}: {text}");
            assert!(text.starts_with("before ") && text.ends_with(" after"), "{text}");
        }
    }

    #[test]
    fn redact_base64_at_any_alignment_is_removed() {
        let redactor = Redactor::new(["kpat_0123456789abcdef"]);
        for before in ["", "x", "xy", "Bearer ", "user:"] {
            let echo = STANDARD.encode(format!("{before}kpat_0123456789abcdef; and more"));
            assert!(redactor.redact(&echo).contains(MARK), "{before:?}: {echo}");
            let url_safe = URL_SAFE_NO_PAD.encode(format!("{before}kpat_0123456789abcdef"));
            assert!(
                redactor.redact(&url_safe).contains(MARK),
                "{before:?}: {url_safe}"
            );
        }
    }

    #[test]
    fn redact_longest_secret_takes_precedence_and_mark_remains() {
        let redactor = Redactor::new(["abc", "abcdef", "e"]);
        assert_eq!(redactor.redact("x abcdef y"), "x [redacted] y");
        assert_eq!(redactor.redact("x [redacted] y"), "x [redacted] y");
    }

    #[test]
    fn redact_short_forms_remain() {
        let redactor = Redactor::from_length(4, ["abc", "Bearer xyz", "abcd"]);
        assert_eq!(
            redactor.redact("abc xyz abcd Bearer xyz"),
            "abc xyz [redacted] [redacted]"
        );
    }

    #[test]
    fn redact_cut_truncated_secret_is_removed() {
        let redactor = Redactor::new(["hunter2-hunter2"]);
        assert_eq!(redactor.redact_cut("text: hunter2-hu"), "text: [redacted]");
        assert_eq!(redactor.redact_cut("text: nothing"), "text: nothing");
    }

    #[test]
    fn redact_secret_like_escape_is_removed() {
        for secret in ["x%2", "x\\u00", "a&b;c", "100%25+"] {
            assert_eq!(
                Redactor::new([secret]).redact(&format!("text: {secret}")),
                "text: [redacted]"
            );
        }
    }

    #[test]
    fn redact_cut_truncated_escape_is_removed() {
        let redactor = Redactor::new(["ab/hunter2"]);
        assert_eq!(redactor.redact_cut("text: ab%2"), "text: [redacted]");
        assert_eq!(redactor.redact_cut("text: ab\\u00"), "text: [redacted]");
        assert_eq!(redactor.redact("text: ab%2"), "text: ab%2");
    }

    #[test]
    fn redact_without_secrets_changes_nothing() {
        assert_eq!(Redactor::new([]).redact("plain"), "plain");
        assert_eq!(Redactor::new(["", " "]).redact("plain"), "plain");
    }
}
