//! One argument or result of a block, as a declaration.

use crate::schema::object_type;
use crate::schema::validator::Validator;
use crate::value::Value;
use crate::value::types::Type;

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
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
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
            redact_parts: None,
            deprecation: None,
            default: None,
            validators: Vec::new(),
            requires_replace: false,
            use_state_for_unknown: false,
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

    /// Parts of a text that diagnostics and logs replace by `[redacted]`, although Terraform shows the attribute: for
    /// values that can hold a secret, such as URLs.
    #[must_use]
    pub fn redact_parts(self, parts: fn(&str) -> Vec<String>) -> Self {
        Self {
            redact_parts: Some(parts),
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
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Another value needs another object: the old one is destroyed, a new one created.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        Self {
            requires_replace: true,
            ..self
        }
    }

    /// Once told, a computed value stays: an update does not make it unknown.
    #[must_use]
    pub fn use_state_for_unknown(self) -> Self {
        Self {
            use_state_for_unknown: true,
            ..self
        }
    }

    /// Markdown that says what it is for, with units, limits and consequences.
    #[must_use]
    pub fn description(self, description: &'static str) -> Self {
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

    /// The Markdown given with [`Attribute::description`].
    #[must_use]
    pub fn description_text(&self) -> &'static str {
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
