//! Managed resources.

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::dispatch::{Configured, Erased, Phase, Run, Served, clean, only, validate_config};
use crate::engine::panics::{catch_panic, catch_panic_sync};
use crate::engine::request::{ApplyRequest, PlanRequest, PlanResponse, ReadRequest, StateResponse};
use crate::engine::sensitive_values::{remember, remember_stored};
use crate::engine::validate::ClientCapabilities;
use crate::engine::{apply, generate, identity, plan};
use crate::model::{Model, from_value, to_object};
use crate::resource::private::Private;
use crate::resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource,
    TrackedResource, UpdateCall,
};
use crate::schema::Schema;
use crate::secrets::foreign_text;
use crate::value::Value;
use crate::value::json::{UnknownFields, from_json};

/// A resource of any model.
#[async_trait]
pub trait AnyResource<D>: Deref<Target = Served<D>> + Send + Sync {
    fn moves_from(&self) -> &'static [&'static str];
    fn validate_model(&self, config: &Value, client: ClientCapabilities) -> Diagnostics;
    async fn plan_model(&self, configured: Configured<D>, request: PlanRequest) -> PlanResponse;
    async fn apply_model(&self, configured: Configured<D>, request: ApplyRequest) -> StateResponse;
    async fn read_model(&self, configured: Configured<D>, request: ReadRequest) -> StateResponse;
    async fn import_model(&self, configured: Configured<D>, target: ImportTarget<Value>) -> StateResponse;
    async fn rollback_model(&self, data: &D, created: &StateResponse);
    fn upgrade_model(&self, data: Option<&D>, version: i64, state: Json) -> StateResponse;
    fn generate_model(&self, state: &Value) -> Result<Value, Diagnostics>;
    /// Converts the state of another resource type, if it is one of [`AnyResource::moves_from`].
    fn move_model(&self, source: &MoveSource) -> Option<StateResponse>;
}

/// A resource of a server.
pub type DynResource<D> = dyn AnyResource<D>;

