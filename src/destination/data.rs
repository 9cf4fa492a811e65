//! `data.konnect_audit_log_destination` and `data.konnect_audit_log_destinations`: one destination by id or name, and all
//! of them (API description v3, `audit-log-destinations`).

use async_trait::async_trait;
use konnect::{Client, Destination, DestinationId, Region, v3};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, Attribute, DataCall, DataSource, Diagnostic, Diagnostics, Nesting, Schema, Validator,
};

use crate::destination::messages::not_found;
use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::validators;
use crate::run::values::argument;

/// The data source `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestinationLookup;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<String>,
    name: Attr<String>,
    endpoint: Attr<String>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

impl Model {
    fn new(config: &Self, found: Destination) -> Self {
        Self {
            // The API may return the ID in another letter case: an argument must not change.
            id: config
                .id
                .known()
                .cloned()
                .unwrap_or_else(|| found.id.to_string())
                .into(),
            name: found.settings.name.into(),
            endpoint: found.settings.endpoint.into(),
            log_format: found.settings.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
        }
    }
}

/// The readable attributes of a destination except its ID, name and region.
fn result_attributes() -> [Attribute; 5] {
    [
        Attribute::string("endpoint")
            .computed()
            .redact_parts(validators::secret_parts)
            .description(
                "HTTPS URL that receives the events. It is stored in the state in clear text, even where it contains a \
                 secret, as with Sumo Logic.",
            ),
        Attribute::string("log_format")
            .computed()
            .description("Format of the events: `cef`, `json` or `cps` (CrowdStrike)."),
        Attribute::bool("skip_ssl_verification")
            .computed()
            .description("Whether Konnect accepts any certificate of the endpoint."),
        Attribute::string("created_at")
            .computed()
            .description("Time of the creation by Konnect's clock, RFC 3339."),
        Attribute::string("updated_at").computed().description(
            "Time of the last change by Konnect's clock. Kong documents the value before the first change as \
             `0001-01-01T00:00:0Z`, which is not a valid time. The provider treats it as text.",
        ),
    ]
}

#[async_trait]
impl DataSource for AuditLogDestinationLookup {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn schema(&self) -> Schema {
        let arguments = [
            Attribute::string("id").optional().computed().description(
                "Id of the destination, a UUID. Exactly one of `id` and `name` is required.",
            ),
            Attribute::string("name").optional().computed().validator(Validator::not_blank()).description(
                "Name of the destination. Several destinations can have the same name: then the lookup fails and lists \
                 their ids. Exactly one of `id` and `name` is required.",
            ),
        ];
        Schema::new(
            "An audit log destination that exists in Konnect, by its id or its name. Use it to connect webhooks to a \
             destination that another configuration manages. Konnect never returns the credential of a destination.",
            arguments.into_iter().chain(result_attributes()),
        )
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        let (summary, detail, attribute) = match (&config.id, &config.name) {
            (Attr::Known(_), Attr::Known(_)) => (
                "Conflicting arguments",
                "Set either id or name, not both.",
                "name",
            ),
            (Attr::Null, Attr::Null) => ("Missing argument", "Set id or name to find a destination.", "id"),
            _ => return,
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(attribute));
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config) = (call.provider, &call.config);
        let found = match &config.id {
            Attr::Known(id) => by_id(run, id).await?,
            Attr::Null | Attr::Unknown => by_name(run, &config.name).await?,
        };
        Ok(Model::new(config, found))
    }
}

/// The host that serves destinations.
fn host(run: &RunState) -> Result<(&Client, Region), Diagnostic> {
    Ok((run.client()?, run.regions.organization()))
}

async fn by_id(run: &RunState, id: &str) -> Result<Destination, Diagnostics> {
    let (client, region) = host(run)?;
    let id = argument(id, "id", DestinationId::parse)?;
    v3::get_destination(client, &region, &id).await.map_err(|error| {
        if error.is_not_found() {
            return not_found(&id, &error).at("id").into();
        }
        api_error(&error)
    })
}

async fn by_name(run: &RunState, name: &Attr<String>) -> Result<Destination, Diagnostics> {
    let (client, region) = host(run)?;
    let names = NameArguments {
        name,
        name_contains: &Attr::Null,
    };
    let found = search::find_destinations(client, &region, names, usize::MAX).await;
    let mut found = found.map_err(|error| api_error(&error))?;
    let name = name.known().map_or("", String::as_str);
    let (summary, detail) = match found.as_slice() {
        [_] => return Ok(found.remove(0)),
        [] => (
            "Destination not found",
            format!(
                "The organization does not have an audit log destination with the name \"{name}\". Check the name, with \
                 its letter case."
            ),
        ),
        several => {
            let ids: Vec<_> = several
                .iter()
                .map(|destination| destination.id.as_str())
                .collect();
            (
                "Several destinations have this name",
                format!(
                    "The organization has {} audit log destinations with the name \"{name}\": {}. Set id instead of name.",
                    ids.len(),
                    ids.join(", ")
                ),
            )
        }
    };
    Err(Diagnostic::error(summary, detail).at("name").into())
}

/// The data source `konnect_audit_log_destinations`.
pub(crate) struct AuditLogDestinations;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ManyModel {
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

impl ManyModel {
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
    type Model = ManyModel;

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
            "The audit log destinations of the organization, all of them or those with a name. Konnect never returns \
             the credential of a destination.",
            search::name_filter_attributes().into_iter().chain(results),
        )
    }

    fn validate(&self, config: &ManyModel, diagnostics: &mut Diagnostics) {
        config.names().validate(diagnostics);
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<ManyModel, Diagnostics> {
        let (config, (client, region)) = (&call.config, host(call.provider)?);
        let found = search::find_destinations(client, &region, config.names(), usize::MAX)
            .await
            .map_err(|error| api_error(&error))?;
        Ok(ManyModel {
            destinations: found.into_iter().map(Item::from).collect::<Vec<_>>().into(),
            ..config.clone()
        })
    }
}
