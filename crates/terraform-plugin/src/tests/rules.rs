//! The responses to the calls of a host.

use serde_json::json;

use crate::protocol::*;
use crate::tests::toy::{Toy, configured, state, thing};
use crate::*;

const TYPE: &str = "toy_thing";

fn provider_block(token: &str) -> Value {
    Value::object([("token", token.into())])
}

fn config(name: &str) -> Value {
    thing(Value::Null, name, "s3cret".into(), Value::Null)
}

fn read_request(name: &str) -> ReadRequest {
    ReadRequest {
        state: state(name),
        private: b"not ours".to_vec(),
        identity: None,
    }
}

/// Path and summary of each error.
fn errors(diagnostics: &Diagnostics) -> String {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let errors = errors.map(|d| format!("{}: {}", d.path.clone().unwrap_or_default(), d.summary));
    errors.collect::<Vec<_>>().join(", ")
}

const CRASHED: &str = ": The provider crashed in this operation";

async fn plan(prior: Value, config: Value) -> PlanResponse {
    let server = configured(Toy).await;
    let resource = server.resource(TYPE).unwrap();
    resource
        .plan(PlanRequest {
            prior,
            config,
            ..PlanRequest::default()
        })
        .await
}

async fn apply(prior: Value, planned: Value, config: Value) -> StateResponse {
    let server = configured(Toy).await;
    let resource = server.resource(TYPE).unwrap();
    resource
        .apply(ApplyRequest {
            prior,
            planned,
            config,
            private: br#"{"kept":1}"#.to_vec(),
            identity: None,
        })
        .await
}

async fn create(name: &str) -> StateResponse {
    let planned = plan(Value::Null, config(name)).await;
    assert!(planned.diagnostics.is_empty());
    apply(Value::Null, planned.planned, config(name)).await
}

async fn update(to: &str) -> StateResponse {
    let planned = plan(state("before"), config(to)).await;
    apply(state("before"), planned.planned, config(to)).await
}

#[tokio::test]
async fn write_only_value_is_in_no_plan_and_no_state() {
    let planned = plan(Value::Null, config("a")).await;
    assert!(planned.planned.get("password").is_null());
    let created = apply(Value::Null, planned.planned, config("a")).await;
    assert!(created.state.get("password").is_null());
    // The resource received the password.
    let private: serde_json::Value = serde_json::from_slice(&created.private).unwrap();
    assert_eq!(private, json!({"kept": 1, "password_seen": true}));
}

#[tokio::test]
async fn apply_result_is_checked_against_plan() {
    let created = create("a").await;
    assert!(created.diagnostics.is_empty());
    assert_eq!(created.state, state("a"));

    let unknown = create("unknown").await;
    assert_eq!(
        errors(&unknown.diagnostics),
        "updated: Provider returned an unknown value"
    );
    assert!(unknown.state.is_wholly_known());

    let other = create("other").await;
    assert_eq!(errors(&other.diagnostics), "", "an error would taint the object");
    let warning = other.diagnostics.iter().next().unwrap();
    assert_eq!(
        warning.summary,
        "The service returned a different value than the one applied"
    );
    assert_eq!(other.state.get("name"), &"other".into());
}

#[tokio::test]
async fn create_failed_returns_partial_state_or_null() {
    let failed = create("fail").await;
    assert_eq!(errors(&failed.diagnostics), ": Refused");
    assert_eq!(failed.state, Value::Null);
    let panicked = create("panic").await;
    assert_eq!(errors(&panicked.diagnostics), CRASHED);
    assert_eq!(panicked.state, Value::Null);

    let field = create("fail on a field").await;
    assert_eq!(
        errors(&field.diagnostics),
        ": Refused",
        "the schema has no such attribute, and a host may drop the message"
    );

    let half = create("fail half way").await;
    assert_eq!(errors(&half.diagnostics), ": Refused");
    assert_eq!(half.state.get("id"), &"1".into());
    assert!(
        half.state.is_wholly_known(),
        "a state is known, even after a failure"
    );
    let half = create("panic half way").await;
    assert_eq!(errors(&half.diagnostics), CRASHED);
    assert_eq!(half.state.get("id"), &"1".into());
}

