//! `data.konnect_audit_log_destination` and `data.konnect_audit_log_destinations`: one destination by id or name, and all
//! of them (API description v3, `audit-log-destinations`).

use konnect::{Client, Destination, DestinationId, Region, v3};
use terraform_plugin::{Attr, DataCall, DataSource, Diagnostic, Diagnostics, Validator};

use crate::credential::endpoint;
use crate::destination::messages::not_found;
use crate::destination::search::{self, NameArguments};
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::validators;
use crate::run::values::{argument, format_of, time_of};

/// The data source `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestinationLookup;

/// An audit log destination that exists in Konnect, by its id or its name. Use it to connect webhooks to a destination
/// that another configuration manages. Konnect never returns the credential of a destination.
#[derive(Debug, Clone, terraform_plugin::Model)]
#[tf(exactly_one_of(id, name))]
pub(crate) struct Model {
    /// Id of the destination, a UUID. Exactly one of `id` and `name` is required.
    #[tf(optional, computed, semantic_equality = str::eq_ignore_ascii_case)]
    id: Attr<String>,
    /// Name of the destination. Several destinations can have the same name: then the lookup fails and lists their ids.
    /// Exactly one of `id` and `name` is required.
    #[tf(optional, computed, validate = Validator::not_blank(), semantic_equality = konnect::is_same_name)]
    name: Attr<String>,
    #[tf(flatten)]
    readable: Readable,
}

/// The readable attributes of a destination.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Readable {
    /// HTTPS URL that receives the events. Sensitive, since it can be a secret, as with Sumo Logic: the CLI hides it, and
    /// the state has it in clear text. `endpoint_host` shows where events go.
    #[tf(computed, sensitive, redact_parts = validators::secret_parts)]
    endpoint: Attr<String>,
    #[tf(computed, description = endpoint::HOST)]
    endpoint_host: Attr<String>,
    /// Format of the events: `cef`, `json` or `cps` (CrowdStrike).
    #[tf(computed)]
    log_format: Attr<String>,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[tf(computed)]
    skip_ssl_verification: Attr<bool>,
    /// Time of the creation by Konnect's clock, RFC 3339.
    #[tf(computed)]
    created_at: Attr<String>,
    /// Time of the last change by Konnect's clock. Kong documents the value before the first change as
    /// `0001-01-01T00:00:0Z`, which is not a valid time. The provider treats it as text.
    #[tf(computed)]
    updated_at: Attr<String>,
}

impl From<Destination> for Readable {
    fn from(found: Destination) -> Self {
        Self {
            endpoint_host: endpoint::host(&found.settings.endpoint),
            endpoint: found.settings.endpoint.into(),
            log_format: format_of(&found.settings.log_format),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: time_of(found.created_at),
            updated_at: time_of(found.updated_at),
        }
    }
}

impl DataSource for AuditLogDestinationLookup {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config) = (call.data, &call.config);
        let found = match &config.id {
            Attr::Known(id) => by_id(run, id).await?,
            Attr::Null | Attr::Unknown => by_name(run, &config.name).await?,
        };
        Ok(Model {
            id: found.id.as_str().into(),
            name: found.settings.name.as_str().into(),
            readable: found.into(),
        })
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
        name: name.clone(),
        name_contains: Attr::Null,
    };
    let found = search::find_destinations(client, &region, &names, usize::MAX).await;
    let mut found = found.map_err(|error| api_error(&error))?;
    let name = name.known().map_or("", String::as_str);
    let (summary, detail) = match found.as_slice() {
        [_] => return Ok(found.remove(0)),
        [] => (
            "Destination not found",
            format!(
                "The organization does not have an audit log destination with the name {name:?}. Check the name, with \
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
                    "The organization has {} audit log destinations with the name {name:?}: {}. Set id instead of name.",
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

/// The audit log destinations of the organization, all of them or those with a name. Konnect never returns the
/// credential of a destination.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct ManyModel {
    #[tf(flatten)]
    names: NameArguments,
    /// The destinations, sorted by name, then by id.
    #[tf(computed)]
    destinations: Attr<Vec<Item>>,
}

/// A destination that was found.
#[derive(Debug, Clone, terraform_plugin::Model)]
pub(crate) struct Item {
    /// Id of the destination, a UUID.
    #[tf(computed)]
    id: Attr<String>,
    /// Name of the destination.
    #[tf(computed)]
    name: Attr<String>,
    #[tf(flatten)]
    readable: Readable,
}

impl From<Destination> for Item {
    fn from(found: Destination) -> Self {
        Self {
            id: found.id.as_str().into(),
            name: found.settings.name.as_str().into(),
            readable: found.into(),
        }
    }
}

impl DataSource for AuditLogDestinations {
    type Data = RunState;
    type Model = ManyModel;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destinations"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<ManyModel, Diagnostics> {
        let (config, (client, region)) = (&call.config, host(call.data)?);
        let found = search::find_destinations(client, &region, &config.names, usize::MAX)
            .await
            .map_err(|error| api_error(&error))?;
        Ok(ManyModel {
            destinations: found.into_iter().map(Item::from).collect::<Vec<_>>().into(),
            ..config.clone()
        })
    }
}
