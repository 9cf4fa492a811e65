//! A resource of any model.

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{
    AnyResource, ApplyRequest, Erased, PlanRequest, PlanResponse, StateResponse, answered, failed, unplanned,
    validated,
};
use crate::engine::panics::catch_panic;
use crate::engine::validate::ClientCapabilities;
use crate::engine::{apply, plan};
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

    /// A state of the host's as a model, which the resource sees.
    fn model_of(&self, provider: &R::Data, state: Value) -> Result<R::Model, ModelError> {
        let model = from_value(state)?;
        self.inner.on_state_seen(provider, &model);
        Ok(model)
    }

    /// A model as a state: in the schema's shape, without write-only values.
    fn state_of(&self, model: &R::Model) -> Result<Value, Diagnostic> {
        let value = to_value(model, self.schema().object_type()).map_err(Diagnostic::from)?;
        Ok(apply::without_write_only(self.schema(), value))
    }

    async fn planned(&self, provider: &R::Data, request: &PlanRequest) -> Result<PlanResponse, Diagnostics> {
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
            requires_replace: replaces,
            diagnostics: call.diagnostics,
        })
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
        let left = call
            .partial_state
            .as_ref()
            .map_or(Ok(Value::Null), |model| self.state_of(model));
        Ok(self.after_change(created, &request.planned, left, &call.private, call.diagnostics))
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
        let left = call
            .partial_state
            .as_ref()
            .map_or(Ok(request.prior), |model| self.state_of(model));
        Ok(self.after_change(updated, &request.planned, left, &call.private, call.diagnostics))
    }

    /// The state after a creation or update: what the resource answered, or if it failed what is
    /// left, with nothing in it unknown.
    fn after_change(
        &self,
        answer: Result<Result<R::Model, Diagnostics>, Diagnostic>,
        planned: &Value,
        left: Result<Value, Diagnostic>,
        private: &Private,
        mut diagnostics: Diagnostics,
    ) -> StateResponse {
        let answer = answered(answer).and_then(|model| self.state_of(&model).map_err(Into::into));
        let state = match answer {
            Ok(state) => apply::check_consistency(planned, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                let left = left.unwrap_or_else(|error| {
                    diagnostics.push(error);
                    Value::Null
                });
                // What was never told is no fault of its own here: the failure is what counts.
                apply::check_consistency(&Value::Unknown, left, &mut Diagnostics::new())
            }
        };
        StateResponse {
            state,
            private: private.to_bytes(),
            diagnostics,
        }
    }

    async fn delete(&self, provider: &R::Data, request: ApplyRequest) -> StateResponse {
        let state = match self.model_of(provider, request.prior.clone()) {
            Ok(state) => state,
            Err(error) => return failed(request.prior, request.private, Diagnostic::from(error)),
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
                    state: Value::Null,
                    private: Vec::new(),
                    diagnostics,
                };
            }
            Ok(Err(errors)) => diagnostics.append(errors),
            Err(panic) => diagnostics.push(panic),
        }
        StateResponse {
            state: request.prior,
            private: call.private.to_bytes(),
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

    fn validate(&self, config: Value, host: ClientCapabilities) -> Diagnostics {
        validated(self.schema(), config, host, |model, found| {
            self.inner.validate(model, found);
        })
    }

    async fn plan(&self, provider: &R::Data, request: PlanRequest) -> PlanResponse {
        if request.proposed.is_null() {
            let (planned, private) = (Value::Null, request.private);
            return PlanResponse {
                planned,
                private,
                requires_replace: Vec::new(),
                diagnostics: Diagnostics::new(),
            };
        }
        self.planned(provider, &request)
            .await
            .unwrap_or_else(|diagnostics| PlanResponse {
                planned: request.prior,
                private: request.private,
                requires_replace: Vec::new(),
                diagnostics,
            })
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
        changed.unwrap_or_else(|errors| failed(prior, private, errors))
    }

    async fn rollback_create(&self, provider: &R::Data, state: Value) {
        // A panic has been reported by its hook, and there is nobody else to tell.
        if let Ok(state) = from_value::<R::Model>(state) {
            let _ = catch_panic(self.inner.rollback_create(provider, &state)).await;
        }
    }

    async fn read(&self, provider: &R::Data, state: Value, private: Vec<u8>) -> StateResponse {
        let model = match self.model_of(provider, state.clone()) {
            Ok(model) => model,
            Err(error) => return failed(state, private, Diagnostic::from(error)),
        };
        let mut call: ReadCall<'_, R> = ReadCall {
            provider,
            state: model,
            private: Private::from_bytes(&private),
            diagnostics: Diagnostics::new(),
        };
        let read = answered(catch_panic(self.inner.read(&mut call)).await);
        let gone = matches!(read, Ok(None));
        let after = if gone || read.is_err() {
            private
        } else {
            call.private.to_bytes()
        };
        let read = read.and_then(|found| match found {
            Some(model) => self.state_of(&model).map_err(Into::into),
            None => Ok(Value::Null),
        });
        unplanned(read, state, after, call.diagnostics)
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
            Err(error) => return failed(Value::Null, Vec::new(), Diagnostic::from(error)),
        };
        let (private, diagnostics) = (Private::default(), Diagnostics::new());
        let mut call: ImportCall<'_, R> = ImportCall {
            provider,
            target,
            private,
            diagnostics,
        };
        let imported = answered(catch_panic(self.inner.import(&mut call)).await);
        let imported = imported.and_then(|model| self.state_of(&model).map_err(Into::into));
        unplanned(imported, Value::Null, call.private.to_bytes(), call.diagnostics)
    }

    fn upgrade(&self, provider: Option<&R::Data>, version: i64, state: Json) -> StateResponse {
        let current = self.schema().state_version();
        if version > current {
            return failed(
                Value::Null,
                Vec::new(),
                Diagnostic::error(
                    "State was written by a newer version of the provider",
                    format!(
                        "The state of this {} has version {version}; this version of the provider knows up to \
                         {current}. Use the provider version that wrote it, or a later one.",
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
                let detail = format!("The stored state can't be used: {}.", error.reason);
                Diagnostic::error("Invalid state", detail).at(error.path).into()
            })
        });
        match read {
            Ok(state) => {
                let state = apply::without_write_only(self.schema(), state);
                if let Some(provider) = provider {
                    // A state that does not fit the model is reported where it is used.
                    let _ = self.model_of(provider, state.clone());
                }
                StateResponse {
                    state,
                    private: Vec::new(),
                    diagnostics: Diagnostics::new(),
                }
            }
            Err(errors) => failed(Value::Null, Vec::new(), errors),
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        self.inner.moves_from()
    }

    fn move_state(&self, source: &MoveSource) -> Option<StateResponse> {
        let moved = self.inner.move_state(source)?;
        let moved = moved.and_then(|model| self.state_of(&model).map_err(Into::into));
        Some(unplanned(moved, Value::Null, Vec::new(), Diagnostics::new()))
    }
}
