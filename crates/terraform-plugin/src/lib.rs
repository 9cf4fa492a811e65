#![doc = include_str!("../README.md")]
//!
//! # What to implement
//!
//! | To serve | Implement | Used in a configuration as | Terraform | OpenTofu |
//! |---|---|---|---|---|
//! | resources | [`Resource`] | `resource` | 1.0 | 1.6 |
//! | data sources | [`DataSource`] | `data` | 1.0 | 1.6 |
//! | functions | [`Function`] | `provider::name::function()` | 1.8 | 1.7 |
//! | list resources | [`ListResource`] | `list`, for `terraform query` | 1.14 | - |
//! | actions | [`Action`] | `action` | 1.14 | - |
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
//! | `secrets` | the secrets that the process has received |
//! | `schema` | [`Schema`], [`Attribute`], [`Validator`], [`Rule`] |
//! | `model` | [`Model`](trait@Model): a struct as schema and values |
//! | `resource`, `data_source`, `list_resource`, `action`, `function`, `provider` | the traits and their calls |
//! | `engine` | the rules of the protocol, in terms of values |
//! | `registry` | [`Registry`]: what a provider serves |
//! | `dispatch` | the calls of the protocol, from values to models and back |
//! | `server` | a provider in a process |
//! | `plugin` | handshake, TLS, sockets, gRPC, encoded values and logs |
//! | `run` | [`run`]: the command line of a provider |
//! | `testing` (feature) | tests with the real CLI, and a host that starts the built program |
//! | `protocol` (features `testing` and `fuzzing`) | the calls of the protocol without a host |

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
mod secrets;
mod server;
#[cfg(all(unix, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod timeouts;
mod value;

// The derive macro names this crate.
extern crate self as terraform_plugin;

pub use action::{Action, InvokeCall, PlanActionCall};
pub use context::Context;
pub use data_source::{DataCall, DataSource};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use dispatch::Phase;
pub use function::{Arguments, Function, FunctionDefinition, FunctionError, Parameter};
pub use list_resource::{ListCall, ListResource, ListResult};
pub use model::{AttributeType, Fields, FieldsMut, Model, from_value, to_object, to_value};
pub use provider::{ConfigureCall, Metadata, Provider, without_config};
pub use registry::Registry;
pub use resource::private::Private;
pub use resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource,
    TrackedResource, UpdateCall, ValidateCall,
};
pub use run::run;
pub use schema::rule::Rule;
pub use schema::validator::Validator;
pub use schema::{Attribute, Kind, Nesting, Schema};
pub use secrets::{foreign_text, remember_secret};
pub use serde_json;
pub use server::validate_implementation;
pub use terraform_plugin_derive::Model;
pub use timeouts::Timeouts;
pub use tokio_util::sync::CancellationToken;
pub use value::attr::Attr;
pub use value::number::{InvalidNumber, Number};
pub use value::path::{Path, Step};
pub use value::secret::Secret;
pub use value::types::{InvalidType, Type};
pub use value::{InvalidValue, Value};
