//! `data.konnect_audit_log_destinations`: the destinations of a region (API description v3, `audit-log-destinations`).

use async_trait::async_trait;
use konnect::Destination;
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostics, Nesting, Schema};

use crate::destination::data::result_attributes;
use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope;

/// The data source `konnect_audit_log_destinations`.
pub(crate) struct AuditLogDestinations;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    region: Attr<String>,
    name: Attr<String>,
    name_contains: Attr<String>,
    destinations: Attr<Vec<Item>>,
}

/// A destination that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    id: Attr<String>,
    name: Attr<String>,
    endpoint: Attr<String>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

impl From<Destination> for Item {
    fn from(found: Destination) -> Self {
        Self {
            id: found.id.to_string().into(),
            name: found.settings.name.into(),
            endpoint: found.settings.endpoint.into(),
            log_format: found.settings.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
        }
    }
}

impl Model {
    fn names(&self) -> NameArguments<'_> {
        NameArguments {
            name: &self.name,
            name_contains: &self.name_contains,
        }
    }
}

#[async_trait]
impl DataSource for AuditLogDestinations {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destinations"
    }

    fn schema(&self) -> Schema {
        let item = [
            Attribute::string("id")
                .computed()
                .description("Id of the destination, a UUID."),
            Attribute::string("name")
                .computed()
                .description("Name of the destination."),
        ];
        let destinations = Attribute::nested(
            "destinations",
            Nesting::List,
            item.into_iter().chain(result_attributes()),
        );
        let results = [destinations
            .computed()
            .description("The destinations, sorted by name, then by id.")];
        Schema::new(
            "The audit log destinations that exist in a region, all of them or those with a name. Konnect never returns \
             the credential of a destination.",
            [search::destination_region_attribute().computed()]
                .into_iter()
                .chain(search::name_filter_attributes())
                .chain(results),
        )
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        config.names().validate(diagnostics);
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config) = (call.provider, &call.config);
        let region = scope::destination_region(run, &config.region)?;
        let found = search::find_destinations(run.client()?, &region, config.names(), usize::MAX)
            .await
            .map_err(|error| FieldMap::of(&self.schema()).diagnose(&error))?;
        Ok(Model {
            region: region.to_string().into(),
            destinations: found.into_iter().map(Item::from).collect::<Vec<_>>().into(),
            ..config.clone()
        })
    }
}
