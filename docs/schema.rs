//! Prints the schemas of the provider as JSON, in the form of `terraform providers schema -json`, for
//! `docs/generate.sh`. The CLI prints only what its version knows: lists and actions need Terraform 1.14, and OpenTofu
//! does not have them.

use serde_json::{Map, Value, json};
use terraform_plugin::protocol::{ServeMode, Server};
use terraform_plugin::{Attribute, FunctionDefinition, Kind, Nesting, Parameter, Schema};
use terraform_provider_konnect::KonnectProvider;

/// The address under which the documentation generator looks a provider up.
const ADDRESS: &str = "registry.terraform.io/hashicorp/konnect";

fn main() {
    let server = Server::new(KonnectProvider, ServeMode::Managed);
    let functions = server
        .functions()
        .map(|function| (function.name().to_owned(), of_function(function.definition())));
    let identities = server
        .resources()
        .filter(|(_, schema)| schema.identity_attributes().next().is_some());
    let provider = json!({
        "provider": of_schema(server.schema()),
        "resource_schemas": of_schemas(server.resources()),
        "data_source_schemas": of_schemas(server.data_sources()),
        "list_resource_schemas": of_schemas(server.list_resources()),
        "action_schemas": of_schemas(server.actions()),
        "functions": functions.collect::<Map<_, _>>(),
        "resource_identity_schemas": identities
            .map(|(name, schema)| (name.to_owned(), of_identity(schema)))
            .collect::<Map<_, _>>(),
    });
    println!(
        "{}",
        json!({ "format_version": "1.0", "provider_schemas": { ADDRESS: provider } })
    );
}

fn of_schemas<'a>(schemas: impl Iterator<Item = (&'static str, &'a Schema)>) -> Value {
    schemas
        .map(|(name, schema)| (name.to_owned(), of_schema(schema)))
        .collect::<Map<_, _>>()
        .into()
}

fn of_schema(schema: &Schema) -> Value {
    json!({
        "version": schema.state_version(),
        "block": {
            "attributes": of_attributes(schema.attributes()),
            "description": schema.description(),
            "description_kind": "markdown",
        },
    })
}

fn of_attributes(attributes: &[Attribute]) -> Value {
    attributes
        .iter()
        .map(|attribute| (attribute.name.to_owned(), of_attribute(attribute)))
        .collect::<Map<_, _>>()
        .into()
}

fn of_attribute(attribute: &Attribute) -> Value {
    let mut json = json!({
        "description": attribute.description,
        "description_kind": "markdown",
        "required": attribute.required,
        "optional": attribute.optional,
        "computed": attribute.computed,
        "sensitive": attribute.sensitive,
        "write_only": attribute.write_only,
        "deprecated": attribute.deprecation.is_some(),
    });
    match &attribute.kind {
        Kind::Plain(ty) => json["type"] = ty.to_json(),
        Kind::Nested(nesting, inner) => {
            let mode = match nesting {
                Nesting::Single => "single",
                Nesting::List => "list",
                Nesting::Set => "set",
                Nesting::Map => "map",
            };
            json["nested_type"] =
                json!({ "attributes": of_attributes(inner.attributes()), "nesting_mode": mode });
        }
    }
    json
}

fn of_identity(schema: &Schema) -> Value {
    let attributes = schema.identity_attributes().map(|part| {
        let json = json!({
            "type": part.value_type().to_json(),
            "required_for_import": part.identity == Some(true),
            "optional_for_import": part.identity == Some(false),
        });
        (part.name.to_owned(), json)
    });
    json!({ "version": Schema::IDENTITY_VERSION, "attributes": attributes.collect::<Map<_, _>>() })
}

fn of_function(definition: &FunctionDefinition) -> Value {
    let parameters: Vec<_> = definition.parameters.iter().map(of_parameter).collect();
    let mut json = json!({
        "summary": definition.summary,
        "description": definition.description,
        "return_type": definition.result.to_json(),
        "parameters": parameters,
    });
    if let Some(parameter) = &definition.variadic {
        json["variadic_parameter"] = of_parameter(parameter);
    }
    json
}

fn of_parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "description": parameter.description,
        "is_nullable": parameter.allow_null,
        "type": parameter.ty.to_json(),
    })
}
