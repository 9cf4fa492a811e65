//! A resource of any model.

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{AnyResource, Erased, flatten, respond, validate_config};
use crate::engine::panics::{catch_panic, catch_panic_sync};
use crate::engine::request::{
    ApplyRequest, ConfigResponse, PlanRequest, PlanResponse, ReadRequest, StateResponse,
};
use crate::engine::validate::ClientCapabilities;
use crate::engine::{apply, generate, plan};
use crate::resource::private::Private;
use crate::resource::{
    CreateCall, DeleteCall, ImportCall, ImportTarget, MoveSource, PlanCall, ReadCall, Resource, UpdateCall,
};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::json::{UnknownFields, from_json};
use crate::value::model::{ModelError, from_value, to_value};

impl<R: Resource> Erased<R> {
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
    }

    /// Converts a state from the host to a model, and calls [`Resource::on_state_seen`].
    fn model_of(&self, provider: &R::Data, state: Value) -> Result<R::Model, ModelError> {
        let model = from_value(state)?;
        self.inner.on_state_seen(provider, &model);
        Ok(model)
    }

    /// Converts a model to a state of the schema's type, without write-only values.
    fn state_of(&self, model: &R::Model) -> Result<Value, Diagnostic> {
        let value = to_value(model, self.schema().object_type()).map_err(Diagnostic::from)?;
        Ok(apply::without_write_only(self.schema(), value))
    }

    async fn plan_change(
        &self,
        provider: &R::Data,
        request: &PlanRequest,
    ) -> Result<PlanResponse, Diagnostics> {
        let schema = self.schema();
        let proposed = plan::propose(schema, &request.prior, &request.proposed, &request.config);
        let prior = request.prior.clone();
        let mut call: PlanCall<'_, R> = PlanCall {
            provider,
            config: from_value(request.config.clone()).map_err(Diagnostic::from)?,
            prior: if prior.is_null() {
                None
            } else {
                Some(self.model_of(provider, prior).map_err(Diagnostic::from)?)
            },
            planned: from_value(proposed).map_err(Diagnostic::from)?,
            private: Private::from_bytes(&request.private),
            planned_private: (!request.planned_private.is_empty())
                .then(|| Private::from_bytes(&request.planned_private)),
            keep_planned: Vec::new(),
            requires_replace: Vec::new(),
            diagnostics: Diagnostics::new(),
        };
        catch_panic(self.inner.plan(&mut call)).await?;
        let planned = self.state_of(&call.planned)?;
        let planned = plan::mark_computed_unknown(
            schema,
            &request.prior,
            planned,
            &request.config,
            &call.keep_planned,
        );
        let mut replaces = plan::replacements(schema, &request.prior, &planned);
        call.requires_replace.retain(|path| !replaces.contains(path));
        replaces.append(&mut call.requires_replace);
        call.diagnostics
            .append(plan::check(schema, &planned, &request.config));
        Ok(PlanResponse {
            planned,
            private: call.private.to_bytes(),
            identity: None,
            requires_replace: replaces,
            diagnostics: call.diagnostics,
        })
    }

    /// The plan of a delete. A state that does not fit the model, or a panic, must not prevent it.
    async fn plan_delete(&self, provider: &R::Data, request: PlanRequest) -> PlanResponse {
        let mut diagnostics = Diagnostics::new();
        if let Ok(state) = self.model_of(provider, request.prior) {
            let _ = catch_panic(self.inner.plan_delete(provider, &state, &mut diagnostics)).await;
        }
        PlanResponse {
            private: request.private,
            diagnostics,
            ..PlanResponse::default()
        }
    }

    async fn create(&self, provider: &R::Data, request: ApplyRequest) -> Result<StateResponse, Diagnostics> {
        let mut call: CreateCall<'_, R> = CreateCall {
            provider,
            config: from_value(request.config).map_err(Diagnostic::from)?,
            planned: from_value(request.planned.clone()).map_err(Diagnostic::from)?,
            partial_state: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let created = catch_panic(self.inner.create(&mut call)).await;
        let remaining = call
            .partial_state
            .as_ref()
            .map_or(Ok(Value::Null), |model| self.state_of(model));
        Ok(self.after_change(
            created,
            &request.planned,
            remaining,
            &call.private,
            call.diagnostics,
        ))
    }

    async fn update(&self, provider: &R::Data, request: ApplyRequest) -> Result<StateResponse, Diagnostics> {
        let mut call: UpdateCall<'_, R> = UpdateCall {
            provider,
            config: from_value(request.config).map_err(Diagnostic::from)?,
            prior: self
                .model_of(provider, request.prior.clone())
                .map_err(Diagnostic::from)?,
            planned: from_value(request.planned.clone()).map_err(Diagnostic::from)?,
            partial_state: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let updated = catch_panic(self.inner.update(&mut call)).await;
        let remaining = call
            .partial_state
            .as_ref()
            .map_or(Ok(request.prior), |model| self.state_of(model));
        Ok(self.after_change(
            updated,
            &request.planned,
            remaining,
            &call.private,
            call.diagnostics,
        ))
    }

    /// The state after a create or update: the returned state, or after a failure the partial state, without unknown
    /// values.
    fn after_change(
        &self,
        result: Result<Result<R::Model, Diagnostics>, Diagnostic>,
        planned: &Value,
        remaining: Result<Value, Diagnostic>,
        private: &Private,
        mut diagnostics: Diagnostics,
    ) -> StateResponse {
        let result = flatten(result).and_then(|model| self.state_of(&model).map_err(Into::into));
        let state = match result {
            Ok(state) => apply::check_consistency(planned, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                let remaining = remaining.unwrap_or_else(|error| {
                    diagnostics.push(error);
                    Value::Null
                });
                // An unknown value in a partial state is a consequence of the failure, not another error.
                apply::check_consistency(&Value::Unknown, remaining, &mut Diagnostics::new())
            }
        };
        StateResponse {
            state,
            private: private.to_bytes(),
            identity: None,
            diagnostics,
        }
    }

    async fn delete(&self, provider: &R::Data, request: ApplyRequest) -> StateResponse {
        let state = match self.model_of(provider, request.prior.clone()) {
            Ok(state) => state,
            Err(error) => {
                return StateResponse::failed(request.prior, request.private, Diagnostic::from(error));
            }
        };
        let private = Private::from_bytes(&request.private);
        let mut call: DeleteCall<'_, R> = DeleteCall {
            provider,
            state,
            private,
            diagnostics: Diagnostics::new(),
        };
        let deleted = catch_panic(self.inner.delete(&mut call)).await;
        let mut diagnostics = call.diagnostics;
        match deleted {
            Ok(Ok(())) => {
                return StateResponse {
                    diagnostics,
                    ..StateResponse::default()
                };
            }
            Ok(Err(errors)) => diagnostics.append(errors),
            Err(panic) => diagnostics.push(panic),
        }
        StateResponse {
            state: request.prior,
            private: call.private.to_bytes(),
            identity: None,
            diagnostics,
        }
    }
}

