//! The list of `konnect_audit_log_webhook`: the webhooks of regions and of their Dev Portals, for `terraform query` (API
//! descriptions v2 and v3, `audit-log-webhook`, and portal management v3).

use futures_util::{StreamExt, stream};
use konnect::{Error, Region};
use terraform_plugin::{
    Attr, Diagnostic, Diagnostics, ListCall, ListResource, ListResult, Private, ValidateCall, Value,
};

use crate::run::scope::Scope;
use crate::run::values::argument;
use crate::run::{RunState, portal};
use crate::webhook::stream::Stream;
use crate::webhook::{Current, Model, TYPE};

/// The number of concurrent reads of streams.
const CONCURRENT_STREAMS: usize = 4;

/// The list resource `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhookList;

/// Lists the audit log webhooks of regions and, on request, of their Dev Portals. A region or Dev Portal whose webhook
/// was never set up, or was deleted, has no result. One that can't be read is reported as a warning, and the others are
/// listed. Konnect never returns the credential of an endpoint: generated configuration does not manage it.
#[derive(Debug, terraform_plugin::Model)]
pub(crate) struct Config {
    /// Regions to list, in the order of the results. Default: the one region that a `server_url` without `{region}`
    /// serves, else all regions that this version of the provider knows: `us`, `eu`, `au`, `me`, `in`, `sg` and
    /// `global`.
    #[tf(optional)]
    regions: Attr<Vec<Attr<String>>>,
    /// Whether to list the webhooks of the Dev Portals of these regions too. The access token must be allowed to list
    /// Dev Portals. Default: false.
    #[tf(optional)]
    include_portals: Attr<bool>,
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
            let region = argument(name, "regions", Region::parse)?;
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        Ok(Some(regions))
    }
}

/// A stream to list, or Dev Portals that could not be listed.
type Candidate = Result<(Scope, String), Diagnostic>;

impl ListResource for AuditLogWebhookList {
    type Data = RunState;
    type Config = Config;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn validate(&self, call: &mut ValidateCall<Config>) -> Result<(), Diagnostics> {
        call.config.regions()?;
        Ok(())
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let run = call.data;
        run.client()?;
        let regions = match call.config.regions()? {
            None => run.regions.known(),
            Some(regions) => {
                for region in &regions {
                    // Moves the error to the argument `regions`.
                    run.regions
                        .of(&Attr::Known(region.clone()), None)
                        .map_err(|error| error.at("regions"))?;
                }
                regions
            }
        };
        let portals = call.config.include_portals == Attr::Known(true);
        // Does not read more streams at a time than the limit allows.
        let concurrency = usize::try_from(call.limit)
            .unwrap_or(usize::MAX)
            .clamp(1, CONCURRENT_STREAMS);
        let mut streams = stream::iter(regions)
            .then(async |region| stream::iter(candidates(run, region, portals).await))
            .flatten()
            .map(async |candidate| {
                let (scope, name) = candidate?;
                let found = read(run, scope.clone()).await?;
                Ok::<_, Diagnostic>(found.map(|found| (scope, name, found)))
            })
            .buffered(concurrency)
            .boxed();
        let (mut failures, mut read_any) = (Diagnostics::new(), false);
        while let Some(found) = streams.next().await {
            let (scope, name, found) = match found {
                Ok(found) => {
                    read_any = true;
                    match found {
                        Some(found) => found,
                        None => continue,
                    }
                }
                Err(failure) => {
                    failures.push(failure);
                    continue;
                }
            };
            let portal = scope.portal.as_ref();
            let known = Model {
                replace_existing: Attr::Known(false),
                ..Model::default()
            };
            let display_name = format!("{name}: {}", describe(&found));
            let portal = portal.map_or(Value::Null, |portal| portal.as_str().into());
            let region = scope.region.as_str().into();
            let resource = call
                .include_resource
                .then(|| known.with(found, &scope, &Private::default()));
            let identity = Value::object([("region", region), ("portal_id", portal)]);
            let result = ListResult::new(display_name, identity, resource);
            if !call.push(result).await {
                break;
            }
        }
        if !read_any && !failures.is_empty() {
            return Err(failures);
        }
        drop(streams);
        for failure in failures {
            call.warn(failure).await;
        }
        Ok(())
    }
}

/// The stream of a region and those of its Dev Portals, with their display names.
async fn candidates(run: &RunState, region: Region, portals: bool) -> Vec<Candidate> {
    let own = Scope {
        region: region.clone(),
        portal: None,
    };
    let mut candidates = vec![Ok((own, region.to_string()))];
    if !portals || region == Region::global() {
        return candidates;
    }
    let listed = match run.client() {
        Ok(client) => portal::all(client, &region).await,
        Err(error) => return vec![Err(error)],
    };
    match listed {
        Ok(portals) => candidates.extend(portals.into_iter().map(|portal| {
            let name = format!("{region}/{}", portal.name);
            let scope = Scope {
                region: region.clone(),
                portal: Some(portal.id),
            };
            Ok((scope, name))
        })),
        Err(error) => candidates.push(Err(Diagnostic::error(
            format!("Dev Portals of region {region} can't be listed"),
            format!(
                "The list does not contain the webhooks of the Dev Portals of region {region}.\n\n{details}",
                details = error.detail()
            ),
        ))),
    }
    candidates
}

async fn read(run: &RunState, scope: Scope) -> Result<Option<Current>, Diagnostic> {
    let failed = |scope: &Scope, error: &Error| {
        Diagnostic::error(
            format!("Webhook of {scope} can't be read"),
            format!(
                "The list does not contain the webhook of {scope}, if it has one.\n\n{details}",
                details = error.detail()
            ),
        )
    };
    // A stream that can't be read is no missing one.
    let stream = Stream::of(run, scope, true)?;
    stream
        .current()
        .await
        .map_err(|error| failed(&stream.scope, &error))
}

/// The target and state of a stream, for the text output of `terraform query`.
fn describe(found: &Current) -> String {
    let state = if found.is_enabled() { "on" } else { "off" };
    format!("{} ({state})", found.target())
}
