//! Rules over several attributes of a block.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::value::Value;
use crate::value::path::Path;

/// A rule over the attributes with these names. A value that is unknown may turn out to be set or null, so it breaks no
/// rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The user must set exactly one.
    ExactlyOneOf(&'static [&'static str]),
    /// The user must set at least one.
    AtLeastOneOf(&'static [&'static str]),
    /// The user can set at most one.
    Conflicts(&'static [&'static str]),
    /// The user must set all or none.
    RequiredTogether(&'static [&'static str]),
    /// With the first, the user must set the others.
    RequiredWith(&'static [&'static str]),
}

impl Rule {
    pub(crate) fn names(&self) -> &'static [&'static str] {
        match self {
            Self::ExactlyOneOf(names)
            | Self::AtLeastOneOf(names)
            | Self::Conflicts(names)
            | Self::RequiredTogether(names)
            | Self::RequiredWith(names) => names,
        }
    }

    /// Checks the object at this path in a configuration.
    pub(crate) fn check(&self, config: &Value, path: &Path, diagnostics: &mut Diagnostics) {
        let names = self.names();
        let set = || {
            names.iter().filter(|name| {
                let value = config.get(name);
                !value.is_null() && !value.is_unknown()
            })
        };
        let null = || names.iter().filter(|name| config.get(name).is_null());
        let list = |names: &[&str]| {
            names
                .iter()
                .map(|n| format!("\"{n}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (first_set, more_set) = (set().next(), set().nth(1));
        match self {
            Self::ExactlyOneOf(_) | Self::AtLeastOneOf(_) if null().count() == names.len() => {
                diagnostics.push(
                    Diagnostic::error("Missing argument", format!("Set one of {}.", list(names)))
                        .at(path.clone()),
                );
            }
            Self::ExactlyOneOf(_) | Self::Conflicts(_) => {
                if let (Some(first), Some(second)) = (first_set, more_set) {
                    diagnostics.push(
                        Diagnostic::error(
                            "Conflicting arguments",
                            format!(
                                "\"{second}\" cannot be set together with \"{first}\": remove one of them."
                            ),
                        )
                        .at(path.attribute(*second)),
                    );
                }
            }
            Self::RequiredTogether(_) => required(first_set, null().next(), path, diagnostics),
            Self::RequiredWith(_) => {
                let first = first_set.filter(|name| Some(*name) == names.first());
                required(first, null().next(), path, diagnostics);
            }
            Self::AtLeastOneOf(_) => {}
        }
    }
}

fn required(
    set: Option<&&'static str>,
    missing: Option<&&'static str>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let (Some(set), Some(missing)) = (set, missing) {
        diagnostics.push(
            Diagnostic::error(
                "Missing argument",
                format!("\"{set}\" is set, so \"{missing}\" must be set too."),
            )
            .at(path.attribute(*set)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(rule: Rule, set: &[(&'static str, Value)]) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        rule.check(
            &Value::object(set.iter().cloned()),
            &Path::root(),
            &mut diagnostics,
        );
        diagnostics.into_iter().map(|d| d.detail).collect()
    }

    #[test]
    fn check_rule_broken_names_the_arguments() {
        const NAMES: &[&str] = &["a", "b"];
        let (a, b) = (("a", Value::from("x")), ("b", Value::from("y")));
        let both = [a.clone(), b.clone()];
        let conflict = "\"b\" cannot be set together with \"a\": remove one of them.";
        for (rule, set, expected) in [
            (Rule::ExactlyOneOf(NAMES), &[][..], "Set one of \"a\", \"b\"."),
            (Rule::AtLeastOneOf(NAMES), &[], "Set one of \"a\", \"b\"."),
            (Rule::ExactlyOneOf(NAMES), &both, conflict),
            (Rule::Conflicts(NAMES), &both, conflict),
            (
                Rule::RequiredTogether(NAMES),
                std::slice::from_ref(&b),
                "\"b\" is set, so \"a\" must be set too.",
            ),
            (
                Rule::RequiredWith(NAMES),
                std::slice::from_ref(&a),
                "\"a\" is set, so \"b\" must be set too.",
            ),
            (Rule::RequiredWith(NAMES), std::slice::from_ref(&b), ""),
        ] {
            assert_eq!(errors(rule, set).concat(), expected, "{rule:?}");
        }
    }

    #[test]
    fn check_unknown_value_breaks_no_rule() {
        const NAMES: &[&str] = &["a", "b"];
        let set = [("a", Value::from("x")), ("b", Value::Unknown)];
        for rule in [
            Rule::ExactlyOneOf(NAMES),
            Rule::Conflicts(NAMES),
            Rule::RequiredTogether(NAMES),
            Rule::RequiredWith(NAMES),
        ] {
            assert_eq!(errors(rule, &set), [""; 0], "{rule:?}");
        }
        assert_eq!(
            errors(Rule::ExactlyOneOf(NAMES), &[("b", Value::Unknown)]),
            [""; 0]
        );
    }
}
