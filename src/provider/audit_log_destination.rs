//! `konnect_audit_log_destination`: where audit events are sent (API description v3,
//! `audit-log-destinations`).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::errors::diagnose;
use super::rules;
use crate::framework::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, PlanCall, ReadCall, Resource, Schema,
    Secret, UpdateCall, Validator,
};
use crate::konnect::{
    Authorization, Destination, DestinationChanges, DestinationId, LogFormat, NewDestination, Region, v3,
};

/// The attributes that the API may name in an error.
const ATTRIBUTES: &[&str] = &[
    "region",
    "name",
    "endpoint",
    "authorization",
    "log_format",
    "skip_ssl_verification",
];

/// The resource `konnect_audit_log_destination`.
pub(super) struct AuditLogDestination;

/// Configuration, plan and state of a destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Model {
    id: Attr<DestinationId>,
    region: Attr<Region>,
    name: Attr<String>,
    endpoint: Attr<String>,
    authorization: Attr<Secret>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

#[async_trait]
impl Resource for AuditLogDestination {
    type Data = Connection;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "An audit log destination: an HTTPS endpoint, usually a SIEM's collector, with the credential and the \
             format that Konnect uses to deliver audit events to it. A destination receives nothing by itself: a \
             `konnect_audit_log_webhook` points a region at it.\n\n\
             All arguments but `region` are changed in place, without a gap in the stream. Destroying a destination \
             that a webhook still uses is refused by Konnect.",
            [
                Attribute::string("id").computed().keeps().describe("Id of the destination, a UUID given by Konnect."),
                Attribute::string("region").optional().computed().keeps().replaces().check(rules::region()).describe(
                    "Region whose host keeps the destination. By default `global`, where Kong's own guide keeps \
                     destinations, or the one region that a `server_url` without `{region}` serves. Another value \
                     destroys the destination and creates a new one: set `create_before_destroy` in its `lifecycle` \
                     if a webhook uses it.",
                ),
                Attribute::string("name").required().check(Validator::not_blank()).describe(
                    "Name for people, not blank. Konnect allows several destinations of one name.",
                ),
                Attribute::string("endpoint").required().check(rules::endpoint()).describe(
                    "HTTPS URL that Konnect sends batches of audit events to. The receiver's firewall must allow \
                     Konnect's addresses; Kong delivers over port 8071 as well.",
                ),
                Attribute::string("authorization").required().sensitive().check(rules::authorization()).describe(
                    "What Konnect sends to the endpoint as the `Authorization` header, with its scheme, for instance \
                     `Bearer ...` or `Splunk ...`. Konnect never tells it again, so a change made elsewhere is not \
                     noticed. It is stored in the state: protect that.",
                ),
                Attribute::string("log_format")
                    .optional()
                    .default(rules::DEFAULT_LOG_FORMAT)
                    .check(Validator::one_of(rules::LOG_FORMATS))
                    .describe(
                        "Format of the events: `cef` (ArcSight Common Event Format), `json`, or `cps` (CrowdStrike \
                         Parsing Standard). By default `cef`.",
                    ),
                Attribute::bool("skip_ssl_verification")
                    .optional()
                    .default(false)
                    .check(rules::skips_verification())
                    .describe(
                        "Whether Konnect accepts any certificate of the endpoint. By default false. With true, \
                         deliveries and the credential can be intercepted: only for self-signed certificates outside \
                         production.",
                    ),
                Attribute::string("created_at")
                    .computed()
                    .keeps()
                    .describe("When the destination was created, RFC 3339, by Konnect's clock."),
                Attribute::string("updated_at").computed().describe(
                    "When the destination was last changed, by Konnect's clock; `0001-01-01T00:00:0Z`, which is no \
                     valid time, before the first change.",
                ),
            ],
        )
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        match call.provider.destination_region(&call.config.region) {
            Ok(region) => call.planned.region = region,
            Err(error) => call.diagnostics.push(error),
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let planned = &call.planned;
        let region = given(call.provider.destination_region(&planned.region)?, "region")?;
        let new = NewDestination {
            name: given(planned.name.clone(), "name")?,
            endpoint: given(planned.endpoint.clone(), "endpoint")?,
            authorization: authorization(&planned.authorization)?,
            log_format: LogFormat::from(given(planned.log_format.clone(), "log_format")?.as_str()),
            skip_ssl_verification: planned.skip_ssl_verification.clone().into_known(),
        };
        let created = v3::create_destination(client, &region, &new)
            .await
            .map_err(|e| diagnose(&e, ATTRIBUTES))?;
        Ok(state(created, region, planned))
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        if let Some(warning) = call.provider.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(call.state.clone()));
        }
        let client = call.provider.client()?;
        let (region, id) = identity(&call.state)?;
        match v3::get_destination(client, &region, &id).await {
            Ok(found) => Ok(Some(state(found, region, &call.state))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(diagnose(&error, ATTRIBUTES)),
        }
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let (region, id) = identity(&call.prior)?;
        let (prior, planned) = (&call.prior, &call.planned);
        let changes = DestinationChanges {
            name: changed(&prior.name, &planned.name),
            endpoint: changed(&prior.endpoint, &planned.endpoint),
            authorization: match changed(&prior.authorization, &planned.authorization) {
                Some(_) => Some(authorization(&planned.authorization)?),
                None => None,
            },
            log_format: changed(&prior.log_format, &planned.log_format).map(|f| LogFormat::from(f.as_str())),
            skip_ssl_verification: changed(&prior.skip_ssl_verification, &planned.skip_ssl_verification),
        };
        let updated = v3::update_destination(client, &region, &id, &changes).await;
        let updated = updated.map_err(|e| diagnose(&e, ATTRIBUTES))?;
        Ok(state(updated, region, planned))
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let client = call.provider.client()?;
        let (region, id) = identity(&call.state)?;
        match v3::delete_destination(client, &region, &id).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) if error.status() == Some(409) => Err(Diagnostic::error(
                "Destination is still in use",
                format!(
                    "A webhook still delivers to the destination {id}. Remove that webhook first, or point it at \
                     another destination: look for a konnect_audit_log_webhook in other configurations, and for \
                     webhooks set up in the Konnect console.\n\n{error}"
                ),
            )
            .into()),
            other => other.map_err(|e| diagnose(&e, ATTRIBUTES)),
        }
    }
}

