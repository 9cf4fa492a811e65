//! The declaration of a block: types, rules, plan behaviour and documentation.

pub(crate) mod attribute;
pub(crate) mod validator;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::schema::attribute::{Attribute, Kind, Nesting, object_type};
use crate::value::Value;
use crate::value::types::Type;

/// The attributes of a block.
#[derive(Debug)]
pub struct Schema {
    version: i64,
    description: &'static str,
    attributes: Vec<Attribute>,
    identity: &'static [IdentityAttribute],
    object: OnceLock<Type>,
}

/// An attribute of the schema that is part of the identity of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// The name of the attribute.
    pub name: &'static str,
    /// Whether an import must specify it. An import can omit the others.
    pub required_for_import: bool,
}

impl Schema {
    /// The version of all identities. The crate does not support other versions.
    pub const IDENTITY_VERSION: i64 = 0;

    /// A schema of version 0. The description is Markdown and becomes the documentation.
    #[must_use]
    pub fn new(description: &'static str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        let attributes = attributes.into_iter().collect();
        Self {
            version: 0,
            description,
            attributes,
            identity: &[],
            object: OnceLock::new(),
        }
    }

    /// Sets the version. Increment it whenever stored states need an upgrade.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// Sets the identity: attributes that together identify an object for its whole life. They are part of the state,
    /// from which the identity is always derived.
    #[must_use]
    pub fn identity(self, identity: &'static [IdentityAttribute]) -> Self {
        Self { identity, ..self }
    }

    /// The attributes of the identity, empty if the block has none.
    #[must_use]
    pub fn identity_attributes(&self) -> &'static [IdentityAttribute] {
        self.identity
    }

    /// The type of an identity.
    #[must_use]
    pub fn identity_type(&self) -> Type {
        let ty = |name| self.attribute(name).map_or(Type::String, Attribute::value_type);
        Type::Object(
            self.identity
                .iter()
                .map(|i| (i.name.to_owned(), ty(i.name)))
                .collect(),
        )
    }

    /// The identity of the object in a state. Returns `None` while a part is unknown, or is null and may not be: only a
    /// part that is optional for import and not computed may be null, unless all parts are null.
    #[must_use]
    pub fn identity_of(&self, state: &Value) -> Option<Value> {
        let complete = |part: &IdentityAttribute| {
            let value = state.get(part.name);
            let may_be_null =
                || !part.required_for_import && self.attribute(part.name).is_some_and(|a| !a.computed);
            value.is_wholly_known() && (!value.is_null() || may_be_null())
        };
        let names = || self.identity.iter().map(|part| part.name);
        (names().any(|name| !state.get(name).is_null()) && self.identity.iter().all(complete))
            .then(|| Value::object(names().map(|name| (name, state.get(name).clone()))))
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The version of the states that this schema describes.
    #[must_use]
    pub fn state_version(&self) -> i64 {
        self.version
    }

    /// Markdown that describes the block.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// The attributes in the order of their declaration.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The type of a value of this schema.
    pub fn object_type(&self) -> &Type {
        self.object.get_or_init(|| object_type(&self.attributes))
    }

    /// Returns the errors in the declaration, with which a host refuses the provider or fails later. For a test over
    /// all schemas of a provider.
    #[must_use]
    pub fn validate_implementation(&self) -> Vec<String> {
        let mut errors = Vec::new();
        if self.description.is_empty() {
            errors.push("no description".to_owned());
        }
        validate_attributes(&self.attributes, &Parent::default(), &mut errors);
        for part in self.identity {
            let valid = self.attribute(part.name).is_some_and(|attribute| {
                let primitive = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
                let flat = match &attribute.kind {
                    Kind::Plain(Type::List(element)) => primitive(element),
                    Kind::Plain(ty) => primitive(ty),
                    Kind::Nested(..) => false,
                };
                flat && !attribute.sensitive && !attribute.write_only
            });
            if !valid {
                errors.push(format!(
                    "{}: not an attribute that can be part of an identity",
                    part.name
                ));
            }
        }
        errors
    }

    /// Returns an error for each attribute with a reserved name.
    pub(crate) fn validate_names(&self, reserved: &[&str]) -> Vec<String> {
        let names = self.attributes.iter().map(|a| a.name);
        names
            .filter(|name| reserved.contains(name))
            .map(|name| format!("{name}: reserved for Terraform"))
            .collect()
    }

    /// Returns an error for each computed attribute, in a block that has only arguments.
    pub(crate) fn validate_without_computed(&self) -> Vec<String> {
        let mut errors = Vec::new();
        computed(&self.attributes, "", &mut errors);
        errors
    }
}

fn computed(attributes: &[Attribute], prefix: &str, errors: &mut Vec<String>) {
    for attribute in attributes {
        if attribute.computed {
            errors.push(format!(
                "{prefix}{}: computed, in a block of arguments",
                attribute.name
            ));
        }
        if let Kind::Nested(_, inner) = &attribute.kind {
            computed(inner, &format!("{prefix}{}.", attribute.name), errors);
        }
    }
}

