//! A provider with the less common parts: nested objects, lists and sets with computed values, numbers with fractions,
//! a write-only argument with a version, values that the service returns in another form, the upgrade of stored states,
//! and a function that takes any value.
//!
//! The service is a folder: each server is a JSON file. The test `tests/example.rs` runs it with Terraform or OpenTofu.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use terraform_plugin::serde_json::{Value as Json, from_slice, json, to_vec_pretty};
use terraform_plugin::{
    Arguments, Attr, ConfigureCall, Context, CreateCall, DeleteCall, Diagnostics, Function,
    FunctionDefinition, FunctionError, Metadata, Model, Parameter, Provider, ReadCall, Registry, Resource,
    Secret, Type, UpdateCall, Validator, Value,
};

fn main() -> ExitCode {
    terraform_plugin::run(FleetProvider)
}

/// The provider.
struct FleetProvider;

/// Manages servers.
#[derive(Model)]
struct Config {
    /// The path of the folder that holds the servers.
    #[tf(required)]
    folder: Attr<String>,
}

impl Provider for FleetProvider {
    type Config = Config;
    type Data = PathBuf;

    fn metadata(&self) -> Metadata {
        Metadata::new(
            "registry.terraform.io/example/fleet",
            env!("CARGO_PKG_VERSION"),
            "Manages servers.",
        )
    }

    fn register(&self, registry: &mut Registry<PathBuf>) {
        registry.resource(Server).function(KindOf);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<PathBuf, Diagnostics> {
        Ok(call.config.folder.require("folder")?.into())
    }
}

/// A server.
#[derive(Clone, Model)]
#[tf(version = 1, required_with(password_wo, password_wo_version))]
struct ServerModel {
    /// The name of the server. A change replaces the server.
    #[tf(required, requires_replace, identity, validate = Validator::length(1, 20))]
    name: Attr<String>,
    /// The address of the status page. The service adds a slash at the end.
    #[tf(optional, semantic_equality = same_url)]
    status_url: Attr<String>,
    /// The share of the requests that the server gets, from 0 to 1. Default: 0.1.
    #[tf(default = 0.1, validate = Validator::range(0.0, 1.0))]
    weight: Attr<f64>,
    /// Labels by name.
    #[tf(optional)]
    labels: Attr<BTreeMap<String, Attr<String>>>,
    /// Where the server listens.
    #[tf(optional)]
    listener: Attr<Listener>,
    /// The disks in the order of their slots.
    #[tf(optional)]
    disks: Attr<Vec<Disk>>,
    /// The ports that the firewall opens.
    #[tf(optional, set)]
    rules: Attr<Vec<Rule>>,
    /// The password. It is never stored.
    #[tf(optional, write_only)]
    password_wo: Attr<Secret>,
    /// The version of the password: a new value is sent when it changes.
    #[tf(optional)]
    password_wo_version: Attr<i64>,
}

#[derive(Clone, Model)]
#[tf(exactly_one_of(port, socket))]
struct Listener {
    /// A TCP port.
    #[tf(optional)]
    port: Attr<i64>,
    /// The path of a socket.
    #[tf(optional)]
    socket: Attr<String>,
}

#[derive(Clone, Model)]
struct Disk {
    /// The size in GB.
    #[tf(required)]
    size: Attr<i64>,
    /// The serial number, which the service assigns.
    #[tf(computed, use_state_for_unknown)]
    serial: Attr<String>,
}

#[derive(Clone, Model)]
struct Rule {
    /// The port.
    #[tf(required)]
    port: Attr<i64>,
    /// The id of the rule, which the service assigns.
    #[tf(computed, use_state_for_unknown)]
    id: Attr<String>,
}

fn same_url(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

/// What the service stores of a server beside its settings.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    status_url: Option<String>,
    password: Option<String>,
    /// The last number that the service assigned.
    last: u32,
}

impl Stored {
    /// Assigns a number, unless the server has it.
    fn assign(&mut self, known: &Attr<String>) -> Attr<String> {
        known.known().cloned().map_or_else(
            || {
                self.last += 1;
                self.last.to_string().into()
            },
            Attr::Known,
        )
    }
}

/// `fleet_server`: one server.
struct Server;

impl Server {
    fn file(folder: &std::path::Path, model: &ServerModel) -> Result<PathBuf, Diagnostics> {
        Ok(folder.join(format!("{}.json", model.name.require("name")?)))
    }

    /// Writes the planned settings. The computed values that the plan does not have are new.
    fn write(
        folder: &std::path::Path,
        planned: &ServerModel,
        password: Option<&Secret>,
    ) -> Result<ServerModel, Diagnostics> {
        let (file, mut state) = (Self::file(folder, planned)?, planned.clone());
        let mut stored: Stored = match std::fs::read(&file) {
            Ok(bytes) => from_slice(&bytes).context("Cannot read the server")?,
            Err(_) => Stored::default(),
        };
        if let Attr::Known(disks) = &mut state.disks {
            for disk in disks {
                disk.serial = stored.assign(&disk.serial);
            }
        }
        if let Attr::Known(rules) = &mut state.rules {
            for rule in rules {
                rule.id = stored.assign(&rule.id);
            }
        }
        if let Some(password) = password {
            stored.password = Some(password.expose().to_owned());
        }
        stored.status_url = state
            .status_url
            .known()
            .map(|url| format!("{}/", url.trim_end_matches('/')));
        state.status_url = stored.status_url.clone().into();
        let bytes = to_vec_pretty(&stored).context("Cannot write the server")?;
        std::fs::write(&file, bytes).context("Cannot write the server")?;
        Ok(state)
    }
}

impl Resource for Server {
    type Data = PathBuf;
    type Model = ServerModel;

    fn type_name(&self) -> &'static str {
        "fleet_server"
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<ServerModel, Diagnostics> {
        Self::write(call.data, &call.planned, call.config.password_wo.known())
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<ServerModel>, Diagnostics> {
        let Ok(bytes) = std::fs::read(Self::file(call.data, &call.state)?) else {
            return Ok(None);
        };
        let stored: Stored = from_slice(&bytes).context("Cannot read the server")?;
        Ok(Some(ServerModel {
            status_url: stored.status_url.into(),
            ..call.state.clone()
        }))
    }

    /// The password is sent only with a new version: the state has no password to compare with.
    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<ServerModel, Diagnostics> {
        let changed = call.planned.password_wo_version != call.state.password_wo_version;
        let password = call.config.password_wo.known().filter(|_| changed);
        Self::write(call.data, &call.planned, password)
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        std::fs::remove_file(Self::file(call.data, &call.state)?).context("Cannot delete the server")
    }

    /// Version 0 had the name in `hostname`.
    fn upgrade_state(&self, _version: i64, mut state: Json) -> Result<Json, Diagnostics> {
        state["name"] = state["hostname"].take();
        Ok(state)
    }
}

/// `provider::fleet::kind_of`: the type of any value.
struct KindOf;

impl Function for KindOf {
    fn name(&self) -> &'static str {
        "kind_of"
    }

    fn definition(&self) -> FunctionDefinition {
        FunctionDefinition::new(
            "Type of a value",
            "Returns the type of a value as JSON.",
            Type::String,
        )
        .parameter(Parameter::new("value", Type::Dynamic, "Any value."))
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let kind = match arguments.value(0) {
            Value::Dynamic(ty, _) => ty.to_json(),
            other => json!(other.kind()),
        };
        Ok(kind.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implementation_is_valid() {
        assert_eq!(terraform_plugin::validate_implementation(FleetProvider), [""; 0]);
    }
}
