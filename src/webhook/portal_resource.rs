//! `konnect_portal_audit_log_webhook`: the audit log stream of a Dev Portal (API description of portal management v3,
//! `portals/{portalId}/audit-log-webhook`).
//!
//! A Dev Portal has one webhook, which delivers to a destination. It exists as long as the portal: the creation is a
//! `PATCH`, and the deletion removes its destination.

use async_trait::async_trait;
use konnect::{Client, DestinationWebhook, Error, PortalId, Region};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, IdentityAttribute, ImportCall,
    ImportTarget, MoveSource, PlanCall, ReadCall, Resource, Schema, UpdateCall, Validator,
};

use crate::credential::WriteError;
use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::{Scope, global_portal, region_from_state};
use crate::run::values::require;
use crate::run::{import_id, kong as kong_migration, portal, validators};
use crate::webhook::rules as takeover_guard;
use crate::webhook::stream as ownership;
use crate::webhook::v3::{self as destination_webhook, Settings};
use crate::webhook::webhook_target::{Target, Webhook};

/// The description of the import ID.
const IMPORT_ID: &str = "The import id of a Dev Portal's webhook is PORTAL_ID or REGION/PORTAL_ID.";

/// The resource `konnect_portal_audit_log_webhook`.
pub(crate) struct PortalAuditLogWebhook;

/// Configuration, plan and state of a Dev Portal's webhook. IDs are text, because they usually come from other
/// resources, which can be mocked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<String>,
    region: Attr<Region>,
    portal_id: Attr<String>,
    enabled: Attr<bool>,
    audit_log_destination_id: Attr<String>,
    replace_existing: Attr<bool>,
}

impl Model {
    /// The scope, if it is known.
    ///
    /// # Errors
    /// On `portal_id`: it is not a UUID.
    fn scope(&self) -> Result<Option<Scope>, Diagnostic> {
        let (Attr::Known(region), Attr::Known(id)) = (&self.region, &self.portal_id) else {
            return Ok(None);
        };
        Ok(Some(Scope::portal(region.clone(), portal::parse_id(id)?)))
    }

    fn settings(&self) -> Settings<'_> {
        Settings {
            audit_log_destination_id: &self.audit_log_destination_id,
            enabled: &self.enabled,
        }
    }

    fn webhook(&self) -> Option<Webhook> {
        Some(Webhook {
            target: self.settings().target()?,
            enabled: self.enabled == Attr::Known(true),
            updated_at: None,
        })
    }

    /// The state of a webhook from the API, with the letter case of the configured IDs.
    fn with(&self, found: DestinationWebhook, scope: &Scope) -> Self {
        let destination = found.audit_log_destination_id;
        Self {
            id: scope.id().into(),
            region: scope.region.clone().into(),
            portal_id: scope.portal.as_ref().map(PortalId::to_string).into(),
            enabled: found.enabled.into(),
            audit_log_destination_id: destination.map(|id| self.settings().keep_letter_case(&id)).into(),
            replace_existing: self.replace_existing.clone(),
        }
    }

    /// The model of a webhook that is in no state yet.
    pub(crate) fn found(found: DestinationWebhook, scope: &Scope) -> Self {
        let none = Self {
            replace_existing: Attr::Known(false),
            ..Self::default()
        };
        none.with(found, scope)
    }
}

