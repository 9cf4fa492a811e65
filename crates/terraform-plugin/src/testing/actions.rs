//! The calls with which Terraform plans and invokes an action.

use crate::Value;
use crate::plugin::proto::tfplugin6 as tf;
use crate::testing::Plugin;
use crate::testing::value::{Shape, errors};

impl Plugin {
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
