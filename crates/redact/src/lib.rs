//! Removes secrets and characters that a terminal does not show from foreign texts: responses of a server in an error,
//! values of a host, messages to the user.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use base64::Engine;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};

mod characters;
mod view;

pub use self::characters::{is_visible, single_line, visible};
use self::view::View;

const MARK: &str = "[redacted]";
/// The number of consecutive characters of a secret that are removed wherever they stand.
const RUN: usize = 12;
/// A credential with fewer characters is removed only where it stands alone: it is part of ordinary words.
const SHORT: usize = 8;
/// The number of characters at the beginning of a credential that are removed where a server has cut its text, if one
/// is a digit: others are words.
const BEGINNING: usize = 6;
/// The number of bytes of a secret that are compared. Credentials are shorter.
const MAX_COMPARED: usize = 16 << 10;
/// The number of parts after which a redactor starts again with the secrets that follow.
const MAX_PARTS: usize = 1 << 20;

/// Replaces secrets with `[redacted]`, in every form in which a server or proxy is likely to repeat them.
///
/// A redactor does not contain the secrets, but hashes of their parts, with a random key: a process can keep one, and
/// wipe the secrets themselves.
pub struct Redactor {
    key: RandomState,
    /// The hashes of parts that are removed wherever they stand, by length.
    anywhere: Parts,
    /// Those of secrets that are removed only where they stand alone.
    alone: Parts,
    /// Those of the first characters of credentials, which are removed where the text ends.
    beginnings: Parts,
    /// The hashes of the secrets: the calls of a process repeat theirs.
    added: HashSet<u64>,
    /// The number of characters of the shortest secret that is removed.
    shortest: usize,
}

/// Hashes of parts by their length.
type Parts = BTreeMap<usize, HashSet<u64>>;

/// What is known about a text.
#[derive(Clone, Copy, PartialEq)]
enum Text {
    Whole,
    /// The end is missing.
    Cut,
    /// An identifier: short secrets remain.
    Id,
}

