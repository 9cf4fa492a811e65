//! Actions.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::protocol::*;
use crate::tests::toy::{Data, Toy, configured};
use crate::*;

/// An action whose argument selects its behavior.
pub(crate) struct Act;

/// Acts.
#[derive(Model)]
pub(crate) struct Config {
    /// What it does.
    #[tf(optional, validate = Validator::not_blank())]
    does: Attr<String>,
    /// A token.
    #[tf(optional, write_only)]
    token: Attr<Secret>,
}

impl Action for Act {
    type Data = Data;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        "toy_act"
    }

    async fn plan(&self, call: &mut PlanActionCall<'_, Self>) -> Result<(), Diagnostics> {
        if call.config.does == "plan fails".into() {
            return Err(Diagnostic::error("Refused", "As the argument says.").into());
        }
        Ok(())
    }

    async fn invoke(&self, call: &mut InvokeCall<'_, Self>) -> Result<(), Diagnostics> {
        let token = call.config.token.known().map_or("", Secret::expose).to_owned();
        match call.config.does.known().map_or("", String::as_str) {
            "fail" => Err(Diagnostic::error("Failed", format!("The token {token} is refused.")).into()),
            "panic" => panic!("a literal message"),
            "take a while" => {
                tokio::time::sleep(Duration::from_secs(15)).await;
                call.progress("half").await;
                tokio::time::sleep(Duration::from_secs(15)).await;
                Ok(())
            }
            _ => {
                call.diagnostics.push(Diagnostic::warning("Note", "It works."));
                call.progress(format!("uses\n{token}")).await;
                Ok(())
            }
        }
    }
}

fn config(does: &str) -> Value {
    Value::object([("does", does.into()), ("token", "t0ken-s3cret".into())])
}

fn action(server: &Server<Toy>) -> &DynAction<Data> {
    server.action("toy_act").unwrap()
}

async fn invoke(config: Value) -> Vec<InvokeEvent> {
    invoked(&configured(Toy).await, config).await
}

async fn invoked(server: &Server<Toy>, config: Value) -> Vec<InvokeEvent> {
    let (events, mut receiver) = mpsc::channel(100);
    action(server).invoke(config, events).await;
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    events
}

/// The progress, and the summary and detail of each diagnostic at the end. Asserts that the last event is the only end.
fn split(events: &[InvokeEvent]) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (InvokeEvent::Completed(diagnostics), progress) = events.split_last().unwrap() else {
        panic!("no end: {events:?}")
    };
    let progress = progress.iter().map(|event| match event {
        InvokeEvent::Progress(text) => text.as_str(),
        InvokeEvent::Completed(_) => panic!("two ends: {events:?}"),
    });
    let diagnostics = diagnostics
        .iter()
        .map(|d| (d.summary.as_str(), d.detail.as_str()));
    (progress.collect(), diagnostics.collect())
}

#[tokio::test]
async fn action_success_reports_progress_in_one_redacted_line() {
    let events = invoke(config("it")).await;
    assert_eq!(
        split(&events),
        (vec!["uses [redacted]"], vec![("Note", "It works.")])
    );
}

#[tokio::test]
async fn action_null_config_has_null_arguments() {
    let events = invoke(Value::Null).await;
    assert_eq!(split(&events).0, ["uses"]);
}

#[tokio::test]
async fn action_without_arguments_has_no_diagnostics_before_its_invocation() {
    let server = configured(Toy).await;
    let action = action(&server);
    for config in [Value::Null, Value::object([("what", Value::Null)])] {
        assert!(action.validate(&config).is_empty());
        assert!(action.plan(config).await.is_empty());
    }
}

#[tokio::test]
async fn action_failure_completes_with_redacted_error() {
    let events = invoke(config("fail")).await;
    let failed = vec![("Failed", "The token [redacted] is refused.")];
    assert_eq!(split(&events), (vec![], failed));
}

#[tokio::test]
async fn action_panic_completes_with_error() {
    let events = invoke(config("panic")).await;
    assert_eq!(split(&events).1[0].0, "The provider crashed in this operation");
}

#[tokio::test]
async fn action_invalid_config_is_not_invoked() {
    let events = invoke(config(" ")).await;
    assert_eq!(split(&events).1[0].0, "Value is blank");
}

#[tokio::test(start_paused = true)]
async fn action_without_progress_reports_elapsed_time() {
    let events = invoke(config("take a while")).await;
    let progress = vec![
        "Still running (10s elapsed)",
        "half",
        "Still running (25s elapsed)",
    ];
    assert_eq!(split(&events), (progress, vec![]));
}

/// The action runs to its end even if the host no longer reads.
#[tokio::test]
async fn action_receiver_dropped_runs_to_end() {
    let server = configured(Toy).await;
    let (events, receiver) = mpsc::channel(1);
    drop(receiver);
    action(&server).invoke(config("it"), events).await;
}

#[tokio::test]
async fn action_not_configured_completes_with_error() {
    let events = invoked(&Server::new(Toy, ServeMode::Managed), config("it")).await;
    assert_eq!(split(&events).1[0].0, "Provider is not configured");
}

#[tokio::test]
async fn action_plan_returns_its_errors() {
    let server = configured(Toy).await;
    assert!(action(&server).plan(config("plan fails")).await.has_errors());
}

/// Hosts send no capabilities with the configuration of an action.
#[test]
fn action_validate_accepts_write_only_argument() {
    let server = Server::new(Toy, ServeMode::Managed);
    assert!(action(&server).validate(&config("it")).is_empty());
}