impl<D: Send + Sync + 'static> DynResource<D> {
    /// Validates a configuration. [`Self::plan`] reports the warnings.
    #[must_use]
    pub fn validate(&self, config: &Value, client: ClientCapabilities) -> Diagnostics {
        remember(self.schema(), [config]);
        let found = only(Severity::Error, self.validate_model(config, client));
        clean(self.schema(), found)
    }

    /// Plans a change, with the warnings of its validation. The second plan of a change, during apply, has no warnings.
    pub async fn plan(&self, request: PlanRequest) -> PlanResponse {
        remember(self.schema(), [&request.prior, &request.config]);
        // The state of an object that was moved from another provider can lack a part: its identity is not settled, but
        // OpenTofu stores that of a plan whose apply failed.
        let settled = self.schema().identity_of(&request.prior).is_some();
        let stored = request.identity.clone();
        let again = self.run.plans_again(&request);
        let is_certain = !request.planned_private.is_empty();
        let mut response = match self.run.require() {
            Ok(configured) => {
                let warnings = self.warnings(&request);
                let mut response = self.plan_model(configured, request).await;
                response.diagnostics.append(warnings);
                response
            }
            Err(error) => PlanResponse::failed(request, error),
        };
        if again {
            response.diagnostics = without_warnings(response.diagnostics, is_certain);
        }
        response.diagnostics = clean(self.schema(), response.diagnostics);
        // A create or replacement can change the identity; the plan of an update keeps it.
        let stored = stored.filter(|_| settled && response.requires_replace.is_empty());
        response.identity = identity::after(
            self.schema(),
            &response.planned,
            stored,
            &mut response.diagnostics,
        );
        response
    }

    /// The warnings of the validation. The second plan of a replacement, as a creation with the private data of the first,
    /// has none.
    fn warnings(&self, request: &PlanRequest) -> Diagnostics {
        let replaces = request.prior.is_null() && !request.private.is_empty();
        if request.config.is_null() || replaces {
            return Diagnostics::new();
        }
        let client = ClientCapabilities {
            write_only_attributes: true,
        };
        only(Severity::Warning, self.validate_model(&request.config, client))
    }

    /// Applies a planned change.
    pub async fn apply(&self, request: ApplyRequest) -> StateResponse {
        self.run.enter(Phase::Apply);
        remember(self.schema(), [&request.prior, &request.planned, &request.config]);
        let stored = request.identity.clone();
        let response = match self.run.require() {
            Ok(configured) => self.apply_model(configured, request).await,
            Err(error) => StateResponse::new(request.prior, request.private, error),
        };
        self.complete(response, stored)
    }

    /// Refreshes a state.
    pub async fn read(&self, request: ReadRequest) -> StateResponse {
        self.run.enter(Phase::Plan);
        remember(self.schema(), [&request.state]);
        let stored = request.identity.clone();
        let response = match self.run.require() {
            Ok(configured) => self.read_model(configured, request).await,
            Err(error) => StateResponse::new(request.state, request.private, error),
        };
        self.complete(response, stored)
    }

    /// Imports an existing object.
    pub async fn import(&self, target: ImportTarget<Value>) -> StateResponse {
        let stored = match &target {
            ImportTarget::Identity(identity) => Some(identity.clone()),
            ImportTarget::Id(_) => None,
        };
        let response = match self.run.require() {
            Ok(configured) => self.import_model(configured, target).await,
            Err(error) => StateResponse::failed(error),
        };
        self.complete(response, stored)
    }

    /// Removes an object whose creation no state records, because the host ended before it received the response.
    /// `data` is the provider with which the object was created.
    pub async fn rollback_create(&self, data: &D, created: &StateResponse) {
        self.rollback_model(data, created).await;
    }

    /// Upgrades a stored state to the current schema version. Requires no configuration.
    #[must_use]
    pub fn upgrade(&self, version: i64, state: Json) -> StateResponse {
        remember_stored(self.schema(), &state);
        let mut response = self.upgrade_model(self.run.data().as_deref(), version, state);
        response.diagnostics = clean(self.schema(), response.diagnostics);
        response
    }

    /// Upgrades a stored identity to the current version. All identities have version 0. Absent attributes become null.
    ///
    /// # Errors
    /// A diagnostic if the identity does not match the schema, or has a newer version.
    pub fn upgrade_identity(&self, version: i64, identity: &Json) -> Result<Value, Diagnostic> {
        if version > Schema::IDENTITY_VERSION {
            return Err(newer(
                "Resource identity",
                self.type_name(),
                version,
                Schema::IDENTITY_VERSION,
            ));
        }
        from_json(identity, &self.schema().identity_type(), UnknownFields::Ignore).map_err(|error| {
            let detail = format!("The stored identity does not match the schema: {}.", error.reason);
            Diagnostic::error("Invalid resource identity", detail).at(error.path)
        })
    }

    /// Generates the configuration of an existing object. Requires no configured provider.
    ///
    /// # Errors
    /// The reason why there is no configuration for the object.
    pub fn generate_config(&self, state: Value) -> Result<Value, Diagnostics> {
        if state.is_null() {
            return Ok(state);
        }
        remember(self.schema(), [&state]);
        let generated = self.generate_model(&state);
        generated.map_err(|errors| clean(self.schema(), errors))
    }

    /// Converts the state of another resource type. Requires no configuration.
    #[must_use]
    pub fn move_state(&self, source: &MoveSource) -> StateResponse {
        remember_stored(self.schema(), &source.state);
        let moved = self.move_model(source);
        self.complete(moved.unwrap_or_else(|| self.move_refused(source)), None)
    }

    fn move_refused(&self, source: &MoveSource) -> StateResponse {
        let accepted = match self.moves_from() {
            [] => "It accepts no other type.".to_owned(),
            types => format!("It accepts: {}.", types.join(", ")),
        };
        let detail = format!(
            "{} cannot convert the state of a {} of the provider {}. {accepted}",
            self.type_name(),
            foreign_text(&source.type_name),
            foreign_text(&source.provider)
        );
        StateResponse::failed(Diagnostic::error("Resource cannot be moved", detail))
    }

    /// Cleans the messages and adds the identity.
    fn complete(&self, mut response: StateResponse, stored: Option<Value>) -> StateResponse {
        response.diagnostics = clean(self.schema(), response.diagnostics);
        response.identity =
            identity::after(self.schema(), &response.state, stored, &mut response.diagnostics);
        response
    }
}

/// The errors of a second plan. Unless it certainly is the second one, also the warnings of [`Diagnostic::in_every_plan`].
fn without_warnings(diagnostics: Diagnostics, is_certain: bool) -> Diagnostics {
    let all = diagnostics.into_iter();
    all.filter(|found| found.severity == Severity::Error || (found.in_every_plan && !is_certain))
        .collect()
}

