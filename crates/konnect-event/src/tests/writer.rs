//! Writes events as Konnect does, and signs them.

use std::fmt::Write;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::{Event, Format, KeySet};

/// The key pair of this number.
pub(super) fn key_pair(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

/// The JWKS document of some keys.
pub(super) fn jwks(keys: &[&Ed25519KeyPair]) -> String {
    let key = |key: &&Ed25519KeyPair| {
        let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        json!({"kty": "OKP", "alg": "EdDSA", "kid": &x[..8], "crv": "Ed25519", "x": x})
    };
    json!({ "keys": keys.iter().map(key).collect::<Vec<_>>() }).to_string()
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
    let severity = severity.unwrap_or_default();
    let Event {
        vendor,
        product,
        version,
        event_class_id,
        name,
        ..
    } = event;
    for part in [vendor, product, version, event_class_id, name, &severity] {
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
    let mut object = json!(event.fields);
    object["event_ts"] = json!(event.timestamp);
    object["event_vendor"] = json!(event.vendor);
    object["event_product"] = json!(event.product);
    object["event_version"] = json!(event.version);
    object["event_class_id"] = json!(event.event_class_id);
    object["name"] = json!(event.name);
    object["severity"] = json!(event.severity);
    object.to_string()
}
