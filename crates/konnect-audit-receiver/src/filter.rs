//! Filters for events: `kind=authorization,granted!=true`.

use std::borrow::Cow;
use std::str::FromStr;

use konnect_event::Event;

/// Conditions on an event. An empty filter matches every event.
///
/// Conditions are separated by commas, and all must match. Each is a name, `=` or `!=`, and a value:
///
/// - The name is `kind`, `format`, `timestamp`, `vendor`, `product`, `version`, `event_class_id`, `name` or
///   `severity`, or that of any field of the event, such as `granted` or `principal_id`.
/// - The value ends at the next comma. A `*` at its end matches any text: `name=Authz.*`.
///
/// An event without the field matches only `!=`.
///
/// ```
/// use konnect_event::parse;
/// use konnect_audit_receiver::Filter;
///
/// let filter: Filter = "kind=access,kong_initiated!=true".parse()?;
/// let event = parse(r#"{"name":"Ingress","severity":10,"status":500}"#)?;
/// assert!(filter.matches(&event));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(Vec<Condition>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    name: String,
    is_equal: bool,
    value: String,
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
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
    fn parse(text: &str) -> Result<Self, String> {
        let invalid = || {
            let text = text.trim();
            format!("{text:?} is not a condition, which is a name, = or !=, and a value")
        };
        let (name, value) = text.split_once('=').ok_or_else(invalid)?;
        let (name, is_equal) = match name.strip_suffix('!') {
            Some(name) => (name.trim(), false),
            None => (name.trim(), true),
        };
        let is_other = |c: char| c.is_whitespace() || matches!(c, '!' | '<' | '>');
        if name.is_empty() || name.contains(is_other) {
            return Err(invalid());
        }
        Ok(Self {
            name: name.to_owned(),
            is_equal,
            value: value.trim().to_owned(),
        })
    }

    fn holds(&self, event: &Event) -> bool {
        let value = value(event, &self.name);
        value.is_some_and(|value| is_like(&value, &self.value)) == self.is_equal
    }
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
            ("severity=6", true),
            ("rt=7", true),
            ("timestamp=1970-*", true),
            ("kind=authorization , severity = 6", true),
            ("kind=authorization,severity=7", false),
            ("granted=false", true),
            ("name=Authz.*", true),
            ("name!=Authz.*", false),
            ("name=Authz.", false),
            ("src=a=b", true),
            ("kong_initiated=true", false),
            ("kong_initiated!=true", true),
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
            "severity>=6",
            "severity<6",
            "a!b",
            "kind=access,",
            "a b=c",
        ] {
            text.parse::<Filter>().unwrap_err();
        }
    }
}
