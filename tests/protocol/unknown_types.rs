//! Calls for unknown types. Each returns a diagnostic, never a gRPC error.

use std::collections::BTreeSet;

use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::protocol::proto::tfplugin6::provider_client::ProviderClient;
use terraform_plugin::testing::value::error;
use terraform_plugin::testing::{Channel, Host};

use crate::PLUGIN;

/// A name that no provider serves.
const UNKNOWN_TYPE: &str = "konnect_nobody";

/// Makes each of these calls for an unknown type. Returns their names with the single error.
macro_rules! call_each {
    ($provider:expr, $($call:ident($field:ident)),+ $(,)?) => {
        vec![$({
            let request = tf::$call::Request { $field: UNKNOWN_TYPE.to_owned(), ..<_>::default() };
            let response = $provider.$call(request).await;
            let response = response.unwrap_or_else(|status| panic!("{}: {status}", stringify!($call)));
            (stringify!($call), error(&response.into_inner().diagnostics))
        }),+]
    };
}

#[allow(clippy::needless_update)] // of the macro: some requests have no further field
async fn calls_of_unknown_type(mut provider: ProviderClient<Channel>) -> Vec<(&'static str, String)> {
    call_each! { provider,
        validate_resource_config(type_name), validate_data_resource_config(type_name),
        upgrade_resource_state(type_name), upgrade_resource_identity(type_name),
        read_resource(type_name), plan_resource_change(type_name), apply_resource_change(type_name),
        import_resource_state(type_name), move_resource_state(target_type_name),
        read_data_source(type_name), generate_resource_config(type_name),
        validate_list_resource_config(type_name), validate_action_config(action_type),
        plan_action(action_type),
    }
}

/// The same for streaming calls and functions, which have another type of error.
async fn stream_calls_of_unknown_type(mut provider: ProviderClient<Channel>) -> Vec<(&'static str, String)> {
    use tf::invoke_action::event::Type as Event;
    let type_name = || UNKNOWN_TYPE.to_owned();
    let request = tf::list_resource::Request {
        type_name: type_name(),
        ..<_>::default()
    };
    let mut events = provider.list_resource(request).await.unwrap().into_inner();
    let listed = error(&events.message().await.unwrap().unwrap().diagnostic);
    assert_eq!(events.message().await.unwrap(), None);

    let request = tf::invoke_action::Request {
        action_type: type_name(),
        ..<_>::default()
    };
    let mut events = provider.invoke_action(request).await.unwrap().into_inner();
    let Some(Event::Completed(completed)) = events.message().await.unwrap().unwrap().r#type else {
        panic!("an action that is not there is over at once")
    };
    assert_eq!(events.message().await.unwrap(), None);

    let call = tf::call_function::Request {
        name: type_name(),
        arguments: Vec::new(),
    };
    let called = provider.call_function(call).await.unwrap().into_inner();
    assert_eq!(called.result, None);
    vec![
        ("list_resource", listed),
        ("invoke_action", error(&completed.diagnostics)),
        ("call_function", called.error.unwrap().text),
    ]
}

/// The calls without a type, which other tests cover.
const CALLS_WITHOUT_TYPE: [&str; 7] = [
    "get_metadata",
    "get_provider_schema",
    "get_resource_identity_schemas",
    "validate_provider_config",
    "configure_provider",
    "get_functions",
    "stop_provider",
];

/// The calls for ephemeral resources and state stores, which the provider does not serve.
const UNIMPLEMENTED: [&str; 12] = [
    "validate_ephemeral_resource_config",
    "open_ephemeral_resource",
    "renew_ephemeral_resource",
    "close_ephemeral_resource",
    "validate_state_store_config",
    "configure_state_store",
    "read_state_bytes",
    "write_state_bytes",
    "lock_state",
    "unlock_state",
    "get_states",
    "delete_state",
];

#[tokio::test]
async fn call_for_unknown_type_errors_with_type_name() {
    let host = Host::start(PLUGIN).await;
    let mut responses = calls_of_unknown_type(host.provider()).await;
    responses.extend(stream_calls_of_unknown_type(host.provider()).await);
    for (call, said) in &responses {
        assert!(said.contains(UNKNOWN_TYPE), "{call}: {said}");
    }
    // The service has no further calls.
    let asked: BTreeSet<_> = responses
        .iter()
        .map(|(call, _)| *call)
        .chain(CALLS_WITHOUT_TYPE)
        .chain(UNIMPLEMENTED)
        .collect();
    let declared = include_str!("../../proto/tfplugin6.proto")
        .lines()
        .filter_map(|line| {
            let name = line.trim().strip_prefix("rpc ")?.split('(').next()?;
            Some(in_snake_case(name))
        });
    let declared: BTreeSet<String> = declared.collect();
    assert!(declared.iter().map(String::as_str).eq(asked), "{declared:?}");
    host.end().await;
}

fn in_snake_case(name: &str) -> String {
    let letters = name.char_indices().flat_map(|(i, c)| {
        let gap = (i > 0 && c.is_uppercase()).then_some('_');
        gap.into_iter().chain(c.to_lowercase())
    });
    letters.collect()
}
