//! The service `tfplugin6.Provider`: decodes requests, passes them to the server and encodes responses.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream;
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::plugin::codec::{decode, encode};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::proto::tfplugin6::provider_server::Provider as Service;
use crate::plugin::wire;
use crate::{
    ApplyRequest, Diagnostic, Diagnostics, FunctionError, ImportTarget, InvokeEvent, ListEvent, ListRequest,
    MoveSource, PlanRequest, Provider, ReadRequest, Server, StateResponse, Type, Value,
};

mod delivery;
mod messages;

pub use self::delivery::Calls;
use self::delivery::deliver;
use self::messages::{
    Failure, client_capabilities, identity, json, raw_identity, respond, server_capabilities,
    stored_identity, unreadable, value,
};

/// Serves a provider to the host.
pub struct ProviderService<P: Provider> {
    server: Arc<Server<P>>,
    calls: Calls,
}

impl<P: Provider> ProviderService<P> {
    /// A service for a provider that counts the calls in flight.
    pub fn new(server: Arc<Server<P>>, calls: Calls) -> Self {
        Self { server, calls }
    }

    /// Runs a call as a task. The task runs to completion even if the host cancels the call, because a change must not
    /// stop half way. A panic does not affect the connection.
    async fn call<M, F>(&self, handler: impl FnOnce(Arc<Server<P>>) -> F) -> Result<Response<M>, Status>
    where
        M: Failure,
        F: Future<Output = Result<M, Diagnostics>> + Send + 'static,
    {
        let work = handler(self.server.clone());
        let done = self.calls.all.spawn(respond(work)).await;
        let response = done.map_err(|ended| Status::aborted(ended.to_string()))?;
        Ok(Response::new(response))
    }
}

#[tonic::async_trait]
impl<P: Provider> Service for ProviderService<P> {
    async fn get_metadata(
        &self,
        _: Request<tf::get_metadata::Request>,
    ) -> Result<Response<tf::get_metadata::Response>, Status> {
        self.call(|server| async move {
            use tf::get_metadata as metadata;
            let resources = server.resource_types().map(|name| metadata::ResourceMetadata {
                type_name: name.to_owned(),
            });
            let data_sources = server
                .data_source_types()
                .map(|name| metadata::DataSourceMetadata {
                    type_name: name.to_owned(),
                });
            let list_resources = server
                .list_resource_types()
                .map(|name| metadata::ListResourceMetadata {
                    type_name: name.to_owned(),
                });
            let actions = server.action_types().map(|name| metadata::ActionMetadata {
                type_name: name.to_owned(),
            });
            let functions = server.function_names().map(|name| metadata::FunctionMetadata {
                name: name.to_owned(),
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
        })
        .await
    }

    async fn get_provider_schema(
        &self,
        _: Request<tf::get_provider_schema::Request>,
    ) -> Result<Response<tf::get_provider_schema::Response>, Status> {
        self.call(|server| async move {
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
                functions: functions(&server),
                server_capabilities: Some(server_capabilities(&server)),
                diagnostics: wire::diagnostics(diagnostics.collect()),
                ..<_>::default()
            })
        })
        .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<tf::get_resource_identity_schemas::Request>,
    ) -> Result<Response<tf::get_resource_identity_schemas::Response>, Status> {
        self.call(|server| async move {
            let schemas = server
                .resources()
                .filter_map(|(name, schema)| Some((name.to_owned(), wire::identity_schema(schema)?)));
            let identity_schemas = schemas.collect();
            Ok(tf::get_resource_identity_schemas::Response {
                identity_schemas,
                ..<_>::default()
            })
        })
        .await
    }

