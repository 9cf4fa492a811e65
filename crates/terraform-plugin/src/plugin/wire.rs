//! The conversion of schemas, diagnostics and events to messages of the protocol.

use redact::{single_line, visible};

use crate::engine::list::ListEvent;
use crate::engine::progress::InvokeEvent;
use crate::plugin::codec::encode;
use crate::plugin::proto::tfplugin6 as tf;
use crate::{
    Attribute, Diagnostic, Diagnostics, FunctionDefinition, FunctionError, Kind, Nesting, Parameter, Path,
    Schema, Severity, Step, Type, foreign_text,
};

pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<tf::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> tf::Diagnostic {
    let Diagnostic {
        severity,
        summary,
        detail,
        path: at,
        in_every_plan: _,
    } = diagnostic;
    let severity = match severity {
        Severity::Error => tf::diagnostic::Severity::Error,
        Severity::Warning => tf::diagnostic::Severity::Warning,
    };
    // The CLI shows the line of the whole attribute.
    let detail = match &at {
        Some(path) if path.steps().len() > 1 => format!("{detail}\n\nAttribute: {path}"),
        _ => detail,
    };
    tf::Diagnostic {
        severity: severity.into(),
        summary: single_line(&summary),
        detail: visible(&detail),
        attribute: at.as_ref().filter(|path| !path.steps().is_empty()).map(path),
    }
}

pub(crate) fn path(path: &Path) -> tf::AttributePath {
    use tf::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.to_string()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        tf::attribute_path::Step {
            selector: Some(selector),
        }
    });
    tf::AttributePath {
        steps: steps.collect(),
    }
}

/// The schema of a block with its descriptions.
#[must_use]
pub fn schema(schema: &Schema) -> tf::Schema {
    tf::Schema {
        version: schema.state_version(),
        block: Some(tf::schema::Block {
            version: schema.state_version(),
            attributes: schema.attributes().iter().map(attribute).collect(),
            description: schema.description().to_owned(),
            description_kind: tf::StringKind::Markdown.into(),
            ..tf::schema::Block::default()
        }),
    }
}

/// The identity schema of a resource, if it has an identity.
pub(crate) fn identity_schema(schema: &Schema) -> Option<tf::ResourceIdentitySchema> {
    use tf::resource_identity_schema::IdentityAttribute;
    let attributes = schema.identity_attributes().map(|part| IdentityAttribute {
        name: part.name.to_owned(),
        r#type: type_bytes(&part.value_type()),
        required_for_import: part.identity == Some(true),
        optional_for_import: part.identity == Some(false),
        description: part.description.to_owned(),
    });
    let identity_attributes: Vec<_> = attributes.collect();
    (!identity_attributes.is_empty()).then_some(tf::ResourceIdentitySchema {
        version: Schema::IDENTITY_VERSION,
        identity_attributes,
    })
}

/// The definition of a function.
pub(crate) fn function(definition: &FunctionDefinition) -> tf::Function {
    tf::Function {
        parameters: definition.parameters.iter().map(parameter).collect(),
        variadic_parameter: definition.variadic.as_ref().map(parameter),
        r#return: Some(tf::function::Return {
            r#type: type_bytes(&definition.result),
        }),
        summary: definition.summary.to_owned(),
        description: definition.description.to_owned(),
        description_kind: tf::StringKind::Markdown.into(),
        ..tf::Function::default()
    }
}

fn parameter(parameter: &Parameter) -> tf::function::Parameter {
    tf::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: type_bytes(&parameter.ty),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.to_owned(),
        description_kind: tf::StringKind::Markdown.into(),
    }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

pub(crate) fn function_error(error: FunctionError) -> tf::FunctionError {
    let FunctionError { text, argument } = error;
    tf::FunctionError {
        // The CLI adds a full stop.
        text: visible(text.strip_suffix('.').unwrap_or(&text)),
        function_argument: argument.and_then(|index| i64::try_from(index).ok()),
    }
}

/// An event of a list, with the types of identity and object of the managed resource.
pub(crate) fn list_event(
    event: ListEvent,
    identity_type: &Type,
    object_type: &Type,
) -> tf::list_resource::Event {
    match event {
        ListEvent::Found {
            identity,
            display_name,
            resource,
        } => tf::list_resource::Event {
            identity: Some(tf::ResourceIdentityData {
                identity_data: Some(encode(&identity, identity_type)),
            }),
            display_name: foreign_text(&display_name),
            resource_object: resource.map(|resource| encode(&resource, object_type)),
            diagnostic: Vec::new(),
        },
        ListEvent::Diagnostics(list) => tf::list_resource::Event {
            diagnostic: diagnostics(list),
            ..<_>::default()
        },
    }
}

