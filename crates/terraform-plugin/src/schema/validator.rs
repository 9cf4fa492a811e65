//! Rules for the values of attributes.

use std::fmt;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::value::Value;
use crate::value::path::Path;

type Rule = Box<dyn Fn(&Value) -> Option<Diagnostic> + Send + Sync>;

/// A rule for the known values of one attribute. It runs at validation, before any request, and never receives null or
/// unknown. It returns a diagnostic without a path, which must not contain the value of a sensitive attribute.
pub struct Validator(Rule);

impl Validator {
    /// A rule for values of any type.
    pub fn new(rule: impl Fn(&Value) -> Option<Diagnostic> + Send + Sync + 'static) -> Self {
        Self(Box::new(rule))
    }

    /// A rule for strings.
    pub fn text(rule: impl Fn(&str) -> Option<Diagnostic> + Send + Sync + 'static) -> Self {
        Self::new(move |value| value.as_str().and_then(&rule))
    }

    /// The string contains more than white space.
    #[must_use]
    pub fn not_blank() -> Self {
        Self::text(|text| {
            text.trim()
                .is_empty()
                .then(|| Diagnostic::error("Value is blank", "Set it to more than white space."))
        })
    }

    /// The string is one of these. The error lists them.
    #[must_use]
    pub fn one_of(allowed: &'static [&'static str]) -> Self {
        Self::text(move |text| {
            (!allowed.contains(&text)).then(|| {
                let allowed = allowed
                    .iter()
                    .map(|a| format!("\"{a}\""))
                    .collect::<Vec<_>>()
                    .join(", ");
                Diagnostic::error(
                    "Value not allowed",
                    format!("\"{text}\" is not one of {allowed}."),
                )
            })
        })
    }

    /// The number is an integer within these inclusive bounds.
    #[must_use]
    pub fn whole_number(from: i64, to: i64) -> Self {
        Self::new(move |value| {
            let Value::Number(number) = value else { return None };
            let fits = number.as_i64().is_some_and(|i| (from..=to).contains(&i));
            (!fits).then(|| {
                Diagnostic::error(
                    "Number out of range",
                    format!("{number} is not a whole number from {from} to {to}."),
                )
            })
        })
    }

    /// Applies the rule to a value that is neither null nor unknown.
    pub(crate) fn check(&self, value: &Value, path: &Path, diagnostics: &mut Diagnostics) {
        if value.is_null() || value.is_unknown() {
            return;
        }
        if let Some(diagnostic) = (self.0)(value) {
            diagnostics.push(diagnostic.at(path.clone()));
        }
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(validator: &Validator, value: impl Into<Value>) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        validator.check(&value.into(), &Path::from("a"), &mut diagnostics);
        diagnostics.into_iter().map(|d| d.detail).collect()
    }

    #[test]
    fn validator_invalid_value_reports_what_is_allowed() {
        assert_eq!(details(&Validator::not_blank(), " \t").len(), 1);
        assert_eq!(details(&Validator::not_blank(), " x ").len(), 0);
        assert_eq!(
            details(&Validator::one_of(&["a", "b"]), "c"),
            [r#""c" is not one of "a", "b"."#]
        );
        assert_eq!(
            details(&Validator::whole_number(0, 9), 10_i64),
            ["10 is not a whole number from 0 to 9."]
        );
        assert_eq!(details(&Validator::whole_number(0, 9), 9_i64).len(), 0);
        let half = Value::Number(crate::Number::parse("0.5").unwrap());
        assert_eq!(details(&Validator::whole_number(0, 9), half).len(), 1);
    }

    #[test]
    fn validator_null_or_unknown_is_not_checked() {
        let never = Validator::new(|_| Some(Diagnostic::error("checked", "checked")));
        assert!(details(&never, Value::Null).is_empty());
        assert!(details(&never, Value::Unknown).is_empty());
        assert_eq!(details(&never, true).len(), 1);
    }
}
