//! Terraform's concepts as Rust types. It knows no gRPC and no API, and could be a crate of its own.
//!
//! A provider author writes a [`Provider`], and for each type a [`Resource`] or [`DataSource`]: a
//! [`Schema`] that declares the attributes, a model with [`Attr`] fields, and the functions that do
//! the work. [`Server`] runs them and keeps the protocol's rules, each in one place:
//!
//! | Rule | Where |
//! |---|---|
//! | required, allowed and write-only arguments | `validate` |
//! | what a plan may hold | `plan` |
//! | what a state must hold after a change | `apply` |
//! | what a failure or a panic leaves behind | `erased`, `panics` |
//! | that no message or log tells a sensitive value | `hidden` |
//! | states of older and newer versions | `erased`, `json` |

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
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use engine::list::ListEvent;
pub use engine::panics::{catch_panic, install_hook};
pub use engine::progress::InvokeEvent;
pub use engine::request::{
    ApplyRequest, ConfigResponse, ListRequest, PlanRequest, PlanResponse, ReadRequest, StateResponse,
};
pub use engine::sensitive_values::without_sensitive;
pub use engine::validate::{ClientCapabilities, validate};
pub use function::{Arguments, Function, FunctionDefinition, FunctionError, Parameter};
pub use list_resource::{ListCall, ListResource, ListResult};
pub use provider::{
    ConfigureCall, Metadata, Provider, ServedAction, ServedDataSource, ServedFunction, ServedListResource,
    ServedResource,
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
