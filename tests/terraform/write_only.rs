//! `authorization_wo`: the value is sent, is in no plan and no state, and a change is detected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::workspace::{Block, Diagnostic, Kind, Severity, Workspace, assert_no_secret, files};

const FIRST: &str = "Splunk wo-Zx8qT3.vB";
const SECOND: &str = "Splunk wo-Lm4vK7.yD";

const VARIABLE: &str = "variable \"secret\" {\n  type      = string\n  ephemeral = true\n}\n";

/// A block with an ephemeral variable.
fn ephemeral(kind: Kind) -> Block {
    kind.bare().expression("authorization_wo", "var.secret")
}

fn of(block: &Block) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.set("TF_VAR_secret", FIRST);
    workspace.set_up(format!("{VARIABLE}{block}"));
    workspace
}

/// Plans an update in place that only shows the time, applies it, and returns the requests.
fn updates_alone(workspace: &Workspace, kind: Kind) -> Vec<Value> {
    let plan = workspace.plan();
    assert!(plan.pending);
    let expected = BTreeMap::from([(kind.address(), "update".to_owned())]);
    assert_eq!(plan.actions(), expected);
    let change = plan.change(kind.address());
    assert_eq!(change.after["authorization_wo"], Value::Null);
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let writes = workspace.konnect.take_writes();
    let found = workspace.state().get(kind.address())["authorization_wo"].clone();
    assert_eq!(found, Value::Null);
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
    writes.into_iter().map(|write| write.body).collect()
}

#[test]
fn write_only_value_change_is_detected_and_sent_alone() {
    for kind in Kind::BOTH {
        let mut workspace = of(&ephemeral(kind));
        workspace.apply();
        workspace.set("TF_VAR_secret", SECOND);
        workspace.try_plan().ends_with(2);
        assert_eq!(updates_alone(&workspace, kind), [kind.update_of(SECOND)]);
        assert_eq!(kind.credential(&workspace), SECOND);
        for (path, text) in files(workspace.root()) {
            assert_no_secret(&text, &path, &[FIRST, SECOND]);
        }
    }
}

#[test]
fn other_attribute_change_does_not_send_write_only_value() {
    let workspace = of(&ephemeral(Kind::Destination));
    workspace.apply();
    workspace.configure(format!(
        "{VARIABLE}{}",
        ephemeral(Kind::Destination).with("name", "renamed")
    ));
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].body, json!({ "name": "renamed" }));
}

#[test]
fn write_only_version_set_sends_on_version_change_only() {
    for kind in Kind::BOTH {
        let versioned = |version: u64| ephemeral(kind).with("authorization_wo_version", version);
        let mut workspace = of(&versioned(1));
        workspace.apply();
        // Like an ephemeral value that changes in every run.
        workspace.set("TF_VAR_secret", SECOND);
        workspace.assert_no_changes();
        assert_eq!(kind.credential(&workspace), FIRST);
        let private = files(workspace.root())
            .into_iter()
            .filter(|(path, _)| path.ends_with("/private"));
        for (path, text) in private {
            assert!(
                !text.contains("fingerprint"),
                "{path} keeps a hash beside a version"
            );
        }

        workspace.configure(format!("{VARIABLE}{}", versioned(2)));
        let change = workspace.plan();
        let changed = change.change(kind.address()).changed();
        let expected = BTreeSet::from(["authorization_wo_version", "updated_at"]);
        assert_eq!(changed, expected);
        assert_eq!(updates_alone(&workspace, kind), [kind.update_of(SECOND)]);
    }
}

/// Values whose hash could be used to guess them: a password, and a short value.
const GUESSABLE: [&str; 2] = ["Basic c2llbTpaeDhxVDN2QkxtNHZLN3lEUTk=", "Splunk Zx8qT3v"];
const NEEDS_VERSION: &str = "A later change of the credential needs a version";