/// An event of an action. The host crashes on an event without a type.
pub(crate) fn invoke_event(event: InvokeEvent) -> tf::invoke_action::Event {
    use tf::invoke_action::event::{Completed, Progress, Type};
    let ty = match event {
        InvokeEvent::Progress(text) => Type::Progress(Progress {
            message: single_line(&text),
        }),
        InvokeEvent::Completed(list) => Type::Completed(Completed {
            diagnostics: diagnostics(list),
        }),
    };
    tf::invoke_action::Event { r#type: Some(ty) }
}

fn attribute(attribute: &Attribute) -> tf::schema::Attribute {
    let (r#type, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (type_bytes(ty), None),
        Kind::Nested(nesting, schema) => (Vec::new(), Some(nested(*nesting, schema))),
    };
    tf::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type,
        nested_type,
        description: attribute.description.to_owned(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: tf::StringKind::Markdown.into(),
        deprecated: attribute.deprecation.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecation.unwrap_or_default().to_owned(),
    }
}

fn nested(nesting: Nesting, schema: &Schema) -> tf::schema::Object {
    use tf::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    #[allow(deprecated)] // the item counts are obsolete
    tf::schema::Object {
        attributes: schema.attributes().iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..tf::schema::Object::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn function_error_has_no_full_stop_because_the_cli_adds_one() {
        for text in ["The line is empty", "The line is empty."] {
            assert_eq!(function_error(FunctionError::new(text)).text, "The line is empty");
        }
    }

    #[test]
    fn schema_contains_everything_declared() {
        let inner = [Attribute::number("count").computed()];
        let declared = Schema::new(
            "A *thing*.",
            [
                Attribute::string("secret")
                    .optional()
                    .write_only()
                    .sensitive()
                    .description("A secret."),
                Attribute::bool("on")
                    .optional()
                    .default(true)
                    .deprecated("Gone soon."),
                Attribute::nested("parts", Nesting::Map, inner).required(),
            ],
        )
        .version(3);
        let wire = schema(&declared);
        let block = wire.block.unwrap();
        assert_eq!((wire.version, block.description.as_str()), (3, "A *thing*."));
        let [secret, on, parts] = block.attributes.as_slice() else {
            panic!("three attributes")
        };
        assert!(secret.write_only && secret.sensitive && secret.optional && !secret.computed);
        assert_eq!(secret.r#type, b"\"string\"");
        assert!(on.computed && on.deprecated);
        assert_eq!(on.deprecation_message, "Gone soon.");
        let nested = parts.nested_type.as_ref().unwrap();
        assert_eq!(nested.nesting(), tf::schema::object::NestingMode::Map);
        assert_eq!(nested.attributes[0].r#type, b"\"number\"");
        assert!(parts.r#type.is_empty());
    }

    /// Only the line breaks of a detail remain: a foreign text in it is cleaned where it enters.
    #[test]
    fn texts_contain_no_control_and_invisible_characters() {
        let bad = "a\u{1b}[2J\u{7}\u{9b}\u{202e}\u{200b}\r\nb";
        let sent = diagnostic(Diagnostic::error(bad, bad));
        assert_eq!(
            (sent.summary.as_str(), sent.detail.as_str()),
            ("a [2J b", "a [2J     \nb")
        );
        assert_eq!(function_error(FunctionError::new(bad)).text, "a [2J     \nb");
        let tf::invoke_action::Event { r#type } = invoke_event(InvokeEvent::Progress(bad.to_owned()));
        let Some(tf::invoke_action::event::Type::Progress(progress)) = r#type else {
            panic!("progress")
        };
        assert_eq!(progress.message, "a [2J b");
        let found = ListEvent::Found {
            identity: Value::Null,
            display_name: bad.to_owned(),
            resource: None,
        };
        let sent = list_event(found, &Type::Bool, &Type::Bool);
        assert_eq!(sent.display_name, "a [2J b");
        assert_eq!(foreign_text("x\n\nApply complete!"), "x Apply complete!");
    }

    #[test]
    fn diagnostic_root_path_is_omitted() {
        let whole = diagnostic(Diagnostic::warning("s", "d").at(Path::root()));
        assert_eq!(whole.attribute, None);
        assert_eq!(whole.severity(), tf::diagnostic::Severity::Warning);
        let path = Path::from("a").then(Step::Index(1)).then(Step::Key("k".into()));
        let wire = diagnostic(Diagnostic::error("s", "d").at(path));
        assert_eq!(wire.attribute.unwrap().steps.len(), 3);
    }
}
