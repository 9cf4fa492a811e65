//! JSON and CPS: a flat object, alone or as the member `event` of another.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::model::{Event, Format, Kind, ParseError, timestamp};

const SIGNATURE: &str = "sig";

/// The member that wraps a CPS event.
const EVENT: &str = "event";

/// The members of an object, in order. Their values are slices of the input.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Result<Self, ParseError> {
        let members: Self = serde_json::from_str(text).map_err(|error| ParseError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let mut keys: Vec<_> = members.0.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ParseError::DuplicateKey);
        }
        Ok(members)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let member = self.0.iter().find(|(key, _)| key == name);
        member.map(|(_, value)| value.get())
    }

    /// The object that a CPS line wraps. A line with its own `name` is a JSON event with a field `event`.
    fn wrapped(&self) -> Option<&'a str> {
        let event = self.get(EVENT).filter(|event| event.starts_with('{'))?;
        self.get("name").is_none().then_some(event)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Reads a line that begins with `{`.
pub(super) fn parse(line: &str) -> Result<Event, ParseError> {
    let outer = Members::read(line)?;
    let Some(inner) = outer.wrapped() else {
        return event(Format::Json, outer, None);
    };
    let signature = outer.get(SIGNATURE);
    // Converts the position in the object to a position in the line.
    let inner = Members::read(inner).map_err(|error| match error {
        ParseError::Json { .. } => ParseError::Json { line: 1, column: 0 },
        other => other,
    })?;
    event(Format::Cps, inner, signature)
}

fn event(format: Format, members: Members<'_>, outer: Option<&str>) -> Result<Event, ParseError> {
    let mut fields = BTreeMap::new();
    for (key, value) in members.0 {
        if let Some(value) = text(value.get())? {
            fields.insert(key, value);
        }
    }
    let event_ts = fields.remove("event_ts").unwrap_or_default();
    let timestamp = timestamp(&event_ts, fields.get("rt"));
    let mut take = |key| fields.remove(key).unwrap_or_default();
    let name = take("name");
    if name.is_empty() {
        return Err(ParseError::NoName);
    }
    let mut signature = Some(take(SIGNATURE)).filter(|signature| !signature.is_empty());
    if let (None, Some(outer)) = (&signature, outer) {
        signature = text(outer)?.filter(|signature| !signature.is_empty());
    }
    Ok(Event {
        format,
        kind: Kind::of(&name),
        timestamp,
        vendor: take("event_vendor"),
        product: take("event_product"),
        version: take("event_version"),
        event_class_id: take("event_class_id"),
        name,
        severity: take("severity").trim().parse().ok(),
        fields,
        signature,
    })
}

/// A value as text: the content of a string, and the literal of other values, which preserves the digits of numbers.
fn text(literal: &str) -> Result<Option<String>, ParseError> {
    match literal {
        "null" => Ok(None),
        literal if literal.starts_with('"') => serde_json::from_str(literal)
            .map(Some)
            // A lone surrogate. The position is relative to the value.
            .map_err(|_| ParseError::Json { line: 1, column: 0 }),
        literal => Ok(Some(literal.to_owned())),
    }
}

/// The texts that the signature of a line may cover: the line without the member `sig`. For CPS, which Kong does not
/// document, also the inner object without that member.
///
/// A CPS line may have the members `event` and `sig` only, and one signature: no signature of the inner object covers
/// what is beside it.
pub(super) fn signed(line: &str) -> Vec<String> {
    let Ok(outer) = Members::read(line) else {
        return Vec::new();
    };
    let mut candidates = Vec::new();
    if let Some(inner) = outer.wrapped() {
        let signature = Members::read(inner).ok().and_then(|inner| inner.get(SIGNATURE));
        let may_have = |key: &str| key == EVENT || (key == SIGNATURE && signature.is_none());
        if !outer.0.iter().all(|(key, _)| may_have(key)) {
            return candidates;
        }
        if let Some(signature) = signature {
            candidates.extend(without_member(inner, signature));
            candidates.extend(without_member(line, signature));
            return candidates;
        }
        // The signature is next to the event.
        candidates.push(inner.to_owned());
    }
    if let Some(signature) = outer.get(SIGNATURE) {
        candidates.extend(without_member(line, signature));
    }
    candidates
}

/// A text without the member `sig`, whose value is this slice of the text. `None` if the key contains escapes, which no
/// signer writes.
fn without_member(text: &str, value: &str) -> Option<String> {
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    let start = value.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let before = text.get(..start)?.trim_end_matches(SPACE);
    let after = text.get(start + value.len()..)?;
    let before = before.strip_suffix(':')?.trim_end_matches(SPACE);
    let before = before.strip_suffix("\"sig\"")?.trim_end_matches(SPACE);
    let (before, after) = match before.strip_suffix(',') {
        Some(before) => (before, after),
        // The first member: removes the comma after it.
        None => (before, after.trim_start_matches(SPACE).trim_start_matches(',')),
    };
    Some([before, after].concat())
}
