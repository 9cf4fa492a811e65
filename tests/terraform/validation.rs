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
        vec![
            warning(
                Block::destination(&label()).with("skip_ssl_verification", true),
                "skip_ssl_verification",
                "self-signed certificates outside production",
            ),
            warning(
                Block::destination(&label()).with("endpoint", "https://user:s3cret@siem.example.com/"),
                "endpoint",
                "user information",
            ),
            warning(
                Block::destination(&label()).with("endpoint", "https://127.0.0.1:9000/in"),
                "endpoint",
                "loopback",
            ),
            warning(
                Block::destination(&label()).with("authorization", "Authorization: Bearer pR7-zQ3.kM8xA"),
                "authorization",
                "name of a header",
            ),
            warning(
                Block::destination(&label()).with("authorization", "\"Bearer x\""),
                "authorization",
                "quotes",
            ),
            warning(
                Block::destination(&label())
                    .without("authorization")
                    .with("authorization_wo", "Basic user:s3cret")
                    .with("authorization_wo_version", 1),
                "authorization_wo",
                "base64encode",
            ),
        ]
    });
}

const ID: &str = "0b8f2ae6-5d0e-4a68-9a3c-3b9c1f1f2c11";

#[test]
fn webhook_invalid_value_errors_on_attribute() {
    assert_diagnosed("konnect_audit_log_webhook", |label| {
        let by_id = |label: String| {
            Block::webhook(&label)
                .with("region", "eu")
                .with("audit_log_destination_id", ID)
        };
        let own = |label: String| Block::webhook_with_endpoint(&label);
        let conflict = "A webhook delivers either to a destination or to an endpoint of its own";
        let beside = |block: Block, attribute: &'static str, value: Value| {
            error(block.with(attribute, value), attribute, conflict)
        };
        vec![
            beside(by_id(label()), "endpoint", "https://siem.example.com/".into()),
            beside(by_id(label()), "authorization", "Bearer x".into()),
            beside(by_id(label()), "log_format", "json".into()),
            beside(by_id(label()), "skip_ssl_verification", false.into()),
            error(
                Block::webhook(&label()).with("region", "eu"),
                "audit_log_destination_id",
                "endpoint",
            ),
            error(
                Block::webhook(&label())
                    .with("region", "eu")
                    .with("log_format", "json"),
                "audit_log_destination_id",
                "Missing target",
            ),
            error(
                Block::webhook(&label()).with("audit_log_destination_id", ""),
                "audit_log_destination_id",
                "Value is blank",
            ),
            error(
                own(label()).with("endpoint", "http://siem.example.com/"),
                "endpoint",
                "https://",
            ),
            error(
                own(label()).with("authorization", "a\nb"),
                "authorization",
                "Invalid authorization",
            ),
            error(own(label()).with("log_format", "xml"), "log_format", "\"xml\""),
            error(own(label()).with("region", ""), "region", "empty"),
            error(own(label()).with("region", "EU"), "region", "`eu`"),
            error(own(label()).with("region", "eu.example.com"), "region", "'.'"),
            error(own(label()).with("region", "-eu"), "region", "hyphen"),
            error(own(label()).with("region", "e_u"), "region", "'_'"),
        ]
    });
}

#[test]
fn webhook_questionable_value_warns_on_attribute() {
    assert_diagnosed("konnect_audit_log_webhook", |label| {
        vec![
            warning(
                Block::webhook_with_endpoint(&label()).with("region", "jp"),
                "region",
                "us, eu, au, me, in, sg, global",
            ),
            warning(
                Block::webhook_with_endpoint(&label()).with("skip_ssl_verification", true),
                "skip_ssl_verification",
                "read the audit log",
            ),
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
