//! Resources and data sources of any model, behind one interface of values.
//!
//! This is where the typed world meets the protocol's: every rule about what a call must answer,
//! whatever the resource does, is kept here.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::data_source::{DataCall, DataSource};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::json::{Reading, from_json};
use super::panics::caught;
use super::path::Path;
use super::private::Private;
use super::resource::{
    CreateCall, DeleteCall, ImportCall, MoveSource, PlanCall, ReadCall, Resource, UpdateCall,
};
use super::schema::Schema;
use super::typed::{from_value, to_value};
use super::validate::{ClientCapabilities, validate};
use super::value::Value;
use super::{apply, plan};

/// A change to plan.
pub struct PlanRequest {
    /// The state before; null for a creation.
    pub prior: Value,
    /// The state that Terraform proposes; null for a removal.
    pub proposed: Value,
    /// What the user wrote; null for a removal.
    pub config: Value,
    /// What the resource remembers beside its state, as stored.
    pub private: Vec<u8>,
}

/// A planned change.
pub struct PlanResponse {
    /// The state that the change will make, unknown where only the change tells.
    pub planned: Value,
    /// What the resource remembers, for the change.
    pub private: Vec<u8>,
    /// The attributes whose change needs another object.
    pub replaces: Vec<Path>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A change to carry out.
pub struct ApplyRequest {
    /// The state before; null for a creation.
    pub prior: Value,
    /// The planned state; null for a removal.
    pub planned: Value,
    /// What the user wrote; null for a removal.
    pub config: Value,
    /// What the resource remembers, as planned.
    pub private: Vec<u8>,
}

/// A state with what belongs to it: the answer to a change, a refresh, an import or a move.
pub struct StateResponse {
    /// The state; null if the object is gone or never came to be.
    pub state: Value,
    /// What the resource remembers beside its state.
    pub private: Vec<u8>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A resource of any model.
#[async_trait]
pub trait AnyResource<D>: Send + Sync {
    /// The whole type name.
    fn type_name(&self) -> &'static str;
    /// The attributes, made on first use.
    fn schema(&self) -> &Schema;
    /// Checks a configuration.
    fn validate(&self, config: Value, host: ClientCapabilities) -> Diagnostics;
    /// Plans a change.
    async fn plan(&self, provider: &D, request: PlanRequest) -> PlanResponse;
    /// Carries a change out.
    async fn apply(&self, provider: &D, request: ApplyRequest) -> StateResponse;
    /// Refreshes a state.
    async fn read(&self, provider: &D, state: Value, private: Vec<u8>) -> StateResponse;
    /// Takes an existing object into the state.
    async fn import(&self, provider: &D, id: String) -> StateResponse;
    /// Brings a stored state into the shape of the schema.
    fn upgrade(&self, version: i64, state: Json) -> StateResponse;
    /// The resource types whose states can be taken over.
    fn moves_from(&self) -> &'static [&'static str];
    /// Takes over the state of another resource type, if it is one that can be.
    fn move_state(&self, source: &MoveSource) -> Option<StateResponse>;
}

/// A data source of any model.
#[async_trait]
pub trait AnyDataSource<D>: Send + Sync {
    /// The whole type name.
    fn type_name(&self) -> &'static str;
    /// The attributes, made on first use.
    fn schema(&self) -> &Schema;
    /// Checks a configuration.
    fn validate(&self, config: Value) -> Diagnostics;
    /// Looks it up.
    async fn read(&self, provider: &D, config: Value) -> StateResponse;
}

/// A resource or data source with its schema.
pub struct Erased<T> {
    inner: T,
    schema: OnceLock<Schema>,
}

impl<T> Erased<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            schema: OnceLock::new(),
        }
    }
}

fn failed(state: Value, private: Vec<u8>, error: impl Into<Diagnostics>) -> StateResponse {
    StateResponse {
        state,
        private,
        diagnostics: error.into(),
    }
}

