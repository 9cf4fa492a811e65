//! Common Event Format: `TIME HOST CEF:0|VENDOR|PRODUCT|VERSION|CLASS|NAME|SEVERITY|key=value key=value`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::model::{self, Event, Format, Kind, ParseError};

const MARK: &str = "CEF:";

/// The parts of a line, still escaped.
struct Parts<'a> {
    /// The text before the header: a timestamp and a host.
    prefix: &'a str,
    header: [&'a str; 7],
    /// The text after the header, without the signature.
    extension: &'a str,
    signature: Option<Signature<'a>>,
}

struct Signature<'a> {
    /// The text before the field, including the spaces.
    before: &'a str,
    value: &'a str,
}

/// Reads a line without its line break.
pub(super) fn parse(line: &str) -> Result<Event, ParseError> {
    let parts = split(line)?;
    let [cef_version, vendor, product, version, class, name, severity] =
        parts.header.map(|part| unescape(part, "|").into_owned());
    let mut fields = fields(parts.extension)?;
    fields.entry("cef_version".to_owned()).or_insert(cef_version);
    let signature = parts.signature.map(|signature| signature.value.to_owned());
    Ok(Event {
        format: Format::Cef,
        kind: Kind::of(&name),
        timestamp: model::timestamp(timestamp(parts.prefix), fields.get("rt")),
        vendor,
        product,
        version,
        event_class_id: class,
        name,
        severity: severity.trim().parse().ok(),
        fields,
        signature: signature.filter(|value| !value.is_empty()),
    })
}

/// The texts that the signature of a line may cover: everything before the field `sig`, without the whitespace between.
/// If there are several spaces, all but one may belong to the previous value, so both variants are candidates.
pub(super) fn signed(line: &str) -> Vec<String> {
    let Ok(Parts {
        signature: Some(signature),
        ..
    }) = split(line)
    else {
        return Vec::new();
    };
    let before = signature.before;
    let all = before.trim_end_matches(' ');
    let one = before.strip_suffix(' ').unwrap_or(before);
    if all == one {
        vec![one.to_owned()]
    } else {
        vec![all.to_owned(), one.to_owned()]
    }
}

fn split(line: &str) -> Result<Parts<'_>, ParseError> {
    let mark = line
        .match_indices(MARK)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || line[..*at].ends_with(char::is_whitespace))
        .ok_or(ParseError::UnknownFormat)?;
    if line.contains(['\n', '\r']) {
        return Err(ParseError::SeveralLines);
    }
    let (prefix, rest) = (&line[..mark], &line[mark + MARK.len()..]);
    let mut header = [""; 7];
    let mut rest = Some(rest);
    for (index, part) in header.iter_mut().enumerate() {
        let text = rest.ok_or(ParseError::CefHeader(index))?;
        (*part, rest) = match unescaped_pipe(text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
    }
    // Without a pipe after the severity, the extension is empty, which the standard permits.
    let (extension, signature) = cut_signature(line, rest.unwrap_or_default());
    Ok(Parts {
        prefix,
        header,
        extension,
        signature,
    })
}

/// The position of the first `|` without a preceding `\`.
fn unescaped_pipe(text: &str) -> Option<usize> {
    let mut after_backslash = false;
    text.bytes().position(|byte| {
        let found = byte == b'|' && !after_backslash;
        after_backslash = byte == b'\\' && !after_backslash;
        found
    })
}

/// Splits the field `sig` from the extension, if it is the last field.
fn cut_signature<'a>(line: &'a str, extension: &'a str) -> (&'a str, Option<Signature<'a>>) {
    let text = extension.trim_end();
    let start = text.rfind(' ').map_or(0, |space| space + 1);
    let Some(value) = text[start..].strip_prefix("sig=") else {
        return (extension, None);
    };
    let before = &line[..line.len() - extension.len() + start];
    let rest = &text[..start];
    let rest = rest.strip_suffix(' ').unwrap_or(rest);
    (rest, Some(Signature { before, value }))
}

fn fields(extension: &str) -> Result<BTreeMap<String, String>, ParseError> {
    let text = extension.trim_start();
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    // `sig` is already split off: another one is part of a value, or is ignored without a value before it.
    let mut seen = HashSet::from(["sig"]);
    let mut fields = BTreeMap::new();
    let mut current = key(text).ok_or(ParseError::CefExtension)?;
    seen.insert(current);
    let mut value = current.len() + 1;
    for (space, _) in text.match_indices(' ') {
        let Some(next) = key(&text[space + 1..]) else {
            continue;
        };
        if seen.insert(next) {
            // A space after `key=` ends an empty value.
            let text = text.get(value..space).unwrap_or_default();
            fields.insert(current.to_owned(), unescape(text, "=nr").into_owned());
            (current, value) = (next, space + 1 + next.len() + 1);
        }
    }
    fields.insert(current.to_owned(), unescape(&text[value..], "=nr").into_owned());
    fields.remove("sig");
    Ok(fields)
}

/// The key of a text that begins with `key=`.
fn key(text: &str) -> Option<&str> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let length = text.bytes().position(|byte| !is_key(byte))?;
    (length > 0 && text.as_bytes()[length] == b'=').then(|| &text[..length])
}

/// Replaces `\\`, and a `\` before one of these. Any other `\` is literal.
fn unescape<'a>(text: &'a str, escapes: &str) -> Cow<'a, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            // At the end, it is literal too.
            Some('\\') | None => plain.push('\\'),
            Some('n') if escapes.contains('n') => plain.push('\n'),
            Some('r') if escapes.contains('r') => plain.push('\r'),
            Some(other) if escapes.contains(other) => plain.push(other),
            Some(other) => plain.extend(['\\', other]),
        }
    }
    Cow::Owned(plain)
}

/// The timestamp of a prefix: the text before the host, or the whole prefix if it begins with a digit.
fn timestamp(prefix: &str) -> &str {
    let prefix = prefix.trim();
    match prefix.rsplit_once(' ') {
        Some((timestamp, _host)) => timestamp.trim_end(),
        None if prefix.starts_with(|c: char| c.is_ascii_digit()) => prefix,
        None => "",
    }
}
