//! The list of `konnect_portal_audit_log_webhook`: the webhooks of Dev Portals, for `terraform query` (API description
//! of portal management v3, `portals` and `portals/{portalId}/audit-log-webhook`).

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use konnect::{Error, Portal, PortalId, sentence};
use serde::Deserialize;
use terraform_plugin::{
    Attr, Attribute, Diagnostic, Diagnostics, Kind, ListCall, ListResource, ListResult, Schema, Type, Value,
};

use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::{Scope, region_argument};
use crate::run::values::require;
use crate::run::{portal, validators};
use crate::webhook::portal_resource::Model;
use crate::webhook::v3 as destination_webhook;

/// The number of concurrent reads of Dev Portals' webhooks.
const CONCURRENT_PORTALS: usize = 4;

/// The list resource `konnect_portal_audit_log_webhook`.
pub(crate) struct PortalAuditLogWebhookList;

/// The `config` block.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct Config {
    region: Attr<String>,
    portal_ids: Attr<Vec<Attr<String>>>,
}

/// A Dev Portal whose webhook is listed.
struct Candidate {
    id: PortalId,
    /// Empty if unknown: then the identity is the display name.
    name: String,
}

impl From<Portal> for Candidate {
    fn from(portal: Portal) -> Self {
        Self {
            id: portal.id,
            name: portal.name,
        }
    }
}

impl Config {
    /// The configured Dev Portals without duplicates, in their order. `None` without the argument. Unknown values are
    /// omitted.
    fn portals(&self) -> Result<Option<Vec<Candidate>>, Diagnostic> {
        let Attr::Known(ids) = &self.portal_ids else {
            return Ok(None);
        };
        let mut portals: Vec<Candidate> = Vec::new();
        for id in ids.iter().filter(|id| !id.is_unknown()) {
            // A null element is as invalid as an empty one.
            let id = PortalId::parse(id.known().map_or("", String::as_str))
                .map_err(|e| Diagnostic::error("Invalid portal id", sentence(&e)).at("portal_ids"))?;
            if portals.iter().all(|known| known.id != id) {
                let name = String::new();
                portals.push(Candidate { id, name });
            }
        }
        Ok(Some(portals))
    }
}

#[async_trait]
impl ListResource for PortalAuditLogWebhookList {
    type Data = RunState;
    type Config = Config;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_portal_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Lists the audit log webhooks of the Dev Portals of a region. A Dev Portal whose webhook was never set up, or \
             was deleted, has no result. A Dev Portal that can't be read is reported as a warning, and the webhooks of \
             the others are listed.",
            [
                Attribute::string("region")
                    .optional()
                    .validator(validators::region_of_another_object())
                    .description(
                        "Region of the Dev Portals. `global` is not allowed, since Dev Portals are regional. Default: the \
                         provider's `region`.",
                    ),
                Attribute::new("portal_ids", Kind::Plain(Type::list(Type::String)))
                    .optional()
                    .description(
                        "Ids of the Dev Portals to list, in the order of the results. Default: all Dev Portals of the \
                         region, by name.",
                    ),
            ],
        )
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        if let Err(error) = config.portals() {
            diagnostics.push(error);
        }
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let run = call.provider;
        let (client, cache) = (run.client()?, run.cache()?);
        let region = run.regions.portal(&region_argument(&call.config.region)?, None)?;
        let region = require(region, "region")?;
        let portals = if let Some(portals) = call.config.portals()? {
            portals
        } else {
            let all = portal::all(client, &region).await;
            let all = all.map_err(|error| FieldMap::of(&self.schema()).diagnose(&error))?;
            all.into_iter().map(Candidate::from).collect()
        };
        let total = portals.len();
        // Does not read more Dev Portals at a time than the limit allows.
        let concurrency = usize::try_from(call.limit)
            .unwrap_or(usize::MAX)
            .clamp(1, CONCURRENT_PORTALS);
        let mut webhooks = stream::iter(portals)
            .map(async |Candidate { id, name }| {
                let scope = Scope::portal(region.clone(), id.clone());
                let found = destination_webhook::read(cache, &scope).await;
                (scope, id, name, found)
            })
            .buffered(concurrency);
        let mut failures = Vec::new();
        while let Some((scope, id, name, found)) = webhooks.next().await {
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(error) => {
                    failures.push(failed(&scope, &error));
                    continue;
                }
            };
            let result = ListResult {
                display_name: name,
                identity: Value::object([
                    ("portal_id", id.as_str().into()),
                    ("region", scope.region.as_str().into()),
                ]),
                resource: call.include_resource.then(|| Model::found(found, &scope)),
            };
            if !call.push(result).await {
                break;
            }
        }
        if failures.len() == total && total > 0 {
            return Err(failures.into_iter().collect());
        }
        for failure in failures {
            call.warn(failure).await;
        }
        Ok(())
    }
}

fn failed(scope: &Scope, error: &Error) -> Diagnostic {
    Diagnostic::error(
        format!("Webhook of {scope} can't be read"),
        format!("The list does not contain the webhook of {scope}, if it has one.\n\n{error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    fn config(ids: &[Attr<String>]) -> Config {
        Config {
            region: Attr::Null,
            portal_ids: Attr::Known(ids.to_vec()),
        }
    }

    #[test]
    fn portal_ids_repeated_are_listed_once() {
        let ids = [ID.to_owned(), ID.to_uppercase()].map(Attr::Known);
        let portals = config(&ids).portals().unwrap().unwrap();
        assert_eq!(portals.len(), 1);
        assert!(config(&[Attr::Unknown]).portals().unwrap().unwrap().is_empty());
    }

    #[test]
    fn portal_ids_invalid_element_is_an_error_on_the_argument() {
        for id in [Attr::Null, Attr::Known("developers".to_owned())] {
            let error = config(&[id]).portals().err().unwrap();
            assert_eq!(error.path, Some("portal_ids".into()));
        }
    }
}
