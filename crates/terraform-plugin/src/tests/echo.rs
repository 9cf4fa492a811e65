//! A provider that repeats everything that it receives, as a service can. No message may contain a secret.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::*;

const TOKEN: &str = "provider-t0ken";
/// The sensitive values in the prior state, the plan and the configuration of each call.
const VALUES: [&str; 3] = ["pri0r-secret", "planned-s3cret", "c0nfigured-secret"];

struct Echo;

#[derive(Deserialize)]
struct Config {
    token: Attr<Secret>,
}

struct Data {
    token: String,
}

fn text(secret: &Attr<Secret>) -> &str {
    secret.known().map_or("", Secret::expose)
}

fn repeat(data: Option<&Data>, models: &[&Model]) -> Diagnostics {
    let mut text_of = data.map_or_else(String::new, |data| data.token.clone());
    for model in models {
        text_of = format!("{text_of} {} {}", text(&model.password), text(&model.secret_wo));
    }
    Diagnostic::error(format!("received {text_of}"), format!("It said {text_of}.")).into()
}

fn password() -> [Attribute; 2] {
    [
        Attribute::string("password").optional().sensitive(),
        Attribute::string("secret_wo").optional().write_only(),
    ]
}

#[async_trait]
impl Provider for Echo {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata {
            address: "example/echo",
            name: "echo",
            version: "1.0.0",
            description: "An echo.",
            log_targets: &[],
        }
    }

    fn schema(&self) -> Schema {
        Schema::new("", [Attribute::string("token").optional().sensitive()])
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        diagnostics.push(Diagnostic::error("received", text(&config.token)));
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        let token = text(&call.config.token).to_owned();
        call.diagnostics
            .push(Diagnostic::warning("received", token.clone()));
        Ok(Data { token })
    }

    fn resources(&self) -> Vec<ServedResource<Data>> {
        vec![ServedResource::new(Thing)]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<Data>> {
        vec![ServedDataSource::new(Lookup)]
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Model {
    password: Attr<Secret>,
    secret_wo: Attr<Secret>,
}

struct Thing;

#[async_trait]
impl Resource for Thing {
    type Data = Data;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "echo_thing"
    }

    fn schema(&self) -> Schema {
        Schema::new("", password()).version(1)
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        diagnostics.append(repeat(None, &[config]));
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let prior = call.prior.as_ref().unwrap();
        let received = repeat(Some(call.provider), &[prior, &call.planned, &call.config]);
        call.diagnostics.append(received);
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        Err(repeat(Some(call.provider), &[&call.planned, &call.config]))
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        Err(repeat(Some(call.provider), &[&call.state]))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        Err(repeat(
            Some(call.provider),
            &[&call.prior, &call.planned, &call.config],
        ))
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        Err(repeat(Some(call.provider), &[&call.state]))
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        Err(repeat(Some(call.provider), &[]))
    }

    fn upgrade_state(&self, _: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        Err(Diagnostic::error("received", state.to_string()).into())
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["other_thing"]
    }

    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        Some(Err(Diagnostic::error("received", source.state.to_string()).into()))
    }
}

struct Lookup;

#[derive(Clone, Serialize, Deserialize)]
struct LookupModel {
    password: Attr<Secret>,
}

#[async_trait]
impl DataSource for Lookup {
    type Data = Data;
    type Model = LookupModel;

    fn type_name(&self) -> &'static str {
        "echo_look"
    }

    fn schema(&self) -> Schema {
        Schema::new("", [Attribute::string("password").optional().sensitive()])
    }

    fn validate(&self, config: &LookupModel, diagnostics: &mut Diagnostics) {
        diagnostics.push(Diagnostic::error("received", text(&config.password)));
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<LookupModel, Diagnostics> {
        let (token, password) = (&call.provider.token, text(&call.config.password));
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
    clean("validate provider", &server.validate_provider(block.clone()));
    clean("configure", &server.configure(block, "1.11.4".to_owned()).await);

    let [prior, planned, config] = VALUES;
    let resource = server.resource("echo_thing").unwrap();
    let host = ClientCapabilities {
        write_only_attributes: true,
    };
    clean("validate", &resource.validate(write_only(config), host));
    let request = PlanRequest {
        prior: value(prior),
        proposed: value(planned),
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
    clean("validate data", &lookup.validate(config.clone()));
    clean("read data", &lookup.read(config).await.diagnostics);
}
