//! `data.konnect_audit_log_destination`: one destination, by ID or by name (API description v3,
//! `audit-log-destinations`).

use async_trait::async_trait;
use konnect::{Destination, DestinationId, Region, sentence};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostic, Diagnostics, Schema, Validator};

use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope;
use crate::run::validators;

/// The data source `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestinationLookup;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<String>,
    name: Attr<String>,
    region: Attr<String>,
    endpoint: Attr<String>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

impl Model {
    fn new(config: &Self, found: Destination, region: &Region) -> Self {
        Self {
            // The API may return the ID in another letter case: an argument must not change.
            id: config
                .id
                .known()
                .cloned()
                .unwrap_or_else(|| found.id.to_string())
                .into(),
            name: found.settings.name.into(),
            region: region.to_string().into(),
            endpoint: found.settings.endpoint.into(),
            log_format: found.settings.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
        }
    }
}

/// The readable attributes of a destination except its ID, name and region.
pub(crate) fn result_attributes() -> [Attribute; 5] {
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
            search::destination_region_attribute().computed(),
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
        let region = scope::destination_region(run, &config.region)?;
        let found = match &config.id {
            Attr::Known(id) => self.by_id(run, &region, id).await?,
            Attr::Null | Attr::Unknown => self.by_name(run, &region, &config.name).await?,
        };
        Ok(Model::new(config, found, &region))
    }
}

impl AuditLogDestinationLookup {
    async fn by_id(&self, run: &RunState, region: &Region, id: &str) -> Result<Destination, Diagnostics> {
        let cache = run.cache()?;
        let id = DestinationId::parse(id)
            .map_err(|e| Diagnostic::error("Invalid destination id", sentence(&e)).at("id"))?;
        cache.destination(region, &id).await.map_err(|error| {
            if error.is_not_found() {
                let detail = format!(
                    "Region {region} does not have the audit log destination {id}. If another region has it, set \
                     region.\n\n{error}"
                );
                return Diagnostic::error("Destination not found", detail).at("id").into();
            }
            FieldMap::of(&self.schema()).diagnose(&error)
        })
    }

    async fn by_name(
        &self,
        run: &RunState,
        region: &Region,
        name: &Attr<String>,
    ) -> Result<Destination, Diagnostics> {
        let names = NameArguments {
            name,
            name_contains: &Attr::Null,
        };
        let mut found = search::find_destinations(run.client()?, region, names, usize::MAX)
            .await
            .map_err(|error| FieldMap::of(&self.schema()).diagnose(&error))?;
        let name = name.known().map_or("", String::as_str);
        let (summary, detail) = match found.as_slice() {
            [_] => return Ok(found.remove(0)),
            [] => (
                "Destination not found",
                format!(
                    "Region {region} does not have an audit log destination with the name \"{name}\". Check the name, \
                     with its letter case. If another region has the destination, set region."
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
                        "Region {region} has {} audit log destinations with the name \"{name}\": {}. Set id instead of \
                         name.",
                        ids.len(),
                        ids.join(", ")
                    ),
                )
            }
        };
        Err(Diagnostic::error(summary, detail).at("name").into())
    }
}
