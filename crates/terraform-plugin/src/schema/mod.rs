//! What a block may hold, as a declaration: it decodes, validates, plans and documents itself.

pub(crate) mod attribute;
pub(crate) mod validator;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::schema::attribute::{Attribute, Kind};
use crate::value::Value;
use crate::value::types::Type;

/// The attributes of a provider block, resource or data source.
#[derive(Debug)]
pub struct Schema {
    version: i64,
    description: &'static str,
    attributes: Vec<Attribute>,
    identity: &'static [IdentityAttribute],
    object: OnceLock<Type>,
}

/// An attribute that tells one remote object from another, by its name in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// The name of the attribute.
    pub name: &'static str,
    /// Whether an import must give it; the others may be left out.
    pub required_for_import: bool,
}

impl Schema {
    /// The version of all identities: none has changed its shape so far.
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

    /// The same with another version: raised whenever stored states need a change of shape.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// The same with an identity: attributes that together tell an object for good. They are part of
    /// its state, so that an identity can't say another thing than the state does.
    #[must_use]
    pub fn identity(self, identity: &'static [IdentityAttribute]) -> Self {
        Self { identity, ..self }
    }

    /// The attributes of the identity; none if the block has no identity.
    #[must_use]
    pub fn identity_attributes(&self) -> &'static [IdentityAttribute] {
        self.identity
    }

    /// The type of an identity.
    #[must_use]
    pub fn identity_type(&self) -> Type {
        let of = |name| self.attribute(name).map_or(Type::String, Attribute::value_type);
        Type::Object(
            self.identity
                .iter()
                .map(|i| (i.name.to_owned(), of(i.name)))
                .collect(),
        )
    }

    /// The identity of the object in a state. There is none while a part of it is unknown, or null: only a part that is
    /// optional for import and not computed may be null, unless all parts are.
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

    /// Markdown that says what the block is for.
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

    /// What is wrong with the declaration itself, for a test over all schemas of a provider.
    #[must_use]
    pub fn validate_implementation(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.description.is_empty() {
            faults.push("no description".to_owned());
        }
        faults_of(&self.attributes, "", &mut faults);
        for part in self.identity {
            if self
                .attribute(part.name)
                .is_none_or(|a| a.sensitive || a.write_only)
            {
                faults.push(format!(
                    "{}: no attribute that can be part of an identity",
                    part.name
                ));
            }
        }
        faults
    }
}

/// Whether a configuration can contain this name: lower case letters, digits and underscores, not beginning with a digit.
pub(crate) fn is_identifier(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(rest)
}

impl Schema {
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

pub(crate) fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|a| (a.name.to_owned(), a.value_type()))
            .collect(),
    )
}

fn faults_of(attributes: &[Attribute], inside: &str, faults: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for a in attributes {
        let mut fault = |what: &str| faults.push(format!("{inside}{}: {what}", a.name));
        if !is_identifier(a.name) {
            fault("not a valid name");
        }
        if !names.insert(a.name) {
            fault("declared twice");
        }
        if a.description.is_empty() {
            fault("no description");
        }
        if !a.required && !a.optional && !a.computed {
            fault("neither required nor optional nor computed");
        }
        if a.required && (a.optional || a.computed) {
            fault("required, so it can be neither optional nor computed");
        }
        if a.default.is_some() && !(a.optional && a.computed) {
            fault("has a default, so it must be optional and computed");
        }
        if a.write_only && (a.computed || a.default.is_some()) {
            fault("write-only, so it is never computed");
        }
        if a.use_state_for_unknown && !a.computed {
            fault("keeps its value, so it must be computed");
        }
        if let Kind::Nested(_, inner) = &a.kind {
            faults_of(inner, &format!("{inside}{}.", a.name), faults);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nesting;

    #[test]
    fn faults_of_a_declaration_are_found_at_any_depth() {
        let sound = Schema::new(
            "A thing.",
            [Attribute::string("name").required().description("Its name.")],
        );
        assert_eq!(sound.validate_implementation(), Vec::<String>::new());

        let inner = [
            Attribute::bool("a")
                .optional()
                .write_only()
                .default(true)
                .description("A."),
            Attribute::bool("a").required().optional().description("A."),
        ];
        let unsound = Schema::new("", [Attribute::nested("n", Nesting::List, inner)]);
        assert_eq!(
            unsound.validate_implementation(),
            [
                "no description",
                "n: no description",
                "n: neither required nor optional nor computed",
                "n.a: write-only, so it is never computed",
                "n.a: declared twice",
                "n.a: required, so it can be neither optional nor computed",
            ]
        );
    }

    #[test]
    fn the_type_of_a_nested_attribute_is_that_of_its_objects() {
        let nested = Attribute::nested("n", Nesting::Map, [Attribute::number("x").optional()]);
        assert_eq!(
            nested.value_type().to_json().to_string(),
            r#"["map",["object",{"x":"number"}]]"#
        );
    }
}