/// The state that an answer of the API makes, with what the API does not tell.
fn state(found: Destination, region: Region, known: &Model) -> Model {
    Model {
        id: found.id.into(),
        region: region.into(),
        name: found.name.into(),
        endpoint: found.endpoint.into(),
        authorization: known.authorization.clone(),
        log_format: found.log_format.as_str().to_owned().into(),
        skip_ssl_verification: found.skip_ssl_verification.into(),
        created_at: found.created_at.into(),
        updated_at: found.updated_at.into(),
    }
}

/// Which destination a state is about.
fn identity(state: &Model) -> Result<(Region, DestinationId), Diagnostic> {
    let region = state.region.known().cloned().unwrap_or_else(Region::global);
    Ok((region, given(state.id.clone(), "id")?))
}

fn authorization(of: &Attr<Secret>) -> Result<Authorization, Diagnostic> {
    let secret = given(of.clone(), "authorization")?;
    Authorization::parse(secret.expose())
        .map_err(|e| Diagnostic::error("Invalid authorization", rules::sentence(&e)).at("authorization"))
}

/// A value that an apply can't do without.
pub(super) fn given<T>(value: Attr<T>, attribute: &'static str) -> Result<T, Diagnostic> {
    value.into_known().ok_or_else(|| {
        Diagnostic::error(
            "Missing value",
            format!("\"{attribute}\" turned out to be null. Give it a value."),
        )
        .at(attribute)
    })
}

/// The planned value, if it is another than before.
pub(super) fn changed<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    if prior == planned {
        None
    } else {
        planned.known().cloned()
    }
}
