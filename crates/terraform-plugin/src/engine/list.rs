//! The results of a list, checked and sent to the host while the list runs.

use tokio::sync::mpsc;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::engine::apply::without_secrets;
use crate::model::{Model, to_shaped};
use crate::schema::Schema;
use crate::secrets::without_sensitive;
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

/// Sends the results of one list.
pub struct ListSink<'a> {
    resource: &'a Schema,
    include_resource: bool,
    left: u64,
    failed: bool,
    events: mpsc::Sender<ListEvent>,
}

impl<'a> ListSink<'a> {
    /// A sink for at most `limit` results, the objects of a managed resource with this schema.
    pub(crate) fn new(
        resource: &'a Schema,
        include_resource: bool,
        limit: u64,
        events: mpsc::Sender<ListEvent>,
    ) -> Self {
        Self {
            resource,
            include_resource,
            left: limit,
            failed: false,
            events,
        }
    }

    /// Whether the host needs no further result.
    pub(crate) fn is_complete(&self) -> bool {
        self.left == 0 || self.failed
    }

    /// Sends a result. Returns whether the host accepts another. An invalid result is an error.
    pub(crate) async fn push(
        &mut self,
        display_name: String,
        identity: Value,
        resource: Option<&impl Model>,
    ) -> bool {
        if self.is_complete() {
            return false;
        }
        let event = match self.found(display_name, identity, resource) {
            Ok(event) => event,
            Err(error) => {
                self.failed = true;
                ListEvent::Diagnostics(error.into())
            }
        };
        self.left -= 1;
        self.events.send(event).await.is_ok() && !self.is_complete()
    }

    /// Sends a warning without a result.
    pub(crate) async fn warn(&mut self, diagnostic: Diagnostic) {
        let mut warning = Diagnostics::from(Diagnostic {
            severity: Severity::Warning,
            ..diagnostic
        });
        warning.rewrite(without_sensitive);
        let _ = self.events.send(ListEvent::Diagnostics(warning)).await;
    }

    fn found(
        &self,
        display_name: String,
        identity: Value,
        resource: Option<&impl Model>,
    ) -> Result<ListEvent, Diagnostic> {
        let identity = identity
            .shaped(&self.resource.identity_type())
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
            _ if !self.include_resource => None,
            Some(model) => Some(self.resource_object(model)?),
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

    fn resource_object(&self, model: &impl Model) -> Result<Value, Diagnostic> {
        let object = to_shaped(model, self.resource.object_type())
            .map_err(|error| invalid(&format!("the object does not match the schema ({error})")))?;
        let object = without_secrets(self.resource, object);
        if object.is_wholly_known() {
            Ok(object)
        } else {
            Err(invalid("an attribute of the object is unknown"))
        }
    }
}

fn invalid(reason: &str) -> Diagnostic {
    Diagnostic::error(
        "Provider returned an invalid list result",
        format!("A result is unusable: {reason}. This is a bug in the provider: please report it."),
    )
}