/// The warnings of a plan or an apply that a later change needs a version.
fn version_warnings(found: &[Diagnostic], kind: Kind) -> usize {
    let warnings: Vec<_> = found
        .iter()
        .filter(|found| found.summary == NEEDS_VERSION)
        .collect();
    for warning in &warnings {
        assert_eq!(warning.severity, Severity::Warning);
        assert_eq!(warning.address, kind.address());
        assert_eq!(warning.attribute(), Some("authorization_wo"));
        assert!(warning.detail.contains("authorization_wo_version"), "{warning:?}");
    }
    warnings.len()
}

/// The private data of the only resource in the state.
fn private(workspace: &Workspace) -> String {
    let private = files(workspace.root())
        .into_iter()
        .filter(|(path, _)| path.ends_with("terraform.tfstate/private"));
    private.map(|(_, text)| text).collect()
}

#[test]
fn guessable_value_has_no_hash_and_needs_a_version_to_change() {
    for kind in Kind::BOTH {
        let mut workspace = of(&ephemeral(kind));
        let [first, second] = GUESSABLE;
        workspace.set("TF_VAR_secret", first);
        let plan = workspace.plan();
        let found = version_warnings(&plan.diagnostics, kind);
        assert_eq!(found, 1, "{:?}", plan.diagnostics);
        workspace.apply_plan();
        assert_eq!(kind.credential(&workspace), first);
        assert!(
            private(&workspace).contains("\"fp\":null"),
            "{}",
            private(&workspace)
        );
        for value in [first, second] {
            workspace.set("TF_VAR_secret", value);
            let plan = workspace.plan();
            assert!(
                !plan.pending && plan.diagnostics.is_empty(),
                "{:?}",
                plan.diagnostics
            );
        }
        assert_eq!(kind.credential(&workspace), first);

        // A version sends it, and each later one. A value with a hash needs none.
        for version in [1, 2] {
            let block = ephemeral(kind).with("authorization_wo_version", version);
            workspace.configure(format!("{VARIABLE}{block}"));
            let plan = workspace.plan();
            assert_eq!(version_warnings(&plan.diagnostics, kind), 0);
            assert_eq!(updates_alone(&workspace, kind), [kind.update_of(second)]);
            assert!(!private(&workspace).contains("\"fp\""));
        }
        workspace.set("TF_VAR_secret", FIRST);
        workspace.configure(format!("{VARIABLE}{}", ephemeral(kind)));
        assert_eq!(updates_alone(&workspace, kind), [kind.update_of(FIRST)]);
        assert!(private(&workspace).contains("\"fp\":\""));
        workspace.set("TF_VAR_secret", first);
        let plan = workspace.plan();
        assert_eq!(version_warnings(&plan.diagnostics, kind), 1);
        assert_eq!(updates_alone(&workspace, kind), [kind.update_of(first)]);
        assert!(private(&workspace).contains("\"fp\":null"));
        workspace.set("TF_VAR_secret", SECOND);
        assert_eq!(updates_alone(&workspace, kind), [kind.update_of(SECOND)]);
    }
}

#[test]
fn guessable_value_unknown_at_plan_warns_at_apply() {
    for kind in Kind::BOTH {
        let workspace = Workspace::of(made(kind, 1, GUESSABLE[0]));
        assert_eq!(version_warnings(&workspace.plan().diagnostics, kind), 0);
        let run = workspace.apply_plan();
        assert_eq!(version_warnings(&run.diagnostics, kind), 1, "{}", run.report());
        assert_eq!(kind.credential(&workspace), GUESSABLE[0]);
        workspace.assert_no_changes();
    }
}

