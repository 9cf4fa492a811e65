//! The calls of the protocol in terms of values: from the host's values to the models of a provider, and back.
//!
//! What a provider serves is here behind trait objects, one for each kind. The functions of a trait object that a host
//! calls hide sensitive values, require a configured provider and complete the identity; the trait's own functions
//! convert between values and models, and apply the rules of `engine`.

mod action;
mod data_source;
mod function;
mod list_resource;
mod resource;

use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

pub(crate) use self::action::AnyAction;
pub use self::action::DynAction;
pub(crate) use self::data_source::AnyDataSource;
pub use self::data_source::DynDataSource;
pub use self::function::ServedFunction;
pub(crate) use self::list_resource::AnyListResource;
pub use self::list_resource::ListResourceHandle;
pub use self::resource::DynResource;
pub(crate) use self::resource::{AnyResource, ErasedResource};
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::engine::request::PlanRequest;
use crate::engine::validate::{ClientCapabilities, validate};
use crate::model::{Model, from_value};
use crate::resource::ValidateCall;
use crate::schema::Schema;
use crate::secrets::without_sensitive;
use crate::value::Value;

/// How many runs of the command line tool one process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServeMode {
    /// One run: Terraform starts the provider. An interruption lasts until the process ends.
    Managed,
    /// Any number of runs: debug mode. Each configuration ends an interruption.
    Debug,
}

/// A phase of an operation of the host, such as `terraform apply`.
///
/// A host refreshes before it applies, so a refresh after an apply begins the next operation. Most hosts configure the
/// provider for each operation. `terraform test` of Terraform 1.15 configures it once for all of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The host refreshes and plans. The phase lasts until the first apply.
    Plan,
    /// The host applies. It plans each change again first. The phase lasts until the next refresh.
    Apply,
}

/// What the calls of a process share: the configured provider and the interruption.
pub struct Run<D> {
    mode: ServeMode,
    on_phase: OnPhase<D>,
    state: Mutex<State<D>>,
}

/// [`Provider::on_phase`](crate::Provider::on_phase).
type OnPhase<D> = Box<dyn Fn(&D, Phase) + Send + Sync>;

struct State<D> {
    data: Option<Arc<D>>,
    phase: Phase,
    /// Whether the host has refreshed a resource with this configuration.
    refreshed: bool,
    stop: CancellationToken,
}

/// A configured provider, for one call.
pub struct Configured<D> {
    pub(crate) data: Arc<D>,
    pub(crate) stop: CancellationToken,
}

