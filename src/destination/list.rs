//! The list of `konnect_audit_log_destination`: the destinations of the organization, for `terraform query` (API description v3,
//! `audit-log-destinations`).

use terraform_plugin::{Diagnostics, ListCall, ListResource, ListResult, Private, Value};

use crate::destination::Model;
use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::api_error;

/// The list resource `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestinationList;

/// Lists the audit log destinations of the organization, all of them or those with a name, sorted by name, then by id.
/// Terraform shows at most 100, unless `limit` is set. Konnect never returns the credential of a destination: generated
/// configuration does not manage it.
#[derive(Debug, terraform_plugin::Model)]
pub(crate) struct Config {
    #[tf(flatten)]
    names: NameArguments,
}

impl ListResource for AuditLogDestinationList {
    type Data = RunState;
    type Config = Config;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    /// Beyond the limit, the results are the first destinations of the API: sorting all of them would require all
    /// pages.
    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let (client, region) = (call.data.client()?, call.data.regions.organization());
        let limit = usize::try_from(call.limit).unwrap_or(usize::MAX);
        let found = search::find_destinations(client, &region, &call.config.names, limit)
            .await
            .map_err(|error| api_error(&error))?;
        for destination in found {
            let identity = Value::object([("id", destination.id.as_str().into())]);
            let name = destination.name.clone();
            let resource = call
                .include_resource
                .then(|| Model::default().with(destination, &Private::default()));
            let result = ListResult::new(name, identity, resource);
            if !call.push(result).await {
                break;
            }
        }
        Ok(())
    }
}
