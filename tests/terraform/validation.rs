//! Errors in a configuration are reported before any request, on their attribute.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::workspace::{Block, Diagnostic, Place, Severity, Workspace};

/// An invalid block, and its expected diagnostic.
struct Case {
    block: Block,
    severity: Severity,
    /// The attribute. If it is not set, the diagnostic is on the block, and names the attribute.
    attribute: &'static str,
    says: &'static str,
}

fn error(block: Block, attribute: &'static str, says: &'static str) -> Case {
    let severity = Severity::Error;
    Case {
        block,
        severity,
        attribute,
        says,
    }
}

fn warning(block: Block, attribute: &'static str, says: &'static str) -> Case {
    Case {
        severity: Severity::Warning,
        ..error(block, attribute, says)
    }
}

/// Asserts that `validate` and `plan` report exactly the expected errors for each block, and `plan` the warnings.
fn assert_diagnosed(kind: &str, cases: impl FnOnce(&mut dyn FnMut() -> String) -> Vec<Case>) {
    let mut number = 0;
    let cases = cases(&mut || {
        number += 1;
        format!("case_{number}")
    });
    let blocks: String = cases.iter().map(|case| case.block.to_string()).collect();
    let workspace = Workspace::of(blocks);
    let validated = workspace.validate();
    assert_eq!(workspace.konnect.requests(), [], "validation makes no requests");
    let planned = workspace.try_plan();
    let wrong = cases.iter().any(|case| case.severity == Severity::Error);
    if wrong {
        assert_eq!(workspace.konnect.requests(), [], "no request is made for it");
    }
    if !wrong {
        assert!(validated.diagnostics.is_empty(), "{}", validated.report());
    }
    for (run, fine) in [(validated, 0), (planned, 2)]
        .into_iter()
        .skip(usize::from(!wrong))
    {
        let run = run.ends_with(if wrong { 1 } else { fine });
        let mut found = BTreeMap::<&str, Vec<&Diagnostic>>::new();
        for diagnostic in &run.diagnostics {
            found.entry(&diagnostic.address).or_default().push(diagnostic);
        }
        for (index, case) in cases.iter().enumerate() {
            let address = format!("{kind}.case_{}", index + 1);
            let mut of_it = found.remove(address.as_str()).unwrap_or_default();
            // A plan validates twice, and repeats the errors.
            of_it.dedup();
            let [diagnostic] = of_it.as_slice() else {
                panic!("{address}: {of_it:#?}\n{}", run.report());
            };
            case.fits(diagnostic);
        }
        assert!(found.is_empty(), "{found:#?}");
    }
    assert_eq!(workspace.konnect.take_writes(), []);
}

impl Case {
    fn fits(&self, diagnostic: &Diagnostic) {
        assert_eq!(diagnostic.severity, self.severity, "{diagnostic:?}");
        // No value is quoted.
        assert!(!diagnostic.text().contains("s3cret"), "{diagnostic:?}");
        assert!(
            diagnostic.text().contains(self.says),
            "{}: {diagnostic:?}",
            self.says
        );
        match &diagnostic.place {
            Place::Attribute(name) => assert_eq!(name, self.attribute, "{diagnostic:?}"),
            Place::Block(_) => {
                assert!(diagnostic.text().contains(self.attribute), "{diagnostic:?}");
                let block = self.block.to_string();
                assert!(
                    !block.contains(&format!("  {} =", self.attribute)),
                    "{diagnostic:?}"
                );
            }
            Place::Nowhere => panic!("{diagnostic:?}"),
        }
    }
}

#[test]
fn destination_invalid_value_errors_on_attribute() {
    assert_diagnosed("konnect_audit_log_destination", |label| {
        let write_only = Block::destination(&label()).without("authorization");
        let mut fault = |attribute: &'static str, value: Value, says: &'static str| {
            error(
                Block::destination(&label()).with(attribute, value),
                attribute,
                says,
            )
        };
        vec![
            error(
                write_only.with("authorization_wo", "Bearer s3cret\r\nX-Evil: b"),
                "authorization_wo",
                "line break",
            ),
            fault("name", "".into(), "blank"),
            fault("name", " \t ".into(), "blank"),
            fault("endpoint", "http://s3cret.example.com/".into(), "https://"),
            fault("endpoint", "https://".into(), "not an absolute URL"),
            fault("endpoint", "s3cret.example.com/x".into(), "not an absolute URL"),
            fault("endpoint", "".into(), "blank"),
            fault(
                "endpoint",
                "https://siem.example.com/s3cret b".into(),
                "white space",
            ),
            fault("endpoint", "https://s3cret.example.com/#x".into(), "fragment"),
            fault(
                "authorization",
                "Bearer s3cret\nX-Evil: b".into(),
                "authorization",
            ),
            fault("authorization", "Bearer a\r\nb".into(), "authorization"),
            fault("log_format", "leef".into(), "\"cef\", \"json\", \"cps\""),
            fault("log_format", "CEF".into(), "\"cef\", \"json\", \"cps\""),
        ]
    });
}

