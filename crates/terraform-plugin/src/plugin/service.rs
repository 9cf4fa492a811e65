//! `tfplugin6.Provider`: decode, hand to the framework, encode. No decisions here.

use std::sync::Arc;

use tonic::{Request, Response, Status, Streaming};

use crate::plugin::codec::encode;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::proto::tfplugin6::provider_server::Provider as Service;
use crate::plugin::wire;
use crate::{
    ApplyRequest, Diagnostics, ImportTarget, MoveSource, PlanRequest, Provider, Server, StateResponse, Value,
    unknown_type,
};

mod delivery;
mod messages;

pub use self::delivery::Calls;
use self::delivery::deliver;
use self::messages::{
    Answer, One, absent, answered, capabilities, identity, json, one, server_capabilities, value,
};

/// Serves a provider to the host.
pub struct ProviderService<P: Provider> {
    server: Arc<Server<P>>,
    calls: Calls,
}

impl<P: Provider> ProviderService<P> {
    /// A service over a provider, which counts the calls in flight.
    pub fn new(server: Arc<Server<P>>, calls: Calls) -> Self {
        Self { server, calls }
    }

    /// Runs a call as a task of its own. So it runs to its end even if the host gives up on it
    /// (what it does at the service behind must not stop half way), and a panic in it can't reach the
    /// connection.
    async fn call<A, F>(&self, answer: impl FnOnce(Arc<Server<P>>) -> F) -> Result<Response<A>, Status>
    where
        A: Answer,
        F: Future<Output = Result<A, Diagnostics>> + Send + 'static,
    {
        let work = answer(self.server.clone());
        let done = self.calls.all.spawn(answered(work)).await;
        let answer = done.map_err(|ended| Status::aborted(ended.to_string()))?;
        Ok(Response::new(answer))
    }
}

