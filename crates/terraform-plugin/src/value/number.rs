//! The numbers of Terraform's language, of any size and precision.

use std::fmt;

/// The length of the longest accepted decimal, in characters. Terraform's numbers have a precision of 512 bits, which is
/// about 155 digits.
const MAX_LENGTH: usize = 4096;

/// A number in normal form, so that equal numbers are equal values: an integer of 64 bits, a 64-bit float if that is
/// exact, or else decimal text. The plugin protocol encodes numbers in the same three forms.
#[derive(Clone, PartialEq)]
pub struct Number(NumberForm);

/// The three forms of a [`Number`].
#[derive(Debug, Clone, PartialEq)]
pub enum NumberForm {
    /// A signed integer of 64 bits.
    Integer(i64),
    /// An exact float, never an integer of 64 bits and never NaN.
    Float(f64),
    /// Decimal text without an exponent, for all other numbers.
    Decimal(String),
}

/// The error for text that is not a decimal number, or too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number, or too long")]
pub struct InvalidNumber;

impl Number {
    /// The exact form of the number.
    #[must_use]
    pub fn form(&self) -> &NumberForm {
        &self.0
    }

    /// Converts a float. Returns `None` for NaN, which Terraform does not have. It does have infinities.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::float_cmp
    )] // the comparison is exact by intention
    pub fn from_f64(f: f64) -> Option<Self> {
        if f.is_nan() {
            return None;
        }
        // A float can represent -2^63 but not 2^63 - 1: the upper bound is 2^63, exclusive.
        let fits = f.trunc() == f && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f);
        Some(Self(if fits {
            NumberForm::Integer(f as i64)
        } else {
            NumberForm::Float(f)
        }))
    }

    /// Parses decimal text with an optional fraction. With an exponent, as JSON has it, the number is the nearest float.
    ///
    /// # Errors
    /// [`InvalidNumber`] if the text is not a number, or is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        match text {
            "Inf" | "+Inf" => return Ok(Self(NumberForm::Float(f64::INFINITY))),
            "-Inf" => return Ok(Self(NumberForm::Float(f64::NEG_INFINITY))),
            _ => {}
        }
        let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
        if text.len() > MAX_LENGTH || !text.chars().all(digits) {
            return Err(InvalidNumber);
        }
        let nearest: f64 = text.parse().map_err(|_| InvalidNumber)?;
        if text.contains(['e', 'E']) {
            return Self::from_f64(nearest)
                .filter(|_| nearest.is_finite())
                .ok_or(InvalidNumber);
        }
        let decimal = without_redundant_zeros(text);
        if let Ok(i) = decimal.parse::<i64>() {
            return Ok(Self(NumberForm::Integer(i)));
        }
        // 1074 digits after the point represent any finite 64-bit float exactly.
        let exact = nearest.is_finite() && without_redundant_zeros(&format!("{nearest:.1074}")) == decimal;
        Ok(Self(if exact {
            NumberForm::Float(nearest)
        } else {
            NumberForm::Decimal(decimal)
        }))
    }

    /// Converts a float to the shortest decimal that it is nearest to: `0.1` becomes the number that a configuration
    /// calls `0.1`, which no float equals.
    pub(crate) fn from_shortest(f: f64) -> Option<Self> {
        if f.is_finite() {
            Self::parse(&f.to_string()).ok()
        } else {
            Self::from_f64(f)
        }
    }

    /// The number as an integer, if it is an integer of 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            NumberForm::Integer(i) => Some(i),
            _ => None,
        }
    }

    /// The float nearest to the number.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // the method returns the nearest float
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            NumberForm::Integer(i) => *i as f64,
            NumberForm::Float(f) => *f,
            NumberForm::Decimal(d) => d.parse().unwrap_or(f64::NAN),
        }
    }
}

