//! The calls about functions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plugin::codec::{decode, encode};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::messages::unreadable;
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostics, FunctionError, Provider, Value};

pub(crate) async fn get_functions<P: Provider>(
    server: Arc<Server<P>>,
    _: tf::get_functions::Request,
) -> Result<tf::get_functions::Response, Diagnostics> {
    Ok(tf::get_functions::Response {
        functions: definitions(&server),
        ..<_>::default()
    })
}

pub(crate) fn definitions<P: Provider>(server: &Server<P>) -> HashMap<String, tf::Function> {
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
