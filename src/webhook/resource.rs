//! `konnect_audit_log_webhook`: the audit log stream of a region or of a Dev Portal (API descriptions v2 and v3,
//! `audit-log-webhook`, and portal management v3).

use konnect::DestinationId;
use terraform_plugin::{
    Attr, CreateCall, DeleteCall, Diagnostic, Diagnostics, ImportCall, ImportTarget, MoveSource, PlanCall,
    Private, ReadCall, Resource, TrackedResource, UpdateCall, ValidateCall,
};

use crate::credential::endpoint;
use crate::credential::{self, CredentialTracker, Required, SendDecision};
use crate::run::errors::api_error;
use crate::run::scope::{Scope, planned_id};
use crate::run::values::{argument, fails_at_apply};
use crate::run::{RunState, kong, validators};
use crate::webhook::plan;
use crate::webhook::rules::{self, Origin, Record};
use crate::webhook::stream::Stream;
use crate::webhook::{Change, Form, Model, TYPE};

/// The types of a region's and of a Dev Portal's webhook in Kong's providers.
const KONG_REGION: &str = "konnect_audit_log";
const KONG_PORTAL: &str = "konnect_portal_audit_log_webhook";

/// The resource `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhook;

impl Resource for AuditLogWebhook {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn validate(&self, call: &mut ValidateCall<Model>) -> Result<(), Diagnostics> {
        call.config.validate(&mut call.diagnostics);
        Ok(())
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, config) = (call.data, &call.config);
        let (prior, first) = (call.state.as_ref(), call.planned_private.as_ref());
        let scope = run
            .regions
            .of(&config.region, prior.map(|prior| &prior.region))
            .and_then(|region| {
                call.planned.id = planned_id(&region, &call.planned.portal_id);
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
        // A replacement is planned twice: as an update, then as a creation with the private data of the update.
        if prior.is_some() || Record::of(&call.private).is_none() {
            validators::warn_of_unknown_region(&call.planned.region, &mut call.diagnostics);
        }
        call.planned.plan_defaults(config);
        let form = config.form();
        if form == Form::Destination {
            call.planned.updated_at = Attr::Null;
        }
        call.planned.endpoint_host = plan_endpoint_host(
            (config, prior, &call.planned),
            &mut call.private,
            first,
            &mut call.diagnostics,
        );
        if let Attr::Known(id) = &config.audit_log_destination_id
            && let Err(error) = argument(id, "audit_log_destination_id", DestinationId::parse)
        {
            call.diagnostics.push(fails_at_apply(error));
        }
        let stream = scope.and_then(|scope| Stream::of(run, scope, config.uses_v2()).ok());
        let Some(prior) = prior else {
            if form == Form::Endpoint {
                CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift)
                    .after(call.planned_private.as_ref())
                    .plan_creation(&mut call.diagnostics);
            }
            rules::expect(&mut call.private, config);
            if let Some(stream) = stream {
                plan::creation(&stream, &mut call.private, config, &mut call.diagnostics).await;
            }
            rules::keep_displaced(&mut call.private, first);
            return Ok(());
        };
        let old = Scope::if_known(&prior.region, &prior.portal_id).ok().flatten();
        match (&stream, &old) {
            (Some(stream), Some(old)) if stream.scope != *old => {
                let private = &mut call.private;
                plan::replacement(stream, old, prior, config, private, &mut call.diagnostics).await;
            }
            (Some(stream), _) => {
                plan::update(stream, &mut call.private, prior, config, &mut call.diagnostics).await;
                rules::keep_displaced(&mut call.private, first);
            }
            (None, _) => {}
        }
        if let (Some(old), Some(left)) = (&old, left_destination(prior, &call.planned))
            && let Some(warning) = run.plan_move(&left, old)
        {
            call.diagnostics.push(warning.at("audit_log_destination_id"));
        }
        // Any change of an endpoint's webhook moves its time, also a change that no argument shows.
        let moves_time = form != Form::Destination && call.planned != *prior;
        // Once the id is known, it can be the one that the apply has to record.
        let is_open =
            config.audit_log_destination_id.is_unknown() && rules::adopts(&call.private, prior, prior);
        if moves_time || is_open || rules::adopts(&call.private, prior, &call.planned) {
            call.planned.updated_at = Attr::Unknown;
        }
        if form != Form::Destination
            && plan_credential(
                run,
                config,
                prior,
                &call.planned,
                (&mut call.private, call.planned_private.as_ref()),
                &mut call.diagnostics,
            )
        {
            call.planned.updated_at = Attr::Unknown;
        }
        if let Some(old) = old {
            plan::failing_replacement(&old, prior, &call.planned, &mut call.diagnostics);
        }
        Ok(())
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.data, &call.planned);
        let region = run.regions.at_apply(&planned.region, &call.config.region)?;
        let scope = Scope::of(&region, &planned.portal_id)?;
        let stream = Stream::of(run, scope, planned.uses_v2())?;
        let change = Change {
            config: &call.config,
            prior: None,
            planned,
        };
        stream
            .create(&change, &mut call.private, &mut call.diagnostics)
            .await
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.data, &call.state);
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known.clone()));
        }
        // The state of another provider does not contain the region: the configuration sets it.
        let Some(scope) = Scope::if_known(&known.region, &known.portal_id)? else {
            return Ok(Some(known.clone()));
        };
        let stream = Stream::of(run, scope, known.uses_v2())?;
        stream
            .read(known, &mut call.private, &mut call.diagnostics)
            .await
            .map_err(|error| api_error(&error))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, planned) = (call.data, &call.planned);
        let region = run.regions.at_apply(&planned.region, &call.config.region)?;
        let scope = Scope::of(&region, &planned.portal_id)?;
        let stream = Stream::of(run, scope, planned.uses_v2())?;
        let change = Change {
            config: &call.config,
            prior: Some(&call.state),
            planned,
        };
        stream
            .update(&change, &mut call.private, &mut call.diagnostics)
            .await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let state = &call.state;
        if state.region.is_null() {
            call.diagnostics.push(rules::region_not_known());
            return Ok(());
        }
        let scope = Scope::of(&state.region, &state.portal_id)?;
        let stream = Stream::of(call.data, scope, state.uses_v2())?;
        stream.remove(state, &call.private, &mut call.diagnostics).await
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let run = call.data;
        let scope = match &call.target {
            ImportTarget::Id(text) => Scope::parse(text, "a webhook")?,
            ImportTarget::Identity(identity) => Scope::of(&identity.region, &identity.portal_id)?,
        };
        // Checks that the server URL serves the region.
        run.regions.of(&scope.region.clone().into(), None)?;
        let known = Model {
            replace_existing: Attr::Known(false),
            ..Model::default()
        };
        // An import fails if it cannot find out whether the region has a webhook.
        let stream = Stream::of(run, scope, true)?;
        let found = stream.current().await.map_err(|error| api_error(&error))?;
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
    fn generate_config(&self, state: Model) -> Result<Model, Diagnostics> {
        Ok(state.without_defaults())
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &[
            "konnect_audit_log of kong/konnect",
            "konnect_portal_audit_log_webhook of kong/konnect or kong/konnect-beta",
        ]
    }

    /// The state of Kong's providers does not contain the region, which remains null until the configuration sets it.
    fn move_state(&self, source: &MoveSource) -> Result<Option<Model>, Diagnostics> {
        let is_type = |name| kong::is_source(source, name) || kong::is_renamed(source, name);
        let state = kong::State(&source.state);
        if is_type(KONG_REGION) {
            Model::from_kong(&state).map(Some)
        } else if is_type(KONG_PORTAL) {
            Model::from_kong_portal(&state).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// The destination that a change leaves for another target.
fn left_destination(prior: &Model, planned: &Model) -> Option<DestinationId> {
    if prior.audit_log_destination_id == planned.audit_log_destination_id {
        return None;
    }
    DestinationId::parse(prior.audit_log_destination_id.known()?).ok()
}

impl TrackedResource for AuditLogWebhook {
    async fn rollback_create(&self, run: &RunState, state: &Model, private: &Private) {
        if let Ok(scope) = Scope::of(&state.region, &state.portal_id)
            && let Ok(stream) = Stream::of(run, scope, state.uses_v2())
        {
            stream.roll_back(state, private).await;
        }
    }
}

/// The planned host of an endpoint of the webhook's own.
fn plan_endpoint_host(
    (config, prior, planned): (&Model, Option<&Model>, &Model),
    private: &mut Private,
    first: Option<&Private>,
    diagnostics: &mut Diagnostics,
) -> Attr<String> {
    match config.form() {
        Form::Destination => return Attr::Null,
        Form::Open => return Attr::Unknown,
        Form::Endpoint => {}
    }
    let prior_url = prior
        .filter(|prior| prior.form() == Form::Endpoint)
        .map(Model::url);
    let host = config.url().plan(prior_url, private, first, diagnostics);
    let changes = prior.is_some_and(|prior| {
        let planned = Model {
            endpoint_host: host.clone(),
            ..planned.clone()
        };
        planned != *prior
    });
    if changes && !config.endpoint_wo.is_null() && config.endpoint_wo_version.is_null() {
        // The value can be another one at apply, and the change would then send it.
        return Attr::Unknown;
    }
    host
}

/// Plans whether an update of a webhook with an endpoint sends the credential. Returns whether it can.
fn plan_credential(
    run: &RunState,
    config: &Model,
    prior: &Model,
    planned: &Model,
    (private, first): (&mut Private, Option<&Private>),
    diagnostics: &mut Diagnostics,
) -> bool {
    // Konnect has no credential for an endpoint while the region has a destination, even if another process or user
    // set it.
    let changes_form = prior.form() != config.form();
    if config.credential().is_unset() && changes_form {
        diagnostics.push(fails_at_apply(credential::missing()));
    }
    let redirected = endpoint::is_changed(private)
        || (rules::was_redirected(private, prior) && prior.endpoint != planned.endpoint);
    let required = if changes_form || redirected {
        Required::Yes
    } else {
        Required::No
    };
    let mut tracker = CredentialTracker::new(config.credential(), private, run.detects_drift).after(first);
    let send = tracker.plan("webhook", prior.credential(), required, diagnostics);
    if config.url().is_unset() && endpoint::is_changed(private) {
        // Under `ignore_changes` of `endpoint_wo`: the credential must not go to the URL of another process or user.
        let host = prior
            .endpoint_host
            .known()
            .map_or("an unknown host", String::as_str);
        diagnostics.extend(credential::keep(
            private,
            "webhook",
            &format!("an endpoint on {host}"),
        ));
        return false;
    }
    send != SendDecision::No
}
