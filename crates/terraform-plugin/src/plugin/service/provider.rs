//! The calls about the provider itself: its schemas, its configuration and its functions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plugin::codec::{decode, encode};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::messages::{server_capabilities, unreadable, value};
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostic, Diagnostics, FunctionError, Provider, Value};

/// The type names, without schemas.
pub(crate) async fn get_metadata<P: Provider>(
    server: Arc<Server<P>>,
    _: tf::get_metadata::Request,
) -> Result<tf::get_metadata::Response, Diagnostics> {
    use tf::get_metadata as metadata;
    let registry = &server.registry;
    let resources = registry.resources.iter().map(|r| metadata::ResourceMetadata {
        type_name: r.type_name().to_owned(),
    });
    let data_sources = registry
        .data_sources
        .iter()
        .map(|d| metadata::DataSourceMetadata {
            type_name: d.type_name().to_owned(),
        });
    let list_resources = registry
        .list_resources
        .iter()
        .map(|l| metadata::ListResourceMetadata {
            type_name: l.type_name().to_owned(),
        });
    let actions = registry.actions.iter().map(|a| metadata::ActionMetadata {
        type_name: a.type_name().to_owned(),
    });
    let functions = server.functions().map(|f| metadata::FunctionMetadata {
        name: f.name().to_owned(),
    });
    Ok(metadata::Response {
        server_capabilities: Some(server_capabilities(&server)),
        resources: resources.collect(),
        data_sources: data_sources.collect(),
        list_resources: list_resources.collect(),
        actions: actions.collect(),
        functions: functions.collect(),
        ..<_>::default()
    })
}

/// All schemas. The schema of a provider with a bug is returned with errors.
pub(crate) async fn get_provider_schema<P: Provider>(
    server: Arc<Server<P>>,
    _: tf::get_provider_schema::Request,
) -> Result<tf::get_provider_schema::Response, Diagnostics> {
    let schema = |(name, schema): (&'static str, _)| (name.to_owned(), wire::schema(schema));
    let action = |(name, schema): (&'static str, _)| {
        let schema = Some(wire::schema(schema));
        (name.to_owned(), tf::ActionSchema { schema })
    };
    let errors = server.validate_implementation();
    let diagnostics = errors.into_iter().map(|error| {
        let detail = format!("{error}. This is a bug in the provider: please report it.");
        Diagnostic::error("Invalid provider schema", detail)
    });
    Ok(tf::get_provider_schema::Response {
        provider: Some(wire::schema(server.schema())),
        resource_schemas: server.resources().map(schema).collect(),
        data_source_schemas: server.data_sources().map(schema).collect(),
        list_resource_schemas: server.list_resources().map(schema).collect(),
        action_schemas: server.actions().map(action).collect(),
        functions: definitions(&server),
        server_capabilities: Some(server_capabilities(&server)),
        diagnostics: wire::diagnostics(diagnostics.collect()),
        ..<_>::default()
    })
}

/// The identities of the resources that have one.
pub(crate) async fn get_resource_identity_schemas<P: Provider>(
    server: Arc<Server<P>>,
    _: tf::get_resource_identity_schemas::Request,
) -> Result<tf::get_resource_identity_schemas::Response, Diagnostics> {
    let schemas = server
        .resources()
        .filter_map(|(name, schema)| Some((name.to_owned(), wire::identity_schema(schema)?)));
    let identity_schemas = schemas.collect();
    Ok(tf::get_resource_identity_schemas::Response {
        identity_schemas,
        ..<_>::default()
    })
}

pub(crate) async fn validate_provider_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_provider_config::Request,
) -> Result<tf::validate_provider_config::Response, Diagnostics> {
    let config = value(request.config.as_ref(), server.schema().object_type())?;
    let diagnostics = wire::diagnostics(server.validate_provider(&config));
    Ok(tf::validate_provider_config::Response { diagnostics })
}

pub(crate) async fn configure_provider<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::configure_provider::Request,
) -> Result<tf::configure_provider::Response, Diagnostics> {
    let config = value(request.config.as_ref(), server.schema().object_type())?;
    let diagnostics = server.configure(config, request.terraform_version).await;
    Ok(tf::configure_provider::Response {
        diagnostics: wire::diagnostics(diagnostics),
    })
}

pub(crate) async fn get_functions<P: Provider>(
    server: Arc<Server<P>>,
    _: tf::get_functions::Request,
) -> Result<tf::get_functions::Response, Diagnostics> {
    Ok(tf::get_functions::Response {
        functions: definitions(&server),
        ..<_>::default()
    })
}

fn definitions<P: Provider>(server: &Server<P>) -> HashMap<String, tf::Function> {
    let functions = server.functions();
    functions
        .map(|f| (f.name().to_owned(), wire::function(f.definition())))
        .collect()
}

/// Calls a function. Its response has an error of its own in place of diagnostics.
pub(crate) async fn call_function<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::call_function::Request,
) -> Result<tf::call_function::Response, Diagnostics> {
    Ok(match call(&server, &request) {
        Ok(result) => tf::call_function::Response {
            result: Some(result),
            error: None,
        },
        Err(error) => tf::call_function::Response {
            result: None,
            error: Some(wire::function_error(error)),
        },
    })
}

fn call<P: Provider>(
    server: &Server<P>,
    request: &tf::call_function::Request,
) -> Result<tf::DynamicValue, FunctionError> {
    let function = server
        .function(&request.name)
        .map_err(|error| FunctionError::new(error.detail))?;
    let definition = function.definition();
    let arguments = request.arguments.iter().enumerate().map(|(index, argument)| {
        // The call reports an argument without a parameter.
        let Some(parameter) = definition.parameter_at(index) else {
            return Ok(Value::Null);
        };
        decode(Some(argument), &parameter.ty)
            .map_err(|error| FunctionError::argument(index, unreadable(&error.to_string()).detail))
    });
    let result = function.call(arguments.collect::<Result<_, _>>()?)?;
    Ok(encode(&result, &definition.result))
}