impl Redactor {
    /// A redactor for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_length(1, secrets)
    }

    /// A redactor that ignores secrets with fewer characters than this.
    pub fn from_length<'a>(shortest: usize, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self {
            key: RandomState::new(),
            anywhere: Parts::new(),
            alone: Parts::new(),
            beginnings: Parts::new(),
            added: HashSet::new(),
            shortest,
        };
        for secret in secrets {
            redactor.add(secret);
        }
        redactor
    }

    /// Adds a secret: the whole text; what follows its first space, because a server can repeat `Bearer abc` as `abc`;
    /// and what `Basic` encodes. A header name in front is a mistake of the user, and a word of every message about it.
    pub fn add(&mut self, secret: &str) {
        let secret = match secret.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => value.trim_start(),
            _ => secret,
        };
        // A process that serves many runs must not grow without end.
        if self.anywhere.values().map(HashSet::len).sum::<usize>() > MAX_PARTS {
            *self = Self::from_length(self.shortest, []);
        }
        if !self.added.insert(self.key.hash_one(secret)) {
            return;
        }
        let (scheme, credential) = secret.split_once(' ').unwrap_or(("", secret));
        let credential = credential.trim();
        self.add_form(secret, credential.chars().count());
        self.add_form(credential, credential.chars().count());
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(decoded) = BASIC.decode(credential)
            && let Ok(pair) = std::str::from_utf8(&decoded)
        {
            let (user, password) = pair.split_once(':').unwrap_or((pair, ""));
            // A short name of a user is a word. A token stands in place of either.
            let user = Some(user).filter(|user| password.is_empty() || user.len() >= SHORT);
            for part in [Some(pair), Some(password), user].into_iter().flatten() {
                self.add_form(part, part.chars().count());
            }
        }
    }

    /// Adds a text that contains a credential of this length, and its decoded form.
    fn add_form(&mut self, form: &str, credential: usize) {
        let length = form.chars().count();
        if length < self.shortest {
            return;
        }
        let view = View::of(form);
        let decoded = view.unescaped();
        for view in [Some(view), decoded].into_iter().flatten() {
            let folded: Vec<u8> = view.folded().map(|(_, byte)| byte).take(MAX_COMPARED).collect();
            if folded.is_empty() {
                continue;
            }
            let (parts, part) = if credential < SHORT {
                (&mut self.alone, folded.len())
            } else {
                (&mut self.anywhere, folded.len().min(RUN))
            };
            let hashes = folded.windows(part).map(|part| self.key.hash_one(part));
            parts.entry(part).or_default().extend(hashes);
            if length == credential {
                for length in 1..folded.len().min(RUN) {
                    let hash = self.key.hash_one(&folded[..length]);
                    self.beginnings.entry(length).or_default().insert(hash);
                }
            }
        }
    }

    /// Returns the text without secrets. Existing marks remain.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, Text::Whole)
    }

    /// Like [`Redactor::redact`], for a truncated text: also removes the beginning of a secret at the end.
    #[must_use]
    pub fn redact_cut(&self, text: &str) -> String {
        self.replace(text, Text::Cut)
    }

    /// Like [`Redactor::redact`], for the name of a field or an id: a secret of fewer than eight characters remains.
    #[must_use]
    pub fn redact_id(&self, text: &str) -> String {
        self.replace(text, Text::Id)
    }

    fn replace(&self, text: &str, kind: Text) -> String {
        if self.anywhere.is_empty() && self.alone.is_empty() {
            return text.to_owned();
        }
        let mut hidden = vec![false; text.len()];
        self.search(&View::of(text), text, kind, 2, &mut hidden);
        let mut clean = String::with_capacity(text.len());
        let mut was_hidden = false;
        for (index, character) in text.char_indices() {
            let is_hidden = hidden[index..index + character.len_utf8()].contains(&true);
            match (was_hidden, is_hidden) {
                (_, false) => clean.push(character),
                (false, true) => clean.push_str(MARK),
                (true, true) => {}
            }
            was_hidden = is_hidden;
        }
        clean
    }

    /// Marks the bytes of secrets in a view of the text, and in what it encodes.
    fn search(&self, view: &View, text: &str, kind: Text, deeper: usize, hidden: &mut [bool]) {
        self.mark(view, text, kind, hidden);
        let mut view = Cow::Borrowed(view);
        for _ in 0..4 {
            let Some(unescaped) = view.unescaped() else { break };
            self.mark(&unescaped, text, kind, hidden);
            view = Cow::Owned(unescaped);
        }
        let Some(deeper) = deeper.checked_sub(1) else {
            return;
        };
        for phase in 0..4 {
            if let Some(decoded) = view.base64(phase) {
                self.search(&decoded, text, kind, deeper, hidden);
            }
        }
    }

    fn mark(&self, view: &View, text: &str, kind: Text, hidden: &mut [bool]) {
        let (places, folded): (Vec<usize>, Vec<u8>) = view.folded().unzip();
        let is_cut = kind == Text::Cut;
        let place = |start: usize, length: usize| Some((places[start], *places.get(start + length - 1)?));
        let is_in = |parts: &HashSet<u64>, start: usize, length: usize| {
            parts.contains(&self.key.hash_one(&folded[start..start + length]))
        };
        let has_digit =
            |start: usize, length: usize| folded[start..start + length].iter().any(u8::is_ascii_digit);
        for start in 0..folded.len() {
            for (length, parts) in &self.anywhere {
                if let Some(place) = place(start, *length)
                    && is_in(parts, start, *length)
                {
                    hidden[view.range(place)].fill(true);
                }
            }
            for (length, parts) in &self.alone {
                // Between words, and in what is no base64, a short secret occurs by chance.
                if let Some(place) = place(start, *length)
                    && kind != Text::Id
                    && (*length >= SHORT || !(view.is_decoded() || view.has_space(place)))
                    && view.stands_alone(place)
                    && is_in(parts, start, *length)
                {
                    hidden[view.range(place)].fill(true);
                }
            }
            for (length, parts) in &self.beginnings {
                if let Some(place) = place(start, *length)
                    && (is_cut || (*length >= BEGINNING && has_digit(start, *length)))
                    && ends(view.rest(text, place.1), is_cut, view.is_decoded())
                    && is_in(parts, start, *length)
                {
                    let range = view.range(place);
                    let end = if is_cut { text.len() } else { range.end };
                    hidden[range.start..end].fill(true);
                }
            }
        }
    }
}

