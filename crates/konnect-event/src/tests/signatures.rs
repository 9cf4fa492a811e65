use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
    let cases = [
        ("cef", format!("{CEF} sig={}", sign(CEF))),
        ("cef, several spaces", format!("{CEF}   sig={}", sign(CEF))),
        (
            "cef, space of the value",
            format!("{CEF}a  sig={}", sign(&format!("{CEF}a "))),
        ),
        ("cef, padded", format!("{CEF} sig={}==", sign(CEF))),
        ("json", with_sig(JSON, JSON)),
        (
            "json, first member",
            format!(r#"{{"sig":"{}",{}"#, sign(JSON), &JSON[1..]),
        ),
        (
            "json, spaces",
            format!(
                r#"{} , "sig" : "{}"}}"#,
                &JSON[..JSON.len() - 1],
                sign(&format!("{} }}", &JSON[..JSON.len() - 1])).as_str()
            ),
        ),
        (
            "cps, inner object",
            format!(r#"{{"event":{}}}"#, with_sig(JSON, JSON)),
        ),
        (
            "cps, whole line",
            format!(r#"{{"event":{}}}"#, with_sig(JSON, &cps)),
        ),
        ("cps, beside, inner object", with_sig(&cps, JSON)),
        ("cps, beside, whole line", with_sig(&cps, &cps)),
    ];
    let keys = key_set(&key_pair(1));
    let others = key_set(&key_pair(2));
    let both = KeySet::from_json(&jwks(&[&key_pair(2), &key_pair(1)])).unwrap();
    for (case, line) in cases {
        assert_eq!(verify(&line, &keys), Ok(true), "{case}");
        assert_eq!(verify(&format!("{line}\r\n"), &keys), Ok(true), "{case}");
        assert_eq!(verify(&line, &both), Ok(true), "{case}");
        assert_eq!(verify(&line, &others), Ok(false), "{case}");
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
fn key_set_documented_sample_has_its_key() {
    let text = r#"{"keys":[{"kty":"OKP","alg":"EdDSA","kid":"3f60bc4376c937154f3c004ebd180433ac0d03e6","crv":"Ed25519","x":"XWxGtApfcqmKI7p0OKnF5JSEWMVoLsytFXLEP7xZ_l8"}]}"#;
    let keys = KeySet::from_json(text).unwrap();
    let [key] = keys.keys() else { panic!("{keys:?}") };
    let expected = Key {
        kid: Some("3f60bc4376c937154f3c004ebd180433ac0d03e6".to_owned()),
        alg: Some("EdDSA".to_owned()),
        x: "XWxGtApfcqmKI7p0OKnF5JSEWMVoLsytFXLEP7xZ_l8".to_owned(),
        bytes: key.bytes,
    };
    assert_eq!((key, key.bytes[0]), (&expected, 0x5d));
}

#[test]
fn key_set_unusable_keys_are_ignored() {
    let x = "XWxGtApfcqmKI7p0OKnF5JSEWMVoLsytFXLEP7xZ_l8";
    let unusable = [
        format!(r#"{{"kty":"RSA","crv":"Ed25519","x":"{x}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"ES256","x":"{x}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","use":"enc","x":"{x}"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}AA"}}"#),
        r#"{"kty":"OKP","crv":"Ed25519","x":"?"}"#.to_owned(),
        r#"{"kty":"OKP","crv":"Ed25519","x":7}"#.to_owned(),
        r#"{"kty":"OKP","crv":"Ed25519"}"#.to_owned(),
        "7".to_owned(),
    ];
    for key in &unusable {
        let refused = KeySet::from_json(&format!(r#"{{"keys":[{key}]}}"#));
        assert_eq!(refused, Err(InvalidKeySet::NoKey(1)), "{key}");
    }
    let all = format!(
        r#"{{"keys":[{},{{"kty":"OKP","crv":"Ed25519","x":"{x}="}}]}}"#,
        unusable.join(",")
    );
    let keys = KeySet::from_json(&all).unwrap();
    assert_eq!(keys.keys().len(), 1);
    assert_eq!((&keys.keys()[0].kid, &keys.keys()[0].alg), (&None, &None));
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
