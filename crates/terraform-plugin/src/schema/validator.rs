//! Rules for the values of attributes.

use std::fmt;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::secrets::foreign_text;
use crate::value::Value;
use crate::value::number::Number;
use crate::value::path::Path;
use crate::value::types::Type;

type Rule = Box<dyn Fn(&Value) -> Option<Diagnostic> + Send + Sync>;
type Fits = Box<dyn Fn(&Type) -> bool + Send + Sync>;

/// A rule for the known values of one attribute. It runs at validation, before any request, and never receives null or
/// unknown. It returns a diagnostic without a path, which must not contain the value of a sensitive attribute.
pub struct Validator {
    rule: Rule,
    /// Whether the rule is for values of a type.
    fits: Fits,
}

impl Validator {
    /// A rule for values of any type.
    pub fn new(rule: impl Fn(&Value) -> Option<Diagnostic> + Send + Sync + 'static) -> Self {
        Self::on(|_| true, rule)
    }

    /// A rule for values of some types.
    fn on(
        fits: impl Fn(&Type) -> bool + Send + Sync + 'static,
        rule: impl Fn(&Value) -> Option<Diagnostic> + Send + Sync + 'static,
    ) -> Self {
        Self {
            rule: Box::new(rule),
            fits: Box::new(fits),
        }
    }

    /// A rule for strings.
    pub fn text(rule: impl Fn(&str) -> Option<Diagnostic> + Send + Sync + 'static) -> Self {
        Self::on(
            |ty| *ty == Type::String,
            move |value| value.as_str().and_then(&rule),
        )
    }

    /// A rule for numbers.
    pub fn number(rule: impl Fn(&Number) -> Option<Diagnostic> + Send + Sync + 'static) -> Self {
        Self::on(
            |ty| *ty == Type::Number,
            move |value| match value {
                Value::Number(number) => rule(number),
                _ => None,
            },
        )
    }

    /// Each element of the list, set or map follows a rule.
    #[must_use]
    pub fn each(element: Self) -> Self {
        let Self { rule, fits } = element;
        let fits = move |ty: &Type| match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => fits(element),
            _ => false,
        };
        Self::on(fits, move |value| {
            let mut known = value.elements().filter(|e| !e.is_null() && !e.is_unknown());
            known.find_map(&rule)
        })
    }

    /// The list, set or map has this number of elements.
    #[must_use]
    pub fn size(from: usize, to: usize) -> Self {
        Self::on(is_collection, move |value| {
            let size = value.elements().count();
            unless((from..=to).contains(&size), "Wrong number of elements", || {
                format!("It has {size} elements. Allowed: {from} to {to}.")
            })
        })
    }

    /// The list has no element twice.
    #[must_use]
    pub fn unique() -> Self {
        let is_list = |ty: &Type| matches!(ty, Type::List(_));
        Self::on(is_list, |value| {
            let elements: Vec<_> = value.elements().collect();
            let again = |i: usize| elements[i].is_wholly_known() && elements[..i].contains(&elements[i]);
            let twice = (0..elements.len()).find(|i| again(*i))?;
            Some(Diagnostic::error(
                "Element is not unique",
                format!("Element {twice} equals an earlier one: remove it."),
            ))
        })
    }

    /// No element of the list, set or map is null. Without this rule, `["a", null]` reaches the provider.
    #[must_use]
    pub fn no_null() -> Self {
        Self::on(is_collection, |value| {
            value.elements().any(Value::is_null).then(|| {
                Diagnostic::error(
                    "Element is null",
                    "Each element needs a value: remove the ones that are null.",
                )
            })
        })
    }

    /// Each key of the map follows a rule for strings.
    #[must_use]
    pub fn keys(key: Self) -> Self {
        let is_map = |ty: &Type| matches!(ty, Type::Map(_));
        Self::on(is_map, move |value| match value {
            Value::Map(entries) => entries
                .keys()
                .find_map(|name| (key.rule)(&Value::String(name.clone()))),
            _ => None,
        })
    }

    /// The string has this number of characters.
    #[must_use]
    pub fn length(from: usize, to: usize) -> Self {
        Self::text(move |text| {
            let length = text.chars().count();
            unless((from..=to).contains(&length), "Wrong length", || {
                format!("It has {length} characters. Allowed: {from} to {to}.")
            })
        })
    }

    /// The string matches a regular expression. `allowed` completes the sentence "Allowed: ...".
    #[cfg(feature = "regex")]
    #[must_use]
    pub fn regex(allowed: &'static str, expression: &str) -> Self {
        let expression = regex_lite::Regex::new(expression);
        let is_valid = expression.is_ok();
        let rule = Self::text(move |text| match &expression {
            Ok(expression) if expression.is_match(text) => None,
            Ok(_) => Some(not_allowed(allowed)),
            Err(error) => Some(Diagnostic::error(
                "Invalid regular expression in the provider",
                format!("This is a bug in the provider: please report it ({error})."),
            )),
        });
        Self::on(move |ty| is_valid && *ty == Type::String, rule.rule)
    }

    /// The string is a duration such as `90s`, `30m` or `1h 30m`.
    #[must_use]
    pub fn duration() -> Self {
        Self::matches("a duration such as 90s, 30m or 1h 30m", |text| {
            humantime::parse_duration(text).is_ok()
        })
    }

    /// The string passes a test. `allowed` completes the sentence "Allowed: ...".
    #[must_use]
    pub fn matches(allowed: &'static str, test: fn(&str) -> bool) -> Self {
        Self::text(move |text| (!test(text)).then(|| not_allowed(allowed)))
    }

    /// The number is within these inclusive bounds.
    #[must_use]
    pub fn range(from: f64, to: f64) -> Self {
        Self::number(move |number| {
            unless(
                (from..=to).contains(&number.to_f64()),
                "Number out of range",
                || format!("{number} is not between {from} and {to}."),
            )
        })
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
            unless(allowed.contains(&text), "Value not allowed", || {
                format!("\"{}\" is not one of {}.", foreign_text(text), quoted(allowed))
            })
        })
    }

    /// The number is an integer within these inclusive bounds.
    #[must_use]
    pub fn whole_number(from: i64, to: i64) -> Self {
        Self::number(move |number| {
            let fits = number.as_i64().is_some_and(|i| (from..=to).contains(&i));
            unless(fits, "Number out of range", || {
                format!("{number} is not a whole number from {from} to {to}.")
            })
        })
    }

    /// Whether the rule is for values of this type.
    pub(crate) fn fits(&self, ty: &Type) -> bool {
        (self.fits)(ty)
    }

    /// Applies the rule to a value that is neither null nor unknown.
    pub(crate) fn check(&self, value: &Value, path: &Path, diagnostics: &mut Diagnostics) {
        if value.is_null() || value.is_unknown() {
            return;
        }
        if let Some(diagnostic) = (self.rule)(value) {
            diagnostics.push(diagnostic.at(path.clone()));
        }
    }
}