#[async_trait]
impl Resource for PortalAuditLogWebhook {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_portal_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "The audit log webhook of a Dev Portal: the stream of the authentication events of its users. Each Dev \
             Portal has one. It delivers to a destination.\n\n\
             If the Dev Portal already delivers to another destination, the plan warns and the apply fails: import the \
             existing webhook, or set `replace_existing`.\n\n\
             Destroying the webhook deletes it. If the Dev Portal by then delivers to a destination that this resource \
             did not set, nothing is removed, with a warning.",
            [
                Attribute::string("id").computed().use_state_for_unknown().description(
                    "The region and the Dev Portal, `REGION/PORTAL_ID`, which identify the webhook.",
                ),
                Attribute::string("region")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .validator(validators::region())
                    .description(
                        "Region of the Dev Portal: `us`, `eu`, `au`, `me`, `in`, `sg`, or a region that Kong adds later. \
                         `global` is not allowed, since Dev Portals are regional. A change removes this webhook and \
                         sets up another one. Default: the provider's `region`.",
                    ),
                Attribute::string("portal_id").required().requires_replace().validator(Validator::not_blank()).description(
                    "Id of the Dev Portal whose audit events are delivered, a UUID. A change removes this webhook and \
                     sets up the one of the other Dev Portal.",
                ),
                Attribute::bool("enabled").optional().default(true).description(
                    "Whether events are delivered. If false, the webhook keeps its destination and delivers nothing. \
                     Default: true.",
                ),
                Attribute::string("audit_log_destination_id").required().validator(Validator::not_blank()).description(
                    "Id of the `konnect_audit_log_destination` that receives the events, a UUID. A change connects the \
                     Dev Portal to another destination in place.",
                ),
                Attribute::bool("replace_existing").optional().default(false).description(
                    "Whether the creation may redirect a Dev Portal that already delivers to another destination. If \
                     false, it fails and reports the current destination. A webhook that is switched off is always \
                     overwritten. Has no effect after the creation. Default: false.",
                ),
            ],
        )
        .identity(&[
            IdentityAttribute { name: "portal_id", required_for_import: true },
            IdentityAttribute { name: "region", required_for_import: false },
        ])
    }

    fn on_state_seen(&self, run: &RunState, state: &Model) {
        if let Ok(Some(scope)) = state.scope() {
            run.webhook_seen(scope);
        }
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        if config.region == Attr::Known(Region::global()) {
            diagnostics.push(global_portal());
        }
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let (run, config, planned) = (call.provider, &call.config, &mut call.planned);
        let prior = call.prior.as_ref();
        let scope = run
            .regions
            .portal(&config.region, prior.map(|prior| &prior.region))
            .and_then(|region| {
                planned.region = region;
                planned.scope()
            });
        let scope = match scope {
            Ok(scope) => scope,
            Err(error) => return call.diagnostics.push(error),
        };
        planned.id = scope.as_ref().map_or(Attr::Unknown, |scope| scope.id().into());
        let (Some(scope), Ok(client)) = (scope, run.client()) else {
            return;
        };
        let (target, diagnostics) = (config.settings().target(), &mut call.diagnostics);
        match prior.map(Model::scope) {
            None => {
                let replaces = !matches!(config.replace_existing, Attr::Null | Attr::Known(false));
                let fetch = takeover_guard::current(client, &scope, false);
                takeover_guard::plan(run, &scope, target, replaces, fetch, diagnostics).await;
            }
            Some(Ok(Some(prior))) if prior == scope => {
                takeover_guard::plan_update(run, &scope, target, diagnostics);
            }
            Some(_) => {}
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.provider, &call.planned);
        let client = run.client()?;
        let region = require(run.regions.portal(&planned.region, None)?, "region")?;
        let scope = Scope::portal(
            region,
            portal::parse_id(&require(planned.portal_id.clone(), "portal_id")?)?,
        );
        let target = Target::Destination(require(
            planned.audit_log_destination_id.clone(),
            "audit_log_destination_id",
        )?);
        let replaces = planned.replace_existing == Attr::Known(true);
        let slot = run.slot(&scope);
        let fetch = || takeover_guard::current(client, &scope, false);
        let mut progress =
            takeover_guard::enter(run, &slot, &scope, &target, replaces, fetch, |e| self.failed(e)).await?;
        // A `PATCH` is idempotent: if the response was lost, it is sent once more.
        let write = || destination_webhook::write(run, client, &scope, None, planned.settings());
        let mut created = write().await;
        if created.as_ref().is_err_and(WriteError::may_have_happened) {
            created = write().await;
        }
        takeover_guard::leave(&scope, &mut progress, &created, &mut call.diagnostics);
        match created {
            Ok(created) => Ok(planned.with(created, &scope)),
            Err(error) => Err(self.write_failed(error, client, &scope, planned).await),
        }
    }

    /// Usually the Dev Portal had no webhook before. With `replace_existing`, its previous webhook cannot be restored.
    async fn rollback_create(&self, run: &RunState, state: &Model) {
        let (Ok(client), Ok(Some(scope)), Some(created)) = (run.client(), state.scope(), state.webhook())
        else {
            return;
        };
        if state.replace_existing != Attr::Known(true) {
            let client = client.after_stop();
            let fetch = takeover_guard::current(&client, &scope, false);
            let removal = destination_webhook::delete(&client, &scope);
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
        let Some(scope) = known.scope()? else {
            return Ok(Some(known.clone()));
        };
        let found = destination_webhook::read(run.cache()?, &scope).await;
        let Some(found) = found.map_err(|error| self.failed(&error))? else {
            run.webhook_gone(&scope);
            return Ok(None);
        };
        let found = known.with(found, &scope);
        if let Some(now) = found.webhook() {
            ownership::observe(&mut call.private, known.webhook().as_ref(), &now, false);
        }
        Ok(Some(found))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.provider, &call.planned);
        let client = run.client()?;
        let region = require(planned.region.clone(), "region")?;
        let scope = Scope::portal(
            region,
            portal::parse_id(&require(planned.portal_id.clone(), "portal_id")?)?,
        );
        let slot = run.slot(&scope);
        let _progress = slot.lock().await;
        let prior = Some(call.prior.settings());
        match destination_webhook::write(run, client, &scope, prior, planned.settings()).await {
            Ok(written) => {
                ownership::written(&mut call.private);
                Ok(planned.with(written, &scope))
            }
            Err(error) => Err(self.write_failed(error, client, &scope, planned).await),
        }
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, state) = (call.provider, &call.state);
        let client = run.client()?;
        let region = region_from_state(&state.region)?;
        let scope = Scope::portal(
            region,
            portal::parse_id(&require(state.portal_id.clone(), "portal_id")?)?,
        );
        let is_ours = |now: &Webhook| ownership::is_ours(&call.private, state.webhook().as_ref(), now, false);
        let fetch = takeover_guard::current(client, &scope, false);
        let removal = destination_webhook::delete(client, &scope);
        ownership::remove(run, &scope, fetch, is_ours, removal, &mut call.diagnostics)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let run = call.provider;
        let (region, id) = match &call.target {
            ImportTarget::Id(text) => import_id::parse(text, IMPORT_ID, PortalId::parse)?,
            ImportTarget::Identity(identity) => {
                let id = require(identity.portal_id.clone(), "portal_id")?;
                (identity.region.clone(), portal::parse_id(&id)?)
            }
        };
        let scope = Scope::portal(require(run.regions.portal(&region, None)?, "region")?, id);
        let found = destination_webhook::read(run.cache()?, &scope).await;
        let found = found.map_err(|error| self.failed(&error))?.ok_or_else(|| {
            Diagnostic::error(
                "Dev Portal has no webhook",
                format!(
                    "There is no audit log webhook of {scope}, so there is nothing to import. If another region has the \
                     Dev Portal, use the import id REGION/PORTAL_ID. Otherwise remove the import: applying the resource \
                     sets the webhook up."
                ),
            )
        })?;
        Ok(Model::found(found, &scope))
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_portal_audit_log_webhook of kong/konnect"]
    }

    /// Kong's resource is in the region of its provider block. Its state does not contain the region, which remains
    /// null until the configuration sets it.
    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        kong_migration::is_source(source, self.type_name()).then(|| {
            let state = kong_migration::State(&source.state);
            let Some(portal_id) = state.text("portal_id") else {
                return Err(Diagnostic::error(
                    "State can't be moved",
                    "The konnect_portal_audit_log_webhook has no portal_id, so it is not known which webhook to manage. \
                     Remove it from the state (a `removed` block with `destroy = false`) and import the webhook instead.",
                )
                .into());
            };
            Ok(Model {
                portal_id: portal_id.into(),
                enabled: state.bool("enabled").unwrap_or_default().into(),
                audit_log_destination_id: state.text("audit_log_destination_id").into(),
                replace_existing: Attr::Known(false),
                ..Model::default()
            })
        })
    }
}

impl PortalAuditLogWebhook {
    fn failed(&self, error: &Error) -> Diagnostics {
        FieldMap::of(&self.schema()).diagnose(error)
    }

    /// Converts a failed write to diagnostics. After a 404, checks whether the Dev Portal or the destination is
    /// missing.
    async fn write_failed(
        &self,
        error: WriteError,
        client: &Client,
        scope: &Scope,
        planned: &Model,
    ) -> Diagnostics {
        match error {
            WriteError::Value(diagnostic) => diagnostic.into(),
            WriteError::Api(error) if !error.is_not_found() => self.failed(&error),
            WriteError::Api(error) => match portal::is_missing(client, scope).await {
                Some(true) => portal::not_found(scope, &error).into(),
                Some(false) => {
                    let id = &planned.audit_log_destination_id;
                    destination_webhook::unknown_destination(scope, id, &error).into()
                }
                None => self.failed(&error),
            },
        }
    }
}
