//! `konnect_audit_log_webhook`: the audit log stream of a region or of a Dev Portal (API descriptions v2 and v3,
//! `audit-log-webhook`, and portal management v3).

use async_trait::async_trait;
use konnect::DestinationId;
use terraform_plugin::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, IdentityAttribute, ImportCall,
    ImportTarget, MoveSource, PlanCall, ReadCall, Resource, Schema, UpdateCall, Validator,
};

use crate::credential::endpoint::{self, endpoint_attributes};
use crate::credential::{self, CredentialTracker, Required, SendDecision};
use crate::run::errors::api_error;
use crate::run::scope::{Scope, planned_id, region_from_state};
use crate::run::values::fails_at_apply;
use crate::run::{RunState, kong, validators};
use crate::webhook::rules::{self, Origin, Record};
use crate::webhook::stream::Stream;
use crate::webhook::{Change, Form, Model, TYPE};

/// The types of a region's and of a Dev Portal's webhook in Kong's providers.
const KONG_REGION: &str = "konnect_audit_log";
const KONG_PORTAL: &str = "konnect_portal_audit_log_webhook";

/// The resource `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhook;

#[async_trait]
impl Resource for AuditLogWebhook {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        let [endpoint, endpoint_wo, endpoint_wo_version, endpoint_host] = endpoint_attributes(
            "HTTPS URL that receives the events, for a webhook without a destination. It is stored in the state in clear \
             text; `endpoint_wo` is not.",
        );
        let [authorization, authorization_wo, authorization_wo_version] = credential::attributes(
            "Value of the `Authorization` header that Konnect sends to `endpoint`, including the scheme. It is stored in \
             the state; `authorization_wo` is not. Exactly one of the two is required to set an endpoint up. If both are \
             omitted for an existing endpoint, its credential is not managed and stays as it is.",
        );
        Schema::new(
            "The audit log webhook of a region or of a Dev Portal: the stream of its audit events. Each region and each \
             Dev Portal has one. It delivers either to a destination (`audit_log_destination_id`, Konnect API v3, \
             recommended), or, for a region, to an endpoint of its own (`endpoint` with `authorization_wo` or \
             `authorization`, API v2). A change from one form to the other is an update in place and does not interrupt \
             the stream.\n\n\
             A creation never changes a webhook that is switched on: the plan warns, and the apply fails. Import the \
             existing webhook, or set `replace_existing`.\n\n\
             Destroying a webhook with a destination deletes it. One with an endpoint of its own is switched off, since \
             API v2 can't delete it: Konnect keeps the endpoint, and delivers nothing. If the webhook by then delivers to \
             a target that this resource neither applied nor imported, nothing is removed, with a warning.",
            [
                Attribute::string("id").computed().use_state_for_unknown().description(
                    "The region, or the region and the Dev Portal as `REGION/PORTAL_ID`.",
                ),
                Attribute::string("region")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .validator(validators::region())
                    .description(
                        "Region whose audit events are delivered, or region of the Dev Portal: `us`, `eu`, `au`, `me`, `in`, \
                         `sg`, `global`, or a region that Kong adds later. A change removes this webhook and sets up the \
                         one of the other region. Default: the provider's `region` when the webhook is set up.",
                    ),
                Attribute::string("portal_id").optional().requires_replace().validator(Validator::not_blank()).description(
                    "Id of the Dev Portal whose audit events are delivered, a UUID. If omitted, the events of the region \
                     are. A change removes this webhook and sets up the one of the other Dev Portal.",
                ),
                Attribute::bool("enabled").optional().default(true).description(
                    "Whether events are delivered. If false, the webhook keeps its target and delivers nothing. Default: \
                     true.",
                ),
                Attribute::string("audit_log_destination_id").optional().validator(Validator::not_blank()).description(
                    "Id of the `konnect_audit_log_destination` that receives the events, a UUID. Exactly one of this and \
                     `endpoint` or `endpoint_wo` is required. A change connects the webhook to another destination in place.",
                ),
                endpoint,
                endpoint_wo,
                endpoint_wo_version,
                endpoint_host,
                authorization,
                authorization_wo,
                authorization_wo_version,
                Attribute::string("log_format")
                    .optional()
                    .computed()
                    .validator(Validator::one_of(validators::LOG_FORMATS))
                    .description(
                        "Format of the events sent to `endpoint`: `cef`, `json` or `cps` (CrowdStrike). Null for a webhook \
                         with a destination, which has its own format. Default: `cef`.",
                    ),
                Attribute::bool("skip_ssl_verification")
                    .optional()
                    .computed()
                    .validator(validators::skips_verification())
                    .description(
                        "Whether Konnect accepts any certificate of `endpoint`. If true, deliveries and the credential \
                         can be intercepted: use it only for self-signed certificates outside production. Null for a \
                         webhook with a destination, which has its own setting. Default: false.",
                    ),
                Attribute::string("updated_at").computed().description(
                    "Time of the last change of a webhook with an endpoint of its own, by Konnect's clock. Null for a \
                     webhook with a destination, for which the API returns no time.",
                ),
                Attribute::bool("replace_existing").optional().default(false).description(
                    "Whether this resource may redirect a webhook that is switched on: by its creation, or by its first change \
                     after an import. If false, the apply fails and reports the current target. A webhook that is \
                     switched off is always overwritten by a creation. Has no effect after the first successful apply. \
                     Default: false.",
                ),
            ],
        )
        .identity(&[
            IdentityAttribute { name: "region", required_for_import: true },
            IdentityAttribute { name: "portal_id", required_for_import: false },
        ])
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        config.validate(diagnostics);
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let (run, config) = (call.provider, &call.config);
        let prior = call.prior.as_ref();
        let scope = run
            .regions
            .of(&config.region, prior.map(|prior| &prior.region))
            .and_then(|region| {
                call.planned.id = planned_id(&region, &config.portal_id);
                call.planned.region = region;
                Scope::if_known(&call.planned.region, &config.portal_id)
            });
        let scope = scope.unwrap_or_else(|error| {
            // The apply reports it: `terraform destroy` plans first.
            call.diagnostics.push(fails_at_apply(error));
            None
        });
        if call.planned.region.is_null() {
            call.planned.region = Attr::Unknown;
            call.planned.id = Attr::Unknown;
        }
        call.planned.plan_defaults(config);
        call.keep_planned.extend(["log_format", "skip_ssl_verification"]);
        let form = config.form();
        if form == Form::Destination {
            call.planned.updated_at = Attr::Null;
            call.keep_planned.push("updated_at");
        }
        let prior_url = prior
            .filter(|prior| prior.form() == Form::Endpoint)
            .map(Model::url);
        call.planned.endpoint_host = match form {
            Form::Destination => Attr::Null,
            Form::Endpoint => config
                .url()
                .plan(prior_url, &mut call.private, &mut call.diagnostics),
            Form::Open => Attr::Unknown,
        };
        call.keep_planned.push("endpoint_host");
        let bare = form == Form::Endpoint && config.credential().is_unset();
        let stream = scope.and_then(|scope| Stream::of(run, scope, config).ok());
        let Some(prior) = prior else {
            if bare {
                call.diagnostics.push(fails_at_apply(credential::missing()));
            }
            if let Some(stream) = stream {
                rules::plan_creation(&stream, config, &mut call.diagnostics).await;
            }
            return;
        };
        let old = Scope::if_known(&prior.region, &prior.portal_id).ok().flatten();
        match (&stream, &old) {
            (Some(stream), Some(old)) if stream.scope != *old => {
                rules::plan_replacement(stream, old, config, &mut call.diagnostics).await;
            }
            (Some(stream), _) => {
                rules::plan_update(stream, &call.private, prior, config, &mut call.diagnostics).await;
            }
            (None, _) => {}
        }
        if let (Some(old), Some(Ok(left))) = (
            &old,
            prior
                .audit_log_destination_id
                .known()
                .map(|id| DestinationId::parse(id)),
        ) && prior.audit_log_destination_id != config.audit_log_destination_id
            && let Some(warning) = run.plan_move(&left, old)
        {
            call.diagnostics.push(warning.at("audit_log_destination_id"));
        }
        if rules::adopts(&call.private, prior, &call.planned) {
            call.planned.updated_at = Attr::Unknown;
        }
        if form == Form::Destination {
            return;
        }
        // Konnect has no credential for an endpoint while the region has a destination, even if another process or user
        // set it.
        let changes_form = prior.form() != form;
        if bare && changes_form {
            call.diagnostics.push(fails_at_apply(credential::missing()));
        }
        let redirected = endpoint::is_changed(&call.private)
            || (rules::was_redirected(&call.private, prior) && prior.endpoint != config.endpoint);
        let required = if changes_form || redirected {
            Required::Yes
        } else {
            Required::No
        };
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift);
        let send = tracker.plan("webhook", prior.credential(), required, &mut call.diagnostics);
        if send != SendDecision::No {
            call.planned.updated_at = Attr::Unknown;
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.provider, &call.planned);
        let region = run.regions.at_apply(&planned.region, &call.config.region)?;
        let scope = Scope::of(region, &planned.portal_id)?;
        let stream = Stream::of(run, scope, planned)?;
        let change = Change {
            config: &call.config,
            prior: None,
            planned,
        };
        stream
            .create(&change, &mut call.private, &mut call.diagnostics)
            .await
    }

    async fn rollback_create(&self, run: &RunState, state: &Model) {
        if let Ok(scope) = Scope::of(state.region.clone(), &state.portal_id)
            && let Ok(stream) = Stream::of(run, scope, state)
        {
            stream.roll_back(state).await;
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.provider, &call.state);
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known.clone()));
        }
        // The state of another provider does not contain the region: the configuration sets it.
        let Some(scope) = Scope::if_known(&known.region, &known.portal_id)? else {
            return Ok(Some(known.clone()));
        };
        let stream = Stream::of(run, scope, known)?;
        stream
            .read(run.cache()?, known, &mut call.private, &mut call.diagnostics)
            .await
            .map_err(|error| api_error(&error))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.provider, &call.planned);
        let stream = Stream::of(
            run,
            Scope::of(planned.region.clone(), &planned.portal_id)?,
            planned,
        )?;
        let change = Change {
            config: &call.config,
            prior: Some(&call.prior),
            planned,
        };
        stream
            .update(&change, &mut call.private, &mut call.diagnostics)
            .await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let state = &call.state;
        let scope = Scope::of(region_from_state(&state.region)?.into(), &state.portal_id)?;
        let stream = Stream::of(call.provider, scope, state)?;
        stream.remove(state, &call.private, &mut call.diagnostics).await
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let run = call.provider;
        let scope = match &call.target {
            ImportTarget::Id(text) => Scope::parse(text, "a webhook")?,
            ImportTarget::Identity(identity) => Scope::of(identity.region.clone(), &identity.portal_id)?,
        };
        // Checks that the server URL serves the region.
        run.regions.of(&scope.region.clone().into(), None)?;
        let known = Model {
            replace_existing: Attr::Known(false),
            ..Model::default()
        };
        let stream = Stream::of(run, scope, &known)?;
        let found = stream
            .refreshed(run.cache()?)
            .await
            .map_err(|error| api_error(&error))?;
        let scope = &stream.scope;
        let Some(found) = found else {
            return Err(Diagnostic::error(
                format!("{} has no webhook", scope.owner()),
                format!(
                    "There is no audit log webhook of {scope}, so there is nothing to import. Remove the import: applying \
                     the resource sets the webhook up."
                ),
            )
            .into());
        };
        Record::set(&mut call.private, Origin::Imported, &found.target());
        Ok(known.with(found, scope, &call.private))
    }

    /// The defaults of the endpoint's arguments depend on the form of the webhook, so the schema does not contain them.
    fn generate_config(&self, state: Model) -> Model {
        state.without_defaults()
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &[
            "konnect_audit_log of kong/konnect",
            "konnect_portal_audit_log_webhook of kong/konnect or kong/konnect-beta",
        ]
    }

    /// The state of Kong's providers does not contain the region, which remains null until the configuration sets it.
    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        let is_type = |name| kong::is_source(source, name) || kong::is_renamed(source, name);
        let state = kong::State(&source.state);
        if is_type(KONG_REGION) {
            Some(Model::from_kong(&state))
        } else if is_type(KONG_PORTAL) {
            Some(Model::from_kong_portal(&state))
        } else {
            None
        }
    }
}
