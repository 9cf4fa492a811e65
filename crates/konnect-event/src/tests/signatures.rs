use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::writer::{jwks, key_pair, key_set, signature};
use super::{CEF_AUTHENTICATION, CEF_AUTHORIZATION, JSON_AUTHORIZATION};
use crate::jwks::{BASE64URL, SMALL_ORDER};
use crate::{InvalidKeySet, Key, KeySet, ParseError, VerifyError, verify};

const CEF: &str =
    "2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.x|1|rt=1 user_agent=";
const JSON: &str = r#"{"granted":true,"name":"Authz.x","trace_id":3895213347334635099}"#;

/// The object with a last member `sig`, which signs this text.
fn with_sig(object: &str, signed: &str) -> String {
    let signature = signature(&key_pair(1), signed);
    format!(r#"{},"sig":"{signature}"}}"#, object.strip_suffix('}').unwrap())
}

#[test]
fn verify_signed_line_is_true() {
    let cps = format!(r#"{{"event":{JSON}}}"#);
    let sign = |text: &str| signature(&key_pair(1), text);
    let spaced = format!("{} }}", &JSON[..JSON.len() - 1]);
    let lines = [
        format!("{CEF} sig={}", sign(CEF)),
        format!("{CEF}   sig={}", sign(CEF)),
        // A space that belongs to the value, and padding.
        format!("{CEF}a  sig={}", sign(&format!("{CEF}a "))),
        format!("{CEF} sig={}==", sign(CEF)),
        with_sig(JSON, JSON),
        // The signature as the first member, and with spaces.
        format!(r#"{{"sig":"{}",{}"#, sign(JSON), &JSON[1..]),
        format!(r#"{} , "sig" : "{}"}}"#, &JSON[..JSON.len() - 1], sign(&spaced)),
        // CPS: inside and beside the event, of the event and of the line.
        format!(r#"{{"event":{}}}"#, with_sig(JSON, JSON)),
        format!(r#"{{"event":{}}}"#, with_sig(JSON, &cps)),
        with_sig(&cps, JSON),
        with_sig(&cps, &cps),
    ];
    let keys = key_set(&key_pair(1));
    let others = key_set(&key_pair(2));
    let both = KeySet::from_json(&jwks(&[&key_pair(2), &key_pair(1)])).unwrap();
    for line in lines {
        assert_eq!(verify(&line, &keys), Ok(true), "{line}");
        assert_eq!(verify(&format!("{line}\r\n"), &keys), Ok(true), "{line}");
        assert_eq!(verify(&line, &both), Ok(true), "{line}");
        assert_eq!(verify(&line, &others), Ok(false), "{line}");
    }
}

#[test]
fn verify_cps_with_other_member_beside_event_is_false() {
    let cps = format!(r#"{{"event":{JSON}}}"#);
    let inside = format!(r#"{{"event":{}}}"#, with_sig(JSON, JSON));
    let beside = with_sig(&cps, JSON);
    let whole = format!(r#"{{"event":{JSON},"granted":false}}"#);
    let keys = key_set(&key_pair(1));
    for (line, other) in [
        (&inside, inside.replacen('{', r#"{"granted":false,"#, 1)),
        (&inside, inside.replacen('{', r#"{"sig":"AA","#, 1)),
        (&beside, beside.replacen('{', r#"{"granted":false,"#, 1)),
        (&with_sig(&cps, &cps), with_sig(&whole, &whole)),
    ] {
        assert_eq!(verify(line, &keys), Ok(true), "{line}");
        assert_eq!(verify(&other, &keys), Ok(false), "{other}");
    }
}

#[test]
fn verify_with_key_of_small_order_is_not_possible() {
    // The neutral point, whose signatures are the same for every text.
    let (key, signature) = ([&[1][..], &[0; 31]].concat(), [&[1][..], &[0; 63]].concat());
    assert!(
        UnparsedPublicKey::new(&ED25519, &key)
            .verify(b"any text", &signature)
            .is_ok()
    );
    let line = format!("{CEF} sig={}", URL_SAFE_NO_PAD.encode(signature));
    let document = |key: &[u8]| {
        let x = URL_SAFE_NO_PAD.encode(key);
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#)
    };
    let refused = KeySet::from_json(&document(&key));
    assert_eq!(refused, Err(InvalidKeySet::NoKey(1)));
    assert_eq!(verify(&line, &key_set(&key_pair(1))), Ok(false));
    // The other points of small order and their other encodings, with each sign.
    for y in SMALL_ORDER {
        let mut key = BASE64URL.decode(y).unwrap();
        for sign in [0, 0x80] {
            key[31] |= sign;
            let refused = KeySet::from_json(&document(&key));
            assert_eq!(refused, Err(InvalidKeySet::NoKey(1)), "{key:?}");
        }
    }
}

#[test]
fn key_set_with_private_part_says_so() {
    let public = jwks(&[&key_pair(1)]);
    assert!(!KeySet::from_json(&public).unwrap().has_private_key());
    let private = public.replace(r#""kty""#, r#""d":"s3cret","kty""#);
    let keys = KeySet::from_json(&private).unwrap();
    assert!(keys.has_private_key());
    assert!(!format!("{keys:?}").contains("s3cret"));
}

#[test]
fn verify_reserialized_line_is_false() {
    let keys = key_set(&key_pair(1));
    let line = with_sig(JSON, JSON);
    for other in [
        line.replace(",\"name", ", \"name"),
        line.replace("099", "000"),
        line.replace("true", "1"),
    ] {
        assert_eq!(verify(&other, &keys), Ok(false), "{other}");
    }
}

#[test]
fn verify_malformed_signature_is_false() {
    let keys = key_set(&key_pair(1));
    for signature in ["x", "!", "AAAA", "=", &"A".repeat(86), &"A".repeat(100_000)] {
        assert_eq!(
            verify(&format!("{CEF} sig={signature}"), &keys),
            Ok(false),
            "{signature}"
        );
        let line = format!(r#"{{"name":"Ingress","sig":"{signature}"}}"#);
        assert_eq!(verify(&line, &keys), Ok(false), "{signature}");
    }
    assert_eq!(verify(r#"{"name":"Ingress","sig":1}"#, &keys), Ok(false));
    assert_eq!(verify(r#"{"name":"Ingress","\u0073ig":"AA"}"#, &keys), Ok(false));
}

#[test]
fn verify_documented_samples_with_another_key_is_false() {
    let keys = key_set(&key_pair(1));
    for line in [CEF_AUTHENTICATION, CEF_AUTHORIZATION, JSON_AUTHORIZATION] {
        assert_eq!(verify(line, &keys), Ok(false));
    }
}

#[test]
fn verify_unsigned_line_reports_error() {
    let keys = key_set(&key_pair(1));
    let cps = format!(r#"{{"event":{JSON}}}"#);
    for line in [
        CEF,
        JSON,
        &cps,
        &format!("{CEF} sig="),
        r#"{"name":"Ingress","sig":""}"#,
    ] {
        let error = verify(line, &keys).unwrap_err();
        assert_eq!(error, VerifyError::Unsigned, "{line}");
        assert!(error.to_string().contains("no signature"));
    }
    assert_eq!(
        verify("x", &keys),
        Err(VerifyError::Parse(ParseError::UnknownFormat))
    );
}

#[test]
fn key_set_unusable_keys_are_ignored() {
    let x = "XWxGtApfcqmKI7p0OKnF5JSEWMVoLsytFXLEP7xZ_l8";
    let unusable = json!([
        {"kty": "RSA", "crv": "Ed25519", "x": x},
        {"kty": "OKP", "crv": "X25519", "x": x},
        {"kty": "OKP", "crv": "Ed25519", "alg": "ES256", "x": x},
        {"kty": "OKP", "crv": "Ed25519", "use": "enc", "x": x},
        {"kty": "OKP", "crv": "Ed25519", "x": format!("{x}AA")},
        {"kty": "OKP", "crv": "Ed25519", "x": "?"},
        {"kty": "OKP", "crv": "Ed25519", "x": 7},
        {"kty": "OKP", "crv": "Ed25519"},
        7,
    ]);
    let mut keys = unusable.as_array().unwrap().clone();
    for key in &keys {
        let refused = KeySet::from_json(&json!({"keys": [key]}).to_string());
        assert_eq!(refused, Err(InvalidKeySet::NoKey(1)), "{key}");
    }
    // The sample of Kong's documentation, and one with padding.
    let kid = "3f60bc4376c937154f3c004ebd180433ac0d03e6";
    keys.push(json!({"kty": "OKP", "alg": "EdDSA", "kid": kid, "crv": "Ed25519", "x": x}));
    keys.push(json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{x}=")}));
    let keys = KeySet::from_json(&json!({ "keys": keys }).to_string()).unwrap();
    let [sample, padded] = keys.keys() else {
        panic!("{keys:?}")
    };
    let expected = Key {
        kid: Some(kid.to_owned()),
        alg: Some("EdDSA".to_owned()),
        x: x.to_owned(),
        bytes: sample.bytes,
    };
    assert_eq!((sample, sample.bytes[0]), (&expected, 0x5d));
    assert_eq!(
        (&padded.kid, &padded.alg, padded.bytes),
        (&None, &None, sample.bytes)
    );
}

#[test]
fn key_set_other_text_reports_error_without_quoting_it() {
    let large = " ".repeat(2 << 20);
    let cases = [
        ("", InvalidKeySet::NotJwks),
        ("s3cret", InvalidKeySet::NotJwks),
        (r#"{"keys":"s3cret"}"#, InvalidKeySet::NotJwks),
        (r#"{"s3cret":[]}"#, InvalidKeySet::NotJwks),
        (r#"{"keys":[]}"#, InvalidKeySet::NoKey(0)),
        (&large, InvalidKeySet::TooLarge(2 << 20)),
    ];
    for (text, expected) in cases {
        let error = KeySet::from_json(text).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert_eq!(error, expected);
    }
}