fn validate_attributes(attributes: &[Attribute], parent: &Parent<'_>, errors: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for attribute in attributes {
        let mut error = |text: &str| errors.push(format!("{}{}: {text}", parent.prefix, attribute.name));
        let settable = attribute.required || attribute.optional;
        if !is_identifier(attribute.name) {
            error("not a valid name");
        }
        if !names.insert(attribute.name) {
            error("declared twice");
        }
        if attribute.description.is_empty() {
            error("no description");
        }
        if !settable && !attribute.computed {
            error("neither required nor optional nor computed");
        }
        if attribute.required && (attribute.optional || attribute.computed) {
            error("required, so it cannot be optional or computed");
        }
        if attribute.default.is_some() && !(attribute.optional && attribute.computed) {
            error("has a default, so it must be optional and computed");
        }
        if attribute.write_only && (attribute.computed || attribute.default.is_some()) {
            error("write-only, so it cannot be computed");
        }
        if attribute.write_only && parent.in_set {
            error("write-only, so it cannot be part of a set");
        }
        if !attribute.write_only && parent.write_only {
            error("part of a write-only attribute, so it must be write-only");
        }
        if attribute.use_state_for_unknown && !attribute.computed {
            error("keeps its value, so it must be computed");
        }
        if attribute.deprecation == Some("") {
            error("deprecated without a reason");
        }
        match &attribute.kind {
            Kind::Plain(ty) if has_dynamic_element(ty) => {
                error("a collection with elements of the type dynamic");
            }
            Kind::Plain(_) => {}
            Kind::Nested(nesting, inner) => {
                let parent = Parent {
                    prefix: &format!("{}{}.", parent.prefix, attribute.name),
                    in_set: parent.in_set || *nesting == Nesting::Set,
                    write_only: attribute.write_only,
                };
                validate_attributes(inner, &parent, errors);
            }
        }
    }
}

/// Whether a configuration can contain this name: lower case letters, digits and underscores, not beginning with a
/// digit.
pub(crate) fn is_identifier(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(allowed)
}

/// The attribute that contains a nested attribute.
#[derive(Default)]
struct Parent<'a> {
    prefix: &'a str,
    in_set: bool,
    write_only: bool,
}

/// Whether a type has a collection of values of different types, which hosts cannot represent.
pub(crate) fn has_dynamic_element(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            **element == Type::Dynamic || has_dynamic_element(element)
        }
        Type::Tuple(elements) => elements.iter().any(has_dynamic_element),
        Type::Object(attributes) => attributes.values().any(has_dynamic_element),
        Type::String | Type::Number | Type::Bool | Type::Dynamic => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validate_implementation_nested_errors_are_reported_with_path() {
        let valid = Schema::new(
            "A thing.",
            [Attribute::string("name").required().description("Its name.")],
        );
        assert_eq!(valid.validate_implementation(), Vec::<String>::new());

        let inner = [
            Attribute::bool("a")
                .optional()
                .write_only()
                .default(true)
                .description("A."),
            Attribute::bool("a").required().optional().description("A."),
        ];
        let invalid = Schema::new("", [Attribute::nested("n", Nesting::List, inner)]);
        assert_eq!(
            invalid.validate_implementation(),
            [
                "no description",
                "n: no description",
                "n: neither required nor optional nor computed",
                "n.a: write-only, so it cannot be computed",
                "n.a: declared twice",
                "n.a: required, so it cannot be optional or computed",
            ]
        );
    }

    fn errors(attribute: Attribute) -> Vec<String> {
        Schema::new("A thing.", [attribute.description("An attribute.")]).validate_implementation()
    }

    #[test]
    fn validate_implementation_write_only_in_set_is_error() {
        let secret = || {
            Attribute::string("s")
                .optional()
                .write_only()
                .description("A secret.")
        };
        assert_eq!(
            errors(Attribute::nested("a", Nesting::Set, [secret()]).optional()),
            ["a.s: write-only, so it cannot be part of a set"]
        );
        assert_eq!(
            errors(Attribute::nested("a", Nesting::List, [secret()]).optional()),
            [""; 0]
        );
    }

    #[test]
    fn validate_implementation_write_only_parent_needs_write_only_children() {
        let child = Attribute::string("c").optional().description("A child.");
        assert_eq!(
            errors(
                Attribute::nested("a", Nesting::List, [child])
                    .optional()
                    .write_only()
            ),
            ["a.c: part of a write-only attribute, so it must be write-only"]
        );
    }

    #[test]
    fn validate_implementation_dynamic_element_or_deprecation_without_reason_is_error() {
        let list = Attribute::new("a", Kind::Plain(Type::list(Type::Dynamic))).optional();
        assert_eq!(
            errors(list),
            ["a: a collection with elements of the type dynamic"]
        );
        assert_eq!(
            errors(Attribute::string("a").optional().deprecated("")),
            ["a: deprecated without a reason"]
        );
    }

    #[test]
    fn validate_implementation_identity_of_nested_or_sensitive_attribute_is_error() {
        let nested = || Attribute::nested("a", Nesting::List, []).computed();
        for attribute in [
            nested(),
            Attribute::string("a").computed().sensitive(),
            Attribute::string("b").computed(),
        ] {
            let schema = Schema::new("A thing.", [attribute.description("An attribute.")]);
            let schema = schema.identity(&[IdentityAttribute {
                name: "a",
                required_for_import: true,
            }]);
            assert_eq!(
                schema.validate_implementation(),
                ["a: not an attribute that can be part of an identity"]
            );
        }
    }

    #[test]
    fn value_type_nested_map_is_map_of_objects() {
        let nested = Attribute::nested("n", Nesting::Map, [Attribute::number("x").optional()]);
        assert_eq!(
            nested.value_type().to_json().to_string(),
            r#"["map",["object",{"x":"number"}]]"#
        );
    }
}
