//! What all calls have in common: reading values out of requests, and telling errors in answers.

use futures_util::stream::{self, Iter};
use tonic::{Response, Status};

use crate::plugin::codec::{CodecError, decode, encode, position};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::wire;
use crate::{
    ClientCapabilities, Diagnostic, Diagnostics, Provider, Schema, Server, Type, Value, unknown_type,
};

/// A response that can tell of an error.
pub(crate) trait Answer: Send + 'static {
    fn failed(diagnostics: Vec<tf::Diagnostic>) -> Self;
}

macro_rules! answers {
    ($($message:ident),+ $(,)?) => {
        $(impl Answer for tf::$message::Response {
            #[allow(clippy::needless_update)] // some messages have nothing else in them
            fn failed(diagnostics: Vec<tf::Diagnostic>) -> Self {
                Self { diagnostics, ..Self::default() }
            }
        })+
    };
}

answers! {
    get_metadata, get_provider_schema, get_resource_identity_schemas, validate_provider_config,
    validate_resource_config, validate_data_resource_config, upgrade_resource_state,
    upgrade_resource_identity, configure_provider, read_resource, plan_resource_change,
    apply_resource_change, import_resource_state, move_resource_state, read_data_source,
    generate_resource_config, get_functions, validate_ephemeral_resource_config,
    open_ephemeral_resource, renew_ephemeral_resource, close_ephemeral_resource,
    validate_list_resource_config, validate_action_config, plan_action, validate_state_store_config,
    configure_state_store, write_state_bytes, lock_state, unlock_state, get_states, delete_state,
}

/// The answer of some work, in which errors and a panic are told.
pub(crate) async fn answered<A: Answer>(work: impl Future<Output = Result<A, Diagnostics>>) -> A {
    match crate::catch_panic(work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(diagnostics)) => A::failed(wire::diagnostics(diagnostics)),
        Err(panic) => A::failed(wire::diagnostics(panic.into())),
    }
}

pub(crate) fn value(wire: Option<&tf::DynamicValue>, of: &Type) -> Result<Value, Diagnostics> {
    decode(wire, of).map_err(|error: CodecError| unreadable(&error.to_string()).into())
}

pub(crate) fn unreadable(why: &str) -> Diagnostic {
    Diagnostic::error(
        "The host sent a value that the provider can't read",
        format!(
            "{why}. This should not happen: please report it, with the versions of the provider and of \
             Terraform or OpenTofu."
        ),
    )
}

pub(crate) fn json(raw: Option<&tf::RawState>) -> Result<serde_json::Value, Diagnostics> {
    let raw = raw.ok_or_else(|| unreadable("The state is missing"))?;
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(unreadable("The state was written by Terraform 0.11 or older").into());
    }
    serde_json::from_slice(&raw.json)
        .map_err(|e| unreadable(&format!("The state is no JSON: {}", position(&e))).into())
}

/// The identity of the object that a state is about, where its schema has one and all of it is told.
pub(crate) fn identity(schema: &Schema, state: &Value) -> Option<tf::ResourceIdentityData> {
    let identity = schema.identity_of(state)?;
    let identity_data = Some(encode(&identity, &schema.identity_type()));
    Some(tf::ResourceIdentityData { identity_data })
}

pub(crate) fn capabilities(of: Option<tf::ClientCapabilities>) -> ClientCapabilities {
    ClientCapabilities {
        write_only_attributes: of.is_some_and(|c| c.write_only_attributes_allowed),
    }
}

pub(crate) fn server_capabilities<P: Provider>(server: &Server<P>) -> tf::ServerCapabilities {
    tf::ServerCapabilities {
        plan_destroy: false,
        get_provider_schema_optional: true,
        move_resource_state: server.moves_resource_state(),
        generate_resource_config: false,
    }
}

/// What is answered to calls for something of a kind that the provider does not have at all.
pub(crate) fn absent<A: Answer>(kind: &str, type_name: &str) -> Response<A> {
    Response::new(A::failed(wire::diagnostics(unknown_type(kind, type_name).into())))
}

pub(crate) type One<T> = Iter<std::array::IntoIter<Result<T, Status>, 1>>;

pub(crate) fn one<T>(event: T) -> Response<One<T>> {
    Response::new(stream::iter([Ok(event)]))
}
