//! The check of a declared schema: what a host refuses, and what would have no effect.

use std::collections::BTreeSet;

use crate::schema::block::{Attribute, Kind, Nesting, Schema};
use crate::schema::rule::Rule;
use crate::value::types::Type;

/// The arguments of every resource and data source, which Terraform reads itself.
const RESERVED_NAMES: &[&str] = &[
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];
/// The arguments of every provider block, which Terraform reads itself.
const RESERVED_IN_PROVIDER: &[&str] = &["alias", "version"];

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// The provider block.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// The `config` block of a list resource or action.
    Config,
}

impl Schema {
    /// Returns the errors in the declaration, with which a host refuses the provider or fails later.
    pub(crate) fn validate_implementation(&self, kind: BlockKind) -> Vec<String> {
        let mut errors = Vec::new();
        if self.description().is_empty() {
            errors.push("no description".to_owned());
        }
        let parent = Parent {
            kind,
            prefix: "",
            in_set: false,
            write_only: false,
        };
        validate_attributes(self.attributes(), &parent, &mut errors);
        for part in self.identity_attributes().filter(|part| !can_identify(part)) {
            let name = part.name;
            errors.push(format!(
                "{name}: not an attribute that can be part of an identity"
            ));
        }
        validate_rules(&self.rules, self.attributes(), "", &mut errors);
        let reserved = match kind {
            BlockKind::Provider => RESERVED_IN_PROVIDER,
            BlockKind::Resource | BlockKind::DataSource => RESERVED_NAMES,
            BlockKind::Config => &[],
        };
        let names = self.attributes().iter().map(|a| a.name);
        errors.extend(
            names
                .filter(|name| reserved.contains(name))
                .map(|name| format!("{name}: reserved for Terraform")),
        );
        errors
    }
}

fn validate_rules(rules: &[Rule], attributes: &[Attribute], prefix: &str, errors: &mut Vec<String>) {
    for name in rules.iter().flat_map(Rule::names) {
        let settable = |a: &Attribute| a.name == *name && (a.required || a.optional);
        if !attributes.iter().any(settable) {
            errors.push(format!("{prefix}{name}: part of a rule, and no argument"));
        }
    }
}

fn can_identify(attribute: &Attribute) -> bool {
    let primitive = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
    let flat = match &attribute.kind {
        Kind::Plain(Type::List(element)) => primitive(element),
        Kind::Plain(ty) => primitive(ty),
        Kind::Nested(..) => false,
    };
    flat && !attribute.sensitive && !attribute.write_only
}

/// The attribute that contains a nested attribute.
struct Parent<'a> {
    kind: BlockKind,
    prefix: &'a str,
    in_set: bool,
    write_only: bool,
}

fn validate_attributes(attributes: &[Attribute], parent: &Parent<'_>, errors: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for attribute in attributes {
        let mut error = |text: &str| errors.push(format!("{}{}: {text}", parent.prefix, attribute.name));
        if !is_identifier(attribute.name) {
            error("not a valid name");
        }
        if !names.insert(attribute.name) {
            error("declared twice");
        }
        if attribute.description.is_empty() {
            error("no description");
        }
        validate_options(attribute, parent, &mut error);
        validate_values(attribute, &mut error);
        if let Kind::Nested(nesting, inner) = &attribute.kind {
            let parent = Parent {
                kind: parent.kind,
                prefix: &format!("{}{}.", parent.prefix, attribute.name),
                in_set: parent.in_set || *nesting == Nesting::Set,
                write_only: attribute.write_only,
            };
            validate_attributes(inner.attributes(), &parent, errors);
            validate_rules(&inner.rules, inner.attributes(), parent.prefix, errors);
        }
    }
}