/// Decodes with or without padding.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether a text ends before this rest of it.
fn ends(rest: &str, is_cut: bool, is_decoded: bool) -> bool {
    if !is_cut {
        return rest.trim_end().is_empty() || rest.starts_with("..") || rest.starts_with('…');
    }
    // What remains can be the beginning of an escape, or of four characters of base64.
    rest.is_empty()
        || (rest.len() < 12 && rest.starts_with(['%', '\\', '&']))
        || (rest.len() < 4 && is_decoded)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const SECRET: &str = "Splunk a/b\"<c>&é+hunter2";
    const TOKEN: &str = "kpat_0123456789AbCdEf";

    fn percent(text: &str) -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    /// Asserts that no part of the secret remains, and all of the rest.
    #[track_caller]
    fn removes(redactor: &Redactor, echo: &str) {
        let text = redactor.redact(&format!("before {echo} after"));
        assert_eq!(text, format!("before {MARK} after"), "{echo}");
    }

    #[test]
    fn redact_every_form_is_removed() {
        let redactor = Redactor::new([SECRET]);
        let json = |text: &str| {
            let quoted = serde_json::Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let echoes = [
            SECRET.to_owned(),
            json(SECRET),
            json(SECRET).replace('/', "\\/").replace('<', "\\u003c"),
            percent(SECRET),
            "Splunk%20a%2fb%22%3cc%3e%26%c3%a9%2bhunter2".to_owned(),
            "Splunk%20a/b%22%3Cc%3E&%C3%A9%2Bhunter2".to_owned(),
            "Splunk a\\/b\\\"\\u003cc\\u003E\\u0026\\u00e9+hunter2".to_owned(),
            "Splunk&#32;a&#x2F;b&#34;&lt;c>&#038;é&#43;hunter2".to_owned(),
            SECRET.split_once(' ').unwrap().1.to_owned(),
            "Splunk a/b&quot;&lt;c&gt;&amp;é+hunter2".to_owned(),
            // Twice, and in another letter case.
            percent(&percent(SECRET)),
            json(&json(SECRET)),
            json(&percent(SECRET)),
            percent(&json(SECRET)),
            json(&json(&json(SECRET))),
            SECRET.to_ascii_lowercase(),
            percent(SECRET).to_ascii_uppercase(),
        ];
        for echo in echoes {
            removes(&redactor, &echo);
        }
        removes(
            &Redactor::new(["s3cret-😀-s3cret"]),
            "s3cret-\\ud83d\\ude00-s3cret",
        );
    }

    #[test]
    fn redact_control_characters_and_white_space_inside_are_removed() {
        let redactor = Redactor::new([SECRET, TOKEN]);
        for inside in [
            "\n", "\r\n  ", "\t", "\0", "\u{1b}", "\u{200b}", "\u{202e}", "\u{ad}", "\u{2028}", "\\n", "%0A",
            "%00",
        ] {
            let echo = |secret: &str| {
                let parts: Vec<String> = secret.chars().map(String::from).collect();
                parts
                    .chunks(5)
                    .map(<[String]>::concat)
                    .collect::<Vec<_>>()
                    .join(inside)
            };
            removes(&redactor, &echo(SECRET));
            removes(&redactor, &echo(TOKEN));
        }
    }

    #[test]
    fn redact_base64_at_any_alignment_is_removed() {
        let redactor = Redactor::new([TOKEN]);
        for before in ["", "x", "xy", "Bearer ", "user:"] {
            let plain = format!("{before}{TOKEN}; and more");
            let wrapped = |width: usize, end: &str| {
                let echo = STANDARD.encode(&plain);
                let lines: Vec<&str> = echo
                    .as_bytes()
                    .chunks(width)
                    .map(|l| std::str::from_utf8(l).unwrap())
                    .collect();
                lines.join(end)
            };
            for echo in [
                STANDARD.encode(&plain),
                URL_SAFE_NO_PAD.encode(&plain),
                STANDARD.encode(STANDARD.encode(&plain)),
                percent(&STANDARD.encode(&plain)),
                STANDARD.encode(percent(&plain)),
                wrapped(16, "\n"),
                wrapped(20, "\r\n"),
                wrapped(16, "\\n"),
                format!("Basic {}", STANDARD.encode(&plain)),
            ] {
                let text = redactor.redact(&echo);
                assert!(text.contains(MARK), "{echo}");
                let rest: String = text.replace(MARK, " ").split_whitespace().collect();
                // What remains encodes what stands around the secret.
                let most = STANDARD
                    .encode(STANDARD.encode(format!("Basic {before}; and more")))
                    .len();
                assert!(rest.len() <= most, "{echo}: {text}");
            }
        }
    }

    #[test]
    fn redact_parts_of_basic_are_removed() {
        let basic = |pair: &str| Redactor::new([format!("Basic {}", STANDARD.encode(pair)).as_str()]);
        let redactor = basic("collector:pa55word-of-mine");
        for echo in [
            "collector:pa55word-of-mine",
            "pa55word-of-mine",
            "collector",
            "PA55WORD-OF-MINE",
        ] {
            removes(&redactor, echo);
        }
        assert_eq!(
            basic("konnect:s3cret").redact("konnect, s3cret"),
            "konnect, [redacted]"
        );
        removes(&basic("a-token:"), "a-token");
        assert_eq!(Redactor::new(["Basic no=base64"]).redact("no"), "no");
    }

    #[test]
    fn redact_header_name_in_front_remains() {
        for secret in [
            "Authorization: Bearer pR7-zQ3.kM8xA",
            "authorization:pR7-zQ3.kM8xA",
        ] {
            let redactor = Redactor::new([secret]);
            assert_eq!(redactor.redact("Set authorization_wo"), "Set authorization_wo");
            assert_eq!(redactor.redact("sent pR7-zQ3.kM8xA"), "sent [redacted]");
        }
    }

    #[test]
    fn redact_run_of_twelve_characters_is_removed() {
        let redactor = Redactor::new([TOKEN]);
        for (start, end) in [(0, 12), (5, 17), (9, 21), (3, 20)] {
            removes(&redactor, &TOKEN[start..end]);
        }
        let shorter = &TOKEN[4..15];
        assert_eq!(
            redactor.redact(&format!("{shorter}; and")),
            format!("{shorter}; and")
        );
        let longer = Redactor::new(["0123456789"]);
        assert_eq!(longer.redact("x0123456789x"), "x[redacted]x");
    }

    #[test]
    fn redact_beginning_before_the_end_of_a_cut_text_is_removed() {
        let redactor = Redactor::new([TOKEN]);
        for end in ["", "...", "… and more", "\n"] {
            let text = redactor.redact(&format!("got Splunk {}{end}", &TOKEN[..7]));
            assert_eq!(text, format!("got Splunk {MARK}{end}"));
        }
        for text in ["kpat_01 and", "This is a kpat_"] {
            assert_eq!(redactor.redact(text), text);
        }
    }

    #[test]
    fn redact_short_secret_is_removed_only_where_it_stands_alone() {
        let redactor = Redactor::new(["Bearer a", "Splunk name", "abcd"]);
        for text in [
            "field",
            "the bearer access",
            "unnamed a-b",
            "my_name names name2 user.name",
        ] {
            assert_eq!(redactor.redact(text), text);
        }
        for id in [
            "00000000-abcd-4000-8000-abcd00000000",
            "abcd_1",
            "xabcd",
            "eu.abcd.example.com",
            "éabcd",
        ] {
            assert_eq!(redactor.redact(id), id);
        }
        for (text, expected) in [
            ("name", "[redacted]"),
            ("n a m e", "n [redacted] m e"),
            ("got \"Bearer a\".", "got \"Bearer [redacted]\"."),
            ("{\"authorization\":\"a\"}", "{\"authorization\":\"[redacted]\"}"),
            ("is abcd.", "is [redacted]."),
            (
                "x:ABCD@host/%61bcd?abcd=",
                "x:[redacted]@host/[redacted]?[redacted]=",
            ),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
        assert_eq!(redactor.redact_id("name"), "name");
        assert_eq!(Redactor::new([TOKEN]).redact_id(TOKEN), MARK);
    }

    #[test]
    fn redact_longest_secret_takes_precedence_and_mark_remains() {
        let redactor = Redactor::new(["abc", "abcdef", "e", "redacted"]);
        assert_eq!(redactor.redact("x abcdef y"), "x [redacted] y");
        assert_eq!(redactor.redact("x [redacted] y"), "x [redacted] y");
    }

    #[test]
    fn redact_shorter_than_the_length_remains() {
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
        assert_eq!(redactor.redact_cut("text: h"), "text: [redacted]");
        assert_eq!(redactor.redact_cut("text: nothing"), "text: nothing");
        let echo = STANDARD.encode("hunter2-hunter2");
        assert_eq!(
            redactor.redact_cut(&format!("text: {}", &echo[..13])),
            "text: [redacted]"
        );
    }

    #[test]
    fn redact_secret_like_escape_is_removed() {
        for secret in ["x%2", "x\\u00", "a&b;c", "100%25+", "a%2Fb-%41-%2"] {
            assert_eq!(
                Redactor::new([secret]).redact(&format!("text: {secret}")),
                "text: [redacted]"
            );
        }
        removes(&Redactor::new(["/a%2Fb/%41-secret"]), "/a/b/a-secret");
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

    #[test]
    fn redact_foreign_text_remains() {
        let redactor = Redactor::new([SECRET, TOKEN, "Basic dXNlcjpwYXNz", "Bearer hunter2"]);
        let text = "Konnect answered 400: {\"fields\":[\"name\"]} %zz \\u12 &x; \\ud83d. 100% \u{e9}\n\ttrace id \
                    2f3a9c81d4e5b6a7, 019a1e1e-7f4c-7d2a-9c3b-09a1b2c3d4e5, authorization";
        assert_eq!(redactor.redact(text), text);
    }

    #[test]
    fn add_after_many_parts_starts_again() {
        let mut redactor = Redactor::new([]);
        for number in 0..70 {
            let long: Vec<String> = (0..4_000).map(|index| format!("{number}-{index}")).collect();
            redactor.add(&long.join(";"));
        }
        let parts: usize = redactor.anywhere.values().map(HashSet::len).sum();
        assert!(parts <= MAX_PARTS + MAX_COMPARED, "{parts}");
        redactor.add(TOKEN);
        removes(&redactor, TOKEN);
    }
}