/// The error for something that a newer version of the provider stored.
fn newer(what: &str, type_name: &str, version: i64, supported: i64) -> Diagnostic {
    Diagnostic::error(
        format!("{what} was written by a newer version of the provider"),
        format!(
            "That of this {type_name} has version {version}; this version of the provider supports versions up to \
             {supported}. Use the version of the provider that wrote it, or a later one."
        ),
    )
}

/// A resource, and what it tracks.
pub(crate) struct ErasedResource<R: Resource> {
    erased: Erased<R, R::Data>,
    on_state_seen: fn(&R, &R::Data, &R::Model),
    rollback_create: for<'a> fn(&'a R, &'a R::Data, &'a R::Model, &'a Private) -> BoxFuture<'a, ()>,
}

impl<R: Resource> ErasedResource<R> {
    pub(crate) fn new(run: Arc<Run<R::Data>>, inner: R) -> Self {
        Self {
            erased: Erased::new(run, inner.type_name(), R::Model::schema, inner),
            on_state_seen: |_, _, _| {},
            rollback_create: |_, _, _, _| std::future::ready(()).boxed(),
        }
    }

    pub(crate) fn tracked(run: Arc<Run<R::Data>>, inner: R) -> Self
    where
        R: TrackedResource,
    {
        Self {
            on_state_seen: R::on_state_seen,
            rollback_create: |resource, data, state, private| {
                resource.rollback_create(data, state, private).boxed()
            },
            ..Self::new(run, inner)
        }
    }

    fn inner(&self) -> &R {
        &self.erased.inner
    }

    /// Converts a state from the host to a model, and calls [`TrackedResource::on_state_seen`].
    fn model_of(&self, data: &R::Data, state: &Value) -> Result<R::Model, Diagnostics> {
        let model = from_value(state)?;
        (self.on_state_seen)(self.inner(), data, &model);
        Ok(model)
    }

    /// Converts a model to a state of the schema's type, without write-only values.
    fn state_of(&self, model: &R::Model) -> Result<Value, Diagnostics> {
        let value = to_object(model).shaped(self.schema().object_type())?;
        Ok(apply::without_write_only(self.schema(), value))
    }

