//! A provider that repeats everything that it receives, as a service can. No message may contain a secret.

use serde_json::json;

use crate::protocol::*;
use crate::*;

const TOKEN: &str = "provider-t0ken";
/// The sensitive values in the prior state, the plan and the configuration of each call.
const VALUES: [&str; 3] = ["pri0r-secret", "planned-s3cret", "c0nfigured-secret"];

struct Echo;

#[derive(Model)]
struct Config {
    /// A token.
    #[tf(optional, sensitive)]
    token: Attr<Secret>,
}

struct Data {
    token: String,
}

fn text(secret: &Attr<Secret>) -> &str {
    secret.known().map_or("", Secret::expose)
}

fn repeat(data: Option<&Data>, models: &[&ThingModel]) -> Diagnostics {
    let mut text_of = data.map_or_else(String::new, |data| data.token.clone());
    for model in models {
        text_of = format!("{text_of} {} {}", text(&model.password), text(&model.secret_wo));
    }
    Diagnostic::error(format!("received {text_of}"), format!("It said {text_of}.")).into()
}

impl Provider for Echo {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata::new("example/echo", "1.0.0", "An echo.")
    }

    fn register(&self, registry: &mut Registry<Data>) {
        registry.resource(Thing).data_source(Lookup);
    }

    fn validate(&self, call: &mut ValidateCall<Config>) -> Result<(), Diagnostics> {
        Err(Diagnostic::error("received", text(&call.config.token)).into())
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        let token = text(&call.config.token).to_owned();
        call.diagnostics
            .push(Diagnostic::warning("received", token.clone()));
        Ok(Data { token })
    }
}

#[derive(Clone, Model)]
#[tf(version = 1)]
struct ThingModel {
    /// A secret.
    #[tf(optional, sensitive)]
    password: Attr<Secret>,
    /// A secret.
    #[tf(optional, write_only)]
    secret_wo: Attr<Secret>,
}

struct Thing;

impl Resource for Thing {
    type Data = Data;
    type Model = ThingModel;

    fn type_name(&self) -> &'static str {
        "echo_thing"
    }

    fn validate(&self, call: &mut ValidateCall<ThingModel>) -> Result<(), Diagnostics> {
        Err(repeat(None, &[&call.config]))
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
        let state = call.state.as_ref().unwrap();
        Err(repeat(Some(call.data), &[state, &call.planned, &call.config]))
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
        Err(repeat(Some(call.data), &[&call.planned, &call.config]))
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<ThingModel>, Diagnostics> {
        Err(repeat(Some(call.data), &[&call.state]))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
        Err(repeat(
            Some(call.data),
            &[&call.state, &call.planned, &call.config],
        ))
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        Err(repeat(Some(call.data), &[&call.state]))
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
        Err(repeat(Some(call.data), &[]))
    }

    fn upgrade_state(&self, _: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        Err(Diagnostic::error("received", state.to_string()).into())
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["other_thing"]
    }

    fn move_state(&self, source: &MoveSource) -> Result<Option<ThingModel>, Diagnostics> {
        Err(Diagnostic::error("received", source.state.to_string()).into())
    }
}

struct Lookup;

#[derive(Clone, Model)]
struct LookupModel {
    /// A secret.
    #[tf(optional, sensitive)]
    password: Attr<Secret>,
}

impl DataSource for Lookup {
    type Data = Data;
    type Model = LookupModel;

    fn type_name(&self) -> &'static str {
        "echo_look"
    }

    fn validate(&self, call: &mut ValidateCall<LookupModel>) -> Result<(), Diagnostics> {
        Err(Diagnostic::error("received", text(&call.config.password)).into())
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<LookupModel, Diagnostics> {
        let (token, password) = (&call.data.token, text(&call.config.password));
        Err(Diagnostic::error("received", format!("{token} {password}")).into())
    }
}

fn value(password: &str) -> Value {
    Value::object([("password", password.into()), ("secret_wo", Value::Null)])
}

fn write_only(secret: &str) -> Value {
    Value::object([("password", Value::Null), ("secret_wo", secret.into())])
}

/// Asserts that a call has a message without a secret.
fn clean(call: &str, diagnostics: &Diagnostics) {
    let text = format!("{diagnostics:?}");
    assert!(text.contains("[redacted]"), "{call} has no message: {text}");
    for secret in [TOKEN].iter().chain(&VALUES) {
        assert!(!text.contains(secret), "{call}: {text}");
    }
}

#[tokio::test]
async fn messages_of_all_calls_contain_no_sensitive_value() {
    let server = Server::new(Echo, ServeMode::Managed);
    let block = Value::object([("token", TOKEN.into())]);
    clean("validate provider", &server.validate_provider(&block));
    clean("configure", &server.configure(block, "1.11.4".to_owned()).await);

    let [prior, planned, config] = VALUES;
    let resource = server.resource("echo_thing").unwrap();
    let host = ClientCapabilities {
        write_only_attributes: true,
    };
    clean("validate", &resource.validate(&write_only(config), host));
    let request = PlanRequest {
        prior: value(prior),
        config: write_only(config),
        ..PlanRequest::default()
    };
    clean("plan", &resource.plan(request).await.diagnostics);
    for (call, prior, planned) in [
        ("create", Value::Null, value(planned)),
        ("update", value(prior), value(planned)),
        ("delete", value(prior), Value::Null),
    ] {
        let request = ApplyRequest {
            prior,
            planned,
            config: write_only(config),
            ..ApplyRequest::default()
        };
        clean(call, &resource.apply(request).await.diagnostics);
    }
    let request = ReadRequest {
        state: value(prior),
        ..ReadRequest::default()
    };
    clean("read", &resource.read(request).await.diagnostics);
    let target = ImportTarget::Id("1".to_owned());
    clean("import", &resource.import(target).await.diagnostics);
    let state = json!({"password": prior, "old": {"secret_wo": planned}});
    clean("upgrade", &resource.upgrade(0, state.clone()).diagnostics);
    let source = MoveSource {
        provider: "registry.terraform.io/other/other".to_owned(),
        type_name: "other_thing".to_owned(),
        version: 0,
        state,
    };
    clean("move", &resource.move_state(&source).diagnostics);

    let lookup = server.data_source("echo_look").unwrap();
    let config = Value::object([("password", config.into())]);
    clean("validate data", &lookup.validate(&config));
    clean("read data", &lookup.read(config).await.diagnostics);
}
