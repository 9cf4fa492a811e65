//! The declaration of one attribute.

use crate::schema::rule::Rule;
use crate::schema::validator::Validator;
use crate::value::Value;
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
    Nested(Nesting, Vec<Attribute>),
}

impl Kind {
    /// The same elements as a set in place of a list.
    #[must_use]
    pub fn into_set(self) -> Self {
        match self {
            Self::Plain(Type::List(element)) => Self::Plain(Type::Set(element)),
            Self::Nested(Nesting::List, attributes) => Self::Nested(Nesting::Set, attributes),
            other => other,
        }
    }

    /// The type of the values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, attributes) => {
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

/// An argument or result of a block.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a separate property in the protocol
pub struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) description: &'static str,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) redact_parts: Option<fn(&str) -> Vec<String>>,
    pub(crate) deprecation: Option<&'static str>,
    pub(crate) default: Option<Value>,
    pub(crate) validators: Vec<Validator>,
    /// Over the attributes of each nested object.
    pub(crate) rules: Vec<Rule>,
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
            default: None,
            validators: Vec::new(),
            rules: Vec::new(),
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
        Self::new(name, Kind::Nested(nesting, attributes.into_iter().collect()))
    }

    /// The user must set the attribute.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The user can set the attribute.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The provider sets the attribute. If it is optional as well, the provider sets it only if the user does not.
    #[must_use]
    pub fn computed(self) -> Self {
        Self {
            computed: true,
            ..self
        }
    }

    /// The value if the user does not set one. The attribute must also be computed.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            computed: true,
            ..self
        }
    }

    /// Terraform masks the value in its output.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    /// The attribute is part of the configuration only, never of a plan or state.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self {
            write_only: true,
            ..self
        }
    }

    /// Specifies the parts of a text that diagnostics and logs replace with `[redacted]`. Terraform still shows the
    /// attribute. For values that can contain a secret, such as URLs.
    #[must_use]
    pub fn redact_parts(self, parts: fn(&str) -> Vec<String>) -> Self {
        Self {
            redact_parts: Some(parts),
            ..self
        }
    }

    /// The attribute is deprecated. The text contains the reason and the replacement.
    #[must_use]
    pub fn deprecated(self, reason: &'static str) -> Self {
        Self {
            deprecation: Some(reason),
            ..self
        }
    }

    /// Adds a validator, which receives known values only.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Adds rules over several attributes of each nested object.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// A change of the value replaces the object.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        Self {
            requires_replace: true,
            ..self
        }
    }

    /// An update does not change the computed value: the plan contains the value of the state instead of unknown.
    #[must_use]
    pub fn use_state_for_unknown(self) -> Self {
        Self {
            use_state_for_unknown: true,
            ..self
        }
    }

    /// Whether two texts mean the same to the service, which may return a value in another form: a URL with a slash, an
    /// id in another case. The value of the configuration, plan or state then remains as it is: it is no change, and no
    /// error. For strings, and lists and sets of strings.
    #[must_use]
    pub fn semantic_equality(self, equal: fn(&str, &str) -> bool) -> Self {
        Self {
            semantic_equality: Some(equal),
            ..self
        }
    }

    /// Markdown that describes the attribute, with units, limits and consequences.
    #[must_use]
    pub fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The content.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The Markdown of [`Attribute::description`].
    #[must_use]
    pub fn description_text(&self) -> &'static str {
        self.description
    }

    /// Whether the user must set it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whether the user can set it.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Whether the provider can set it.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.computed
    }

    /// Whether Terraform masks it.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether it is part of the configuration only.
    #[must_use]
    pub fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// The reason of the deprecation, if the attribute is deprecated.
    #[must_use]
    pub fn deprecation(&self) -> Option<&'static str> {
        self.deprecation
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

/// The type of an object with these attributes.
pub(crate) fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|a| (a.name, a.value_type())))
}