    async fn validate_provider_config(
        &self,
        request: Request<tf::validate_provider_config::Request>,
    ) -> Result<Response<tf::validate_provider_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let config = value(request.config.as_ref(), server.schema().object_type())?;
            let diagnostics = wire::diagnostics(server.validate_provider(config));
            Ok(tf::validate_provider_config::Response { diagnostics })
        })
        .await
    }

    async fn validate_resource_config(
        &self,
        request: Request<tf::validate_resource_config::Request>,
    ) -> Result<Response<tf::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let config = value(request.config.as_ref(), resource.schema().object_type())?;
            let diagnostics = resource.validate(config, client_capabilities(request.client_capabilities));
            Ok(tf::validate_resource_config::Response {
                diagnostics: wire::diagnostics(diagnostics),
            })
        })
        .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<tf::validate_data_resource_config::Request>,
    ) -> Result<Response<tf::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let data_source = server.data_source(&request.type_name)?;
            let config = value(request.config.as_ref(), data_source.schema().object_type())?;
            let diagnostics = wire::diagnostics(data_source.validate(config));
            Ok(tf::validate_data_resource_config::Response { diagnostics })
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<tf::upgrade_resource_state::Request>,
    ) -> Result<Response<tf::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let state = json(request.raw_state.as_ref())?;
            let upgraded = resource.upgrade(request.version, state);
            Ok(tf::upgrade_resource_state::Response {
                upgraded_state: Some(encode(&upgraded.state, resource.schema().object_type())),
                diagnostics: wire::diagnostics(upgraded.diagnostics),
            })
        })
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<tf::upgrade_resource_identity::Request>,
    ) -> Result<Response<tf::upgrade_resource_identity::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let stored = raw_identity(request.raw_identity.as_ref())?;
            let upgraded = resource.upgrade_identity(request.version, &stored)?;
            let identity_data = Some(encode(&upgraded, &resource.schema().identity_type()));
            Ok(tf::upgrade_resource_identity::Response {
                upgraded_identity: Some(tf::ResourceIdentityData { identity_data }),
                ..<_>::default()
            })
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<tf::configure_provider::Request>,
    ) -> Result<Response<tf::configure_provider::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let config = value(request.config.as_ref(), server.schema().object_type())?;
            let diagnostics = server.configure(config, request.terraform_version).await;
            Ok(tf::configure_provider::Response {
                diagnostics: wire::diagnostics(diagnostics),
            })
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<tf::read_resource::Request>,
    ) -> Result<Response<tf::read_resource::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let ty = resource.schema().object_type();
            let read = ReadRequest {
                state: value(request.current_state.as_ref(), ty)?,
                private: request.private,
                identity: stored_identity(resource.schema(), request.current_identity),
            };
            let read = resource.read(read).await;
            Ok(tf::read_resource::Response {
                new_state: Some(encode(&read.state, ty)),
                new_identity: identity(resource.schema(), read.identity.as_ref()),
                private: read.private,
                diagnostics: wire::diagnostics(read.diagnostics),
                ..<_>::default()
            })
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<tf::plan_resource_change::Request>,
    ) -> Result<Response<tf::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let ty = resource.schema().object_type();
            let change = PlanRequest {
                prior: value(request.prior_state.as_ref(), ty)?,
                proposed: value(request.proposed_new_state.as_ref(), ty)?,
                config: value(request.config.as_ref(), ty)?,
                private: request.prior_private,
                planned_private: request.planned_private,
                identity: stored_identity(resource.schema(), request.prior_identity),
            };
            let plan = resource.plan(change).await;
            Ok(tf::plan_resource_change::Response {
                planned_state: Some(encode(&plan.planned, ty)),
                planned_identity: identity(resource.schema(), plan.identity.as_ref()),
                requires_replace: plan.requires_replace.iter().map(wire::path).collect(),
                planned_private: plan.private,
                diagnostics: wire::diagnostics(plan.diagnostics),
                ..<_>::default()
            })
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<tf::apply_resource_change::Request>,
    ) -> Result<Response<tf::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let (prior, private) = (request.prior_state.clone(), request.planned_private.clone());
        let planned_identity = request.planned_identity.clone();
        let type_name = request.type_name.clone();
        let server = self.server.clone();
        let work = async move {
            let mut created = Value::Null;
            let change = async {
                let resource = server.resource(&request.type_name)?;
                let ty = resource.schema().object_type();
                let change = ApplyRequest {
                    prior: value(request.prior_state.as_ref(), ty)?,
                    planned: value(request.planned_state.as_ref(), ty)?,
                    config: value(request.config.as_ref(), ty)?,
                    private: request.planned_private,
                    identity: stored_identity(resource.schema(), request.planned_identity),
                };
                let is_create = change.prior.is_null();
                let applied = resource.apply(change).await;
                let response = tf::apply_resource_change::Response {
                    new_state: Some(encode(&applied.state, ty)),
                    new_identity: identity(resource.schema(), applied.identity.as_ref()),
                    private: applied.private,
                    diagnostics: wire::diagnostics(applied.diagnostics),
                    ..<_>::default()
                };
                if is_create {
                    created = applied.state;
                }
                Ok(response)
            };
            let mut response: tf::apply_resource_change::Response = respond(change).await;
            // The host stores the state of a failed response. If the request cannot be decoded, return the prior state:
            // without a state, the host forgets the object.
            if response.new_state.is_none() {
                (response.new_state, response.private) = (prior, private);
                response.new_identity = planned_identity;
            }
            (response, created)
        };
        let (server, provider) = (self.server.clone(), self.server.configured_data());
        let undelivered = |created: Value| async move {
            let (false, Some(provider)) = (created.is_null(), provider) else {
                return;
            };
            if let Ok(resource) = server.resource(&type_name) {
                tracing::warn!(
                    type_name,
                    "the host ended before it received the response to a create: rolling back"
                );
                resource.rollback_create(&provider, created).await;
            }
        };
        Ok(Response::new(deliver(&self.calls, work, undelivered).await?))
    }

    async fn import_resource_state(
        &self,
        request: Request<tf::import_resource_state::Request>,
    ) -> Result<Response<tf::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let target = match request.identity.and_then(|identity| identity.identity_data) {
                Some(data) => ImportTarget::Identity(value(Some(&data), &resource.schema().identity_type())?),
                None => ImportTarget::Id(request.id),
            };
            let StateResponse {
                state,
                private,
                identity: imported_identity,
                diagnostics,
            } = resource.import(target).await;
            let imported = (!state.is_null()).then(|| tf::import_resource_state::ImportedResource {
                type_name: request.type_name.clone(),
                state: Some(encode(&state, resource.schema().object_type())),
                identity: identity(resource.schema(), imported_identity.as_ref()),
                private,
            });
            Ok(tf::import_resource_state::Response {
                imported_resources: imported.into_iter().collect(),
                diagnostics: wire::diagnostics(diagnostics),
                ..<_>::default()
            })
        })
        .await
    }

    async fn move_resource_state(
        &self,
        request: Request<tf::move_resource_state::Request>,
    ) -> Result<Response<tf::move_resource_state::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.target_type_name)?;
            let source = MoveSource {
                provider: request.source_provider_address,
                type_name: request.source_type_name,
                version: request.source_schema_version,
                state: json(request.source_state.as_ref())?,
            };
            let moved = resource.move_state(&source);
            Ok(tf::move_resource_state::Response {
                target_state: Some(encode(&moved.state, resource.schema().object_type())),
                target_identity: identity(resource.schema(), moved.identity.as_ref()),
                target_private: moved.private,
                diagnostics: wire::diagnostics(moved.diagnostics),
            })
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<tf::read_data_source::Request>,
    ) -> Result<Response<tf::read_data_source::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let data_source = server.data_source(&request.type_name)?;
            let ty = data_source.schema().object_type();
            let read = data_source.read(value(request.config.as_ref(), ty)?).await;
            Ok(tf::read_data_source::Response {
                state: Some(encode(&read.state, ty)),
                diagnostics: wire::diagnostics(read.diagnostics),
                ..<_>::default()
            })
        })
        .await
    }

    async fn stop_provider(
        &self,
        _: Request<tf::stop_provider::Request>,
    ) -> Result<Response<tf::stop_provider::Response>, Status> {
        tracing::info!("interrupted: no new requests start");
        self.server.stop();
        Ok(Response::new(<_>::default()))
    }

    async fn generate_resource_config(
        &self,
        request: Request<tf::generate_resource_config::Request>,
    ) -> Result<Response<tf::generate_resource_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let resource = server.resource(&request.type_name)?;
            let ty = resource.schema().object_type();
            let generated = resource.generate_config(value(request.state.as_ref(), ty)?);
            Ok(tf::generate_resource_config::Response {
                config: Some(encode(&generated.config, ty)),
                diagnostics: wire::diagnostics(generated.diagnostics),
            })
        })
        .await
    }

    async fn get_functions(
        &self,
        _: Request<tf::get_functions::Request>,
    ) -> Result<Response<tf::get_functions::Response>, Status> {
        self.call(|server| async move {
            Ok(tf::get_functions::Response {
                functions: functions(&server),
                ..<_>::default()
            })
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<tf::call_function::Request>,
    ) -> Result<Response<tf::call_function::Response>, Status> {
        let request = request.into_inner();
        let server = self.server.clone();
        let work = self
            .calls
            .all
            .spawn(async move { call_function(&server, &request) });
        let response = match work.await.map_err(|ended| Status::aborted(ended.to_string()))? {
            Ok(result) => tf::call_function::Response {
                result: Some(result),
                error: None,
            },
            Err(error) => tf::call_function::Response {
                result: None,
                error: Some(wire::function_error(error)),
            },
        };
        Ok(Response::new(response))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<tf::validate_list_resource_config::Request>,
    ) -> Result<Response<tf::validate_list_resource_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let list_resource = server.list_resource(&request.type_name)?;
            let config = value(request.config.as_ref(), list_resource.schema().object_type())?;
            let diagnostics = wire::diagnostics(list_resource.validate(config));
            Ok(tf::validate_list_resource_config::Response { diagnostics })
        })
        .await
    }

    async fn list_resource(
        &self,
        request: Request<tf::list_resource::Request>,
    ) -> Result<Response<BoxStream<tf::list_resource::Event>>, Status> {
        let request = request.into_inner();
        let server = self.server.clone();
        let (events, receiver) = mpsc::channel(BUFFERED_EVENTS);
        // For an unknown type, the list sends only an error.
        let (identity, object) =
            server
                .resource(&request.type_name)
                .map_or((Type::Dynamic, Type::Dynamic), |resource| {
                    let schema = resource.schema();
                    (schema.identity_type(), schema.object_type().clone())
                });
        self.calls.all.spawn(async move {
            if let Err(diagnostics) = list(&server, request, events.clone()).await {
                let _ = events.send(ListEvent::Diagnostics(diagnostics)).await;
            }
        });
        Ok(stream(receiver, move |event| {
            wire::list_event(event, &identity, &object)
        }))
    }

    async fn validate_action_config(
        &self,
        request: Request<tf::validate_action_config::Request>,
    ) -> Result<Response<tf::validate_action_config::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let action = server.action(&request.action_type)?;
            let config = value(request.config.as_ref(), action.schema().object_type())?;
            let diagnostics = wire::diagnostics(action.validate(config));
            Ok(tf::validate_action_config::Response { diagnostics })
        })
        .await
    }

    async fn plan_action(
        &self,
        request: Request<tf::plan_action::Request>,
    ) -> Result<Response<tf::plan_action::Response>, Status> {
        let request = request.into_inner();
        self.call(|server| async move {
            let action = server.action(&request.action_type)?;
            let config = value(request.config.as_ref(), action.schema().object_type())?;
            let diagnostics = wire::diagnostics(action.plan(config).await);
            Ok(tf::plan_action::Response {
                diagnostics,
                ..<_>::default()
            })
        })
        .await
    }

    async fn invoke_action(
        &self,
        request: Request<tf::invoke_action::Request>,
    ) -> Result<Response<BoxStream<tf::invoke_action::Event>>, Status> {
        let request = request.into_inner();
        let server = self.server.clone();
        let (events, receiver) = mpsc::channel(BUFFERED_EVENTS);
        let change = self.calls.changes.token();
        self.calls.all.spawn(async move {
            if let Err(diagnostics) = invoke(&server, request, events.clone()).await {
                let _ = events.send(InvokeEvent::Completed(diagnostics)).await;
            }
            drop(change);
        });
        Ok(stream(receiver, wire::invoke_event))
    }
}

