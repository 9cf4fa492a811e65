//! A plugin SDK for Terraform and OpenTofu providers, with plugin protocol 6.
//!
//! A provider is a type that implements [`Provider`], and one type for each resource, data source, function, list
//! resource and action. Each declares its arguments and results in a [`Schema`], and handles them as a model: a Rust
//! struct with [`Attr`] fields. `main` only calls [`run`].
//!
//! | To serve | Implement | Used in a configuration as | Terraform | OpenTofu |
//! |---|---|---|---|---|
//! | resources | [`Resource`] | `resource` | 1.0 | 1.6 |
//! | data sources | [`DataSource`] | `data` | 1.0 | 1.6 |
//! | functions | [`Function`] | `provider::name::function()` | 1.8 | 1.7 |
//! | list resources | [`ListResource`] | `list`, for `terraform query` | 1.14 | - |
//! | actions | [`Action`] | `action` | 1.14 | - |
//!
//! # Example
//!
//! A resource that keeps a text in the state. `examples/notes.rs` is a complete provider with everything in the table.
//!
//! ```no_run
//! use async_trait::async_trait;
//! use serde::{Deserialize, Serialize};
//! use terraform_plugin::{
//!     Attr, Attribute, ConfigureCall, CreateCall, DeleteCall, Diagnostics, Metadata, Provider, ReadCall, Resource,
//!     Schema, ServedDataSource, ServedResource, UpdateCall,
//! };
//!
//! struct Text;
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct TextModel {
//!     content: Attr<String>,
//!     length: Attr<i64>,
//! }
//!
//! impl TextModel {
//!     fn measured(&self) -> Self {
//!         let length = self.content.known().map(|text| text.len() as i64);
//!         Self { length: length.into(), ..self.clone() }
//!     }
//! }
//!
//! #[async_trait]
//! impl Resource for Text {
//!     type Data = ();
//!     type Model = TextModel;
//!
//!     fn type_name(&self) -> &'static str {
//!         "example_text"
//!     }
//!
//!     fn schema(&self) -> Schema {
//!         Schema::new("A text.", [
//!             Attribute::string("content").required().description("The text."),
//!             Attribute::number("length").computed().description("The length of the text in bytes."),
//!         ])
//!     }
//!
//!     async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<TextModel, Diagnostics> {
//!         Ok(call.planned.measured())
//!     }
//!
//!     async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<TextModel>, Diagnostics> {
//!         Ok(Some(call.state.clone()))
//!     }
//!
//!     async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<TextModel, Diagnostics> {
//!         Ok(call.planned.measured())
//!     }
//!
//!     async fn delete(&self, _: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//! }
//!
//! struct Example;
//!
//! #[derive(Deserialize)]
//! struct Config {}
//!
//! #[async_trait]
//! impl Provider for Example {
//!     type Config = Config;
//!     type Data = ();
//!
//!     fn metadata(&self) -> Metadata {
//!         Metadata {
//!             address: "registry.terraform.io/example/example",
//!             name: "example",
//!             version: "1.0.0",
//!             description: "Keeps texts.",
//!             log_targets: &[],
//!         }
//!     }
//!
//!     fn schema(&self) -> Schema {
//!         Schema::new("Keeps texts.", [])
//!     }
//!
//!     async fn configure(&self, _: &mut ConfigureCall<Config>) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//!
//!     fn resources(&self) -> Vec<ServedResource<()>> {
//!         vec![ServedResource::new(Text)]
//!     }
//!
//!     fn data_sources(&self) -> Vec<ServedDataSource<()>> {
//!         Vec::new()
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     terraform_plugin::run(Example)
//! }
//! ```
//!
//! # What the crate enforces
//!
//! The rules of the protocol hold whatever the code of a provider returns. Each is in one place:
//!
//! | Rule | Module |
//! |---|---|
//! | required, computed and write-only arguments | `engine::validate` |
//! | the content of a plan | `engine::plan` |
//! | the state after a change, a failure or a panic | `engine::apply`, `engine::erased`, `engine::panics` |
//! | the identity in every response | `engine::identity` |
//! | null, unknown and missing arguments of functions | `engine::function` |
//! | the results of a list: limit, identity, no secrets | `engine::list` |
//! | the events of an action: progress, exactly one end | `engine::progress` |
//! | the generated configuration of an object | `engine::generate` |
//! | no sensitive value in messages and logs | `engine::sensitive_values` |
//! | stored states of other schema versions | `engine::erased`, `value::json` |
//! | names and schemas that hosts accept | `schema`, [`Server::validate_implementation`] |
//!
//! # Map
//!
//! | Module | Content |
//! |---|---|
//! | `value` | [`Value`], [`Type`], [`Path`], and their conversion to models and JSON |
//! | `diagnostics` | [`Diagnostic`]: errors and warnings for the user |
//! | `schema` | [`Schema`], [`Attribute`], [`Validator`] |
//! | `resource`, `data_source`, `list_resource`, `action`, `function`, `provider` | the traits and their calls |
//! | `engine` | the rules of the protocol, in terms of values |
//! | `server` | [`Server`]: the calls of the protocol as handles, for instance `server.resource(name)?.plan(request)` |
//! | [`plugin`] | handshake, TLS, sockets, gRPC, encoded values and logs |
//! | `run` | [`run`]: the command line of a provider |
//! | `testing` (feature) | a host for tests, and `check_model` |
//!
//! # Tests of a provider
//!
//! A unit test asserts that [`Server::validate_implementation`] returns no errors, and calls `testing::check_model` for
//! each model. The feature `testing` contains a host that starts the built binary.

mod action;
mod data_source;
mod diagnostics;
mod engine;
mod function;
mod list_resource;
pub mod plugin;
mod provider;
mod resource;
mod run;
mod schema;
mod server;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod value;

pub use action::{Action, InvokeCall, PlanActionCall};
pub use data_source::{DataCall, DataSource};
pub use diagnostics::{Diagnostic, Diagnostics, Severity, foreign_text};
pub use engine::list::ListEvent;
pub use engine::panics::{catch_panic, install_hook};
pub use engine::progress::InvokeEvent;
pub use engine::request::{
    ApplyRequest, ConfigResponse, ListRequest, PlanRequest, PlanResponse, ReadRequest, StateResponse,
};
pub use engine::sensitive_values::{remember_secret, without_sensitive};
pub use engine::validate::{ClientCapabilities, validate};
pub use function::{Arguments, Function, FunctionDefinition, FunctionError, Parameter};
pub use list_resource::{ListCall, ListResource, ListResult};
pub use provider::{
    ConfigureCall, Metadata, Phase, Provider, ServedAction, ServedDataSource, ServedFunction,
    ServedListResource, ServedResource,
};
pub use resource::private::Private;
pub use resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource, UpdateCall,
};
pub use run::run;
pub use schema::attribute::{Attribute, Kind, Nesting};
pub use schema::validator::Validator;
pub use schema::{IdentityAttribute, Schema};
pub use server::{
    ActionHandle, DataSourceHandle, FunctionHandle, Handle, ListResourceHandle, ResourceHandle, ServeMode,
    Server,
};
pub use value::attr::Attr;
pub use value::json::{JsonError, UnknownFields, from_json};
pub use value::model::{ModelError, from_value, to_value};
pub use value::number::{InvalidNumber, Number, NumberForm};
pub use value::path::{Path, Step};
pub use value::secret::Secret;
pub use value::types::{InvalidType, Type};
pub use value::{Mismatch, Value};