#[tonic::async_trait]
impl<P: Provider> Service for ProviderService<P> {
    async fn get_metadata(
        &self,
        _: Request<tf::get_metadata::Request>,
    ) -> Result<Response<tf::get_metadata::Response>, Status> {
        self.call(|server| async move {
            use tf::get_metadata::{DataSourceMetadata, ResourceMetadata};
            let resources = server.resource_types().map(|t| ResourceMetadata {
                type_name: t.to_owned(),
            });
            let sources = server.data_source_types().map(|t| DataSourceMetadata {
                type_name: t.to_owned(),
            });
            Ok(tf::get_metadata::Response {
                server_capabilities: Some(server_capabilities(&server)),
                resources: resources.collect(),
                data_sources: sources.collect(),
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
            let resources = server
                .resources()
                .map(|(name, s)| (name.to_owned(), wire::schema(s)));
            let sources = server
                .data_sources()
                .map(|(name, s)| (name.to_owned(), wire::schema(s)));
            Ok(tf::get_provider_schema::Response {
                provider: Some(wire::schema(server.schema())),
                resource_schemas: resources.collect(),
                data_source_schemas: sources.collect(),
                server_capabilities: Some(server_capabilities(&server)),
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
            let diagnostics = server.validate(resource, config, capabilities(request.client_capabilities));
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
            let source = server.data_source(&request.type_name)?;
            let config = value(request.config.as_ref(), source.schema().object_type())?;
            let diagnostics = wire::diagnostics(server.validate_data(source, config));
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
            let upgraded = server.upgrade(resource, request.version, state);
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
            let stored = json(request.raw_identity.as_ref())?;
            let upgraded = server.upgrade_identity(resource, request.version, &stored)?;
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
            let of = resource.schema().object_type();
            let state = value(request.current_state.as_ref(), of)?;
            let StateResponse {
                state,
                private,
                diagnostics,
            } = server.read(resource, state, request.private).await;
            Ok(tf::read_resource::Response {
                new_state: Some(encode(&state, of)),
                new_identity: identity(resource.schema(), &state),
                private,
                diagnostics: wire::diagnostics(diagnostics),
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
            let of = resource.schema().object_type();
            let change = PlanRequest {
                prior: value(request.prior_state.as_ref(), of)?,
                proposed: value(request.proposed_new_state.as_ref(), of)?,
                config: value(request.config.as_ref(), of)?,
                private: request.prior_private,
            };
            let plan = server.plan(resource, change).await;
            Ok(tf::plan_resource_change::Response {
                planned_state: Some(encode(&plan.planned, of)),
                planned_identity: identity(resource.schema(), &plan.planned),
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
        let type_name = request.type_name.clone();
        let server = self.server.clone();
        let work = async move {
            let mut made = Value::Null;
            let change = async {
                let resource = server.resource(&request.type_name)?;
                let of = resource.schema().object_type();
                let change = ApplyRequest {
                    prior: value(request.prior_state.as_ref(), of)?,
                    planned: value(request.planned_state.as_ref(), of)?,
                    config: value(request.config.as_ref(), of)?,
                    private: request.planned_private,
                };
                let creates = change.prior.is_null();
                let StateResponse {
                    state,
                    private,
                    diagnostics,
                } = server.apply(resource, change).await;
                let answer = tf::apply_resource_change::Response {
                    new_state: Some(encode(&state, of)),
                    new_identity: identity(resource.schema(), &state),
                    private,
                    diagnostics: wire::diagnostics(diagnostics),
                    ..<_>::default()
                };
                if creates {
                    made = state;
                }
                Ok(answer)
            };
            let mut answer: tf::apply_resource_change::Response = answered(change).await;
            // The host takes the state beside an error for what is left. Where the change did not even
            // reach the framework, that is the prior one: none would make the host forget the object.
            if answer.new_state.is_none() {
                (answer.new_state, answer.private) = (prior, private);
            }
            (answer, made)
        };
        let (server, provider) = (self.server.clone(), self.server.configured_data());
        let undelivered = |made: Value| async move {
            if let (false, Some(provider)) = (made.is_null(), provider) {
                tracing::warn!(
                    type_name,
                    "the host has gone before it heard of a creation: taking it back"
                );
                server.rollback_create(&provider, &type_name, made).await;
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
                diagnostics,
            } = server.import(resource, target).await;
            let imported = (!state.is_null()).then(|| tf::import_resource_state::ImportedResource {
                type_name: request.type_name.clone(),
                state: Some(encode(&state, resource.schema().object_type())),
                identity: identity(resource.schema(), &state),
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
            let StateResponse {
                state,
                private,
                diagnostics,
            } = server.move_state(resource, &source);
            Ok(tf::move_resource_state::Response {
                target_state: Some(encode(&state, resource.schema().object_type())),
                target_identity: identity(resource.schema(), &state),
                target_private: private,
                diagnostics: wire::diagnostics(diagnostics),
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
            let source = server.data_source(&request.type_name)?;
            let of = source.schema().object_type();
            let config = value(request.config.as_ref(), of)?;
            let StateResponse {
                state, diagnostics, ..
            } = server.read_data(source, config).await;
            Ok(tf::read_data_source::Response {
                state: Some(encode(&state, of)),
                diagnostics: wire::diagnostics(diagnostics),
                ..<_>::default()
            })
        })
        .await
    }

    async fn stop_provider(
        &self,
        _: Request<tf::stop_provider::Request>,
    ) -> Result<Response<tf::stop_provider::Response>, Status> {
        tracing::info!("interrupted: no new request begins");
        self.server.stop();
        Ok(Response::new(<_>::default()))
    }

    async fn generate_resource_config(
        &self,
        request: Request<tf::generate_resource_config::Request>,
    ) -> Result<Response<tf::generate_resource_config::Response>, Status> {
        Ok(absent(
            "generator of configuration for",
            &request.get_ref().type_name,
        ))
    }

    async fn get_functions(
        &self,
        _: Request<tf::get_functions::Request>,
    ) -> Result<Response<tf::get_functions::Response>, Status> {
        Ok(Response::new(<_>::default()))
    }

    async fn call_function(
        &self,
        request: Request<tf::call_function::Request>,
    ) -> Result<Response<tf::call_function::Response>, Status> {
        let text = format!("The provider has no function \"{}\".", request.get_ref().name);
        let error = Some(tf::FunctionError {
            text,
            function_argument: None,
        });
        Ok(Response::new(tf::call_function::Response {
            error,
            ..<_>::default()
        }))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<tf::validate_ephemeral_resource_config::Request>,
    ) -> Result<Response<tf::validate_ephemeral_resource_config::Response>, Status> {
        Ok(absent("ephemeral resource", &request.get_ref().type_name))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<tf::open_ephemeral_resource::Request>,
    ) -> Result<Response<tf::open_ephemeral_resource::Response>, Status> {
        Ok(absent("ephemeral resource", &request.get_ref().type_name))
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<tf::renew_ephemeral_resource::Request>,
    ) -> Result<Response<tf::renew_ephemeral_resource::Response>, Status> {
        Ok(absent("ephemeral resource", &request.get_ref().type_name))
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<tf::close_ephemeral_resource::Request>,
    ) -> Result<Response<tf::close_ephemeral_resource::Response>, Status> {
        Ok(absent("ephemeral resource", &request.get_ref().type_name))
    }

    type ListResourceStream = One<tf::list_resource::Event>;

    async fn list_resource(
        &self,
        request: Request<tf::list_resource::Request>,
    ) -> Result<Response<Self::ListResourceStream>, Status> {
        let diagnostic =
            wire::diagnostics(unknown_type("list resource", &request.get_ref().type_name).into());
        Ok(one(tf::list_resource::Event {
            diagnostic,
            ..<_>::default()
        }))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<tf::validate_list_resource_config::Request>,
    ) -> Result<Response<tf::validate_list_resource_config::Response>, Status> {
        Ok(absent("list resource", &request.get_ref().type_name))
    }

    async fn validate_action_config(
        &self,
        request: Request<tf::validate_action_config::Request>,
    ) -> Result<Response<tf::validate_action_config::Response>, Status> {
        Ok(absent("action", &request.get_ref().action_type))
    }

    async fn plan_action(
        &self,
        request: Request<tf::plan_action::Request>,
    ) -> Result<Response<tf::plan_action::Response>, Status> {
        Ok(absent("action", &request.get_ref().action_type))
    }

    type InvokeActionStream = One<tf::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<tf::invoke_action::Request>,
    ) -> Result<Response<Self::InvokeActionStream>, Status> {
        use tf::invoke_action::event::{Completed, Type};
        let diagnostics = wire::diagnostics(unknown_type("action", &request.get_ref().action_type).into());
        Ok(one(tf::invoke_action::Event {
            r#type: Some(Type::Completed(Completed { diagnostics })),
        }))
    }

    async fn validate_state_store_config(
        &self,
        request: Request<tf::validate_state_store_config::Request>,
    ) -> Result<Response<tf::validate_state_store_config::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }

    async fn configure_state_store(
        &self,
        request: Request<tf::configure_state_store::Request>,
    ) -> Result<Response<tf::configure_state_store::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }

    type ReadStateBytesStream = One<tf::read_state_bytes::ResponseChunk>;

    async fn read_state_bytes(
        &self,
        request: Request<tf::read_state_bytes::Request>,
    ) -> Result<Response<Self::ReadStateBytesStream>, Status> {
        let diagnostics = wire::diagnostics(unknown_type("state store", &request.get_ref().type_name).into());
        Ok(one(tf::read_state_bytes::ResponseChunk {
            diagnostics,
            ..<_>::default()
        }))
    }

    async fn write_state_bytes(
        &self,
        request: Request<Streaming<tf::write_state_bytes::RequestChunk>>,
    ) -> Result<Response<tf::write_state_bytes::Response>, Status> {
        // The first chunk tells the type; the rest need not be read to refuse it.
        let first = request.into_inner().message().await?;
        let type_name = first
            .and_then(|chunk| chunk.meta)
            .map(|meta| meta.type_name)
            .unwrap_or_default();
        Ok(absent("state store", &type_name))
    }

    async fn lock_state(
        &self,
        request: Request<tf::lock_state::Request>,
    ) -> Result<Response<tf::lock_state::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }

    async fn unlock_state(
        &self,
        request: Request<tf::unlock_state::Request>,
    ) -> Result<Response<tf::unlock_state::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }

    async fn get_states(
        &self,
        request: Request<tf::get_states::Request>,
    ) -> Result<Response<tf::get_states::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }

    async fn delete_state(
        &self,
        request: Request<tf::delete_state::Request>,
    ) -> Result<Response<tf::delete_state::Response>, Status> {
        Ok(absent("state store", &request.get_ref().type_name))
    }
}
