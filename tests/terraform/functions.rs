//! The provider's functions in configurations.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use crate::workspace::{Block, Workspace, project};

const CEF: &str = "2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|6|\
                   rt=1750280466889 action=list granted=false user_agent=grpc-node-js/1.12.4 (linux; x64)";
const CPS: &str = r#"{"event":{"event_ts":"2025-06-18T21:02:36Z","name":"Ingress","severity":10,"trace_id":3895213347334635099}}"#;

const VERIFY: &str = r#"verify_audit_event(file("cef"), file("jwks"))"#;

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn signed(line: &str) -> String {
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key(1).sign(line.as_bytes()));
    format!("{line} sig={signature}")
}

fn jwks(seed: u8) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(key(seed).public_key());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x }] }).to_string()
}

/// A workspace with an output for each call of a function of the provider. Calls can read the files `cef`, `cps` and `jwks`.
fn outputs(calls: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("cef", &signed(CEF));
    workspace.write("cps", CPS);
    workspace.write("jwks", &jwks(1));
    let output = |(name, call): &(&str, &str)| {
        let output = Block::new(format!("output \"{name}\""));
        output
            .expression("value", format!("provider::konnect::{call}"))
            .to_string()
    };
    workspace.set_up(calls.iter().map(output).collect::<String>());
    workspace
}

#[test]
fn parse_audit_event_returns_the_object_of_a_line() {
    let workspace = outputs(&[
        ("cef", r#"parse_audit_event(file("cef"))"#),
        ("cps", r#"parse_audit_event(file("cps"))"#),
    ]);
    workspace.apply();
    workspace.assert_no_changes();
    let state = workspace.state();
    let signature = signed(CEF).rsplit_once("sig=").unwrap().1.to_owned();
    assert_eq!(
        *state.output("cef"),
        json!({
            "format": "cef", "kind": "authorization", "timestamp": "2025-06-18T21:02:36Z", "vendor": "KongInc",
            "product": "Konnect", "version": "1.0", "event_class_id": "konnect", "name": "Authz.control-planes",
            "severity": 6, "signature": signature,
            "fields": {
                "cef_version": "0", "rt": "1750280466889", "action": "list", "granted": "false",
                "user_agent": "grpc-node-js/1.12.4 (linux; x64)",
            },
        })
    );
    let cps = state.output("cps");
    for (name, expected) in [
        ("format", json!("cps")),
        ("kind", json!("access")),
        ("severity", json!(10)),
        ("signature", json!(null)),
    ] {
        assert_eq!(cps[name], expected, "{name}");
    }
    assert_eq!(cps["fields"]["trace_id"], "3895213347334635099");
    assert_eq!(workspace.konnect.take_requests(), [], "functions make no request");
}

#[test]
fn verify_audit_event_depends_on_line_and_keys() {
    let other = jwks(2);
    let workspace = outputs(&[
        ("valid", VERIFY),
        (
            "changed",
            &VERIFY.replace(r#"file("cef")"#, r#"replace(file("cef"), "list", "read")"#),
        ),
        ("other", &VERIFY.replace("jwks", "other")),
    ]);
    workspace.write("other", &other);
    workspace.apply();
    let state = workspace.state();
    let verified = ["valid", "changed", "other"].map(|name| state.output(name).clone());
    assert_eq!(verified, [json!(true), json!(false), json!(false)]);
}

#[test]
fn functions_do_not_need_a_configured_provider() {
    let mut workspace = outputs(&[
        ("name", r#"parse_audit_event(file("cps")).name"#),
        ("valid", VERIFY),
    ]);
    workspace.unset("KONNECT_TOKEN");
    workspace.validate().succeeds();
}

#[test]
fn unusable_arguments_are_named_and_not_repeated() {
    for (expression, parameter, reason) in [
        (r#"parse_audit_event("s3cret-line")"#, "line", "neither CEF"),
        (&VERIFY.replace("cef", "cps"), "line", "no signature"),
        (
            &VERIFY.replace(r#"file("jwks")"#, r#""s3cret-keys""#),
            "jwks",
            "not a JWKS document",
        ),
    ] {
        let workspace = outputs(&[("result", expression)]);
        let error = workspace.try_plan().error();
        // The CLI wraps the text of the function.
        let text = error.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("\"{parameter}\"")), "{text}");
        assert!(text.contains(reason), "{text}");
        assert!(text.ends_with('.') && !text.ends_with(".."), "{text}");
        assert!(!error.detail.contains("s3cret"), "{text}");
    }
}

#[test]
fn result_of_a_sensitive_line_is_sensitive() {
    let workspace = outputs(&[("name", r#"parse_audit_event(sensitive(file("cef"))).name"#)]);
    let error = workspace.try_plan().error();
    assert!(error.text().contains("sensitive"), "{error:?}");
}

#[test]
fn examples_of_functions_apply() {
    let lines = [
        CEF,
        &CEF.replace("Authz.control-planes|6", "AUTHENTICATION_OUTCOME_LOCKED|6"),
    ];
    let lines = json!(lines.map(signed));
    for name in ["parse_audit_event", "verify_audit_event"] {
        let mut workspace = Workspace::new();
        workspace.set("TF_VAR_lines", lines.to_string());
        workspace.set("TF_VAR_jwks", jwks(1));
        workspace.copy("examples/provider", ".");
        workspace.copy(format!("examples/functions/{name}"), ".");
        workspace.init();
        workspace.validate().succeeds();
        workspace.apply();
        let state = workspace.state();
        let (output, expected) = match name {
            "parse_audit_event" => ("locked_accounts", json!(["2025-06-18T21:02:36Z"])),
            _ => ("all_authentic", json!(true)),
        };
        assert_eq!(*state.output(output), expected, "{name}");
    }
    let documented = std::fs::read_dir(project("examples/functions")).unwrap().count();
    assert_eq!(documented, 2, "each example is applied here");
}
