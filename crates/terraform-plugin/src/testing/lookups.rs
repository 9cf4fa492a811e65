//! Data sources, list resources, generated configuration and functions, as Terraform calls them.

use futures_util::StreamExt;

use crate::plugin::codec;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::proto::tfplugin6::provider_client::ProviderClient;
use crate::testing::terraform::Resource;
use crate::testing::value::{Shape, assert_no_errors};
use crate::testing::{Channel, Plugin};
use crate::{Type, Value};

/// A data source type of a plugin.
#[derive(Clone)]
pub struct DataSource {
    /// The plugin.
    pub provider: ProviderClient<Channel>,
    /// The type name.
    pub type_name: String,
    /// Its schema.
    pub shape: Shape,
}

impl DataSource {
    /// Validates a configuration with these arguments, the others null.
    pub async fn validate(&self, arguments: &[(&str, Value)]) -> Vec<tf::Diagnostic> {
        let request = tf::validate_data_resource_config::Request {
            type_name: self.type_name.clone(),
            config: self.shape.encode(&self.shape.object(arguments)),
        };
        let response = self.provider.clone().validate_data_resource_config(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// Reads with these arguments, the others null. Asserts that the result is wholly known and keeps the arguments.
    pub async fn read(&self, arguments: &[(&str, Value)]) -> Result<Value, Vec<tf::Diagnostic>> {
        let config = self.shape.object(arguments);
        let request = tf::read_data_source::Request {
            type_name: self.type_name.clone(),
            config: self.shape.encode(&config),
            ..<_>::default()
        };
        let response = self.provider.clone().read_data_source(request).await;
        let response = response.unwrap().into_inner();
        if !response.diagnostics.is_empty() {
            return Err(response.diagnostics);
        }
        let state = self.shape.decode(response.state.as_ref());
        assert!(state.is_wholly_known(), "{state:?}");
        for (name, argument) in arguments {
            assert_eq!(state.get(name), argument, "{name} is configured");
        }
        Ok(state)
    }
}

/// A list resource type of a plugin.
#[derive(Clone)]
pub struct ListResource {
    /// The managed resource of the same type.
    pub resource: Resource,
    /// The schema of the `config` block.
    pub shape: Shape,
}

/// A result of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The name to display.
    pub display_name: String,
    /// The identity.
    pub identity: Value,
    /// The object, if it was requested.
    pub object: Option<Value>,
}

impl ListResource {
    /// Validates a `config` block with these arguments, the others null.
    pub async fn validate(&self, arguments: &[(&str, Value)]) -> Vec<tf::Diagnostic> {
        let request = tf::validate_list_resource_config::Request {
            type_name: self.resource.type_name.clone(),
            config: self.shape.encode(&self.shape.object(arguments)),
            ..<_>::default()
        };
        let mut provider = self.resource.provider.clone();
        let response = provider.validate_list_resource_config(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// Lists with these arguments, the others null, until the stream ends or has sent `limit` results, as Terraform
    /// does. Returns the results and the diagnostics. With `objects`, asserts that each result has its object, without
    /// a write-only value.
    pub async fn list(
        &self,
        arguments: &[(&str, Value)],
        objects: bool,
        limit: usize,
    ) -> (Vec<Listed>, Vec<tf::Diagnostic>) {
        let request = tf::list_resource::Request {
            type_name: self.resource.type_name.clone(),
            config: self.shape.encode(&self.shape.object(arguments)),
            include_resource_object: objects,
            limit: limit.try_into().unwrap(),
        };
        let mut provider = self.resource.provider.clone();
        let mut events = provider.list_resource(request).await.unwrap().into_inner();
        let (mut results, mut diagnostics) = (Vec::new(), Vec::new());
        while results.len() < limit {
            let Some(event) = events.next().await else { break };
            let event = event.unwrap();
            diagnostics.extend(event.diagnostic);
            let Some(identity) = self.resource.identified(event.identity.as_ref()) else {
                assert!(!diagnostics.is_empty(), "an event without anything");
                continue;
            };
            assert!(!event.display_name.is_empty(), "{identity:?}");
            assert_eq!(event.resource_object.is_some(), objects, "{identity:?}");
            let object = event.resource_object.map(|object| self.object(&object));
            results.push(Listed {
                display_name: event.display_name,
                identity,
                object,
            });
        }
        (results, diagnostics)
    }

    fn object(&self, object: &tf::DynamicValue) -> Value {
        let object = self.resource.shape.decode(Some(object));
        assert!(object.is_wholly_known() && !object.is_null(), "{object:?}");
        for attribute in &self.resource.shape.attributes {
            let secret = attribute.write_only || attribute.sensitive;
            assert!(
                !secret || object.get(&attribute.name).is_null(),
                "{}",
                attribute.name
            );
        }
        object
    }
}

impl Resource {
    /// Returns the configuration that Terraform generates for an object: without the computed attributes.
    pub async fn generate_config(&self, state: &Value) -> Value {
        let request = tf::generate_resource_config::Request {
            type_name: self.type_name.clone(),
            state: self.shape.encode(state),
        };
        let response = self.provider.clone().generate_resource_config(request).await;
        let response = response.unwrap().into_inner();
        assert_no_errors(&response.diagnostics);
        let config = self.shape.decode(response.config.as_ref());
        assert!(config.is_wholly_known(), "{config:?}");
        for attribute in &self.shape.attributes {
            let settable = attribute.required || attribute.optional;
            assert!(
                settable || config.get(&attribute.name).is_null(),
                "{}",
                attribute.name
            );
        }
        config
    }
}

impl Plugin {
    /// A data source type.
    pub fn data_source(&self, type_name: &str) -> DataSource {
        DataSource {
            provider: self.host.provider(),
            type_name: type_name.to_owned(),
            shape: Shape::of(&self.schema.data_source_schemas[type_name]),
        }
    }

    /// A list resource type.
    pub fn list_resource(&self, type_name: &str) -> ListResource {
        ListResource {
            resource: self.resource(type_name),
            shape: Shape::of(&self.schema.list_resource_schemas[type_name]),
        }
    }

    /// Calls a function.
    pub async fn call_function(&self, name: &str, arguments: &[Value]) -> Result<Value, tf::FunctionError> {
        let function = &self.schema.functions[name];
        let ty = |json: &[u8]| Type::from_json(&serde_json::from_slice(json).unwrap()).unwrap();
        let parameters = function.parameters.iter().chain(
            // Repeated for all further arguments.
            function.variadic_parameter.iter().cycle().take(arguments.len()),
        );
        let arguments = arguments.iter().zip(parameters);
        let request = tf::call_function::Request {
            name: name.to_owned(),
            arguments: arguments
                .map(|(argument, parameter)| codec::encode(argument, &ty(&parameter.r#type)))
                .collect(),
        };
        let response = self.host.provider().call_function(request).await;
        let response = response.unwrap().into_inner();
        if let Some(error) = response.error {
            Err(error)
        } else {
            let result = ty(&function.r#return.as_ref().unwrap().r#type);
            Ok(codec::decode(response.result.as_ref(), &result).unwrap())
        }
    }
}
