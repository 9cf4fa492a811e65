//! The list of `konnect_audit_log_webhook`: the webhooks of regions, for `terraform query` (API descriptions v2 and v3,
//! `audit-log-webhook`).

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use konnect::{Error, Region, sentence};
use serde::Deserialize;
use terraform_plugin::{
    Attr, Attribute, Diagnostic, Diagnostics, Kind, ListCall, ListResource, ListResult, Schema, Type, Value,
};

use crate::run::RunState;
use crate::webhook::{Model, find};

/// The number of concurrent reads of regions.
const CONCURRENT_REGIONS: usize = 4;

/// The list resource `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhookList;

/// The `config` block.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct Config {
    regions: Attr<Vec<Attr<String>>>,
}

impl Config {
    /// The configured regions without duplicates, in their order. `None` without the argument. Unknown values are
    /// omitted.
    fn regions(&self) -> Result<Option<Vec<Region>>, Diagnostic> {
        let Attr::Known(names) = &self.regions else {
            return Ok(None);
        };
        let mut regions = Vec::new();
        for name in names.iter().filter(|name| !name.is_unknown()) {
            // A null element is as invalid as an empty one.
            let name = name.known().map_or("", String::as_str);
            let region = Region::parse(name)
                .map_err(|e| Diagnostic::error("Invalid region", sentence(&e)).at("regions"))?;
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        Ok(Some(regions))
    }
}

#[async_trait]
impl ListResource for AuditLogWebhookList {
    type Data = RunState;
    type Config = Config;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Lists the audit log webhooks of regions: those with a destination, and those with an endpoint of their own. \
             A region whose webhook was never set up, or was deleted, has no result. A region that can't be read is \
             reported as a warning, and the webhooks of the other regions are listed. Konnect never returns the \
             credential of an endpoint: generated configuration does not manage it.",
            [Attribute::new("regions", Kind::Plain(Type::list(Type::String)))
                .optional()
                .description(
                    "Regions to list, in the order of the results. Default: the one region that a `server_url` without \
                     `{region}` serves, else all regions that this version of the provider knows: `us`, `eu`, `au`, \
                     `me`, `in`, `sg` and `global`.",
                )],
        )
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        if let Err(error) = config.regions() {
            diagnostics.push(error);
        }
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let run = call.provider;
        let cache = run.cache()?;
        let regions = match call.config.regions()? {
            None => run.regions.known(),
            Some(regions) => {
                for region in &regions {
                    // Moves the error to the argument `regions`.
                    run.regions
                        .webhook(&Attr::Known(region.clone()), None)
                        .map_err(|error| error.at("regions"))?;
                }
                regions
            }
        };
        let total = regions.len();
        // Does not read more regions at a time than the limit allows.
        let concurrency = usize::try_from(call.limit)
            .unwrap_or(usize::MAX)
            .clamp(1, CONCURRENT_REGIONS);
        let mut webhooks = stream::iter(regions)
            .map(async |region| {
                let found = find(cache, &region).await;
                (region, found)
            })
            .buffered(concurrency);
        let mut failures = Vec::new();
        while let Some((region, found)) = webhooks.next().await {
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(error) => {
                    failures.push((region, error));
                    continue;
                }
            };
            let result = ListResult {
                display_name: region.to_string(),
                identity: Value::object([("region", region.as_str().into())]),
                resource: call.include_resource.then_some(found),
            };
            if !call.push(result).await {
                break;
            }
        }
        let failures = failures
            .into_iter()
            .map(|(region, error)| failed(&region, &error));
        if failures.len() == total && total > 0 {
            return Err(failures.collect());
        }
        for failure in failures {
            call.warn(failure).await;
        }
        Ok(())
    }
}

fn failed(region: &Region, error: &Error) -> Diagnostic {
    Diagnostic::error(
        format!("Webhook of region {region} can't be read"),
        format!("The list does not contain the webhook of region {region}, if it has one.\n\n{error}"),
    )
}