#[test]
fn authorization_argument_switch_removes_old_secret() {
    for kind in Kind::BOTH {
        let stored = |secret: &str| kind.bare().with("authorization", secret);
        let unversioned = ephemeral(kind);
        let versioned = ephemeral(kind).with("authorization_wo_version", 1);
        let workspace = of(&stored("Splunk st-0Qw9eR"));
        workspace.apply();
        let mut former = "Splunk st-0Qw9eR".to_owned();
        let steps = [
            unversioned.clone(),
            versioned.clone(),
            stored("Splunk st-1Ty8uI"),
            versioned,
            unversioned,
            stored("Splunk st-2Op7aS"),
        ];
        for (number, block) in steps.into_iter().enumerate() {
            workspace.configure(format!("{VARIABLE}{block}"));
            let sent = updates_alone(&workspace, kind);
            let secret = workspace.state().get(kind.address())["authorization"].clone();
            let expected = secret.as_str().unwrap_or(FIRST);
            assert_eq!(sent, [kind.update_of(expected)], "step {number}");
            let state = fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
            assert_no_secret(&state, "the state", &[FIRST]);
            if former != expected {
                assert_no_secret(&state, "the state", &[&former]);
            }
            expected.clone_into(&mut former);
        }
    }
}

#[test]
fn authorization_arguments_conflict_errors_on_attribute() {
    for kind in Kind::BOTH {
        for (block, attribute) in [
            (
                kind.bare()
                    .with("authorization", "Splunk both")
                    .with("authorization_wo", FIRST),
                "authorization_wo",
            ),
            (
                kind.bare()
                    .with("authorization", "Splunk stored")
                    .with("authorization_wo_version", 1),
                "authorization_wo_version",
            ),
        ] {
            let workspace = of(&block);
            // A variable is unknown in `validate`, and known in a plan.
            let error = workspace.try_plan().error();
            assert!(error.text().contains(attribute), "{error:?}");
            assert_eq!(error.attribute(), Some(attribute), "{error:?}");
            assert_eq!(error.address, kind.address());
            assert!(!error.text().contains("Splunk both"));
            assert_eq!(workspace.konnect.take_requests(), []);
        }
        // `terraform destroy` plans first, also without a credential.
        let workspace = of(&kind.bare());
        let warning = workspace.plan().diagnostics.remove(0);
        assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
        for missing in [warning, workspace.apply_error()] {
            assert!(missing.text().contains("authorization"), "{missing:?}");
            assert_eq!(missing.address, kind.address());
        }
    }
}

/// A value of another resource, which changes with each generation.
fn made(kind: Kind, generation: u64, value: &str) -> String {
    let maker = Block::new("resource \"terraform_data\" \"maker\"")
        .with("input", value)
        .with("triggers_replace", generation);
    let block = kind
        .bare()
        .expression("authorization_wo", "terraform_data.maker.output");
    format!("{maker}{block}")
}

#[test]
fn write_only_value_unknown_at_plan_sends_only_if_changed() {
    for kind in Kind::BOTH {
        let workspace = Workspace::of(made(kind, 1, FIRST));
        let plan = workspace.plan();
        assert_eq!(plan.change(kind.address()).after["authorization_wo"], Value::Null);
        workspace.apply_plan();
        assert_eq!(kind.credential(&workspace), FIRST);
        workspace.assert_no_changes();

        workspace.configure(made(kind, 2, FIRST));
        let plan = workspace.plan();
        assert_eq!(plan.actions()[kind.address()], "update");
        workspace.konnect.clear_requests();
        workspace.apply_plan();
        assert_eq!(workspace.konnect.take_writes(), [], "it was the same");
        workspace.assert_no_changes();

        workspace.configure(made(kind, 3, SECOND));
        let writes = workspace.apply_and_assert_no_changes();
        let bodies: Vec<_> = writes.into_iter().map(|write| write.body).collect();
        assert_eq!(bodies, [kind.update_of(SECOND)]);
    }
}

#[test]
fn refresh_only_plan_without_changes_is_empty() {
    let stored = Block::destination("stored");
    let workspace = of(&ephemeral(Kind::Destination));
    workspace.configure(format!("{VARIABLE}{}{stored}", ephemeral(Kind::Destination)));
    workspace.apply();
    // Repeated, because the CLI stores some values in random order.
    for _ in 0..5 {
        workspace
            .run(&["plan", "-refresh-only", "-detailed-exitcode", "-json"])
            .succeeds();
    }
}