/// The options that exclude or require each other, or have no effect in a block of this kind.
fn validate_options(attribute: &Attribute, parent: &Parent<'_>, error: &mut impl FnMut(&str)) {
    if !attribute.required && !attribute.optional && !attribute.computed {
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
    if attribute.requires_replace && parent.in_set {
        error("part of a set, whose elements have no path, so it cannot require a replacement");
    }
    if attribute.deprecation == Some("") {
        error("deprecated without a reason");
    }
    if parent.kind != BlockKind::Resource {
        if attribute.default.is_some() {
            error("has a default, which only a resource can plan");
        }
        if attribute.requires_replace || attribute.use_state_for_unknown {
            error("has an option for plans, which only a resource has");
        }
    }
    if attribute.write_only && matches!(parent.kind, BlockKind::Provider | BlockKind::DataSource) {
        error("write-only, which only a resource or an action can be");
    }
    if attribute.computed && matches!(parent.kind, BlockKind::Provider | BlockKind::Config) {
        error("computed, in a block of arguments");
    }
}

/// Whether types, defaults and validators fit together.
fn validate_values(attribute: &Attribute, error: &mut impl FnMut(&str)) {
    let ty = attribute.value_type();
    if has_dynamic_element(&ty) {
        error("a collection with elements of the type dynamic");
    }
    if let Some(default) = &attribute.default
        && default.clone().shaped(&ty).as_ref() != Ok(default)
    {
        error("its default has another type");
    }
    if attribute.validators.iter().any(|validator| !validator.fits(&ty)) {
        error("a validator is for another type");
    }
    let text = match &ty {
        Type::List(element) | Type::Set(element) => **element == Type::String,
        ty => *ty == Type::String,
    };
    if attribute.semantic_equality.is_some() && !text {
        error("semantic equality is for strings, and lists and sets of strings");
    }
    if attribute.redact_parts.is_some() && ty != Type::String {
        error("has redacted parts, so it must be a string");
    }
}

/// Whether a configuration can contain this name: lower case letters, digits and underscores, not beginning with a
/// digit.
pub(crate) fn is_identifier(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(allowed)
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
    use crate::Validator;

    #[test]
    fn validate_implementation_reports_each_error_with_its_path() {
        let text = |name| Attribute::string(name).optional().description("A text.");
        let plain = |name, ty| Attribute::new(name, Kind::Plain(ty)).optional().description("A.");
        let nested = |name, nesting, inner| {
            let nested = Attribute::nested(name, nesting, [inner]);
            nested.optional().description("Objects.")
        };
        let attributes = [
            text("valid").requires_replace().default("x"),
            nested("list", Nesting::List, text("s").write_only()),
            Attribute::string("Name").optional(),
            Attribute::string("nobody").description("Set by nobody."),
            text("both").required(),
            text("twice"),
            text("twice"),
            text("secret").write_only().default("x"),
            nested("set", Nesting::Set, text("s").write_only()),
            nested("part", Nesting::List, text("c")).write_only(),
            nested("keys", Nesting::Set, text("k").requires_replace()),
            text("kept").use_state_for_unknown(),
            text("old").deprecated(""),
            plain("mixed", Type::list(Type::Dynamic)),
            text("one").default(1),
            plain("number", Type::Number).validator(Validator::not_blank()),
            plain("flag", Type::Bool).semantic_equality(str::eq_ignore_ascii_case),
        ];
        let rule = Rule::Conflicts(&["valid", "nobody", "absent"]);
        let schema = Schema::new("", attributes).rules([rule]);
        assert_eq!(
            schema.validate_implementation(BlockKind::Resource),
            [
                "no description",
                "Name: not a valid name",
                "Name: no description",
                "nobody: neither required nor optional nor computed",
                "both: required, so it cannot be optional or computed",
                "twice: declared twice",
                "secret: write-only, so it cannot be computed",
                "set.s: write-only, so it cannot be part of a set",
                "part.c: part of a write-only attribute, so it must be write-only",
                "keys.k: part of a set, whose elements have no path, so it cannot require a replacement",
                "kept: keeps its value, so it must be computed",
                "old: deprecated without a reason",
                "mixed: a collection with elements of the type dynamic",
                "one: its default has another type",
                "number: a validator is for another type",
                "flag: semantic equality is for strings, and lists and sets of strings",
                "nobody: part of a rule, and no argument",
                "absent: part of a rule, and no argument",
            ]
        );
    }

    #[test]
    fn validate_implementation_identity_of_nested_or_sensitive_attribute_is_error() {
        for attribute in [
            Attribute::nested("a", Nesting::List, []).computed(),
            Attribute::string("a").computed().sensitive(),
        ] {
            let attribute = attribute.identity(true).description("An attribute.");
            assert_eq!(
                Schema::new("A thing.", [attribute]).validate_implementation(BlockKind::Resource),
                ["a: not an attribute that can be part of an identity"]
            );
        }
    }

    #[test]
    fn validate_implementation_option_without_effect_is_error() {
        use BlockKind::{Config, DataSource, Provider};
        let a = || Attribute::bool("a").optional().description("A flag.");
        for (kind, attribute, error) in [
            (
                DataSource,
                a().default(true),
                "a default, which only a resource can plan",
            ),
            (
                DataSource,
                a().requires_replace(),
                "an option for plans, which only a resource has",
            ),
            (
                Provider,
                a().write_only(),
                "write-only, which only a resource or an action can be",
            ),
            (Config, a().computed(), "computed, in a block of arguments"),
        ] {
            let errors = Schema::new("A thing.", [attribute]).validate_implementation(kind);
            assert!(errors.len() == 1 && errors[0].ends_with(error), "{errors:?}");
        }
        let valid = Schema::new("A thing.", [a().write_only()]);
        assert_eq!(valid.validate_implementation(Config), [""; 0]);
    }
}
