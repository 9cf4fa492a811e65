//! Calls of functions.

use crate::protocol::*;
use crate::tests::toy::Toy;
use crate::*;

/// Joins the variadic texts with a separator. Some separators make it fail.
pub(crate) struct Join;

impl Function for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn definition(&self) -> FunctionDefinition {
        FunctionDefinition::new("Joins texts.", "Joins texts with a separator.", Type::String)
            .parameter(Parameter::new("separator", Type::String, "The separator."))
            .variadic(Parameter::new("texts", Type::String, "The texts.").allow_null())
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let separator: String = arguments.get(0)?;
        match separator.as_str() {
            "panic" => panic!("a literal message"),
            "fail" => return Err(FunctionError::argument(9, "Not this separator.")),
            "wrong type" => return Ok(true.into()),
            _ => {}
        }
        let texts = (1..arguments.len()).map(|index| arguments.get::<Attr<String>>(index));
        let texts: Vec<Attr<String>> = texts.collect::<Result<_, _>>()?;
        let texts: Vec<String> = texts.into_iter().filter_map(Attr::into_known).collect();
        Ok(texts.join(&separator).as_str().into())
    }
}

/// Returns whether its argument is wholly known.
pub(crate) struct Known;

impl Function for Known {
    fn name(&self) -> &'static str {
        "known"
    }

    fn definition(&self) -> FunctionDefinition {
        FunctionDefinition::new("Known.", "Returns whether a value is known.", Type::Bool)
            .parameter(Parameter::new("texts", Type::list(Type::String), "Texts.").allow_unknown())
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        Ok(arguments.value(0).is_wholly_known().into())
    }
}

/// Calls a function of a server that is not configured.
fn call(name: &str, arguments: Vec<Value>) -> Result<Value, FunctionError> {
    Server::new(Toy, ServeMode::Managed)
        .function(name)
        .unwrap()
        .call(arguments)
}

fn join<const N: usize>(arguments: [&str; N]) -> Result<Value, FunctionError> {
    call("join", arguments.map(Value::from).to_vec())
}

#[test]
fn function_known_arguments_returns_result() {
    assert_eq!(join(["-", "a", "b"]), Ok("a-b".into()));
    assert_eq!(join(["-"]), Ok("".into()));
}

#[test]
fn function_unknown_argument_returns_unknown() {
    assert_eq!(call("join", vec!["-".into(), Value::Unknown]), Ok(Value::Unknown));
}

#[test]
fn function_nested_unknown_calls_only_with_allow_unknown() {
    let texts = Value::List(vec![Value::Unknown]);
    assert_eq!(call("known", vec![texts]), Ok(false.into()));
}

#[test]
fn function_null_argument_is_error_unless_allowed() {
    let error = call("join", vec![Value::Null]).unwrap_err();
    assert_eq!(error.argument, Some(0));
    assert!(error.text.contains("separator"), "{error}");
    assert_eq!(
        call("join", vec!["-".into(), Value::Null, "a".into()]),
        Ok("a".into())
    );
}

#[test]
fn function_wrong_argument_count_is_error() {
    let error = call("join", Vec::new()).unwrap_err();
    assert_eq!(
        error.text,
        "The function takes at least 1 arguments, and the call has 0."
    );
    let error = call("known", vec![Value::Null, Value::Null]).unwrap_err();
    assert_eq!(error.text, "The function takes 1 arguments, and the call has 2.");
}

#[test]
fn function_error_index_out_of_range_is_clamped() {
    assert_eq!(join(["fail"]).unwrap_err().argument, Some(0));
    assert_eq!(join(["fail", "a"]).unwrap_err().argument, Some(1));
}

#[test]
fn function_panic_is_error() {
    let error = join(["panic"]).unwrap_err();
    assert!(error.text.contains("crashed"), "{error}");
}

#[test]
fn function_result_of_wrong_type_is_error() {
    let error = join(["wrong type"]).unwrap_err();
    assert!(error.text.contains("wrong type"), "{error}");
}