#[test]
fn destination_questionable_value_warns_on_attribute() {
    assert_diagnosed("konnect_audit_log_destination", |label| {
        let write_only = Block::destination(&label()).without("authorization");
        let write_only = write_only.with("authorization_wo_version", 1);
        let mut doubt = |attribute: &'static str, value: Value, says: &'static str| {
            let block = Block::destination(&label()).with(attribute, value);
            warning(block, attribute, says)
        };
        let insecure = "self-signed certificates outside production";
        let user = "https://user:s3cret@siem.example.com/";
        let name = "Authorization: Bearer s3cret";
        vec![
            warning(
                write_only.with("authorization_wo", "Basic user:s3cret"),
                "authorization_wo",
                "base64encode",
            ),
            doubt("skip_ssl_verification", true.into(), insecure),
            doubt("endpoint", user.into(), "user information"),
            doubt("endpoint", "https://127.0.0.1:9000/in".into(), "loopback"),
            doubt("authorization", name.into(), "name of a header"),
            doubt("authorization", "\"Bearer s3cret\"".into(), "quotes"),
        ]
    });
}

const ID: &str = "0b8f2ae6-5d0e-4a68-9a3c-3b9c1f1f2c11";

#[test]
fn webhook_invalid_value_errors_on_attribute() {
    assert_diagnosed("konnect_audit_log_webhook", |label| {
        let conflict = "A webhook delivers either to a destination or to an endpoint of its own";
        let (mut of_eu, mut all) = (Block::webhook("").with("region", "eu"), Vec::new());
        let mut add = |block: &Block, attribute: &'static str, value: Value, says: &'static str| {
            let block = block.clone().labelled(&label()).with(attribute, value);
            all.push(error(block, attribute, says));
        };
        let by_id = of_eu.clone().with("audit_log_destination_id", ID);
        add(&by_id, "endpoint", "https://siem.example.com/".into(), conflict);
        add(&by_id, "authorization", "Bearer x".into(), conflict);
        add(&by_id, "log_format", "json".into(), conflict);
        add(&by_id, "skip_ssl_verification", false.into(), conflict);
        add(&of_eu, "audit_log_destination_id", "".into(), "Value is blank");
        let own = Block::webhook_with_endpoint("");
        add(&own, "endpoint", "http://siem.example.com/".into(), "https://");
        add(&own, "authorization", "a\nb".into(), "Invalid authorization");
        add(&own, "log_format", "xml".into(), "\"xml\"");
        add(&own, "region", "".into(), "empty");
        add(&own, "region", "EU".into(), "`eu`");
        add(&own, "region", "eu.example.com".into(), "'.'");
        add(&own, "region", "-eu".into(), "hyphen");
        add(&own, "region", "e_u".into(), "'_'");
        // Neither of the two targets.
        for says in ["endpoint", "Missing target"] {
            let block = of_eu.clone().labelled(&label());
            all.push(error(block, "audit_log_destination_id", says));
            of_eu = of_eu.with("log_format", "json");
        }
        all
    });
}

#[test]
fn webhook_questionable_value_warns_on_attribute() {
    assert_diagnosed("konnect_audit_log_webhook", |label| {
        let mut doubt = |attribute: &'static str, value: Value, says: &'static str| {
            let block = Block::webhook_with_endpoint(&label()).with(attribute, value);
            warning(block, attribute, says)
        };
        vec![
            doubt("region", "jp".into(), "us, eu, au, me, in, sg, global"),
            doubt("skip_ssl_verification", true.into(), "read the audit log"),
        ]
    });
}

#[test]
fn data_source_region_invalid_errors_at_read() {
    for type_name in ["webhook_status", "events", "signing_keys"] {
        let head = format!("data \"konnect_audit_log_{type_name}\" \"here\"");
        let workspace = Workspace::of(Block::new(head).with("region", "EU"));
        // A mocked resource has random text: validation accepts it, and the read fails.
        let run = workspace.validate().succeeds();
        assert!(run.diagnostics.is_empty(), "{}", run.report());
        let error = workspace.try_plan().error();
        assert_eq!(error.attribute(), Some("region"), "{error:?}");
        assert!(error.detail.contains("`eu`"), "{error:?}");
        assert_eq!(error.address, format!("data.konnect_audit_log_{type_name}.here"));
    }
}

#[test]
fn valid_config_without_token_validates() {
    let body = Block::destination("siem") + Block::webhook_to("eu", "siem");
    let mut workspace = Workspace::of(body);
    workspace.unset("KONNECT_TOKEN");
    let run = workspace.validate().succeeds();
    assert!(run.diagnostics.is_empty(), "{}", run.report());
    assert_eq!(workspace.konnect.requests(), []);
}
