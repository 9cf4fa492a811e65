//! A plugin with its schemas, and its actions.

use std::collections::HashMap;

use crate::plugin::proto::tfplugin6 as tf;
use crate::testing::terraform::Resource;
use crate::testing::value::{Shape, assert_no_errors, errors};
use crate::testing::{Host, Launch};
use crate::{Type, Value};

/// A running plugin and its schemas.
pub struct Plugin {
    /// The host of the plugin.
    pub host: Host,
    /// All schemas.
    pub schema: tf::get_provider_schema::Response,
    /// The identity schema of each resource.
    pub identities: HashMap<String, tf::ResourceIdentitySchema>,
}

impl Plugin {
    /// Starts a plugin that is not configured.
    pub async fn launch(launch: Launch) -> Self {
        let host = Box::pin(Host::launch(launch)).await;
        let schema = tf::get_provider_schema::Request {};
        let schema = host.provider().get_provider_schema(schema).await.unwrap();
        let identities = tf::get_resource_identity_schemas::Request {};
        let identities = host.provider().get_resource_identity_schemas(identities).await;
        let identities = identities.unwrap().into_inner();
        assert_no_errors(&identities.diagnostics);
        Self {
            host,
            schema: schema.into_inner(),
            identities: identities.identity_schemas,
        }
    }

    /// A provider block with these attributes. The others are null.
    pub fn block(&self, set: &[(&str, Value)]) -> Option<tf::DynamicValue> {
        let shape = Shape::of(self.schema.provider.as_ref().unwrap());
        shape.encode(&shape.object(set))
    }

    /// Configures the provider. Returns the diagnostics.
    pub async fn configure(&self, config: Option<tf::DynamicValue>) -> Vec<tf::Diagnostic> {
        let request = tf::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config,
            client_capabilities: None,
        };
        let response = self.host.provider().configure_provider(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// A resource type.
    pub fn resource(&self, type_name: &str) -> Resource {
        let parts = self.identities[type_name].identity_attributes.iter();
        let parts = parts.map(|part| {
            let of = serde_json::from_slice(&part.r#type).unwrap();
            (part.name.clone(), Type::from_json(&of).unwrap())
        });
        Resource {
            provider: self.host.provider(),
            type_name: type_name.to_owned(),
            shape: Shape::of(&self.schema.resource_schemas[type_name]),
            identity: Type::Object(parts.collect()),
        }
    }

    /// Plans and invokes an action with these arguments, the others null. Returns the progress and the diagnostics.
    pub async fn invoke(
        &self,
        action_type: &str,
        arguments: &[(&str, Value)],
    ) -> (Vec<String>, Vec<tf::Diagnostic>) {
        use tf::invoke_action::event::Type as Event;
        let shape = Shape::of(self.schema.action_schemas[action_type].schema.as_ref().unwrap());
        let config = shape.encode(&shape.object(arguments));
        let request = tf::plan_action::Request {
            action_type: action_type.to_owned(),
            config: config.clone(),
            client_capabilities: None,
        };
        let planned = self.host.provider().plan_action(request).await;
        let planned = planned.unwrap().into_inner().diagnostics;
        if !errors(&planned).is_empty() {
            return (Vec::new(), planned);
        }
        let request = tf::invoke_action::Request {
            action_type: action_type.to_owned(),
            config,
            client_capabilities: None,
        };
        let events = self.host.provider().invoke_action(request).await;
        let mut events = events.unwrap().into_inner();
        let mut progress = Vec::new();
        loop {
            let event = events
                .message()
                .await
                .unwrap()
                .expect("an action ends with an event");
            match event.r#type.expect("an event has a type") {
                Event::Progress(line) => progress.push(line.message),
                Event::Completed(completed) => {
                    assert_eq!(events.message().await.unwrap(), None, "the end is the last event");
                    return (progress, completed.diagnostics);
                }
            }
        }
    }
}
