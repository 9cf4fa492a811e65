//! The list of `konnect_audit_log_destination`: the destinations of the organization, for `terraform query` (API description v3,
//! `audit-log-destinations`).

use async_trait::async_trait;
use serde::Deserialize;
use terraform_plugin::{Attr, Diagnostics, ListCall, ListResource, ListResult, Private, Schema, Value};

use crate::destination::Model;
use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::api_error;

/// The list resource `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestinationList;

/// The `config` block.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct Config {
    name: Attr<String>,
    name_contains: Attr<String>,
}

impl Config {
    fn names(&self) -> NameArguments<'_> {
        NameArguments {
            name: &self.name,
            name_contains: &self.name_contains,
        }
    }
}

#[async_trait]
impl ListResource for AuditLogDestinationList {
    type Data = RunState;
    type Config = Config;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Lists the audit log destinations of the organization, all of them or those with a name, sorted by name, then \
             by id. Terraform shows at most 100, unless `limit` is set. Konnect never returns the \
             credential of a destination: generated configuration does not manage it.",
            search::name_filter_attributes(),
        )
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        config.names().validate(diagnostics);
    }

    /// Beyond the limit, the results are the first destinations of the API: sorting all of them would require all
    /// pages.
    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let (client, region) = (call.provider.client()?, call.provider.regions.organization());
        let limit = usize::try_from(call.limit).unwrap_or(usize::MAX);
        let found = search::find_destinations(client, &region, call.config.names(), limit)
            .await
            .map_err(|error| api_error(&error))?;
        for destination in found {
            let result = ListResult {
                display_name: destination.name.clone(),
                identity: Value::object([("id", destination.id.as_str().into())]),
                resource: call
                    .include_resource
                    .then(|| Model::default().with(destination, &Private::default())),
            };
            if !call.push(result).await {
                break;
            }
        }
        Ok(())
    }
}
