//! Lists of existing objects.

use tokio::sync::mpsc;

use crate::protocol::*;
use crate::tests::toy::{Data, ThingModel, Toy, configured};
use crate::*;

/// Lists three objects. The argument selects other behavior.
pub(crate) struct List;

/// Lists things.
#[derive(Model)]
pub(crate) struct Config {
    /// What it does.
    #[tf(optional)]
    does: Attr<String>,
    /// A token.
    #[tf(optional, sensitive)]
    token: Attr<Secret>,
}

fn result(id: &str, name: &str) -> ListResult<ThingModel> {
    ListResult {
        display_name: name.to_owned(),
        identity: Value::object([("id", id.into())]),
        resource: Some(ThingModel {
            id: id.into(),
            name: name.into(),
            password: Secret::from("s3cret".to_owned()).into(),
            updated: "then".into(),
        }),
    }
}

fn identified(id: Value) -> ListResult<ThingModel> {
    ListResult {
        identity: Value::object([("id", id)]),
        ..result("1", "one")
    }
}

impl ListResource for List {
    type Data = Data;
    type Config = Config;
    type Model = ThingModel;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn validate(&self, call: &mut ValidateCall<Config>) -> Result<(), Diagnostics> {
        if call.config.does == "invalid".into() {
            return Err(Diagnostic::error("Invalid", "As the argument says.")
                .at("does")
                .into());
        }
        Ok(())
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let does = call.config.does.known().cloned().unwrap_or_default();
        match does.as_str() {
            "fail" => {
                call.push(result("1", "one")).await;
                let token = call.config.token.known().map_or("", Secret::expose).to_owned();
                return Err(Diagnostic::error("Failed", format!("The token {token} is refused.")).into());
            }
            "panic" => panic!("a literal message"),
            "no identity" => _ = call.push(identified(Value::Null)).await,
            "unknown identity" => _ = call.push(identified(Value::Unknown)).await,
            "no object" => {
                let resource = None;
                call.push(ListResult {
                    resource,
                    ..result("1", "one")
                })
                .await;
            }
            "unknown value" => {
                let mut result = result("1", "one");
                result.resource.as_mut().unwrap().updated = Attr::Unknown;
                call.push(result).await;
            }
            "warn" => {
                call.warn(Diagnostic::error("Region skipped", "It does not respond."))
                    .await;
                call.push(result("2", "two")).await;
            }
            "wait" => {
                call.push(result("1", "one")).await;
                call.stop.cancelled().await;
            }
            _ => {
                for (id, name) in [("1", "one"), ("2", ""), ("3", "three")] {
                    if !call.push(result(id, name)).await {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

fn request(does: &str) -> ListRequest {
    ListRequest {
        config: Value::object([("does", does.into()), ("token", "t0ken-s3cret".into())]),
        include_resource: true,
        limit: 100,
    }
}

fn list_of(server: &Server<Toy>) -> ListResourceHandle<'_, Data> {
    server.list_resource("toy_thing").unwrap()
}

async fn list(request: ListRequest) -> Vec<ListEvent> {
    let server = configured(Toy).await;
    let (events, mut receiver) = mpsc::channel(100);
    list_of(&server).list(request, events).await;
    let mut list = Vec::new();
    while let Some(event) = receiver.recv().await {
        list.push(event);
    }
    list
}

fn names(events: &[ListEvent]) -> Vec<&str> {
    let names = events.iter().map(|event| match event {
        ListEvent::Found { display_name, .. } => display_name.as_str(),
        ListEvent::Diagnostics(_) => "diagnostics",
    });
    names.collect()
}

fn error(event: &ListEvent) -> &Diagnostic {
    let ListEvent::Diagnostics(diagnostics) = event else {
        panic!("not an error: {event:?}")
    };
    let diagnostic = diagnostics.iter().next().unwrap();
    assert_eq!(diagnostic.severity, Severity::Error);
    diagnostic
}

#[tokio::test]
async fn list_null_config_returns_objects_without_secrets() {
    let events = list(ListRequest {
        include_resource: true,
        limit: 100,
        ..ListRequest::default()
    })
    .await;
    // An empty display name becomes the identity.
    assert_eq!(names(&events), ["one", "2", "three"]);
    let ListEvent::Found {
        identity, resource, ..
    } = &events[0]
    else {
        panic!("a result")
    };
    assert_eq!(identity, &Value::object([("id", "1".into())]));
    let resource = resource.as_ref().unwrap();
    assert_eq!(
        (resource.get("name"), resource.get("password")),
        (&"one".into(), &Value::Null)
    );
}

#[tokio::test]
async fn list_resource_not_requested_is_omitted() {
    let events = list(ListRequest {
        include_resource: false,
        ..request("no object")
    })
    .await;
    assert!(
        matches!(&events[..], [ListEvent::Found { resource: None, .. }]),
        "{events:?}"
    );
}

#[tokio::test]
async fn list_limit_reached_ends_without_error() {
    for (limit, expected) in [(0, &[][..]), (2, &["one", "2"]), (3, &["one", "2", "three"])] {
        let events = list(ListRequest { limit, ..request("") }).await;
        assert_eq!(names(&events), expected);
    }
}

#[tokio::test]
async fn list_invalid_result_is_provider_error() {
    for does in ["no identity", "unknown identity", "no object", "unknown value"] {
        let events = list(request(does)).await;
        assert_eq!(events.len(), 1, "{does}");
        assert_eq!(
            error(&events[0]).summary,
            "Provider returned an invalid list result",
            "{does}"
        );
    }
}

#[tokio::test]
async fn list_warning_keeps_other_results() {
    let events = list(request("warn")).await;
    assert_eq!(names(&events), ["diagnostics", "two"]);
    let ListEvent::Diagnostics(warning) = &events[0] else {
        panic!("a warning")
    };
    assert!(!warning.has_errors());
}

#[tokio::test]
async fn list_failure_ends_with_redacted_error() {
    let events = list(request("fail")).await;
    assert_eq!(names(&events), ["one", "diagnostics"]);
    assert_eq!(error(&events[1]).detail, "The token [redacted] is refused.");
}

#[tokio::test]
async fn list_panic_ends_with_error() {
    let events = list(request("panic")).await;
    assert_eq!(
        error(&events[0]).summary,
        "The provider crashed in this operation"
    );
}

#[tokio::test]
async fn list_stopped_ends_with_error() {
    let server = configured(Toy).await;
    let (events, mut receiver) = mpsc::channel(100);
    let list = list_of(&server);
    let run = list.list(request("wait"), events);
    let stop = async {
        assert!(matches!(receiver.recv().await, Some(ListEvent::Found { .. })));
        server.stop();
        receiver.recv().await.unwrap()
    };
    let ((), event) = tokio::join!(run, stop);
    assert_eq!(error(&event).summary, "List interrupted");
}

/// Terraform stops reading at the limit, and cancels the stream.
#[tokio::test]
async fn list_receiver_dropped_ends_list() {
    let server = configured(Toy).await;
    let (events, mut receiver) = mpsc::channel(1);
    let list = list_of(&server);
    let cancel = async {
        receiver.recv().await.unwrap();
        drop(receiver);
    };
    tokio::join!(list.list(request("wait"), events), cancel);
}

#[tokio::test]
async fn list_not_configured_is_error() {
    let server = Server::new(Toy, ServeMode::Managed);
    let (events, mut receiver) = mpsc::channel(1);
    list_of(&server).list(request(""), events).await;
    let event = receiver.recv().await.unwrap();
    assert_eq!(error(&event).summary, "Provider is not configured");
}

#[test]
fn list_validate_checks_schema_and_rules() {
    let server = Server::new(Toy, ServeMode::Managed);
    let list = list_of(&server);
    assert!(list.validate(Value::Null).is_empty());
    assert!(list.validate(request("invalid").config).has_errors());
}
