//! The declaration of one attribute.

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
    pub(crate) requires_replace: bool,
    pub(crate) use_state_for_unknown: bool,
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
            requires_replace: false,
            use_state_for_unknown: false,
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
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
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

/// The type of an object with these attributes.
pub(crate) fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.value_type()))
            .collect(),
    )
}