/// The rules over several attributes come after the schema's, and see the model only if there is
/// one: an attribute that does not even fit has had its complaint by then.
fn validated<M: serde::de::DeserializeOwned>(
    schema: &Schema,
    config: Value,
    host: ClientCapabilities,
    rules: impl FnOnce(&M, &mut Diagnostics),
) -> Diagnostics {
    let mut diagnostics = validate(schema, &config, host);
    match from_value::<M>(config) {
        Ok(config) => rules(&config, &mut diagnostics),
        Err(error) if !diagnostics.has_errors() => diagnostics.push(error.into()),
        Err(_) => {}
    }
    diagnostics
}

impl<R: Resource> Erased<R> {
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
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
                Some(from_value(prior).map_err(Diagnostic::from)?)
            },
            planned: from_value(proposed).map_err(Diagnostic::from)?,
            private: Private::from_bytes(&request.private),
            decided: Vec::new(),
            replaces: Vec::new(),
            diagnostics: Diagnostics::new(),
        };
        caught(self.inner.plan(&mut call)).await?;
        let planned = self.state_of(&call.planned)?;
        let planned = plan::touch(schema, &request.prior, planned, &request.config, &call.decided);
        let mut replaces = plan::replacements(schema, &request.prior, &planned);
        call.replaces.retain(|path| !replaces.contains(path));
        replaces.append(&mut call.replaces);
        call.diagnostics
            .append(plan::check(schema, &planned, &request.config));
        Ok(PlanResponse {
            planned,
            private: call.private.to_bytes(),
            replaces,
            diagnostics: call.diagnostics,
        })
    }

    async fn create(&self, provider: &R::Data, request: ApplyRequest) -> Result<StateResponse, Diagnostics> {
        let mut call: CreateCall<'_, R> = CreateCall {
            provider,
            config: from_value(request.config).map_err(Diagnostic::from)?,
            planned: from_value(request.planned.clone()).map_err(Diagnostic::from)?,
            exists: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let created = caught(self.inner.create(&mut call)).await;
        let left = call
            .exists
            .as_ref()
            .map_or(Ok(Value::Null), |model| self.state_of(model));
        Ok(self.after_change(created, &request.planned, left, &call.private, call.diagnostics))
    }

    async fn update(&self, provider: &R::Data, request: ApplyRequest) -> Result<StateResponse, Diagnostics> {
        let mut call: UpdateCall<'_, R> = UpdateCall {
            provider,
            config: from_value(request.config).map_err(Diagnostic::from)?,
            prior: from_value(request.prior.clone()).map_err(Diagnostic::from)?,
            planned: from_value(request.planned.clone()).map_err(Diagnostic::from)?,
            exists: None,
            private: Private::from_bytes(&request.private),
            diagnostics: Diagnostics::new(),
        };
        let updated = caught(self.inner.update(&mut call)).await;
        let left = call
            .exists
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
        let answer = match answer {
            Ok(Ok(model)) => self.state_of(&model).map_err(Diagnostics::from),
            Ok(Err(errors)) => Err(errors),
            Err(panic) => Err(panic.into()),
        };
        let state = match answer {
            Ok(state) => apply::settle(planned, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                let left = left.unwrap_or_else(|error| {
                    diagnostics.push(error);
                    Value::Null
                });
                // What was never told is no fault of its own here: the failure is what counts.
                apply::settle(&Value::Unknown, left, &mut Diagnostics::new())
            }
        };
        StateResponse {
            state,
            private: private.to_bytes(),
            diagnostics,
        }
    }

    async fn delete(&self, provider: &R::Data, request: ApplyRequest) -> StateResponse {
        let state = match from_value(request.prior.clone()) {
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
        let deleted = caught(self.inner.delete(&mut call)).await;
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
                replaces: Vec::new(),
                diagnostics: Diagnostics::new(),
            };
        }
        self.planned(provider, &request)
            .await
            .unwrap_or_else(|diagnostics| PlanResponse {
                planned: request.prior,
                private: request.private,
                replaces: Vec::new(),
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

    async fn read(&self, provider: &R::Data, state: Value, private: Vec<u8>) -> StateResponse {
        let model = match from_value(state.clone()) {
            Ok(model) => model,
            Err(error) => return failed(state, private, Diagnostic::from(error)),
        };
        let mut call: ReadCall<'_, R> = ReadCall {
            provider,
            state: model,
            private: Private::from_bytes(&private),
            diagnostics: Diagnostics::new(),
        };
        let read = caught(self.inner.read(&mut call)).await;
        let mut diagnostics = call.diagnostics;
        let read = match read {
            Ok(Ok(Some(model))) => self.state_of(&model).map_err(Diagnostics::from),
            Ok(Ok(None)) => {
                return StateResponse {
                    state: Value::Null,
                    private: Vec::new(),
                    diagnostics,
                };
            }
            Ok(Err(errors)) => Err(errors),
            Err(panic) => Err(panic.into()),
        };
        match read {
            // Nothing is planned here, so nothing but the unknown can be wrong.
            Ok(new) => {
                let state = apply::settle(&Value::Unknown, new, &mut diagnostics);
                StateResponse {
                    state,
                    private: call.private.to_bytes(),
                    diagnostics,
                }
            }
            Err(errors) => {
                diagnostics.append(errors);
                StateResponse {
                    state,
                    private,
                    diagnostics,
                }
            }
        }
    }

    async fn import(&self, provider: &R::Data, id: String) -> StateResponse {
        let mut call: ImportCall<'_, R> = ImportCall {
            provider,
            id,
            private: Private::default(),
            diagnostics: Diagnostics::new(),
        };
        let imported = caught(self.inner.import(&mut call)).await;
        let mut diagnostics = call.diagnostics;
        let imported = match imported {
            Ok(Ok(model)) => self.state_of(&model).map_err(Diagnostics::from),
            Ok(Err(errors)) => Err(errors),
            Err(panic) => Err(panic.into()),
        };
        let state = match imported {
            Ok(state) => apply::settle(&Value::Unknown, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                Value::Null
            }
        };
        StateResponse {
            state,
            private: call.private.to_bytes(),
            diagnostics,
        }
    }

    fn upgrade(&self, version: i64, state: Json) -> StateResponse {
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
            from_json(&state, self.schema().object_type(), Reading::Lenient).map_err(|error| {
                let detail = format!("The stored state can't be used: {}.", error.reason);
                Diagnostic::error("Invalid state", detail).at(error.path).into()
            })
        });
        match read {
            Ok(state) => StateResponse {
                state: apply::without_write_only(self.schema(), state),
                private: Vec::new(),
                diagnostics: Diagnostics::new(),
            },
            Err(errors) => failed(Value::Null, Vec::new(), errors),
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        self.inner.moves_from()
    }

    fn move_state(&self, source: &MoveSource) -> Option<StateResponse> {
        let moved = self.inner.move_state(source)?;
        let moved = moved.and_then(|model| self.state_of(&model).map_err(Diagnostics::from));
        Some(match moved {
            Ok(state) => {
                let mut diagnostics = Diagnostics::new();
                let state = apply::settle(&Value::Unknown, state, &mut diagnostics);
                StateResponse {
                    state,
                    private: Vec::new(),
                    diagnostics,
                }
            }
            Err(errors) => failed(Value::Null, Vec::new(), errors),
        })
    }
}

#[async_trait]
impl<S: DataSource> AnyDataSource<S::Data> for Erased<S> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
    }

    fn validate(&self, config: Value) -> Diagnostics {
        validated(
            AnyDataSource::schema(self),
            config,
            ClientCapabilities::default(),
            |model, found| {
                self.inner.validate(model, found);
            },
        )
    }

    async fn read(&self, provider: &S::Data, config: Value) -> StateResponse {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return failed(Value::Null, Vec::new(), Diagnostic::from(error)),
        };
        let mut call: DataCall<'_, S> = DataCall {
            provider,
            config,
            diagnostics: Diagnostics::new(),
        };
        let read = caught(self.inner.read(&mut call)).await;
        let mut diagnostics = call.diagnostics;
        let of = AnyDataSource::schema(self).object_type();
        let read = match read {
            Ok(Ok(model)) => to_value(&model, of).map_err(|e| Diagnostic::from(e).into()),
            Ok(Err(errors)) => Err(errors),
            Err(panic) => Err(panic.into()),
        };
        let state = match read {
            Ok(state) => apply::settle(&Value::Unknown, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                Value::Null
            }
        };
        StateResponse {
            state,
            private: Vec::new(),
            diagnostics,
        }
    }
}
