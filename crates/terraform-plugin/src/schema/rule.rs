//! Rules over several attributes of a block.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::validator::quoted;
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
        let is_null = |name: &&&str| config.get(name).is_null();
        let is_set = |name: &&&str| !is_null(name) && !config.get(name).is_unknown();
        let mut set = names.iter().filter(is_set);
        let (first, second) = (set.next(), set.next());
        let missing = names.iter().find(is_null);
        let (summary, detail, at) = match (self, first, second, missing) {
            (Self::ExactlyOneOf(_) | Self::AtLeastOneOf(_), ..)
                if names.iter().all(|name| is_null(&name)) =>
            {
                let detail = format!("Set one of {}.", quoted(names));
                ("Missing argument", detail, path.clone())
            }
            (Self::ExactlyOneOf(_) | Self::Conflicts(_), Some(first), Some(second), _) => {
                let detail =
                    format!("\"{second}\" cannot be set together with \"{first}\": remove one of them.");
                ("Conflicting arguments", detail, path.attribute(*second))
            }
            (Self::RequiredTogether(_) | Self::RequiredWith(_), Some(set), _, Some(missing))
                if matches!(self, Self::RequiredTogether(_)) || names.first() == Some(set) =>
            {
                let detail = format!("\"{set}\" is set, so \"{missing}\" must be set too.");
                ("Missing argument", detail, path.attribute(*set))
            }
            _ => return,
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(at));
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
