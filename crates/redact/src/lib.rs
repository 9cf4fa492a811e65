//! Keeps secrets out of texts: out of what a server's answer brings into an error, and out of every message to
//! the user. It knows nothing of where the texts come from, so that a client of an API and a plugin SDK both use it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

mod escape;

use self::escape::{could_be_cut, lengths};

const MARK: &str = "[redacted]";

/// Replaces secrets by `[redacted]`, in every form in which a server or a proxy is likely to echo them.
pub struct Redactor {
    secrets: Vec<SecretString>,
}

/// How a text relates to a secret that it may begin with.
enum Match {
    /// The secret takes up so many bytes.
    Whole(usize),
    /// The text ends before the secret does.
    CutOff,
    None,
}

impl Redactor {
    /// A redactor of these secrets, and of what follows the first space in each: `Bearer abc` is echoed as `abc` too.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_length(1, secrets)
    }

    /// A redactor that leaves forms of fewer characters than this alone.
    pub fn from_length<'a>(shortest: usize, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            add_forms(secret, &mut forms);
            // `Bearer abc` is echoed as `abc` just as well.
            if let Some((_, credentials)) = secret.split_once(' ') {
                add_forms(credentials.trim(), &mut forms);
            }
        }
        forms.retain(|form| form.chars().nth(shortest.saturating_sub(1)).is_some());
        Self {
            secrets: forms.into_iter().map(SecretString::from).collect(),
        }
    }

    /// The text without secrets. What an earlier pass put in is left as it is.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, false)
    }

    /// Like [`Redactor::redact`], for a text that was cut off somewhere: a beginning of a secret at its
    /// very end goes as well.
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

    /// The length of the longest secret that the text begins with.
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

/// Follows every way to read the text as the secret, each character escaped in its own way or not at all.
fn compare(text: &str, secret: &str) -> Match {
    // Most places begin no secret, and a body has many places.
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
            // Of a secret of a few bytes hardly anything is left, which would match ordinary words.
            if core.len() >= 4 {
                forms.push(core);
            }
        }
    }
}

/// The characters that stand for the secret alone when it is encoded as a part of something longer
/// (`Bearer ...`, `user:...`), with so many bytes (modulo 3) in front of it.
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
    fn every_form_of_an_echo_goes() {
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
    fn base64_goes_wherever_the_secret_stands_in_it() {
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
    fn the_longest_secret_is_replaced_first_and_the_mark_survives() {
        let redactor = Redactor::new(["abc", "abcdef", "e"]);
        assert_eq!(redactor.redact("x abcdef y"), "x [redacted] y");
        assert_eq!(redactor.redact("x [redacted] y"), "x [redacted] y");
    }

    #[test]
    fn forms_that_are_too_short_stay() {
        let redactor = Redactor::from_length(4, ["abc", "Bearer xyz", "abcd"]);
        assert_eq!(
            redactor.redact("abc xyz abcd Bearer xyz"),
            "abc xyz [redacted] [redacted]"
        );
    }

    #[test]
    fn a_secret_cut_at_the_end_goes() {
        let redactor = Redactor::new(["hunter2-hunter2"]);
        assert_eq!(redactor.redact_cut("told: hunter2-hu"), "told: [redacted]");
        assert_eq!(redactor.redact_cut("told: nothing"), "told: nothing");
    }

    #[test]
    fn a_secret_that_looks_like_an_escape_goes() {
        for secret in ["x%2", "x\\u00", "a&b;c", "100%25+"] {
            assert_eq!(
                Redactor::new([secret]).redact(&format!("told: {secret}")),
                "told: [redacted]"
            );
        }
    }

    #[test]
    fn an_escape_cut_in_its_middle_goes() {
        let redactor = Redactor::new(["ab/hunter2"]);
        assert_eq!(redactor.redact_cut("told: ab%2"), "told: [redacted]");
        assert_eq!(redactor.redact_cut("told: ab\\u00"), "told: [redacted]");
        assert_eq!(redactor.redact("told: ab%2"), "told: ab%2");
    }

    #[test]
    fn without_secrets_nothing_changes() {
        assert_eq!(Redactor::new([]).redact("plain"), "plain");
        assert_eq!(Redactor::new(["", " "]).redact("plain"), "plain");
    }
}
