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

mod apply;
mod attr;
mod attribute;
mod data_source;
mod diagnostics;
mod erased;
mod hidden;
mod json;
mod number;
mod panics;
mod path;
mod plan;
mod private;
mod provider;
mod resource;
mod schema;
mod secret;
mod server;
mod typed;
mod types;
mod validate;
mod validator;
mod value;

pub use attr::Attr;
pub use attribute::{Attribute, Kind, Nesting};
pub use data_source::{DataCall, DataSource};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use erased::{AnyDataSource, AnyResource, ApplyRequest, PlanRequest, PlanResponse, StateResponse};
pub use hidden::without_sensitive;
pub use json::{JsonError, Reading, from_json};
pub use number::{InvalidNumber, Number, NumberForm};
pub use panics::{caught, install_hook};
pub use path::{Path, Step};
pub use private::Private;
pub use provider::{ConfigureCall, Provider, ServedDataSource, ServedResource};
pub use resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource, UpdateCall,
};
pub use schema::{IdentityAttribute, Schema};
pub use secret::Secret;
pub use server::{Lifetime, Server, unknown_type};
pub use typed::{ModelError, from_value, to_value};
pub use types::{InvalidType, Type};
pub use validate::{ClientCapabilities, validate};
pub use validator::{Complaint, Validator};
pub use value::{Mismatch, Value};

#[cfg(test)]
mod tests;
