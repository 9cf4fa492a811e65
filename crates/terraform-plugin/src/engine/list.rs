//! The results of a list, checked.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::apply::without_secrets;
use crate::model::{Model, to_object};
use crate::schema::Schema;
use crate::value::Value;

/// An event of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListEvent {
    /// An existing object.
    Found {
        /// The identity, wholly known.
        identity: Value,
        /// The name to display, never empty.
        display_name: String,
        /// The state of the object, if the host requested it.
        resource: Option<Value>,
    },
    /// Messages to the user. An error makes the host discard all results.
    Diagnostics(Diagnostics),
}

/// A result of a list, the object of a managed resource with this schema. An invalid one is an error.
pub(crate) fn found(
    schema: &Schema,
    include_resource: bool,
    display_name: String,
    identity: Value,
    resource: Option<&impl Model>,
) -> Result<ListEvent, Diagnostic> {
    let identity = identity
        .shaped(&schema.identity_type())
        .map_err(|error| invalid(&format!("its identity does not match the schema ({error})")))?;
    let Some(attributes) = identity.as_object() else {
        return Err(invalid("it has no identity"));
    };
    if !identity.is_wholly_known() || attributes.values().all(Value::is_null) {
        return Err(invalid("its identity is not known"));
    }
    let display_name = if display_name.trim().is_empty() {
        let texts: Vec<_> = attributes.values().filter_map(Value::as_str).collect();
        texts.join("/")
    } else {
        display_name
    };
    let resource = match resource {
        _ if !include_resource => None,
        Some(model) => Some(object(schema, model)?),
        None => {
            return Err(invalid(
                "Terraform requested the object, and the provider did not return it",
            ));
        }
    };
    Ok(ListEvent::Found {
        identity,
        display_name,
        resource,
    })
}

fn object(schema: &Schema, model: &impl Model) -> Result<Value, Diagnostic> {
    let object = to_object(model)
        .shaped(schema.object_type())
        .map_err(|error| invalid(&format!("the object does not match the schema ({error})")))?;
    let object = without_secrets(schema, object);
    if object.is_wholly_known() {
        Ok(object)
    } else {
        Err(invalid("an attribute of the object is unknown"))
    }
}

fn invalid(reason: &str) -> Diagnostic {
    Diagnostic::error(
        "Provider returned an invalid list result",
        format!("A result is unusable: {reason}. This is a bug in the provider: please report it."),
    )
}
