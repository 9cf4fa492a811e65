//! The common parts of all calls: values in requests, errors in responses, and streams of events.

use std::pin::Pin;

use futures_util::stream;
use prost::Message;
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use crate::engine::validate::ClientCapabilities;
use crate::plugin::codec::{decode, encode, parse_json};
use crate::plugin::grpc::Encoded;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::wire;
use crate::secrets::foreign_text;
use crate::server::Server;
use crate::{Diagnostic, Diagnostics, FunctionError, Provider, Schema, Type, Value};

/// A response that can contain errors.
pub(crate) trait Failure: Message + 'static {
    fn failed(diagnostics: Vec<tf::Diagnostic>) -> Self;
}

macro_rules! failures {
    ($($message:ident),+ $(,)?) => {
        $(impl Failure for tf::$message::Response {
            #[allow(clippy::needless_update)] // some messages have no other field
            fn failed(diagnostics: Vec<tf::Diagnostic>) -> Self {
                Self { diagnostics, ..Self::default() }
            }
        })+
    };
}

failures! {
    get_metadata, get_provider_schema, get_resource_identity_schemas, validate_provider_config,
    validate_resource_config, validate_data_resource_config, upgrade_resource_state,
    upgrade_resource_identity, configure_provider, read_resource, plan_resource_change,
    apply_resource_change, import_resource_state, move_resource_state, read_data_source,
    generate_resource_config, get_functions, validate_list_resource_config, validate_action_config,
    plan_action,
}

impl Failure for tf::call_function::Response {
    fn failed(diagnostics: Vec<tf::Diagnostic>) -> Self {
        let text = diagnostics
            .into_iter()
            .next()
            .map(|d| d.detail)
            .unwrap_or_default();
        let error = Some(wire::function_error(FunctionError::new(text)));
        Self { result: None, error }
    }
}

/// The encoded response of a handler. Errors and panics become diagnostics.
pub(crate) async fn respond(
    handler: Pin<Box<dyn Future<Output = Result<Encoded, Diagnostics>> + Send>>,
    failed: fn(Vec<tf::Diagnostic>) -> Encoded,
) -> Encoded {
    caught(handler).await.unwrap_or_else(failed)
}

/// The response of a handler, or the diagnostics of an error or panic.
pub(crate) async fn caught<T>(
    handler: impl Future<Output = Result<T, Diagnostics>>,
) -> Result<T, Vec<tf::Diagnostic>> {
    let result = crate::engine::panics::catch_panic(handler).await;
    result.map_err(wire::diagnostics)
}

/// The number of events to buffer for a host that reads slowly.
pub(crate) const BUFFERED_EVENTS: usize = 16;

/// The events of a channel as the stream of a response.
pub(crate) fn stream<E: Send + 'static>(
    mut events: mpsc::Receiver<E>,
    encode: impl Fn(E) -> Encoded + Send + 'static,
) -> BoxStream<Encoded> {
    Box::pin(stream::poll_fn(move |context| {
        let event = events.poll_recv(context);
        event.map(|event| event.map(|event| Ok(encode(event))))
    }))
}

pub(crate) fn value(wire: Option<&tf::DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    decode(wire, ty).map_err(|error| unreadable(&error.to_string()).into())
}

pub(crate) fn unreadable(reason: &str) -> Diagnostic {
    let reason = foreign_text(reason);
    Diagnostic::error(
        "The host sent an invalid value",
        format!(
            "{reason}. This is a bug in the provider or in the command line tool: please report it with the versions of \
             both."
        ),
    )
}

pub(crate) fn json(raw: Option<&tf::RawState>) -> Result<serde_json::Value, Diagnostics> {
    let raw = raw.ok_or_else(|| unreadable("The state is missing"))?;
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(unreadable("The state was written by Terraform 0.11 or earlier").into());
    }
    parse_json(&raw.json).map_err(|error| unreadable(&format!("The state cannot be read: {error}")).into())
}

/// A stored identity. All parts are null for an object that a version without identities stored.
pub(crate) fn raw_identity(raw: Option<&tf::RawState>) -> Result<serde_json::Value, Diagnostics> {
    match raw {
        Some(raw) if !raw.json.is_empty() => json(Some(raw)),
        _ => Ok(serde_json::json!({})),
    }
}

/// The identity in a request. `None` if it does not match the schema: it is then derived from the state.
pub(crate) fn stored_identity(schema: &Schema, wire: Option<tf::ResourceIdentityData>) -> Option<Value> {
    let identity = decode(wire?.identity_data.as_ref(), &schema.identity_type()).ok()?;
    (!identity.is_null()).then_some(identity)
}

/// The identity in a response.
pub(crate) fn identity(schema: &Schema, identity: Option<&Value>) -> Option<tf::ResourceIdentityData> {
    let identity_data = Some(encode(identity?, &schema.identity_type()));
    Some(tf::ResourceIdentityData { identity_data })
}

pub(crate) fn client_capabilities(wire: Option<tf::ClientCapabilities>) -> ClientCapabilities {
    ClientCapabilities {
        write_only_attributes: wire.is_some_and(|c| c.write_only_attributes_allowed),
    }
}

pub(crate) fn server_capabilities<P: Provider>(server: &Server<P>) -> tf::ServerCapabilities {
    tf::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: server.moves_resource_state(),
        generate_resource_config: true,
    }
}