    async fn plan_change(
        &self,
        configured: Configured<R::Data>,
        request: &PlanRequest,
    ) -> Result<PlanResponse, Diagnostics> {
        let (schema, data) = (self.schema(), &*configured.data);
        let PlanRequest { prior, config, .. } = request;
        let has_prior = !prior.is_null();
        let again = !request.planned_private.is_empty();
        let mut call: PlanCall<'_, R> = PlanCall {
            data,
            stop: configured.stop,
            config: from_value(config)?,
            state: has_prior.then(|| self.model_of(data, prior)).transpose()?,
            planned: from_value(&plan::plan(schema, prior, config))?,
            private: Private::from_bytes(&request.private),
            planned_private: again.then(|| Private::from_bytes(&request.planned_private)),
            requires_replace: Vec::new(),
            diagnostics: Diagnostics::new(),
            request: (schema, prior, config),
        };
        if let Err(errors) = catch_panic(self.inner().plan(&mut call)).await {
            call.diagnostics.append(errors);
            return Err(call.diagnostics);
        }
        let mut planned = self.state_of(&call.planned)?;
        plan::restore_unknowns(&mut planned, config);
        let mut replaces = plan::replacements(schema, prior, &planned);
        call.requires_replace.retain(|path| !replaces.contains(path));
        replaces.append(&mut call.requires_replace);
        call.diagnostics.append(plan::check(schema, &planned, config));
        // Never empty: a host that sends it with the next plan of the same change then shows that it plans again.
        let private = Some(call.private.to_bytes()).filter(|private| !private.is_empty());
        Ok(PlanResponse {
            planned,
            private: private.unwrap_or_else(|| b"{}".to_vec()),
            identity: None,
            requires_replace: replaces,
            diagnostics: call.diagnostics,
        })
    }

    /// The plan of a delete. A state that does not fit the model, or a panic, must not prevent it.
    async fn plan_delete(&self, configured: Configured<R::Data>, request: PlanRequest) -> PlanResponse {
        let mut diagnostics = Diagnostics::new();
        if let Ok(state) = self.model_of(&configured.data, &request.prior) {
            let mut call: DeleteCall<'_, R> = DeleteCall {
                data: &configured.data,
                stop: configured.stop,
                state,
                private: Private::from_bytes(&request.private),
                diagnostics,
            };
            let _ = catch_panic(self.inner().plan_delete(&mut call).map(Ok)).await;
            diagnostics = call.diagnostics;
        }
        PlanResponse {
            private: request.private,
            diagnostics,
            ..PlanResponse::default()
        }
    }

    async fn create(
        &self,
        configured: Configured<R::Data>,
        request: &ApplyRequest,
    ) -> Result<StateResponse, Diagnostics> {
        let mut call: CreateCall<'_, R> = CreateCall {
            data: &configured.data,
            stop: configured.stop,
            config: from_value(&request.config)?,
            planned: from_value(&request.planned)?,
            partial_state: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let created = catch_panic(self.inner().create(&mut call)).await;
        let remaining = call
            .partial_state
            .map_or(Ok(Value::Null), |model| self.state_of(&model));
        let state = self.after_change(created, &request.planned, remaining, &mut call.diagnostics);
        Ok(StateResponse::new(
            state,
            call.private.to_bytes(),
            call.diagnostics,
        ))
    }

    async fn update(
        &self,
        configured: Configured<R::Data>,
        request: &ApplyRequest,
    ) -> Result<StateResponse, Diagnostics> {
        let data = &*configured.data;
        let mut call: UpdateCall<'_, R> = UpdateCall {
            data,
            stop: configured.stop,
            config: from_value(&request.config)?,
            state: self.model_of(data, &request.prior)?,
            planned: from_value(&request.planned)?,
            partial_state: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let updated = catch_panic(self.inner().update(&mut call)).await;
        let remaining = call
            .partial_state
            .map_or_else(|| Ok(request.prior.clone()), |model| self.state_of(&model));
        let state = self.after_change(updated, &request.planned, remaining, &mut call.diagnostics);
        Ok(StateResponse::new(
            state,
            call.private.to_bytes(),
            call.diagnostics,
        ))
    }

    /// The state after a create or update: the returned state, or after a failure what remains, without unknown values.
    fn after_change(
        &self,
        result: Result<R::Model, Diagnostics>,
        planned: &Value,
        remaining: Result<Value, Diagnostics>,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        match result.and_then(|model| self.state_of(&model)) {
            Ok(state) => apply::settle(self.schema(), planned, state, diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                let remaining = remaining.unwrap_or_else(|errors| {
                    diagnostics.append(errors);
                    Value::Null
                });
                // An unknown value in a partial state is a consequence of the failure, not another error.
                apply::keep(self.schema(), planned, remaining, &mut Diagnostics::new())
            }
        }
    }

    async fn delete(
        &self,
        configured: Configured<R::Data>,
        request: &ApplyRequest,
    ) -> Result<StateResponse, Diagnostics> {
        let data = &*configured.data;
        let mut call: DeleteCall<'_, R> = DeleteCall {
            data,
            stop: configured.stop,
            state: self.model_of(data, &request.prior)?,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let Err(errors) = catch_panic(self.inner().delete(&mut call)).await else {
            return Ok(StateResponse::failed(call.diagnostics));
        };
        call.diagnostics.append(errors);
        Ok(StateResponse::new(
            request.prior.clone(),
            call.private.to_bytes(),
            call.diagnostics,
        ))
    }

    /// The response to a request without a plan: the values of before where these mean the same, and after an error
    /// all of them.
    fn respond(
        &self,
        result: Result<R::Model, Diagnostics>,
        before: Value,
        private: Vec<u8>,
        mut diagnostics: Diagnostics,
    ) -> StateResponse {
        let state = match result.and_then(|model| self.state_of(&model)) {
            Ok(state) => apply::keep(self.schema(), &before, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                before
            }
        };
        StateResponse::new(state, private, diagnostics)
    }
}

impl<R: Resource> Deref for ErasedResource<R> {
    type Target = Served<R::Data>;

    fn deref(&self) -> &Served<R::Data> {
        &self.erased
    }
}