/// Removes redundant zeros: `007.50` is `7.5`, `-0.000` is `0`.
fn without_redundant_zeros(decimal: &str) -> String {
    let decimal = decimal.strip_prefix('+').unwrap_or(decimal);
    let (sign, unsigned) = decimal
        .strip_prefix('-')
        .map_or(("", decimal), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    match (whole.is_empty(), fraction.is_empty()) {
        (true, true) => "0".to_owned(),
        (true, false) => format!("{sign}0.{fraction}"),
        (false, true) => format!("{sign}{whole}"),
        (false, false) => format!("{sign}{whole}.{fraction}"),
    }
}

impl From<i64> for Number {
    fn from(i: i64) -> Self {
        Self(NumberForm::Integer(i))
    }
}

impl From<u64> for Number {
    fn from(u: u64) -> Self {
        // Decimal text of an integer always parses.
        i64::try_from(u).map_or_else(
            |_| Self::parse(&u.to_string()).unwrap_or(Self(NumberForm::Integer(i64::MAX))),
            Self::from,
        )
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            NumberForm::Integer(i) => write!(f, "{i}"),
            NumberForm::Float(x) if x.is_infinite() => f.write_str(if *x > 0.0 { "Inf" } else { "-Inf" }),
            NumberForm::Float(x) => write!(f, "{x}"),
            NumberForm::Decimal(d) => f.write_str(d),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parse_equal_numbers_have_equal_forms() {
        for text in ["1", "1.0", "01", "1e0", "10e-1", "0.1e1", "+1"] {
            assert_eq!(Number::parse(text), Ok(Number::from(1_i64)), "{text}");
        }
        assert_eq!(Number::parse("-0.0"), Ok(Number::from(0_i64)));
        assert_eq!(Number::parse("0.5"), Ok(Number::from_f64(0.5).unwrap()));
    }

    #[test]
    fn from_shortest_float_is_the_decimal_of_a_configuration() {
        for text in ["0.1", "-2.3", "1e21", "5e-324", "12345.678", "0.5", "3"] {
            let float: f64 = text.parse().unwrap();
            let number = Number::from_shortest(float).unwrap();
            assert_eq!(number, Number::parse(&float.to_string()).unwrap(), "{text}");
            assert_eq!(number.to_f64().to_bits(), float.to_bits(), "{text}");
        }
        assert_eq!(Number::from_shortest(0.1), Number::parse("0.1").ok());
    }

    #[test]
    fn parse_inexact_float_is_decimal() {
        assert_eq!(
            Number::parse("0.1").unwrap().form(),
            &NumberForm::Decimal("0.1".to_owned())
        );
        assert_eq!(
            Number::parse("12345678901234567890.10").unwrap().form(),
            &NumberForm::Decimal("12345678901234567890.1".to_owned())
        );
        assert_eq!(
            Number::from(u64::MAX).form(),
            &NumberForm::Decimal("18446744073709551615".to_owned())
        );
        assert_eq!(
            Number::from(1_u64 << 63).form(),
            &NumberForm::Float(9_223_372_036_854_775_808.0)
        );
    }

    #[test]
    fn parse_invalid_text_is_error() {
        for text in [
            "", "-", ".", "1.2.3", "e5", "1e", "1e99999", "1e400", "0x10", "NaN", "inf", "1 ", "١",
        ] {
            assert_eq!(Number::parse(text), Err(InvalidNumber), "{text}");
        }
        assert_eq!(Number::parse(&"9".repeat(MAX_LENGTH + 1)), Err(InvalidNumber));
        assert_eq!(Number::from_f64(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn parse_float_round_trips(f in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let exact = Number::from_f64(f).unwrap();
            prop_assert_eq!(exact.to_f64().to_bits(), f.to_bits());
            prop_assert_eq!(Number::parse(&format!("{f:.1074}")).unwrap(), exact);
        }

        #[test]
        fn parse_integer_round_trips(i: i64) {
            prop_assert_eq!(Number::parse(&i.to_string()).unwrap().as_i64(), Some(i));
        }
    }
}