#[tokio::test]
async fn update_failed_returns_partial_or_prior_state() {
    for (name, error) in [("fail", ": Refused"), ("panic", CRASHED)] {
        let failed = update(name).await;
        assert_eq!(errors(&failed.diagnostics), error);
        assert_eq!(failed.state, state("before"));
    }
    let half = update("fail half way").await;
    assert_eq!(half.state.get("updated"), &"half".into());
    assert_eq!(update("a").await.state.get("updated"), &"second".into());
}

#[tokio::test]
async fn delete_failed_returns_prior_state() {
    for (name, error) in [("fail", ": Refused"), ("panic", CRASHED)] {
        let failed = apply(state(name), Value::Null, Value::Null).await;
        assert_eq!(errors(&failed.diagnostics), error);
        assert_eq!(failed.state, state(name));
        assert_eq!(failed.private, br#"{"kept":1}"#);
    }
    assert!(apply(state("a"), Value::Null, Value::Null).await.state.is_null());
}

#[tokio::test]
async fn plan_result_is_checked_against_configuration() {
    let lied = plan(Value::Null, config("plan lies")).await;
    assert_eq!(
        errors(&lied.diagnostics),
        "name: Provider planned a value that differs from the configuration"
    );
    let panicked = plan(Value::Null, config("plan panics")).await;
    assert_eq!(errors(&panicked.diagnostics), CRASHED);
    let replaced = plan(state("before"), config("plan replaces")).await;
    assert_eq!(replaced.requires_replace, [Path::from("name")]);
    assert_eq!(Private::from_bytes(&replaced.private).get("planned"), Some(true));
}

#[tokio::test]
async fn plan_delete_is_null() {
    let server = configured(Toy).await;
    let request = PlanRequest {
        prior: state("a"),
        private: b"kept".to_vec(),
        ..PlanRequest::default()
    };
    let planned = server.resource(TYPE).unwrap().plan(request).await;
    assert!(planned.planned.is_null() && planned.diagnostics.is_empty());
    assert_eq!(planned.private, b"kept");
}

#[tokio::test]
async fn read_gone_returns_null_and_failed_returns_stored_state() {
    let server = configured(Toy).await;
    let resource = server.resource(TYPE).unwrap();
    let read = async |name: &str| resource.read(read_request(name)).await;
    assert!(read("gone").await.state.is_null());
    let same = read("a").await;
    assert_eq!((same.state, same.private), (state("a"), b"not ours".to_vec()));
    for (name, error) in [("fail", ": Refused"), ("panic", CRASHED)] {
        let failed = read(name).await;
        assert_eq!(errors(&failed.diagnostics), error);
        assert_eq!(failed.state, state(name));
    }
}

#[tokio::test]
async fn import_returns_state_for_read() {
    let server = configured(Toy).await;
    let resource = server.resource(TYPE).unwrap();
    let identity = Value::object([("id", "7".into())]);
    for target in [ImportTarget::Id("7".to_owned()), ImportTarget::Identity(identity)] {
        let imported = resource.import(target).await;
        assert_eq!(imported.state.get("id"), &"7".into());
    }
    let nobody = resource.import(ImportTarget::Id("nobody".to_owned())).await;
    assert_eq!(errors(&nobody.diagnostics), ": Nothing to import");
    assert_eq!(nobody.state, Value::Null);
}

#[test]
fn identity_of_state_exists_once_it_is_complete() {
    let server = Server::new(Toy, ServeMode::Managed);
    let resource = server.resource(TYPE).unwrap();
    let identity = Value::object([("id", "1".into())]);
    assert_eq!(resource.schema().identity_of(&state("a")), Some(identity.clone()));
    let mut unknown = state("a");
    unknown.set("id", Value::Unknown);
    assert_eq!(resource.schema().identity_of(&unknown), None);
    assert_eq!(resource.schema().identity_of(&Value::Null), None);
    let stored = json!({"id": "1", "since_gone": 1});
    assert_eq!(resource.upgrade_identity(0, &stored).unwrap(), identity);
    assert!(resource.upgrade_identity(0, &json!([])).is_err());
    let newer = resource.upgrade_identity(1, &stored).unwrap_err();
    assert!(newer.summary.contains("newer version"), "{}", newer.summary);
}

#[test]
fn upgrade_older_version_returns_current_state() {
    let server = Server::new(Toy, ServeMode::Managed);
    let resource = server.resource(TYPE).unwrap();
    for (version, stored) in [
        (0, json!({"id": "1", "title": "a"})),
        (1, json!({"id": "1", "names": ["a"]})),
        (
            2,
            json!({"id": "1", "name": "a", "since_gone": true, "password": "s3cret"}),
        ),
    ] {
        let upgraded = resource.upgrade(version, stored);
        assert_eq!(errors(&upgraded.diagnostics), "");
        assert_eq!(
            (upgraded.state.get("id"), upgraded.state.get("name")),
            (&"1".into(), &"a".into())
        );
        assert!(upgraded.state.get("password").is_null());
    }
    let newer = resource.upgrade(3, json!({}));
    assert_eq!(
        errors(&newer.diagnostics),
        ": State was written by a newer version of the provider"
    );
    let broken = resource.upgrade(2, json!({"name": ["s3cret"]}));
    assert_eq!(errors(&broken.diagnostics), "name: Invalid state");
    assert!(!format!("{:?}", broken.diagnostics).contains("s3cret"));
}

#[test]
fn move_state_accepts_only_named_types() {
    let server = Server::new(Toy, ServeMode::Managed);
    assert!(server.moves_resource_state());
    let resource = server.resource(TYPE).unwrap();
    let source = |type_name: &str| MoveSource {
        provider: "registry.terraform.io/other/other".to_owned(),
        type_name: type_name.to_owned(),
        version: 0,
        state: json!({"key": "k"}),
    };
    assert_eq!(
        resource.move_state(&source("other_thing")).state.get("id"),
        &"k".into()
    );
    let refused = resource.move_state(&source("strange_thing"));
    assert!(refused.state.is_null());
    let detail = &refused.diagnostics.iter().next().unwrap().detail;
    assert!(
        detail.contains("strange_thing") && detail.contains("other_thing"),
        "{detail}"
    );
}

/// The host sends names from a state, which anyone can have edited.
#[test]
fn names_of_the_host_are_one_line_in_messages() {
    let name = "a\u{1b}[2J\u{7}\u{9b}\u{202e}\r\n\nApply complete!";
    let server = Server::new(Toy, ServeMode::Managed);
    let source = MoveSource {
        provider: name.to_owned(),
        type_name: name.to_owned(),
        version: 0,
        state: json!({}),
    };
    let refused = server.resource(TYPE).unwrap().move_state(&source);
    let not_one_of = Attribute::string("a")
        .required()
        .validator(Validator::one_of(&["b"]));
    let invalid = validate(
        &Schema::new("", [not_one_of]),
        &Value::object([("a", name.into())]),
        ClientCapabilities::default(),
    );
    let errors = [
        Diagnostics::from(server.resource(name).err().unwrap()),
        refused.diagnostics,
        invalid,
    ];
    for error in errors.iter().flatten() {
        assert!(error.detail.contains("a [2J Apply complete!"), "{error:?}");
    }
}

#[test]
fn validate_reports_all_errors_without_configuration() {
    let server = Server::new(Toy, ServeMode::Managed);
    let resource = server.resource(TYPE).unwrap();
    let capable = ClientCapabilities {
        write_only_attributes: true,
    };
    assert_eq!(
        errors(&resource.validate(&config("invalid"), capable)),
        "name: Invalid"
    );
    assert_eq!(
        errors(&resource.validate(&config(" "), capable)),
        "name: Value is blank"
    );
    assert!(resource.validate(&config("a"), capable).is_empty());
    let incapable = resource.validate(&config("invalid"), ClientCapabilities::default());
    assert_eq!(
        errors(&incapable),
        "password: Write-only arguments are not supported, name: Invalid"
    );
}

#[tokio::test]
async fn call_not_configured_is_error_and_keeps_state() {
    let server = Server::new(Toy, ServeMode::Managed);
    for (token, error) in [("bad", "token: Bad token"), ("panic", CRASHED)] {
        let diagnostics = server.configure(provider_block(token), String::new()).await;
        assert_eq!(errors(&diagnostics), error);
    }
    let resource = server.resource(TYPE).unwrap();
    let read = resource.read(read_request("a")).await;
    assert_eq!(errors(&read.diagnostics), ": Provider is not configured");
    assert_eq!(read.state, state("a"));
    let request = ApplyRequest {
        prior: state("a"),
        ..ApplyRequest::default()
    };
    assert_eq!(resource.apply(request).await.state, state("a"));
}

#[test]
fn validate_provider_applies_schema_and_rules() {
    let server = Server::new(Toy, ServeMode::Managed);
    assert_eq!(
        errors(&server.validate_provider(&provider_block(" "))),
        "token: Value is blank"
    );
    let diagnostics = server.validate_provider(&Value::object([("token", Value::Null)]));
    assert!(!diagnostics.has_errors() && !diagnostics.is_empty());
    assert!(
        server
            .validate_provider(&Value::object([("token", Value::Unknown)]))
            .is_empty()
    );
}

#[tokio::test]
async fn stop_lasts_until_process_ends_or_next_configuration_in_debug_mode() {
    let request = || ApplyRequest {
        prior: Value::Null,
        planned: state("a"),
        config: config("a"),
        ..ApplyRequest::default()
    };
    for (mode, interrupted) in [(ServeMode::Managed, true), (ServeMode::Debug, false)] {
        let server = Server::new(Toy, mode);
        server.configure(provider_block("good"), String::new()).await;
        server.stop();
        let stopped = server.resource(TYPE).unwrap().apply(request()).await;
        assert_eq!(errors(&stopped.diagnostics), ": Interrupted");
        server.configure(provider_block("good"), String::new()).await;
        let next = server.resource(TYPE).unwrap().apply(request()).await;
        assert_eq!(next.diagnostics.has_errors(), interrupted);
    }
}

#[tokio::test]
async fn data_source_returns_known_values_or_error() {
    let server = configured(Toy).await;
    let source = server.data_source("toy_look").unwrap();
    let look = async |key: &str| {
        source
            .read(Value::object([("key", key.into()), ("value", Value::Null)]))
            .await
    };
    assert_eq!(look("abc").await.state.get("value"), &"ABC".into());
    for (key, error) in [
        ("fail", ": Refused"),
        ("panic", CRASHED),
        ("unknown", "value: Provider returned an unknown value"),
    ] {
        assert_eq!(errors(&look(key).await.diagnostics), error);
    }
}

#[tokio::test]
async fn refresh_after_apply_begins_another_operation() {
    let server = configured(Toy).await;
    let resource = server.resource(TYPE).unwrap();
    let removal = || ApplyRequest {
        prior: state("it"),
        ..ApplyRequest::default()
    };
    resource.read(read_request("it")).await;
    resource.apply(removal()).await;
    resource.apply(removal()).await;
    resource.read(read_request("it")).await;
    resource.read(read_request("it")).await;
    let data = server.configured_data().unwrap();
    assert_eq!(*data.phases.lock().unwrap(), [Phase::Apply, Phase::Plan]);
}

/// Terraform 1.16 marks the second plan of a change. Other hosts refresh before the first plan of an update, and never in
/// the process that applies.
#[tokio::test]
async fn warnings_appear_with_the_first_plan_of_a_change_only() {
    let server = configured(Toy).await;
    let resource = server.resource("toy_thing").unwrap();
    let create = PlanRequest {
        config: thing(Value::Null, "questionable", Value::Null, Value::Null),
        ..PlanRequest::default()
    };
    let update = PlanRequest {
        prior: thing("1".into(), "a", Value::Null, Value::Null),
        ..create.clone()
    };
    let warns = async |request: &PlanRequest| !resource.plan(request.clone()).await.diagnostics.is_empty();
    let validated = resource.validate(&create.config, ClientCapabilities::default());
    assert!(validated.is_empty(), "{validated:?}");
    assert!(warns(&create).await);
    assert!(
        !warns(&update).await,
        "an update without a refresh is planned by an apply"
    );
    let again = PlanRequest {
        planned_private: b"{}".to_vec(),
        ..create.clone()
    };
    assert!(!warns(&again).await);
    let read = ReadRequest {
        state: update.prior.clone(),
        ..ReadRequest::default()
    };
    let _ = resource.read(read).await;
    assert!(warns(&update).await);
    let _ = resource.apply(ApplyRequest::default()).await;
    assert!(!warns(&again).await && warns(&create).await);
}
