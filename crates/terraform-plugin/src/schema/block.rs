//! The declaration of a block: its attributes and their content.

use std::sync::OnceLock;

use crate::schema::rule::Rule;
use crate::schema::validator::Validator;
use crate::value::Value;
use crate::value::path::{Path, Step};
use crate::value::types::Type;

/// The nesting mode of a nested attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// An ordered list of objects.
    List,
    /// An unordered set of objects.
    Set,
    /// Objects by name.
    Map,
}

/// The content of an attribute.
#[derive(Debug)]
pub enum Kind {
    /// A value of this type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Schema),
}

impl Kind {
    /// The same elements as a set in place of a list.
    #[must_use]
    pub fn into_set(self) -> Self {
        match self {
            Self::Plain(Type::List(element)) => Self::Plain(Type::Set(element)),
            Self::Nested(Nesting::List, schema) => Self::Nested(Nesting::Set, schema),
            other => other,
        }
    }

    /// The type of the values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, schema) => {
                let object = schema.object_type().clone();
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}

/// An argument or result of a block.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a separate property in the protocol
#[non_exhaustive]
pub struct Attribute {
    /// The name in the configuration.
    pub name: &'static str,
    /// The content.
    pub kind: Kind,
    /// Markdown that describes it.
    pub description: &'static str,
    /// Whether the user must set it.
    pub required: bool,
    /// Whether the user can set it.
    pub optional: bool,
    /// Whether the provider can set it.
    pub computed: bool,
    /// Whether Terraform masks it.
    pub sensitive: bool,
    /// Whether it is part of the configuration only.
    pub write_only: bool,
    /// The reason of the deprecation, if it is deprecated.
    pub deprecation: Option<&'static str>,
    /// If it is part of the identity, whether an import must specify it.
    pub identity: Option<bool>,
    pub(crate) redact_parts: Option<fn(&str) -> Vec<String>>,
    pub(crate) default: Option<Value>,
    pub(crate) validators: Vec<Validator>,
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
    pub(crate) semantic_equality: Option<fn(&str, &str) -> bool>,
}

impl Attribute {
    /// An attribute with this content. It must become required, optional or computed.
    #[must_use]
    pub fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            description: "",
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            redact_parts: None,
            deprecation: None,
            identity: None,
            default: None,
            validators: Vec::new(),
            requires_replace: false,
            use_state_for_unknown: false,
            semantic_equality: None,
        }
    }

    /// A string.
    #[must_use]
    pub fn string(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::String))
    }

    /// A bool.
    #[must_use]
    pub fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Bool))
    }

    /// A number.
    #[must_use]
    pub fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::Number))
    }

    /// Objects with attributes of their own.
    #[must_use]
    pub fn nested(
        name: &'static str,
        nesting: Nesting,
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Self {
        Self::new(name, Kind::Nested(nesting, Schema::new("", attributes)))
    }

    /// The user must set the attribute.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The user can set the attribute.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The provider sets the attribute. If it is optional as well, the provider sets it only if the user does not.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// The value if the user does not set one. The attribute must also be computed.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.computed = true;
        self
    }

    /// Terraform masks the value in its output.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// The attribute is part of the configuration only, never of a plan or state.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Specifies the parts of a text that diagnostics and logs replace with `[redacted]`. Terraform still shows the
    /// attribute. For values that can contain a secret, such as URLs.
    #[must_use]
    pub fn redact_parts(mut self, parts: fn(&str) -> Vec<String>) -> Self {
        self.redact_parts = Some(parts);
        self
    }

    /// The attribute is deprecated. The text contains the reason and the replacement.
    #[must_use]
    pub fn deprecated(mut self, reason: &'static str) -> Self {
        self.deprecation = Some(reason);
        self
    }

    /// The attribute is part of the identity, and an import must specify it or can. The attributes of the identity identify
    /// an object for its whole life. They are part of the state, from which the identity is always derived.
    #[must_use]
    pub fn identity(mut self, required_for_import: bool) -> Self {
        self.identity = Some(required_for_import);
        self
    }

    /// Adds a validator, which receives known values only.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// A change of the value replaces the object.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// An update does not change the computed value: the plan contains the value of the state instead of unknown.
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// Whether two texts mean the same to the service, which may return a value in another form: a URL with a slash, an
    /// id in another case. The value of the configuration, plan or state then remains as it is, without a change or an
    /// error. For strings, and lists and sets of strings.
    #[must_use]
    pub fn semantic_equality(mut self, equal: fn(&str, &str) -> bool) -> Self {
        self.semantic_equality = Some(equal);
        self
    }

    /// Markdown that describes the attribute, with units, limits and consequences.
    #[must_use]
    pub fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The type of its values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.kind.value_type()
    }

    /// Whether two values are equal or mean the same.
    pub(crate) fn means_the_same(&self, a: &Value, b: &Value) -> bool {
        a == b
            || self.semantic_equality.is_some_and(|equal| match (a, b) {
                (Value::String(a), Value::String(b)) => equal(a, b),
                (Value::List(a), Value::List(b)) if a.len() == b.len() => {
                    a.iter().zip(b).all(|(a, b)| self.means_the_same(a, b))
                }
                (Value::Set(a), Value::Set(b)) if a.len() == b.len() => {
                    a.iter().all(|a| b.iter().any(|b| self.means_the_same(a, b)))
                        && b.iter().all(|b| a.iter().any(|a| self.means_the_same(a, b)))
                }
                _ => false,
            })
    }
}

/// The attributes of a block.
#[derive(Debug)]
pub struct Schema {
    version: i64,
    description: &'static str,
    attributes: Vec<Attribute>,
    pub(crate) rules: Vec<Rule>,
    object: OnceLock<Type>,
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
            rules: Vec::new(),
            object: OnceLock::new(),
        }
    }

    /// Sets the version. Increment it whenever stored states need an upgrade.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// Adds an attribute.
    pub fn add(&mut self, attribute: Attribute) {
        self.attributes.push(attribute);
    }

    /// Adds the attributes and rules of another block.
    pub fn flatten(&mut self, other: Schema) {
        self.attributes.extend(other.attributes);
        self.rules.extend(other.rules);
    }

    /// Adds rules over several attributes.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// The attributes of the identity.
    pub fn identity_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|a| a.identity.is_some())
    }

    /// The type of an identity.
    pub(crate) fn identity_type(&self) -> Type {
        Type::object(self.identity_attributes().map(|a| (a.name, a.value_type())))
    }

    /// The identity of the object in a state. Returns `None` while a part is unknown, or is null and may not be: only a
    /// part that is optional for import and not computed may be null, unless all parts are null.
    #[must_use]
    pub fn identity_of(&self, state: &Value) -> Option<Value> {
        let complete = |part: &Attribute| {
            let value = state.get(part.name);
            let may_be_null = part.identity == Some(false) && !part.computed;
            value.is_wholly_known() && (!value.is_null() || may_be_null)
        };
        let mut names = self.identity_attributes().map(|part| part.name);
        let exists = names.any(|name| !state.get(name).is_null());
        (exists && self.identity_attributes().all(complete)).then(|| {
            let parts = self.identity_attributes().map(|part| part.name);
            Value::object(parts.map(|name| (name, state.get(name).clone())))
        })
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
        let attributes = || self.attributes.iter().map(|a| (a.name, a.value_type()));
        self.object.get_or_init(|| Type::object(attributes()))
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
    use crate::path;

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
