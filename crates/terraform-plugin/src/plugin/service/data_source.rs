//! The calls about data sources.

use std::sync::Arc;

use crate::plugin::codec::encode;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::messages::value;
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostics, Provider};

pub(crate) async fn validate_data_resource_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_data_resource_config::Request,
) -> Result<tf::validate_data_resource_config::Response, Diagnostics> {
    let data_source = server.data_source(&request.type_name)?;
    let config = value(request.config.as_ref(), data_source.schema().object_type())?;
    let diagnostics = wire::diagnostics(data_source.validate(config));
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
