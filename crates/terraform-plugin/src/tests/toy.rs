//! A provider with a resource whose `name` selects its behavior.

use std::sync::Mutex;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::tests::actions::Act;
use crate::tests::functions::{Join, Known};
use crate::tests::lists::List;
use crate::*;

/// The provider.
pub(crate) struct Toy;

/// Its configuration.
#[derive(Deserialize)]
pub(crate) struct Config {
    token: Attr<Secret>,
}

/// The configured provider.
pub(crate) struct Data {
    pub(crate) stop: CancellationToken,
    /// The phases that were observed.
    pub(crate) phases: Mutex<Vec<Phase>>,
}

#[async_trait]
impl Provider for Toy {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata {
            address: "example/toy",
            name: "toy",
            version: "1.0.0",
            description: "A toy.",
            log_targets: &[],
        }
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "A toy.",
            [Attribute::string("token")
                .optional()
                .sensitive()
                .validator(Validator::not_blank())],
        )
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        if config.token.is_null() {
            diagnostics.push(Diagnostic::warning("No token", "The provider works without one.").at("token"));
        }
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        match call.config.token.known().map(Secret::expose) {
            Some("bad") => Err(Diagnostic::error("Bad token", "Use another.").at("token").into()),
            Some("panic") => panic!("a literal message"),
            _ => Ok(Data {
                stop: call.stop.clone(),
                phases: Mutex::default(),
            }),
        }
    }

    fn on_phase(&self, data: &Data, phase: Phase) {
        data.phases.lock().unwrap().push(phase);
    }

    fn resources(&self) -> Vec<ServedResource<Data>> {
        vec![ServedResource::new(Thing)]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<Data>> {
        vec![ServedDataSource::new(Lookup)]
    }

    fn list_resources(&self) -> Vec<ServedListResource<Data>> {
        vec![ServedListResource::new(List)]
    }

    fn actions(&self) -> Vec<ServedAction<Data>> {
        vec![ServedAction::new(Act)]
    }

    fn functions(&self) -> Vec<ServedFunction> {
        vec![ServedFunction::new(Join), ServedFunction::new(Known)]
    }
}

/// A configured server.
pub(crate) async fn configured<P: Provider>(provider: P) -> Server<P> {
    let server = Server::new(provider, ServeMode::Managed);
    let block = Value::object([("token", "good".into())]);
    let diagnostics = server.configure(block, "1.14.0".to_owned()).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    server
}

/// A resource whose name selects its behavior. Other names succeed.
struct Thing;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: Attr<String>,
    pub(crate) name: Attr<String>,
    pub(crate) password: Attr<Secret>,
    pub(crate) updated: Attr<String>,
}

impl Model {
    fn created(&self, at: &str) -> Self {
        Self {
            id: "1".to_owned().into(),
            updated: at.to_owned().into(),
            ..self.clone()
        }
    }

    fn does(&self) -> &str {
        self.name.known().map_or("", String::as_str)
    }
}

fn refused() -> Diagnostics {
    Diagnostic::error("Refused", "As the name says.").into()
}

#[async_trait]
impl Resource for Thing {
    type Data = Data;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "A thing.",
            [
                Attribute::string("id").computed().use_state_for_unknown(),
                Attribute::string("name")
                    .required()
                    .validator(Validator::not_blank()),
                Attribute::string("password").optional().write_only(),
                Attribute::string("updated").computed(),
            ],
        )
        .version(2)
        .identity(&[IdentityAttribute {
            name: "id",
            required_for_import: true,
        }])
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        if config.does() == "invalid" {
            diagnostics.push(Diagnostic::error("Invalid", "As the name says.").at("name"));
        }
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        match call.config.does() {
            "plan panics" => panic!("a literal message"),
            "plan lies" => call.planned.name = "other".to_owned().into(),
            "plan replaces" => call.requires_replace.push("name".into()),
            _ => {}
        }
        call.private.set("planned", &true);
        call.private.set("planned_again", &call.planned_private.is_some());
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        if call.provider.stop.is_cancelled() {
            return Err(Diagnostic::error("Interrupted", "Run again.").into());
        }
        let created = call.planned.created("first");
        call.private
            .set("password_seen", &call.config.password.known().is_some());
        match call.planned.does() {
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            "fail half way" => {
                call.partial_state = Some(Model {
                    updated: Attr::Unknown,
                    ..created
                });
                Err(refused())
            }
            "panic half way" => {
                call.partial_state = Some(created);
                panic!("a literal message")
            }
            "unknown" => Ok(Model {
                updated: Attr::Unknown,
                ..created
            }),
            "other" => Ok(Model {
                name: "not this".to_owned().into(),
                ..created
            }),
            // Returns the secret, which the state must not contain.
            _ => Ok(Model {
                password: call.config.password.clone(),
                ..created
            }),
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        match call.state.does() {
            "gone" => Ok(None),
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            _ => Ok(Some(call.state.clone())),
        }
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        match call.planned.does() {
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            "fail half way" => {
                call.partial_state = Some(call.planned.created("half"));
                Err(refused())
            }
            _ => Ok(call.planned.created("second")),
        }
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        match call.state.does() {
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            _ => Ok(()),
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let id = match &call.target {
            ImportTarget::Id(id) => id.clone().into(),
            ImportTarget::Identity(identity) => identity.id.clone(),
        };
        if id == Attr::Known("nobody".to_owned()) {
            return Err(Diagnostic::error("Nothing to import", "There is no such thing.").into());
        }
        Ok(Model {
            id,
            name: Attr::Null,
            password: Attr::Null,
            updated: Attr::Null,
        })
    }

    /// Version 0 has the name in `title`, version 1 in a list.
    fn upgrade_state(&self, version: i64, state: Json) -> Result<Json, Diagnostics> {
        let name = match version {
            0 => state["title"].clone(),
            _ => state["names"][0].clone(),
        };
        Ok(json!({"id": state["id"], "name": name}))
    }

    fn generate_config(&self, state: Model) -> Model {
        match state.does() {
            "generate" => Model {
                name: "generated".to_owned().into(),
                ..state
            },
            "generate panics" => panic!("a literal message"),
            _ => state,
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["other_thing"]
    }

    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        (source.type_name == "other_thing").then(|| {
            let id = source.state["key"].as_str().ok_or_else(refused)?;
            let name = "moved".to_owned().into();
            Ok(Model {
                id: id.to_owned().into(),
                name,
                password: Attr::Null,
                updated: Attr::Null,
            })
        })
    }
}

/// Returns its key in upper case.
struct Lookup;

#[derive(Clone, Serialize, Deserialize)]
struct Found {
    key: Attr<String>,
    value: Attr<String>,
}

#[async_trait]
impl DataSource for Lookup {
    type Data = Data;
    type Model = Found;

    fn type_name(&self) -> &'static str {
        "toy_look"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "A look.",
            [
                Attribute::string("key").required(),
                Attribute::string("value").computed(),
            ],
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Found, Diagnostics> {
        let key = call.config.key.known().cloned().unwrap_or_default();
        match key.as_str() {
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            "unknown" => Ok(Found {
                value: Attr::Unknown,
                ..call.config.clone()
            }),
            key => Ok(Found {
                value: key.to_uppercase().into(),
                ..call.config.clone()
            }),
        }
    }
}
