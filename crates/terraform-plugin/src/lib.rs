//! A plugin SDK for Terraform and OpenTofu providers, with plugin protocol 6.
//!
//! A provider is a type that implements [`Provider`], and one type for each resource, data source, function, list
//! resource and action. The arguments and results of each are a struct with [`derive(Model)`](derive@Model), which is
//! their schema and holds their values as [`Attr`]. `main` only calls [`run`].
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
//! A resource that keeps a text in the state. `examples/notes.rs` is a complete provider with everything in the table,
//! and the module `guide` has a page for each task.
//!
//! ```no_run
//! use terraform_plugin::{
//!     Attr, ConfigureCall, CreateCall, DeleteCall, Diagnostics, Metadata, Model, Provider, ReadCall, Registry, Resource,
//!     UpdateCall,
//! };
//!
//! /// A text.
//! #[derive(Clone, Model)]
//! struct TextModel {
//!     /// The text.
//!     #[tf(required)]
//!     content: Attr<String>,
//!     /// The length of the text in bytes.
//!     #[tf(computed)]
//!     length: Attr<i64>,
//! }
//!
//! struct Text;
//!
//! impl Resource for Text {
//!     type Data = ();
//!     type Model = TextModel;
//!
//!     fn type_name(&self) -> &'static str {
//!         "example_text"
//!     }
//!
//!     async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<TextModel, Diagnostics> {
//!         let length = call.planned.content.require("content")?.len() as i64;
//!         Ok(TextModel { length: length.into(), ..call.planned.clone() })
//!     }
//!
//!     async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<TextModel>, Diagnostics> {
//!         Ok(Some(call.state.clone()))
//!     }
//!
//!     async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<TextModel, Diagnostics> {
//!         let length = call.planned.content.require("content")?.len() as i64;
//!         Ok(TextModel { length: length.into(), ..call.planned.clone() })
//!     }
//!
//!     async fn delete(&self, _: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//! }
//!
//! struct Example;
//!
//! /// Keeps texts.
//! #[derive(Model)]
//! struct Config;
//!
//! impl Provider for Example {
//!     type Config = Config;
//!     type Data = ();
//!
//!     fn metadata(&self) -> Metadata {
//!         Metadata::new("registry.terraform.io/example/example", "1.0.0", "Keeps texts.")
//!     }
//!
//!     fn register(&self, registry: &mut Registry<()>) {
//!         registry.resource(Text);
//!     }
//!
//!     async fn configure(&self, _: &mut ConfigureCall<Config>) -> Result<(), Diagnostics> {
//!         Ok(())
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
//! | the state after a change, a failure or a panic | `engine::apply`, `dispatch`, `engine::panics` |
//! | the identity in every response | `engine::identity` |
//! | null, unknown and missing arguments of functions | `dispatch::function` |
//! | the results of a list: limit, identity, no secrets | `engine::list` |
//! | the events of an action: progress, exactly one end | `engine::progress` |
//! | the generated configuration of an object | `engine::generate` |
//! | no sensitive value in messages and logs | `engine::sensitive_values` |
//! | stored states of other schema versions | `dispatch::resource`, `value::json` |
//! | names and schemas that hosts accept | `schema`, [`validate_implementation`] |
//!
//! # Map
//!
//! | Module | Content |
//! |---|---|
//! | `value` | [`Value`], [`Type`], [`Path`], [`Attr`], and their JSON |
//! | `diagnostics` | [`Diagnostic`]: errors and warnings for the user |
//! | `schema` | [`Schema`], [`Attribute`], [`Validator`], [`Rule`] |
//! | `model` | [`Model`](trait@Model): a struct as schema and values |
//! | `resource`, `data_source`, `list_resource`, `action`, `function`, `provider` | the traits and their calls |
//! | `engine` | the rules of the protocol, in terms of values |
//! | `registry` | [`Registry`]: what a provider serves |
//! | `dispatch` | the calls of the protocol, from values to models and back |
//! | `server` | `Server`: a provider in a process, for instance `server.resource(name)?.plan(request)` |
//! | `plugin` | handshake, TLS, sockets, gRPC, encoded values and logs |
//! | `run` | [`run`]: the command line of a provider |
//! | `testing` (feature) | a host for tests |
//!
//! # Tests of a provider
//!
//! A unit test asserts that [`validate_implementation`] returns no errors. The feature `testing` contains a host
//! that starts the built binary.

mod action;
mod context;
mod data_source;
mod diagnostics;
mod dispatch;
mod engine;
mod function;
#[cfg(any(doc, doctest))]
pub mod guide;
mod list_resource;
mod model;
mod plugin;
#[cfg(any(test, feature = "fuzzing", feature = "testing"))]
pub mod protocol;
mod provider;
mod registry;
mod resource;
mod run;
mod schema;
mod server;
#[cfg(all(unix, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod timeouts;
mod value;

// The derive macro names this crate.
extern crate self as terraform_plugin;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use action::{Action, InvokeCall, PlanActionCall};
pub use context::Context;
pub use data_source::{DataCall, DataSource};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use dispatch::Phase;
pub use engine::sensitive_values::{foreign_text, remember_secret};
pub use function::{Arguments, Function, FunctionDefinition, FunctionError, Parameter};
pub use list_resource::{ListCall, ListResource, ListResult};
pub use model::{AttributeType, Fields, Model, ModelError, from_value, to_object, to_value};
pub use provider::{ConfigureCall, Metadata, Provider};
pub use registry::Registry;
pub use resource::private::Private;
pub use resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource,
    TrackedResource, UpdateCall, ValidateCall,
};
pub use run::run;
pub use schema::attribute::{Attribute, Kind, Nesting};
pub use schema::rule::Rule;
pub use schema::validator::Validator;
pub use schema::{IdentityAttribute, Schema};
pub use serde_json;
pub use server::validate_implementation;
pub use terraform_plugin_derive::Model;
pub use timeouts::Timeouts;
pub use tokio_util::sync::CancellationToken;
pub use value::attr::Attr;
pub use value::json::JsonError;
pub use value::number::{InvalidNumber, Number};
pub use value::path::{Path, Step};
pub use value::secret::Secret;
pub use value::types::{InvalidType, Type};
pub use value::{Mismatch, Value};