fn unless(valid: bool, summary: &str, detail: impl FnOnce() -> String) -> Option<Diagnostic> {
    (!valid).then(|| Diagnostic::error(summary, detail()))
}

fn is_collection(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_))
}

/// Names for a message, each in quotation marks.
pub(crate) fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}

fn not_allowed(allowed: &str) -> Diagnostic {
    Diagnostic::error("Value not allowed", format!("Allowed: {allowed}."))
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
    fn validator_of_length_size_range_and_elements_reports_bounds() {
        assert_eq!(
            details(&Validator::length(1, 2), "äöü"),
            ["It has 3 characters. Allowed: 1 to 2."]
        );
        assert_eq!(
            details(&Validator::range(0.0, 0.5), 1),
            ["1 is not between 0 and 0.5."]
        );
        assert_eq!(
            details(
                &Validator::matches("digits", |t| t.bytes().all(|b| b.is_ascii_digit())),
                "1a"
            ),
            ["Allowed: digits."]
        );
        let list = Value::List(vec!["a".into(), Value::Unknown, " ".into()]);
        assert_eq!(
            details(&Validator::size(0, 2), list.clone()),
            ["It has 3 elements. Allowed: 0 to 2."]
        );
        assert_eq!(details(&Validator::each(Validator::not_blank()), list).len(), 1);
        let twice = |last| Value::List(vec!["a".into(), Value::Unknown, Value::Unknown, last]);
        let no_null = Validator::no_null();
        assert_eq!(details(&no_null, twice(Value::Null)).len(), 1);
        assert!(details(&no_null, twice("a".into())).is_empty());
        let unique = Validator::unique();
        assert_eq!(
            details(&unique, twice("a".into())),
            ["Element 3 equals an earlier one: remove it."]
        );
        assert!(details(&unique, twice("b".into())).is_empty());
        let map = Value::Map([("long".to_owned(), Value::Null)].into());
        let keys = Validator::keys(Validator::length(1, 3));
        assert_eq!(details(&keys, map), ["It has 4 characters. Allowed: 1 to 3."]);
    }

    #[cfg(feature = "regex")]
    #[test]
    fn validator_of_regex_reports_what_is_allowed_and_fits_only_if_valid() {
        let digits = Validator::regex("digits", "^[0-9]+$");
        assert!(details(&digits, "12").is_empty() && digits.fits(&Type::String));
        assert_eq!(details(&digits, "1a"), ["Allowed: digits."]);
        assert!(!Validator::regex("nothing", "(").fits(&Type::String));
    }

    #[test]
    fn validator_null_or_unknown_is_not_checked() {
        let never = Validator::new(|_| Some(Diagnostic::error("checked", "checked")));
        assert!(details(&never, Value::Null).is_empty());
        assert!(details(&never, Value::Unknown).is_empty());
        assert_eq!(details(&never, true).len(), 1);
    }
}
