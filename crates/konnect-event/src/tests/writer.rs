//! Writes events as Konnect does, and signs them.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::{Event, Format, KeySet};

/// The key pair of this number.
pub(super) fn key_pair(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

/// The JWKS document of some keys.
pub(super) fn jwks(keys: &[&Ed25519KeyPair]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
            serde_json::json!({"kty": "OKP", "alg": "EdDSA", "kid": &x[..8], "crv": "Ed25519", "x": x})
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// The key set of one key.
pub(super) fn key_set(key: &Ed25519KeyPair) -> KeySet {
    KeySet::from_json(&jwks(&[key])).unwrap()
}

/// The signature of a text, in base64url without padding.
pub(super) fn signature(key: &Ed25519KeyPair, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()))
}

/// The line of an event, without its signature.
pub(super) fn unsigned(event: &Event) -> String {
    match event.format {
        Format::Cef => cef(event),
        Format::Json => json(event),
        Format::Cps => format!(r#"{{"event":{}}}"#, json(event)),
    }
}

/// The line of an event, signed. CPS signs the inner object.
pub(super) fn signed(event: &Event, key: &Ed25519KeyPair) -> String {
    match event.format {
        Format::Cef => {
            let line = cef(event);
            format!("{line} sig={}", signature(key, &line))
        }
        Format::Json => with_sig(&json(event), key),
        Format::Cps => format!(r#"{{"event":{}}}"#, with_sig(&json(event), key)),
    }
}

fn with_sig(object: &str, key: &Ed25519KeyPair) -> String {
    let signature = signature(key, object);
    format!(r#"{},"sig":"{signature}"}}"#, object.strip_suffix('}').unwrap())
}

fn cef(event: &Event) -> String {
    let severity = event.severity.map(|severity| severity.to_string());
    let mut line = format!("{} konghq.com CEF:0", event.timestamp.as_ref().unwrap());
    for part in [
        &event.vendor,
        &event.product,
        &event.version,
        &event.event_class_id,
        &event.name,
        &severity.unwrap_or_default(),
    ] {
        line.push('|');
        line.push_str(&part.replace('\\', r"\\").replace('|', r"\|"));
    }
    let mut separator = '|';
    for (key, value) in &event.fields {
        if key == "cef_version" {
            continue;
        }
        let value = value
            .replace('\\', r"\\")
            .replace('=', r"\=")
            .replace('\n', r"\n")
            .replace('\r', r"\r");
        write!(line, "{separator}{key}={value}").unwrap();
        separator = ' ';
    }
    line
}

fn json(event: &Event) -> String {
    let mut object: BTreeMap<_, _> = event
        .fields
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect();
    for (key, value) in [
        ("event_ts", event.timestamp.as_ref().unwrap()),
        ("event_vendor", &event.vendor),
        ("event_product", &event.product),
        ("event_version", &event.version),
        ("event_class_id", &event.event_class_id),
        ("name", &event.name),
    ] {
        object.insert(key.to_owned(), Value::from(value.as_str()));
    }
    object.insert("severity".to_owned(), Value::from(event.severity));
    Value::Object(object.into_iter().collect::<Map<_, _>>()).to_string()
}
