//! Calls of functions, list resources and actions, and of the configuration generator.

use crate::plugin::codec;
use crate::plugin::proto::tfplugin6 as tf;
use crate::testing::Plugin;
use crate::testing::terraform::Resource;
use crate::testing::value::{Shape, errors};
use crate::{Type, Value};

/// A result of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The name for people.
    pub display_name: String,
    /// The identity, wholly known.
    pub identity: Value,
    /// The object, if the call requested it.
    pub object: Option<Value>,
}

fn type_of(json: &[u8]) -> Type {
    Type::from_json(&serde_json::from_slice(json).unwrap()).unwrap()
}

impl Plugin {
    /// Calls a function. Returns its result or its error.
    pub async fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, tf::FunctionError> {
        let function = &self.schema.functions[name];
        let parameter = |index| {
            function
                .parameters
                .get(index)
                .or(function.variadic_parameter.as_ref())
        };
        let arguments = arguments.iter().enumerate().map(|(index, argument)| {
            codec::encode(argument, &type_of(&parameter(index).expect("a parameter").r#type))
        });
        let request = tf::call_function::Request {
            name: name.to_owned(),
            arguments: arguments.collect(),
        };
        let response = self.host.provider().call_function(request).await;
        let response = response.unwrap().into_inner();
        match (response.result, response.error) {
            (Some(result), None) => {
                let ty = type_of(&function.r#return.as_ref().unwrap().r#type);
                Ok(codec::decode(Some(&result), &ty).unwrap())
            }
            (None, Some(error)) => Err(error),
            other => panic!("either a result or an error: {other:?}"),
        }
    }

    /// Lists objects with these arguments, the others null. Returns the results and all diagnostics.
    pub async fn list(
        &self,
        type_name: &str,
        arguments: &[(&str, Value)],
        include_object: bool,
        limit: i64,
    ) -> (Vec<Found>, Vec<tf::Diagnostic>) {
        let resource = self.resource(type_name);
        let shape = Shape::of(&self.schema.list_resource_schemas[type_name]);
        let request = tf::list_resource::Request {
            type_name: type_name.to_owned(),
            config: shape.encode(&shape.object(arguments)),
            include_resource_object: include_object,
            limit,
        };
        let events = self.host.provider().list_resource(request).await;
        let mut events = events.unwrap().into_inner();
        let (mut found, mut diagnostics) = (Vec::new(), Vec::new());
        while let Some(event) = events.message().await.unwrap() {
            let has_identity = event.identity.is_some();
            assert!(
                has_identity == event.diagnostic.is_empty(),
                "a result or diagnostics: {event:?}"
            );
            diagnostics.extend(event.diagnostic);
            let Some(identity) = resource.identified(event.identity.as_ref()) else {
                continue;
            };
            assert!(!event.display_name.is_empty());
            assert_eq!(event.resource_object.is_some(), include_object);
            let object = event
                .resource_object
                .map(|object| resource.shape.decode(Some(&object)));
            assert!(object.as_ref().is_none_or(Value::is_wholly_known));
            found.push(Found {
                display_name: event.display_name,
                identity,
                object,
            });
        }
        assert!(usize::try_from(limit).is_ok_and(|limit| found.len() <= limit));
        (found, diagnostics)
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

impl Resource {
    /// Generates the configuration of an object. Returns the configuration and the diagnostics.
    pub async fn generate_config(&self, state: &Value) -> (Value, Vec<tf::Diagnostic>) {
        let request = tf::generate_resource_config::Request {
            type_name: self.type_name.clone(),
            state: self.shape.encode(state),
        };
        let response = self.provider.clone().generate_resource_config(request).await;
        let response = response.unwrap().into_inner();
        (self.shape.decode(response.config.as_ref()), response.diagnostics)
    }
}
