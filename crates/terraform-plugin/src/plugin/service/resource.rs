//! The calls about resources, except for apply, and data sources.

use std::sync::Arc;

use crate::engine::request::{PlanRequest, ReadRequest, StateResponse};
use crate::plugin::codec::encode;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::messages::{
    client_capabilities, identity, json, raw_identity, stored_identity, value,
};
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostics, ImportTarget, MoveSource, Provider};

pub(crate) async fn validate_resource_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_resource_config::Request,
) -> Result<tf::validate_resource_config::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let config = value(request.config.as_ref(), resource.schema().object_type())?;
    let diagnostics = resource.validate(&config, client_capabilities(request.client_capabilities));
    Ok(tf::validate_resource_config::Response {
        diagnostics: wire::diagnostics(diagnostics),
    })
}

/// Reads a stored state, of an older version of the schema too.
pub(crate) async fn upgrade_resource_state<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::upgrade_resource_state::Request,
) -> Result<tf::upgrade_resource_state::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let state = json(request.raw_state.as_ref())?;
    let upgraded = resource.upgrade(request.version, state);
    Ok(tf::upgrade_resource_state::Response {
        upgraded_state: Some(encode(&upgraded.state, resource.schema().object_type())),
        diagnostics: wire::diagnostics(upgraded.diagnostics),
    })
}

pub(crate) async fn upgrade_resource_identity<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::upgrade_resource_identity::Request,
) -> Result<tf::upgrade_resource_identity::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let stored = raw_identity(request.raw_identity.as_ref())?;
    let upgraded = resource.upgrade_identity(request.version, &stored)?;
    let identity_data = Some(encode(&upgraded, &resource.schema().identity_type()));
    Ok(tf::upgrade_resource_identity::Response {
        upgraded_identity: Some(tf::ResourceIdentityData { identity_data }),
        ..<_>::default()
    })
}

pub(crate) async fn read_resource<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::read_resource::Request,
) -> Result<tf::read_resource::Response, Diagnostics> {
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
}

pub(crate) async fn plan_resource_change<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::plan_resource_change::Request,
) -> Result<tf::plan_resource_change::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let ty = resource.schema().object_type();
    let change = PlanRequest {
        prior: value(request.prior_state.as_ref(), ty)?,
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
}

pub(crate) async fn import_resource_state<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::import_resource_state::Request,
) -> Result<tf::import_resource_state::Response, Diagnostics> {
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
}

/// Reads the state of another type or provider.
pub(crate) async fn move_resource_state<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::move_resource_state::Request,
) -> Result<tf::move_resource_state::Response, Diagnostics> {
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
}

pub(crate) async fn generate_resource_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::generate_resource_config::Request,
) -> Result<tf::generate_resource_config::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let ty = resource.schema().object_type();
    let config = resource.generate_config(value(request.state.as_ref(), ty)?)?;
    Ok(tf::generate_resource_config::Response {
        config: Some(encode(&config, ty)),
        ..<_>::default()
    })
}

pub(crate) async fn validate_data_resource_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_data_resource_config::Request,
) -> Result<tf::validate_data_resource_config::Response, Diagnostics> {
    let data_source = server.data_source(&request.type_name)?;
    let config = value(request.config.as_ref(), data_source.schema().object_type())?;
    let diagnostics = wire::diagnostics(data_source.validate(&config));
    Ok(tf::validate_data_resource_config::Response { diagnostics })
}

pub(crate) async fn read_data_source<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::read_data_source::Request,
) -> Result<tf::read_data_source::Response, Diagnostics> {
    let data_source = server.data_source(&request.type_name)?;
    let ty = data_source.schema().object_type();
    let read = data_source.read(value(request.config.as_ref(), ty)?).await;
    Ok(tf::read_data_source::Response {
        state: Some(encode(&read.state, ty)),
        diagnostics: wire::diagnostics(read.diagnostics),
        ..<_>::default()
    })
}
