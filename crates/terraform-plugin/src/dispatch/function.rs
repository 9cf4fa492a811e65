//! Functions.

use std::sync::OnceLock;

use crate::engine::panics::catch_panic_sync;
use crate::function::{Arguments, Function, FunctionDefinition, FunctionError};
use crate::value::Value;

/// A function of a server. It requires no configuration.
pub struct ServedFunction {
    function: Box<dyn Function>,
    definition: OnceLock<FunctionDefinition>,
}

impl ServedFunction {
    pub(crate) fn new(function: impl Function) -> Self {
        Self {
            function: Box::new(function),
            definition: OnceLock::new(),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.function.name()
    }

    /// The definition, created on first use.
    #[must_use]
    pub fn definition(&self) -> &FunctionDefinition {
        self.definition.get_or_init(|| self.function.definition())
    }

    /// Calls the function. The result is unknown if an argument is unknown and the parameter does not accept that. Hosts
    /// check known values at the top level only, so nested unknown values arrive here.
    ///
    /// # Errors
    /// [`FunctionError`] if the arguments have no result.
    pub fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let (definition, count) = (self.definition(), arguments.len());
        check_count(definition, count)?;
        let mut unknown = false;
        for (index, value) in arguments.iter().enumerate() {
            let Some(parameter) = definition.parameter_at(index) else {
                continue;
            };
            if value.is_null() && !parameter.allow_null {
                let text = format!("The argument \"{}\" must not be null.", parameter.name);
                return Err(FunctionError::argument(index, text));
            }
            unknown |= !parameter.allow_unknown && !value.is_wholly_known();
        }
        if unknown {
            return Ok(Value::Unknown);
        }
        let result = catch_panic_sync(|| self.function.call(Arguments::new(arguments)))
            .map_err(|panic| FunctionError::new(format!("{}. {}", panic.summary, panic.detail)))?;
        let result = result.map_err(|error| FunctionError {
            argument: error
                .argument
                .filter(|_| count > 0)
                .map(|index| index.min(count - 1)),
            ..error
        })?;
        result.shaped(&definition.result).map_err(|error| {
            FunctionError::new(format!(
                "The function returned a value of the wrong type ({error}). This is a bug in the provider: please \
                 report it."
            ))
        })
    }
}

fn check_count(definition: &FunctionDefinition, count: usize) -> Result<(), FunctionError> {
    let expected = definition.parameters.len();
    let variadic = definition.variadic.is_some();
    if count == expected || (variadic && count > expected) {
        return Ok(());
    }
    let at_least = if variadic { "at least " } else { "" };
    Err(FunctionError::new(format!(
        "The function takes {at_least}{expected} arguments, and the call has {count}."
    )))
}