impl<D: Send + Sync + 'static> Run<D> {
    pub(crate) fn new(mode: ServeMode, on_phase: impl Fn(&D, Phase) + Send + Sync + 'static) -> Self {
        Self {
            mode,
            on_phase: Box::new(on_phase),
            state: Mutex::new(State {
                data: None,
                phase: Phase::Plan,
                refreshed: false,
                stop: CancellationToken::new(),
            }),
        }
    }

    /// Begins a configuration. Returns the interruption of the run that follows.
    pub(crate) fn begin(&self) -> CancellationToken {
        let mut state = self.state();
        if self.mode == ServeMode::Debug {
            state.stop = CancellationToken::new();
        }
        state.stop.clone()
    }

    pub(crate) fn configured(&self, data: D) {
        let mut state = self.state();
        state.data = Some(Arc::new(data));
        state.phase = Phase::Plan;
        state.refreshed = false;
    }

    pub(crate) fn data(&self) -> Option<Arc<D>> {
        self.state().data.clone()
    }

    pub(crate) fn stop(&self) -> CancellationToken {
        self.state().stop.clone()
    }

    /// Records the phase to which a call belongs.
    fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.refreshed |= phase == Phase::Plan;
        if state.phase != phase
            && let Some(data) = &state.data
        {
            // Holds the lock: no other call of the phase may come first.
            (self.on_phase)(data, phase);
            state.phase = phase;
        }
    }

    /// Whether the host has already shown the messages of this plan: it plans each change again during apply.
    ///
    /// Terraform 1.16 says so. Other hosts configure the provider again for the apply and refresh nothing there, which
    /// identifies the plan of an update. The plan of a creation looks the same in both.
    fn plans_again(&self, request: &PlanRequest) -> bool {
        let state = self.state();
        let is_update = !request.prior.is_null();
        !request.config.is_null() && (!request.planned_private.is_empty() || (is_update && !state.refreshed))
    }

    /// The configured provider, or the error without one.
    fn require(&self) -> Result<Configured<D>, Diagnostic> {
        let state = self.state();
        let data = state.data.clone().ok_or_else(|| {
            Diagnostic::error(
                "Provider is not configured",
                "This operation requires a configured provider. Fix the errors in the provider block first.",
            )
        })?;
        let stop = state.stop.child_token();
        Ok(Configured { data, stop })
    }

    fn state(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a provider serves under a type name.
pub struct Served<D> {
    type_name: &'static str,
    schema: LazyLock<Schema>,
    run: Arc<Run<D>>,
}

impl<D> Served<D> {
    /// The type name.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// The schema, created on first use.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

/// An implementation of one of the provider traits.
pub(crate) struct Erased<T, D> {
    served: Served<D>,
    inner: T,
}

impl<T, D> Erased<T, D> {
    pub(crate) fn new(run: Arc<Run<D>>, type_name: &'static str, schema: fn() -> Schema, inner: T) -> Self {
        let schema = LazyLock::new(schema);
        Self {
            served: Served {
                type_name,
                schema,
                run,
            },
            inner,
        }
    }
}

impl<T, D> Deref for Erased<T, D> {
    type Target = Served<D>;

    fn deref(&self) -> &Served<D> {
        &self.served
    }
}

/// The diagnostics of one severity. A host validates several times in a command, so a validation returns errors only, and
/// the call that uses the configuration reports the warnings.
fn only(severity: Severity, diagnostics: Diagnostics) -> Diagnostics {
    diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .collect()
}

/// Validates a configuration against its schema, then against the rules of the provider. These run only if the
/// configuration fits the model; otherwise the schema has already reported the reason.
pub(crate) fn validate_config<M: Model>(
    schema: &Schema,
    config: &Value,
    client: ClientCapabilities,
    rules: impl FnOnce(&mut ValidateCall<M>) -> Result<(), Diagnostics>,
) -> Diagnostics {
    let mut diagnostics = validate(schema, config, client);
    match from_value::<M>(config) {
        Ok(config) => {
            let mut call = ValidateCall {
                config,
                diagnostics: Diagnostics::new(),
            };
            let result = rules(&mut call);
            diagnostics.append(call.diagnostics);
            diagnostics.append(result.err().unwrap_or_default());
        }
        Err(error) if !diagnostics.has_errors() => diagnostics.push(error.into()),
        Err(_) => {}
    }
    diagnostics
}

/// The capabilities for configurations that are never stored, such as those of actions. Hosts send none with them.
const STORES_NOTHING: ClientCapabilities = ClientCapabilities {
    write_only_attributes: true,
};

/// The messages of a call for the host: without sensitive values, and on paths that exist.
pub(crate) fn clean(schema: &Schema, mut diagnostics: Diagnostics) -> Diagnostics {
    diagnostics.rewrite(without_sensitive);
    let placed = diagnostics.into_iter().map(|diagnostic| Diagnostic {
        path: diagnostic.path.map(|path| schema.existing(path)),
        ..diagnostic
    });
    placed.collect()
}

/// A configuration, or an object of null arguments if the block is absent.
fn or_nulls(schema: &Schema, config: Value) -> Value {
    if config.is_null() {
        Value::object(schema.attributes().iter().map(|a| (a.name, Value::Null)))
    } else {
        config
    }
}
