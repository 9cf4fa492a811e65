//! The declaration of a block: types, rules, plan behaviour and documentation.

pub(crate) mod attribute;
mod check;
pub(crate) mod rule;
pub(crate) mod validator;

use std::sync::OnceLock;

pub(crate) use self::check::{BlockKind, has_dynamic_element, is_identifier};
use crate::schema::attribute::{Attribute, object_type};
use crate::schema::rule::Rule;
use crate::value::Value;
use crate::value::path::{Path, Step};
use crate::value::types::Type;

/// The attributes of a block.
#[derive(Debug)]
pub struct Schema {
    version: i64,
    description: &'static str,
    attributes: Vec<Attribute>,
    identity: &'static [IdentityAttribute],
    pub(crate) rules: Vec<Rule>,
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
            rules: Vec::new(),
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

    /// Adds rules over several attributes.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// The attributes of the identity, empty if the block has none.
    #[must_use]
    pub fn identity_attributes(&self) -> &'static [IdentityAttribute] {
        self.identity
    }

    /// The type of an identity.
    pub(crate) fn identity_type(&self) -> Type {
        let ty = |name| self.attribute(name).map_or(Type::String, Attribute::value_type);
        Type::object(self.identity.iter().map(|i| (i.name, ty(i.name))))
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

    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
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

    /// The longest part of a path that exists in a value of this schema. A message on a path that does not exist has no
    /// place, and a host may drop it.
    pub(crate) fn existing(&self, mut path: Path) -> Path {
        let mut ty = self.object_type();
        let exists = |step: &Step| {
            ty = match (step, ty) {
                (Step::Attribute(name), Type::Object(types)) => types.get(name.as_ref())?,
                (Step::Key(_), Type::Map(element)) | (Step::Index(_), Type::List(element)) => element,
                (Step::Index(index), Type::Tuple(types)) => types.get(usize::try_from(*index).ok()?)?,
                (_, Type::Dynamic) => ty,
                _ => return None,
            };
            Some(())
        };
        let length = path.steps().iter().map_while(exists).count();
        path.truncate(length);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Nesting, path};

    #[test]
    fn existing_path_ends_where_the_schema_does() {
        let inner = [Attribute::string("key").optional()];
        let schema = Schema::new(
            "",
            [
                Attribute::nested("list", Nesting::List, inner).optional(),
                Attribute::new("set", Kind::Plain(Type::set(Type::String))).optional(),
            ],
        );
        for (path, expected) in [
            (path!(list[0].key), path!(list[0].key)),
            (path!(list[0].other), path!(list[0])),
            (path!(list["a"]), path!(list)),
            (path!(set[0]), path!(set)),
            (path!(other.key), Path::root()),
        ] {
            assert_eq!(schema.existing(path), expected);
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
