//! A provider with a resource whose `name` selects its behavior.

use std::sync::Mutex;

use crate::protocol::*;
use crate::tests::actions::Act;
use crate::tests::functions::{Join, Known};
use crate::tests::lists::List;
use crate::*;
use serde_json::{Value as Json, json};

/// The provider.
pub(crate) struct Toy;

/// A toy.
#[derive(Model)]
pub(crate) struct Config {
    /// A token.
    #[tf(optional, sensitive, validate = Validator::not_blank())]
    token: Attr<Secret>,
}

/// The configured provider.
pub(crate) struct Data {
    /// The phases that were observed.
    pub(crate) phases: Mutex<Vec<Phase>>,
}

impl Provider for Toy {
    type Config = Config;
    type Data = Data;

    fn metadata(&self) -> Metadata {
        Metadata::new("example/toy", "1.0.0", "A toy.")
    }

    fn register(&self, registry: &mut Registry<Data>) {
        registry
            .resource(Thing)
            .data_source(Lookup)
            .list_resource(List)
            .action(Act)
            .function(Join)
            .function(Known);
    }

    fn validate(&self, call: &mut ValidateCall<Config>) -> Result<(), Diagnostics> {
        if call.config.token.is_null() {
            let warning = Diagnostic::warning("No token", "The provider works without one.");
            call.diagnostics.push(warning.at("token"));
        }
        Ok(())
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Data, Diagnostics> {
        match call.config.token.known().map(Secret::expose) {
            Some("bad") => Err(Diagnostic::error("Bad token", "Use another.").at("token").into()),
            Some("panic") => panic!("a literal message"),
            _ => Ok(Data {
                phases: Mutex::default(),
            }),
        }
    }

    fn on_phase(&self, data: &Data, phase: Phase) {
        data.phases.lock().unwrap().push(phase);
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

/// A value of [`ThingModel`].
pub(crate) fn thing(id: Value, name: &str, password: Value, updated: Value) -> Value {
    Value::object([
        ("id", id),
        ("name", name.into()),
        ("password", password),
        ("updated", updated),
    ])
}

/// The state of a thing.
pub(crate) fn state(name: &str) -> Value {
    thing("1".into(), name, Value::Null, "first".into())
}

/// A resource whose name selects its behavior. Other names succeed.
struct Thing;

/// A thing.
#[derive(Clone, Model)]
#[tf(version = 2)]
pub(crate) struct ThingModel {
    /// Its id.
    #[tf(computed, use_state_for_unknown, identity)]
    pub(crate) id: Attr<String>,
    /// Its name.
    #[tf(required, validate = Validator::not_blank())]
    pub(crate) name: Attr<String>,
    /// A secret.
    #[tf(optional, write_only)]
    pub(crate) password: Attr<Secret>,
    /// When it changed.
    #[tf(computed)]
    pub(crate) updated: Attr<String>,
}

impl ThingModel {
    fn created(&self, at: &str) -> Self {
        Self {
            id: "1".into(),
            updated: at.into(),
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

impl Resource for Thing {
    type Data = Data;
    type Model = ThingModel;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn validate(&self, call: &mut ValidateCall<ThingModel>) -> Result<(), Diagnostics> {
        if call.config.does() == "invalid" {
            return Err(Diagnostic::error("Invalid", "As the name says.")
                .at("name")
                .into());
        }
        if call.config.does() == "questionable" {
            call.diagnostics
                .push(Diagnostic::warning("Questionable", "As the name says.").at("name"));
        }
        Ok(())
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
        match call.config.does() {
            "plan panics" => panic!("a literal message"),
            "plan lies" => call.planned.name = "other".into(),
            "plan replaces" => call.requires_replace.push("name".into()),
            _ => {}
        }
        call.private.set("planned", &true);
        call.private.set("planned_again", &call.planned_private.is_some());
        Ok(())
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
        if call.stop.is_cancelled() {
            return Err(Diagnostic::error("Interrupted", "Run again.").into());
        }
        let created = call.planned.created("first");
        call.private
            .set("password_seen", &call.config.password.known().is_some());
        match call.planned.does() {
            "fail" => Err(refused()),
            "fail on a field" => Err(Diagnostic::error("Refused", "A field is wrong.")
                .at("body.name")
                .into()),
            "panic" => panic!("a literal message"),
            "fail half way" => {
                call.partial_state = Some(ThingModel {
                    updated: Attr::Unknown,
                    ..created
                });
                Err(refused())
            }
            "panic half way" => {
                call.partial_state = Some(created);
                panic!("a literal message")
            }
            "unknown" => Ok(ThingModel {
                updated: Attr::Unknown,
                ..created
            }),
            "other" => Ok(ThingModel {
                name: "not this".into(),
                ..created
            }),
            // Returns the secret, which the state must not contain.
            _ => Ok(ThingModel {
                password: call.config.password.clone(),
                ..created
            }),
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<ThingModel>, Diagnostics> {
        match call.state.does() {
            "gone" => Ok(None),
            "fail" => Err(refused()),
            "panic" => panic!("a literal message"),
            _ => Ok(Some(call.state.clone())),
        }
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
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

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<ThingModel, Diagnostics> {
        let id = match &call.target {
            ImportTarget::Id(id) => id.clone().into(),
            ImportTarget::Identity(identity) => identity.id.clone(),
        };
        if id == Attr::Known("nobody".to_owned()) {
            return Err(Diagnostic::error("Nothing to import", "There is no such thing.").into());
        }
        Ok(ThingModel { id, ..call.empty()? })
    }

    /// Version 0 has the name in `title`, version 1 in a list.
    fn upgrade_state(&self, version: i64, state: Json) -> Result<Json, Diagnostics> {
        let name = match version {
            0 => state["title"].clone(),
            _ => state["names"][0].clone(),
        };
        Ok(json!({"id": state["id"], "name": name}))
    }

    fn generate_config(&self, state: ThingModel) -> Result<ThingModel, Diagnostics> {
        Ok(match state.does() {
            "generate" => ThingModel {
                name: "generated".into(),
                ..state
            },
            "generate panics" => panic!("a literal message"),
            _ => state,
        })
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["other_thing"]
    }

    fn move_state(&self, source: &MoveSource) -> Result<Option<ThingModel>, Diagnostics> {
        if source.type_name != "other_thing" {
            return Ok(None);
        }
        let id = source.state["key"].as_str().ok_or_else(refused)?;
        Ok(Some(ThingModel {
            id: id.into(),
            name: "moved".into(),
            password: Attr::Null,
            updated: Attr::Null,
        }))
    }
}

/// Returns its key in upper case.
struct Lookup;

/// A look.
#[derive(Clone, Model)]
struct Found {
    /// The key.
    #[tf(required)]
    key: Attr<String>,
    /// The key in upper case.
    #[tf(computed)]
    value: Attr<String>,
}

impl DataSource for Lookup {
    type Data = Data;
    type Model = Found;

    fn type_name(&self) -> &'static str {
        "toy_look"
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
