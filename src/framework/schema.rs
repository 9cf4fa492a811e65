//! What a block may hold, as a declaration: it decodes, validates, plans and documents itself.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::types::Type;
use super::validator::Validator;
use super::value::Value;

/// The attributes of a provider block, resource or data source.
#[derive(Debug)]
pub struct Schema {
    version: i64,
    description: &'static str,
    attributes: Vec<Attribute>,
    object: OnceLock<Type>,
}

impl Schema {
    /// A schema of version 0. The description is Markdown and becomes the documentation.
    #[must_use]
    pub fn new(description: &'static str, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        let attributes = attributes.into_iter().collect();
        Self {
            version: 0,
            description,
            attributes,
            object: OnceLock::new(),
        }
    }

    /// The same with another version: raised whenever stored states need a change of shape.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
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
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.description.is_empty() {
            faults.push("no description".to_owned());
        }
        faults_of(&self.attributes, "", &mut faults);
        faults
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
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
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if a.name.is_empty()
            || !a.name.chars().all(plain)
            || !a.name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            fault("not a name that a configuration can hold");
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
        if a.keeps && !a.computed {
            fault("keeps its value, so it must be computed");
        }
        if let Kind::Nested(_, inner) = &a.kind {
            faults_of(inner, &format!("{inside}{}.", a.name), faults);
        }
    }
}

/// How often a nested object stands in an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// Once.
    Single,
    /// In an order.
    List,
    /// Without order.
    Set,
    /// By name.
    Map,
}

/// What an attribute holds.
#[derive(Debug)]
pub enum Kind {
    /// A value of this type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// One argument or result of a block.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a property of its own in the protocol
pub struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) description: &'static str,
    pub(super) required: bool,
    pub(super) optional: bool,
    pub(super) computed: bool,
    pub(super) sensitive: bool,
    pub(super) write_only: bool,
    pub(super) deprecation: Option<&'static str>,
    pub(super) default: Option<Value>,
    pub(super) validators: Vec<Validator>,
    pub(super) replaces: bool,
    pub(super) keeps: bool,
}

impl Attribute {
    /// An attribute of this kind, neither required nor optional nor computed yet.
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
            deprecation: None,
            default: None,
            validators: Vec::new(),
            replaces: false,
            keeps: false,
        }
    }

    /// Text.
    #[must_use]
    pub fn string(name: &'static str) -> Self {
        Self::new(name, Kind::Plain(Type::String))
    }

    /// True or false.
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
    pub fn nested(name: &'static str, nesting: Nesting, of: impl IntoIterator<Item = Attribute>) -> Self {
        Self::new(name, Kind::Nested(nesting, of.into_iter().collect()))
    }

    /// The user must set it.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The user may set it.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The provider tells it where the user does not set it.
    #[must_use]
    pub fn computed(self) -> Self {
        Self {
            computed: true,
            ..self
        }
    }

    /// What it is where the user does not set it. The protocol wants such an attribute to be
    /// computed as well.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            computed: true,
            ..self
        }
    }

    /// Terraform hides it in its output.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    /// It is in the configuration only, never in a plan or state.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self {
            write_only: true,
            ..self
        }
    }

    /// It should not be used any more, for the reason given.
    #[must_use]
    pub fn deprecated(self, reason: &'static str) -> Self {
        Self {
            deprecation: Some(reason),
            ..self
        }
    }

    /// A rule for its values.
    #[must_use]
    pub fn check(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Another value needs another object: the old one is destroyed, a new one created.
    #[must_use]
    pub fn replaces(self) -> Self {
        Self {
            replaces: true,
            ..self
        }
    }

    /// Once told, a computed value stays: an update does not make it unknown.
    #[must_use]
    pub fn keeps(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// Markdown that says what it is for, with units, limits and consequences.
    #[must_use]
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The Markdown given with [`Attribute::describe`].
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// Whether the user must set it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whether the user may set it.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Whether the provider may tell it.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.computed
    }

    /// Whether Terraform hides it.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether it is in the configuration only.
    #[must_use]
    pub fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// Why it should not be used any more.
    #[must_use]
    pub fn deprecation(&self) -> Option<&'static str> {
        self.deprecation
    }

    /// The type of its values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match &self.kind {
            Kind::Plain(of) => of.clone(),
            Kind::Nested(nesting, attributes) => {
                let object = object_type(attributes);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_declaration_are_found_at_any_depth() {
        let sound = Schema::new(
            "A thing.",
            [Attribute::string("name").required().describe("Its name.")],
        );
        assert_eq!(sound.faults(), Vec::<String>::new());

        let inner = [
            Attribute::bool("a")
                .optional()
                .write_only()
                .default(true)
                .describe("A."),
            Attribute::bool("a").required().optional().describe("A."),
        ];
        let unsound = Schema::new("", [Attribute::nested("n", Nesting::List, inner)]);
        assert_eq!(
            unsound.faults(),
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
