//! The trait of a provider function.

use crate::model::AttributeType;
use crate::schema::{has_dynamic_element, is_identifier};
use crate::value::Value;
use crate::value::types::Type;

/// A function that a configuration calls as `provider::<name>::<function>(...)`, with Terraform 1.8 and OpenTofu 1.7
/// or later.
///
/// A function must be pure: the same arguments always give the same result. It has no access to the provider's
/// configuration, and must not use the clock, the network, the environment or random numbers.
pub trait Function: Send + Sync + 'static {
    /// The name of the function, for instance `parse_id`.
    fn name(&self) -> &'static str;

    /// The signature and the documentation of the function.
    fn definition(&self) -> FunctionDefinition;

    /// Computes the result, a value of the type that the definition specifies.
    ///
    /// # Errors
    /// [`FunctionError`] if the arguments have no result. The text must not contain an argument, which may be a secret.
    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError>;
}

/// The signature and the documentation of a function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FunctionDefinition {
    /// One line that describes the result.
    pub summary: &'static str,
    /// Markdown that describes the function.
    pub description: &'static str,
    /// The positional parameters in their order.
    pub parameters: Vec<Parameter>,
    /// The parameter of all arguments after the positional ones.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub result: Type,
}

impl FunctionDefinition {
    /// A function without parameters. `summary` is one line, `description` is Markdown.
    #[must_use]
    pub fn new(summary: &'static str, description: &'static str, result: Type) -> Self {
        Self {
            summary,
            description,
            parameters: Vec::new(),
            variadic: None,
            result,
        }
    }

    /// Adds a parameter after the existing ones.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Sets the parameter for zero or more further arguments.
    #[must_use]
    pub fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    /// The parameter of the argument at this zero-based position.
    pub(crate) fn parameter_at(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    /// Returns the errors in the definition of the function with this name. A host refuses a provider with an invalid
    /// or duplicate name.
    pub(crate) fn validate_implementation(&self, name: &str) -> Vec<String> {
        let mut errors = Vec::new();
        if !is_identifier(name) {
            errors.push("not a valid name".to_owned());
        }
        if self.summary.is_empty() || self.description.is_empty() {
            errors.push("no summary or no description".to_owned());
        }
        let mut names = Vec::new();
        for parameter in self.parameters.iter().chain(&self.variadic) {
            let mut error = |text: &str| errors.push(format!("{}: {text}", parameter.name));
            if !is_identifier(parameter.name) {
                error("not a valid name");
            }
            if names.contains(&parameter.name) {
                error("declared twice");
            }
            if parameter.description.is_empty() {
                error("no description");
            }
            if has_dynamic_element(&parameter.ty) {
                error("a collection with elements of the type dynamic");
            }
            names.push(parameter.name);
        }
        if has_dynamic_element(&self.result) {
            errors.push("the result is a collection with elements of the type dynamic".to_owned());
        }
        errors
    }
}

/// A parameter of a function. Without further settings, the function is not called with null or unknown arguments.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Parameter {
    /// The name, used in documentation and messages.
    pub name: &'static str,
    /// The type of the argument.
    pub ty: Type,
    /// Markdown that describes the argument.
    pub description: &'static str,
    /// Whether the function takes null.
    pub allow_null: bool,
    /// Whether the function takes unknown values.
    pub allow_unknown: bool,
}

impl Parameter {
    /// A parameter that takes known values only. The description is Markdown.
    #[must_use]
    pub fn new(name: &'static str, ty: Type, description: &'static str) -> Self {
        Self {
            name,
            ty,
            description,
            allow_null: false,
            allow_unknown: false,
        }
    }

    /// Calls the function with a null argument too.
    #[must_use]
    pub fn allow_null(mut self) -> Self {
        self.allow_null = true;
        self
    }

    /// Calls the function with an argument that is unknown, as a whole or in part. Without this setting, the result of
    /// such a call is unknown.
    #[must_use]
    pub fn allow_unknown(mut self) -> Self {
        self.allow_unknown = true;
        self
    }
}

/// The arguments of a call, variadic ones included, in the order of the call.
#[derive(Debug, Clone)]
pub struct Arguments(Vec<Value>);

impl Arguments {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The number of arguments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no arguments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The argument at this zero-based position. A position without an argument is null.
    #[must_use]
    pub fn value(&self, index: usize) -> &Value {
        static NULL: Value = Value::Null;
        self.0.get(index).unwrap_or(&NULL)
    }

    /// Reads the argument at this zero-based position.
    ///
    /// # Errors
    /// [`FunctionError`] on the argument if its value does not fit `T`. The text does not contain the value.
    pub fn get<T: AttributeType>(&self, index: usize) -> Result<T, FunctionError> {
        T::from_value(self.value(index)).map_err(|error| FunctionError::argument(index, error.to_string()))
    }
}

/// The reason why a call of a function has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// The reason and the remedy, without the value of an argument.
    pub text: String,
    /// The zero-based position of the argument that caused the error.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error that does not concern a single argument.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            argument: None,
        }
    }

    /// An error that the argument at this zero-based position causes.
    pub fn argument(index: usize, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            argument: Some(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attr;

    #[test]
    fn validate_implementation_invalid_names_reports_each() {
        let parameter = |name| Parameter::new(name, Type::String, "A text.");
        let definition = FunctionDefinition::new("Joins.", "Joins texts.", Type::String)
            .parameter(parameter("left"))
            .variadic(parameter("left"));
        assert_eq!(
            definition.validate_implementation("join"),
            ["left: declared twice"]
        );
        let definition = FunctionDefinition::new("", "", Type::list(Type::Dynamic))
            .parameter(Parameter::new("Left", Type::map(Type::Dynamic), ""));
        assert_eq!(
            definition.validate_implementation("2join"),
            [
                "not a valid name",
                "no summary or no description",
                "Left: not a valid name",
                "Left: no description",
                "Left: a collection with elements of the type dynamic",
                "the result is a collection with elements of the type dynamic",
            ]
        );
    }

    #[test]
    fn arguments_value_of_other_type_returns_error_without_value() {
        let arguments = Arguments::new(vec!["s3cret".into()]);
        assert_eq!(arguments.get::<String>(0).as_deref(), Ok("s3cret"));
        let error = arguments.get::<bool>(0).unwrap_err();
        assert_eq!(error.argument, Some(0));
        assert!(!error.text.contains("s3cret"), "{error}");
        assert_eq!(arguments.get::<Attr<String>>(1), Ok(Attr::Null));
    }
}