#[async_trait]
impl<R: Resource> AnyResource<R::Data> for Erased<R> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema()
    }

    fn validate(&self, config: Value, client: ClientCapabilities) -> Diagnostics {
        validate_config(self.schema(), config, client, |config, diagnostics| {
            self.inner.validate(config, diagnostics);
        })
    }

    async fn plan(&self, provider: &R::Data, request: PlanRequest) -> PlanResponse {
        if request.proposed.is_null() {
            return self.plan_delete(provider, request).await;
        }
        match self.plan_change(provider, &request).await {
            Ok(response) => response,
            Err(errors) => PlanResponse::failed(request, errors),
        }
    }

    async fn apply(&self, provider: &R::Data, request: ApplyRequest) -> StateResponse {
        if request.planned.is_null() {
            return self.delete(provider, request).await;
        }
        let (prior, private) = (request.prior.clone(), request.private.clone());
        let changed = if prior.is_null() {
            self.create(provider, request).await
        } else {
            self.update(provider, request).await
        };
        changed.unwrap_or_else(|errors| StateResponse::failed(prior, private, errors))
    }

    async fn rollback_create(&self, provider: &R::Data, state: Value) {
        // The panic hook logs a panic. The host has ended, so a diagnostic has no receiver.
        if let Ok(state) = from_value::<R::Model>(state) {
            let _ = catch_panic(self.inner.rollback_create(provider, &state)).await;
        }
    }

    async fn read(&self, provider: &R::Data, request: ReadRequest) -> StateResponse {
        let ReadRequest { state, private, .. } = request;
        if state.is_null() {
            return StateResponse::default();
        }
        let model = match self.model_of(provider, state.clone()) {
            Ok(model) => model,
            Err(error) => return StateResponse::failed(state, private, Diagnostic::from(error)),
        };
        let mut call: ReadCall<'_, R> = ReadCall {
            provider,
            state: model,
            private: Private::from_bytes(&private),
            diagnostics: Diagnostics::new(),
        };
        let read = flatten(catch_panic(self.inner.read(&mut call)).await);
        let deleted = matches!(read, Ok(None));
        let after = if deleted || read.is_err() {
            private
        } else {
            call.private.to_bytes()
        };
        let read = read.and_then(|read| match read {
            Some(model) => self.state_of(&model).map_err(Into::into),
            None => Ok(Value::Null),
        });
        respond(read, state, after, call.diagnostics)
    }

    async fn import(&self, provider: &R::Data, target: ImportTarget<Value>) -> StateResponse {
        let target = match target {
            ImportTarget::Id(id) => Ok(ImportTarget::Id(id)),
            ImportTarget::Identity(identity) => identity
                .shaped(self.schema().object_type())
                .map_err(Into::into)
                .and_then(from_value)
                .map(ImportTarget::Identity),
        };
        let target = match target {
            Ok(target) => target,
            Err(error) => return StateResponse::failed(Value::Null, Vec::new(), Diagnostic::from(error)),
        };
        let (private, diagnostics) = (Private::default(), Diagnostics::new());
        let mut call: ImportCall<'_, R> = ImportCall {
            provider,
            target,
            private,
            diagnostics,
        };
        let imported = flatten(catch_panic(self.inner.import(&mut call)).await);
        let imported = imported.and_then(|model| self.state_of(&model).map_err(Into::into));
        respond(imported, Value::Null, call.private.to_bytes(), call.diagnostics)
    }

    fn upgrade(&self, provider: Option<&R::Data>, version: i64, state: Json) -> StateResponse {
        let current = self.schema().state_version();
        if version > current {
            return StateResponse::failed(
                Value::Null,
                Vec::new(),
                Diagnostic::error(
                    "State was written by a newer version of the provider",
                    format!(
                        "The state of this {} has version {version}; this version of the provider supports \
                         versions up to {current}. Use the version of the provider that wrote the state, or a later one.",
                        self.type_name()
                    ),
                ),
            );
        }
        let upgraded = if version < current {
            self.inner.upgrade_state(version, state)
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
                if let Some(provider) = provider {
                    // The call that uses the state reports a state that does not fit the model.
                    let _ = self.model_of(provider, state.clone());
                }
                StateResponse {
                    state,
                    ..StateResponse::default()
                }
            }
            Err(errors) => StateResponse::failed(Value::Null, Vec::new(), errors),
        }
    }

    fn generate_config(&self, state: Value) -> ConfigResponse {
        if state.is_null() {
            return ConfigResponse::default();
        }
        let result = from_value::<R::Model>(state)
            .map_err(Diagnostic::from)
            .and_then(|model| catch_panic_sync(|| self.inner.generate_config(model)))
            .and_then(|model| self.state_of(&model));
        match result {
            Ok(state) => ConfigResponse {
                config: generate::config_of(self.schema(), &state),
                diagnostics: Diagnostics::new(),
            },
            Err(error) => ConfigResponse {
                config: Value::Null,
                diagnostics: error.into(),
            },
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        self.inner.moves_from()
    }

    fn move_state(&self, source: &MoveSource) -> Option<StateResponse> {
        let moved = self.inner.move_state(source)?;
        let moved = moved.and_then(|model| self.state_of(&model).map_err(Into::into));
        Some(respond(moved, Value::Null, Vec::new(), Diagnostics::new()))
    }
}
