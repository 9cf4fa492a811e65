use std::collections::BTreeMap;

use proptest::prelude::*;

use super::writer::{key_pair, key_set, signed, unsigned};
use crate::{Event, Format, Kind, fuzzing, parse, verify};

/// Fragments of lines, with which generated lines pass the first check.
const FRAGMENTS: [&str; 24] = [
    "CEF:0|",
    "|",
    "\\",
    "=",
    " ",
    "rt=",
    " sig=",
    "sig",
    "{",
    "}",
    "\"",
    ",",
    ":",
    "\"sig\":\"",
    "\"event\":{",
    "\"name\":",
    "\"Ingress\"",
    "null",
    "\n",
    "\r",
    "\\u",
    "é",
    "2025-06-18T21:02:36Z konghq.com CEF:0|a|b|c|d|Authz.x|1|",
    "1e999",
];

fn any_line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(FRAGMENTS.as_slice()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("AUTHENTICATION_OUTCOME_SUCCESS".to_owned()),
        "Authz\\.[a-z/*-]{1,20}",
        Just("Ingress".to_owned()),
        "[^\r\n]{1,20}",
    ]
}

/// An event that the format can represent: a CEF header has no line breaks.
fn any_event(format: Format) -> impl Strategy<Value = Event> {
    let header = || "[^\r\n]{0,20}";
    let fields = prop::collection::btree_map("f_[A-Za-z0-9_]{0,10}", any::<String>(), 1..8);
    let parts = (
        header(),
        header(),
        header(),
        header(),
        name(),
        any::<i64>(),
        fields,
    );
    parts.prop_map(
        move |(vendor, product, version, class, name, severity, fields)| Event {
            format,
            kind: Kind::of(&name),
            timestamp: Some("2025-06-18T21:02:36Z".to_owned()),
            vendor,
            product,
            version,
            event_class_id: class,
            name,
            severity: Some(severity),
            fields: fields
                .into_iter()
                .chain([("cef_version".to_owned(), "0".to_owned())])
                .collect::<BTreeMap<_, _>>(),
            signature: None,
        },
    )
}

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select([Format::Cef, Format::Json, Format::Cps].as_slice())
}

proptest! {
    #[test]
    fn parse_and_verify_any_line_agree_and_never_panic(line in any_line()) {
        fuzzing::event(line.as_bytes());
    }

    #[test]
    fn parse_written_line_returns_same_event(event in any_format().prop_flat_map(any_event)) {
        prop_assert_eq!(parse(&unsigned(&event)), Ok(event.clone()));
        let mut read = parse(&signed(&event, &key_pair(1))).unwrap();
        prop_assert!(read.signature.take().is_some());
        prop_assert_eq!(read, event);
    }

    #[test]
    fn verify_changed_byte_is_never_true(
        event in any_format().prop_flat_map(any_event),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let keys = key_set(&key_pair(1));
        let line = signed(&event, &key_pair(1));
        prop_assert_eq!(verify(&line, &keys), Ok(true));
        let mut bytes = line.clone().into_bytes();
        *place.get_mut(&mut bytes) = byte;
        if let Ok(changed) = String::from_utf8(bytes) && changed != line {
            prop_assert_ne!(verify(&changed, &keys), Ok(true), "{}", changed);
        }
    }
}