#[async_trait]
impl<R: Resource> AnyResource<R::Data> for ErasedResource<R> {
    fn moves_from(&self) -> &'static [&'static str] {
        self.inner().moves_from()
    }

    fn validate_model(&self, config: &Value, client: ClientCapabilities) -> Diagnostics {
        validate_config(self.schema(), config, client, |call| self.inner().validate(call))
    }

    async fn plan_model(&self, configured: Configured<R::Data>, request: PlanRequest) -> PlanResponse {
        if request.config.is_null() {
            return self.plan_delete(configured, request).await;
        }
        match self.plan_change(configured, &request).await {
            Ok(response) => response,
            Err(errors) => PlanResponse::failed(request, errors),
        }
    }

    async fn apply_model(&self, configured: Configured<R::Data>, request: ApplyRequest) -> StateResponse {
        let changed = if request.planned.is_null() {
            self.delete(configured, &request).await
        } else if request.prior.is_null() {
            self.create(configured, &request).await
        } else {
            self.update(configured, &request).await
        };
        changed.unwrap_or_else(|errors| StateResponse::new(request.prior, request.private, errors))
    }

    async fn read_model(&self, configured: Configured<R::Data>, request: ReadRequest) -> StateResponse {
        let ReadRequest { state, private, .. } = request;
        if state.is_null() {
            return StateResponse::default();
        }
        let data = &*configured.data;
        let model = match self.model_of(data, &state) {
            Ok(model) => model,
            Err(errors) => return StateResponse::new(state, private, errors),
        };
        let mut call: ReadCall<'_, R> = ReadCall {
            data,
            stop: configured.stop,
            state: model,
            private: Private::from_bytes(&private),
            diagnostics: Diagnostics::new(),
        };
        match catch_panic(self.inner().read(&mut call)).await {
            Ok(Some(model)) => self.respond(Ok(model), state, call.private.to_bytes(), call.diagnostics),
            Ok(None) => StateResponse::new(Value::Null, private, call.diagnostics),
            Err(errors) => self.respond(Err(errors), state, private, call.diagnostics),
        }
    }

    async fn import_model(
        &self,
        configured: Configured<R::Data>,
        target: ImportTarget<Value>,
    ) -> StateResponse {
        let mut before = Value::Null;
        let target = match target {
            ImportTarget::Id(id) => Ok(ImportTarget::Id(id)),
            ImportTarget::Identity(identity) => {
                identity.shaped(self.schema().object_type()).and_then(|state| {
                    before = state;
                    from_value(&before).map(ImportTarget::Identity)
                })
            }
        };
        let target = match target {
            Ok(target) => target,
            Err(error) => return StateResponse::failed(error),
        };
        let mut call: ImportCall<'_, R> = ImportCall {
            data: &configured.data,
            stop: configured.stop,
            target,
            private: Private::default(),
            diagnostics: Diagnostics::new(),
        };
        match catch_panic(self.inner().import(&mut call)).await {
            Ok(model) => self.respond(Ok(model), before, call.private.to_bytes(), call.diagnostics),
            Err(errors) => self.respond(
                Err(errors),
                Value::Null,
                call.private.to_bytes(),
                call.diagnostics,
            ),
        }
    }

    async fn rollback_model(&self, data: &R::Data, created: &StateResponse) {
        // The panic hook logs a panic. The host has ended, so a diagnostic has no receiver.
        if let Ok(state) = from_value::<R::Model>(&created.state) {
            let private = Private::from_bytes(&created.private);
            let rollback = (self.rollback_create)(self.inner(), data, &state, &private);
            let _ = catch_panic(rollback.map(Ok)).await;
        }
    }

    fn upgrade_model(&self, data: Option<&R::Data>, version: i64, state: Json) -> StateResponse {
        let current = self.schema().state_version();
        if version > current {
            return StateResponse::failed(newer("State", self.type_name(), version, current));
        }
        let upgraded = if version < current {
            self.inner().upgrade_state(version, state)
        } else {
            Ok(state)
        };
        let read = upgraded.and_then(|state| {
            from_json(&state, self.schema().object_type(), UnknownFields::Ignore).map_err(|error| {
                let detail = format!("The stored state does not match the schema: {}.", error.reason);
                Diagnostic::error("Invalid state", detail).at(error.path).into()
            })
        });
        match read {
            Ok(state) => {
                let state = apply::without_write_only(self.schema(), state);
                if let Some(data) = data {
                    // The call that uses the state reports a state that does not fit the model.
                    let _ = self.model_of(data, &state);
                }
                StateResponse::new(state, Vec::new(), Diagnostics::new())
            }
            Err(errors) => StateResponse::failed(errors),
        }
    }

    fn generate_model(&self, state: &Value) -> Result<Value, Diagnostics> {
        let model = from_value(state)?;
        let model = catch_panic_sync(|| self.inner().generate_config(model))??;
        Ok(generate::config_of(self.schema(), &self.state_of(&model)?))
    }

    fn move_model(&self, source: &MoveSource) -> Option<StateResponse> {
        let moved = self.inner().move_state(source).transpose()?;
        Some(self.respond(moved, Value::Null, Vec::new(), Diagnostics::new()))
    }
}
