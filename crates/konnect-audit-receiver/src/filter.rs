//! Filters for events: `kind=authorization,severity>=6`.

use std::borrow::Cow;
use std::str::FromStr;

use konnect_event::{Event, Format, Kind};

/// Conditions on an event. An empty filter matches every event.
///
/// Conditions are separated by commas, and all must match. Each is a name, an operator and a value:
///
/// - The name is `kind`, `format`, `timestamp`, `vendor`, `product`, `version`, `event_class_id`, `name` or
///   `severity`, or that of any field of the event, such as `granted` or `principal_id`.
/// - The operator is `=`, `!=`, `>=`, `<=`, `>` or `<`. The last four compare integers.
/// - The value ends at the next comma. With `=` and `!=`, a `*` at its end matches any text: `name=Authz.*`.
///
/// An event without the field matches only `!=`.
///
/// ```
/// use konnect_event::parse;
/// use konnect_audit_receiver::Filter;
///
/// let filter: Filter = "kind=access,severity>=6,kong_initiated!=true".parse()?;
/// let event = parse(r#"{"name":"Ingress","severity":10,"status":500}"#)?;
/// assert!(filter.matches(&event));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(Vec<Condition>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    name: String,
    check: Check,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Check {
    Equal(String),
    NotEqual(String),
    Compare(Operator, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    More,
    Less,
}

/// The reason why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    /// A condition without a name or an operator.
    #[error("{0:?} is not a condition: it has a name, one of =, !=, >=, <=, > and <, and a value")]
    Condition(String),
    /// A comparison with a value that is not an integer.
    #[error("{0:?} compares with a value that is not an integer")]
    Number(String),
    /// An unknown kind or format.
    #[error("{value:?} is not a {name}: use one of {known}")]
    Value {
        /// The name of the condition.
        name: &'static str,
        /// Its value.
        value: String,
        /// The known values.
        known: String,
    },
}

impl Filter {
    /// Whether the event matches all conditions.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.0.iter().all(|condition| condition.holds(event))
    }

    /// Whether the filter is empty. Then lines that are not events are accepted too.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        text.split(',')
            .map(Condition::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Self, InvalidFilter> {
        let invalid = || InvalidFilter::Condition(text.trim().to_owned());
        let operator = text.find(['=', '!', '<', '>']).ok_or_else(invalid)?;
        let (name, rest) = text.split_at(operator);
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(invalid());
        }
        let number = |value: &str| {
            let number = value.trim().parse::<i64>();
            number.map_err(|_| InvalidFilter::Number(text.trim().to_owned()))
        };
        let check = if let Some(value) = rest.strip_prefix("!=") {
            Check::NotEqual(known(name, value.trim())?)
        } else if let Some(value) = rest.strip_prefix(">=") {
            Check::Compare(Operator::AtLeast, number(value)?)
        } else if let Some(value) = rest.strip_prefix("<=") {
            Check::Compare(Operator::AtMost, number(value)?)
        } else if let Some(value) = rest.strip_prefix('>') {
            Check::Compare(Operator::More, number(value)?)
        } else if let Some(value) = rest.strip_prefix('<') {
            Check::Compare(Operator::Less, number(value)?)
        } else {
            let value = rest.strip_prefix('=').ok_or_else(invalid)?;
            Check::Equal(known(name, value.trim())?)
        };
        Ok(Self {
            name: name.to_owned(),
            check,
        })
    }

    fn holds(&self, event: &Event) -> bool {
        let value = value(event, &self.name);
        match &self.check {
            Check::Equal(expected) => value.is_some_and(|value| is_like(&value, expected)),
            Check::NotEqual(expected) => !value.is_some_and(|value| is_like(&value, expected)),
            Check::Compare(operator, bound) => {
                let number = value.and_then(|value| value.trim().parse::<i64>().ok());
                number.is_some_and(|number| match operator {
                    Operator::AtLeast => number >= *bound,
                    Operator::AtMost => number <= *bound,
                    Operator::More => number > *bound,
                    Operator::Less => number < *bound,
                })
            }
        }
    }
}

/// Returns the value. An unknown kind or format is an error, because it can never match.
fn known(name: &str, value: &str) -> Result<String, InvalidFilter> {
    let one_of = |name, known: &[&str]| {
        if known.iter().any(|known| is_like(known, value)) {
            return Ok(());
        }
        Err(InvalidFilter::Value {
            name,
            value: value.to_owned(),
            known: known.join(", "),
        })
    };
    match name {
        "kind" => one_of("kind", &Kind::ALL.map(Kind::as_str))?,
        "format" => one_of("format", &Format::ALL.map(Format::as_str))?,
        _ => {}
    }
    Ok(value.to_owned())
}

fn is_like(value: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == pattern,
    }
}

fn value<'a>(event: &'a Event, name: &str) -> Option<Cow<'a, str>> {
    let text = match name {
        "kind" => event.kind.as_str(),
        "format" => event.format.as_str(),
        "timestamp" => event.timestamp.as_deref()?,
        "vendor" => &event.vendor,
        "product" => &event.product,
        "version" => &event.version,
        "event_class_id" => &event.event_class_id,
        "name" => &event.name,
        "severity" => return event.severity.map(|severity| severity.to_string().into()),
        field => event.fields.get(field)?,
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use konnect_event::parse;

    use super::*;

    #[test]
    fn filter_matches_only_if_all_conditions_match() {
        let line = r#"{"name":"Authz.portals","event_class_id":"konnect","severity":6,"granted":false,"src":"a=b","rt":7}"#;
        let event = parse(line).unwrap();
        let cases = [
            ("", true),
            (" ", true),
            ("kind=authorization", true),
            ("kind=auth*", true),
            ("kind!=access", true),
            ("kind=access", false),
            ("severity>=6", true),
            ("severity>6", false),
            ("severity<=6", true),
            ("severity<6", false),
            ("severity=6", true),
            ("rt>6,rt<8", true),
            ("kind=authorization , severity >= 6", true),
            ("kind=authorization,severity>=7", false),
            ("granted=false", true),
            ("granted>=0", false),
            ("name=Authz.*", true),
            ("name!=Authz.*", false),
            ("name=Authz.", false),
            ("src=a=b", true),
            ("kong_initiated=true", false),
            ("kong_initiated!=true", true),
            ("kong_initiated>=0", false),
        ];
        for (text, expected) in cases {
            let filter: Filter = text.parse().unwrap();
            assert_eq!(filter.matches(&event), expected, "{text:?}");
        }
    }

    #[test]
    fn filter_malformed_text_reports_condition() {
        for text in [
            "kind",
            "=x",
            "severity>=high",
            "severity>",
            "kind=authorisation",
            "format=xml",
            "a!b",
            "kind=access,",
            "a b=c",
        ] {
            let error = text.parse::<Filter>().unwrap_err();
            assert!(!error.to_string().is_empty(), "{text:?}");
        }
        let error = "kind=authorisation".parse::<Filter>().unwrap_err().to_string();
        assert!(
            error.contains("authentication, authorization, access, other"),
            "{error}"
        );
    }
}