/// The number of events to buffer for a host that reads slowly.
const BUFFERED_EVENTS: usize = 16;

fn functions<P: Provider>(server: &Server<P>) -> HashMap<String, tf::Function> {
    let functions = server.functions();
    functions
        .map(|f| (f.name().to_owned(), wire::function(f.definition())))
        .collect()
}

fn call_function<P: Provider>(
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
        decode(Some(argument), parameter.ty())
            .map_err(|error| FunctionError::argument(index, unreadable(&error.to_string()).detail))
    });
    let result = function.call(arguments.collect::<Result<_, _>>()?)?;
    Ok(encode(&result, definition.result()))
}

async fn list<P: Provider>(
    server: &Server<P>,
    request: tf::list_resource::Request,
    events: mpsc::Sender<ListEvent>,
) -> Result<(), Diagnostics> {
    let list_resource = server.list_resource(&request.type_name)?;
    let config = value(request.config.as_ref(), list_resource.schema().object_type())?;
    let request = ListRequest {
        config,
        include_resource: request.include_resource_object,
        limit: u64::try_from(request.limit).unwrap_or_default(),
    };
    list_resource.list(request, events).await;
    Ok(())
}

async fn invoke<P: Provider>(
    server: &Server<P>,
    request: tf::invoke_action::Request,
    events: mpsc::Sender<InvokeEvent>,
) -> Result<(), Diagnostics> {
    let action = server.action(&request.action_type)?;
    let config = value(request.config.as_ref(), action.schema().object_type())?;
    action.invoke(config, events).await;
    Ok(())
}

/// The events of a channel as the stream of a response.
fn stream<E: Send + 'static, M: Send + 'static>(
    mut events: mpsc::Receiver<E>,
    message: impl Fn(E) -> M + Send + 'static,
) -> Response<BoxStream<M>> {
    let messages = stream::poll_fn(move |context| {
        let event = events.poll_recv(context);
        event.map(|event| event.map(|event| Ok(message(event))))
    });
    Response::new(Box::pin(messages))
}
