//! The trait of a list resource, which finds the existing objects of a resource type.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::engine::list::{self, ListEvent};
use crate::model::Model;
use crate::resource::ValidateCall;
use crate::schema::Schema;
use crate::secrets::without_sensitive;
use crate::value::Value;

/// Finds the existing objects of a managed resource for `terraform query`, with Terraform 1.14 or later.
///
/// The provider must serve a managed resource of the same type name that has an identity.
pub trait ListResource: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync + 'static;
    /// The arguments of the `config` block, none of which is computed.
    type Config: Model;
    /// The model of the managed resource.
    type Model: Model;

    /// The type name of the managed resource, for instance `example_thing`.
    fn type_name(&self) -> &'static str;

    /// Checks rules that the schema cannot express. Any value may be unknown. Must not make requests.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn validate(&self, _call: &mut ValidateCall<Self::Config>) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Finds the objects and passes each to [`ListCall::push`], in a stable order, for instance by name and ID.
    ///
    /// # Errors
    /// The reason why the list is incomplete. The host then discards all results. Report the failure of a part, for
    /// instance of one page, with [`ListCall::warn`] instead.
    fn list(&self, call: &mut ListCall<'_, Self>) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// A request for a list.
#[non_exhaustive]
pub struct ListCall<'a, L: ListResource + ?Sized> {
    /// The configured provider.
    pub data: &'a L::Data,
    /// The content of the `config` block. All arguments are null if the block is absent.
    pub config: L::Config,
    /// The number of results that the host accepts. Do not fetch more.
    pub limit: u64,
    /// Whether each result must contain the object itself.
    pub include_resource: bool,
    /// Cancelled when the run is interrupted or the host no longer reads results: do not start new requests.
    pub stop: CancellationToken,
    /// The schema of the managed resource.
    pub(crate) resource: &'a Schema,
    /// The number of results that the host still accepts.
    pub(crate) left: u64,
    pub(crate) events: mpsc::Sender<ListEvent>,
}

/// An existing object.
#[non_exhaustive]
pub struct ListResult<M> {
    /// The name to display. If it is empty, the identity is displayed.
    pub display_name: String,
    /// The identity: an object with the attributes of the identity of the managed resource.
    pub identity: Value,
    /// The state of the object, required if [`ListCall::include_resource`] is set. Sensitive and write-only attributes
    /// are not sent to the host, which prints results in full.
    pub resource: Option<M>,
}

impl<M> ListResult<M> {
    /// An object with this identity.
    pub fn new(display_name: impl Into<String>, identity: Value, resource: Option<M>) -> Self {
        Self {
            display_name: display_name.into(),
            identity,
            resource,
        }
    }
}

impl<L: ListResource + ?Sized> ListCall<'_, L> {
    /// Sends a result to the host. Waits until the host accepts it. Returns `false` if no further result is needed,
    /// because the limit is reached, the run is interrupted or the host no longer reads.
    pub async fn push(&mut self, result: ListResult<L::Model>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let ListResult {
            display_name,
            identity,
            resource,
        } = result;
        let include = self.include_resource;
        let found = list::found(self.resource, include, display_name, identity, resource.as_ref());
        let event = found.unwrap_or_else(|error| {
            self.left = 0;
            ListEvent::Diagnostics(error.into())
        });
        self.events.send(event).await.is_ok() && self.left > 0 && !self.stop.is_cancelled()
    }

    /// Reports that a part of the list is missing, as a warning. The other results remain.
    pub async fn warn(&mut self, diagnostic: Diagnostic) {
        let severity = Severity::Warning;
        let mut warning = Diagnostics::from(Diagnostic {
            severity,
            ..diagnostic
        });
        warning.rewrite(without_sensitive);
        let _ = self.events.send(ListEvent::Diagnostics(warning)).await;
    }
}
