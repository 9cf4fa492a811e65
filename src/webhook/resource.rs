//! `konnect_audit_log_webhook`: the audit log stream of a region (API descriptions v2 and v3, `audit-log-webhook`).
//!
//! A region has one webhook, in one of two forms. With a destination, it is an object of v3. With its own endpoint, it
//! is an object of v2, which contains a credential and cannot be deleted.

use async_trait::async_trait;
use konnect::{Error, Region, sentence};
use terraform_plugin::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, IdentityAttribute, ImportCall,
    ImportTarget, MoveSource, PlanCall, ReadCall, Resource, Schema, UpdateCall, Validator,
};

use crate::credential::{self, CredentialTracker, Required, SendDecision, WriteError};
use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::{Scope, region_from_state};
use crate::run::values::require;
use crate::run::{kong as kong_migration, validators};
use crate::webhook::webhook_target::Webhook;
use crate::webhook::{Change, Form, Model, find, read_destination, read_endpoint_if_available, remove};
use crate::webhook::{
    rules as takeover_guard, stream as ownership, v2 as endpoint_webhook, v3 as destination_webhook,
};

/// The type of this object in Kong's provider.
const KONG_TYPE: &str = "konnect_audit_log";

/// The resource `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhook;

#[async_trait]
impl Resource for AuditLogWebhook {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        let [authorization, authorization_wo, authorization_wo_version] = credential::attributes(
            "Value of the `Authorization` header that Konnect sends to `endpoint`, including the scheme. It is stored in \
             the state; `authorization_wo` is not. Exactly one of the two is required to set an endpoint up. If both are \
             omitted for an existing endpoint, its credential is not managed and stays as it is.",
        );
        Schema::new(
            "The audit log webhook of a region: the stream of its audit events. Each region has one. It delivers either \
             to a destination (`audit_log_destination_id`, Konnect API v3, recommended), or to an endpoint of its own \
             (`endpoint` with `authorization_wo` or `authorization`, API v2). A change from one form to the other is an \
             update in place and does not interrupt the stream.\n\n\
             If the region already delivers to another target, the plan warns and the apply fails: import the existing \
             webhook, or set `replace_existing`.\n\n\
             Destroying a webhook with a destination deletes it. One with an endpoint of its own is switched off, since \
             API v2 can't delete it: Konnect keeps the endpoint, and delivers nothing. If the region by then delivers to \
             a target that this resource did not set, nothing is removed, with a warning.",
            [
                Attribute::string("id").computed().use_state_for_unknown().description(
                    "The region, which identifies the webhook.",
                ),
                Attribute::string("region")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .validator(validators::region())
                    .description(
                        "Region whose audit events are delivered: `us`, `eu`, `au`, `me`, `in`, `sg`, `global`, or a \
                         region that Kong adds later. A change removes this webhook and sets up the one of the other \
                         region. Default: the provider's `region`.",
                    ),
                Attribute::bool("enabled").optional().default(true).description(
                    "Whether events are delivered. If false, the webhook keeps its target and delivers nothing. Default: \
                     true.",
                ),
                Attribute::string("audit_log_destination_id").optional().validator(Validator::not_blank()).description(
                    "Id of the `konnect_audit_log_destination` that receives the events, a UUID. Exactly one of this and \
                     `endpoint` is required. A change connects the region to another destination in place.",
                ),
                Attribute::string("endpoint")
                    .optional()
                    .validator(validators::endpoint())
                    .redact_parts(validators::secret_parts)
                    .description(
                        "HTTPS URL that receives the events, for a webhook without a destination. It is stored in the \
                         state in clear text, even where it contains a secret, as with Sumo Logic.",
                    ),
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
                    "Whether the creation may redirect a region that already delivers to another target. If false, it \
                     fails and reports the current target. A webhook that is switched off is always overwritten. Has no \
                     effect after the creation. Default: false.",
                ),
            ],
        )
        .identity(&[IdentityAttribute { name: "region", required_for_import: true }])
    }

    fn on_state_seen(&self, run: &RunState, state: &Model) {
        if let Attr::Known(region) = &state.region {
            run.webhook_seen(Scope::region(region.clone()));
        }
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        config.validate(diagnostics);
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let (run, config) = (call.provider, &call.config);
        match run
            .regions
            .webhook(&config.region, call.prior.as_ref().map(|prior| &prior.region))
        {
            Ok(region) => {
                call.planned.id = match &region {
                    Attr::Known(region) => region.to_string().into(),
                    _ => Attr::Unknown,
                };
                call.planned.region = region;
            }
            Err(error) => return call.diagnostics.push(error),
        }
        call.planned.plan_defaults(config);
        call.keep_planned.extend(["log_format", "skip_ssl_verification"]);
        let form = config.form();
        if form == Form::Destination {
            call.planned.updated_at = Attr::Null;
            call.keep_planned.push("updated_at");
        }
        let scope = call.planned.region.known().cloned().map(Scope::region);
        let Some(prior) = &call.prior else {
            if form == Form::Endpoint && config.credential().is_unset() {
                return call.diagnostics.push(credential::missing());
            }
            if let (Some(scope), Ok(client)) = (scope, run.client()) {
                let replaces = !matches!(config.replace_existing, Attr::Null | Attr::Known(false));
                let diagnostics = &mut call.diagnostics;
                let fetch = takeover_guard::current(client, &scope, form == Form::Endpoint);
                takeover_guard::plan(run, &scope, config.target(), replaces, fetch, diagnostics).await;
            }
            return;
        };
        if let Some(scope) = scope.filter(|scope| prior.region.known() == Some(&scope.region)) {
            takeover_guard::plan_update(run, &scope, config.target(), &mut call.diagnostics);
        }
        if form == Form::Destination {
            return;
        }
        // Konnect has no credential for an endpoint while the region has a destination, even if another process or user
        // set it.
        let bare = config.credential().is_unset();
        if bare && prior.form() == Form::Destination && form == Form::Endpoint {
            call.diagnostics.push(credential::missing());
        }
        let led_elsewhere = ownership::lost_target(&call.private, prior.webhook().as_ref());
        let required = if prior.form() != form || (led_elsewhere && prior.endpoint != config.endpoint) {
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
        let client = run.client()?;
        let scope = Scope::region(require(run.regions.webhook(&planned.region, None)?, "region")?);
        let target = planned.target().ok_or_else(|| no_target(planned))?;
        let replaces = planned.replace_existing == Attr::Known(true);
        let slot = run.slot(&scope);
        let fetch = || takeover_guard::current(client, &scope, planned.form() == Form::Endpoint);
        let private = &mut call.private;
        let mut progress =
            takeover_guard::enter(run, &slot, &scope, &target, replaces, fetch, |e| self.failed(e)).await?;
        let change = Change {
            run,
            client,
            region: &scope.region,
            config: &call.config,
            prior: None,
            planned,
        };
        // A `PATCH` is idempotent: if the response was lost, it is sent once more.
        let mut created = change.send(private, &mut call.diagnostics).await;
        if created.as_ref().is_err_and(WriteError::may_have_happened) {
            created = change.send(private, &mut call.diagnostics).await;
        }
        takeover_guard::leave(&scope, &mut progress, &created, &mut call.diagnostics);
        created.map_err(|error| self.change_failed(error, &change))
    }

    /// Usually the region had no webhook before. With `replace_existing`, its previous webhook cannot be restored.
    async fn rollback_create(&self, run: &RunState, state: &Model) {
        let (Ok(client), Attr::Known(region), Some(created)) = (run.client(), &state.region, state.webhook())
        else {
            return;
        };
        if state.replace_existing != Attr::Known(true) {
            let (client, scope) = (client.after_stop(), Scope::region(region.clone()));
            let fetch = takeover_guard::current(&client, &scope, state.form() == Form::Endpoint);
            let removal = remove(&client, &scope, state.form());
            ownership::rollback(run, &scope, &created, fetch, removal).await;
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.provider, &call.state);
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known.clone()));
        }
        // The state of another provider does not contain the region: the configuration sets it.
        let Attr::Known(region) = known.region.clone() else {
            return Ok(Some(known.clone()));
        };
        let (client, cache) = (run.client()?, run.cache()?);
        // A webhook that has changed to the other form is still managed, and the plan shows the change. If it is
        // disabled, the region has no webhook.
        let delivers = |found: &Model| found.enabled == Attr::Known(true);
        let found = if known.form() == Form::Destination {
            match read_destination(cache, &region, known).await {
                Ok(None) => read_endpoint_if_available(cache, &region, known)
                    .await
                    .map(|f| f.filter(delivers)),
                found => found,
            }
        } else {
            let (settings, time) = (known.endpoint_settings(), &known.updated_at);
            let mut tracker =
                CredentialTracker::new(known.credential(), &mut call.private, run.detects_drift);
            let diagnostics = &mut call.diagnostics;
            match endpoint_webhook::observe(client, cache, &region, settings, time, &mut tracker, diagnostics)
                .await
                .map(|found| found.map(|found| known.with_endpoint(found, region.clone())))
            {
                Ok(None) => read_destination(cache, &region, &call.state)
                    .await
                    .map(|f| f.filter(delivers)),
                found => found,
            }
        };
        let found = found.map_err(|error| self.failed(&error))?;
        let Some(mut found) = found else {
            run.webhook_gone(&Scope::region(region));
            return Ok(None);
        };
        let trusts_time =
            CredentialTracker::new(found.credential(), &mut call.private, run.detects_drift).trusts_time();
        if let Some(now) = found.webhook() {
            ownership::observe(
                &mut call.private,
                call.state.webhook().as_ref(),
                &now,
                trusts_time,
            );
        }
        credential::clear_after_outside_change(&call.private, &mut found.authorization);
        Ok(Some(found))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.provider, &call.planned);
        let client = run.client()?;
        let region = require(planned.region.clone(), "region")?;
        let slot = run.slot(&Scope::region(region.clone()));
        let _progress = slot.lock().await;
        let (config, prior) = (&call.config, Some(&call.prior));
        let change = Change {
            run,
            client,
            region: &region,
            config,
            prior,
            planned,
        };
        let updated = change.send(&mut call.private, &mut call.diagnostics).await;
        updated.map_err(|error| self.change_failed(error, &change))
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, state) = (call.provider, &call.state);
        let client = run.client()?;
        let scope = Scope::region(region_from_state(&state.region)?);
        let trusts_time =
            CredentialTracker::new(state.credential(), &mut call.private, run.detects_drift).trusts_time();
        let is_ours =
            |now: &Webhook| ownership::is_ours(&call.private, state.webhook().as_ref(), now, trusts_time);
        let fetch = takeover_guard::current(client, &scope, state.form() == Form::Endpoint);
        let removal = remove(client, &scope, state.form());
        ownership::remove(run, &scope, fetch, is_ours, removal, &mut call.diagnostics)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let cache = call.provider.cache()?;
        let region = match &call.target {
            ImportTarget::Id(text) => Region::parse(text).map_err(|e| {
                let detail = format!(
                    "The import id of a webhook is its region, such as eu. {}",
                    sentence(&e)
                );
                Diagnostic::error("Invalid import id", detail)
            })?,
            ImportTarget::Identity(identity) => require(identity.region.clone(), "region")?,
        };
        let region = require(
            call.provider.regions.webhook(&Attr::Known(region), None)?,
            "region",
        )?;
        let found = find(cache, &region).await;
        found.map_err(|error| self.failed(&error))?.ok_or_else(|| {
            Diagnostic::error(
                "Region has no webhook",
                format!(
                    "The audit log webhook of region {region} was never set up, so there is nothing to import. Remove the \
                     import: applying the resource sets the webhook up."
                ),
            )
            .into()
        })
    }

    /// The defaults of the endpoint's arguments depend on the form of the webhook, so the schema does not contain them.
    fn generate_config(&self, state: Model) -> Model {
        state.without_defaults()
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_audit_log of kong/konnect"]
    }

    /// Kong's resource is the v2 webhook of the region in its provider block. Its state does not contain the region,
    /// which remains null until the configuration sets it.
    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        let accepted =
            kong_migration::is_source(source, KONG_TYPE) || kong_migration::is_renamed(source, KONG_TYPE);
        accepted.then(|| Model::from_kong(&kong_migration::State(&source.state)))
    }
}

impl AuditLogWebhook {
    fn failed(&self, error: &Error) -> Diagnostics {
        FieldMap::of(&self.schema()).diagnose(error)
    }

    fn change_failed(&self, error: WriteError, change: &Change<'_>) -> Diagnostics {
        match error {
            WriteError::Value(diagnostic) => diagnostic.into(),
            WriteError::Api(error)
                if error.status() == Some(404)
                    && error.method() == "PATCH"
                    && change.planned.form() == Form::Destination =>
            {
                let id = &change.planned.audit_log_destination_id;
                destination_webhook::unknown_destination(&change.scope(), id, &error).into()
            }
            WriteError::Api(error) => {
                let credential = change.planned.credential().to_apply(change.config.credential());
                FieldMap::of(&self.schema())
                    .with_credential(credential)
                    .diagnose(&error)
            }
        }
    }
}

fn no_target(planned: &Model) -> Diagnostic {
    let attribute = if planned.form() == Form::Destination {
        "audit_log_destination_id"
    } else {
        "endpoint"
    };
    let detail = format!("\"{attribute}\" is null after apply-time evaluation. Set it to a value.");
    Diagnostic::error("Missing value", detail).at(attribute)
}
