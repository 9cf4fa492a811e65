//! The event and the error of the parser.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The maximum length of a line: 1 MiB, without the line break at its end.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// An audit event.
///
/// The fields of the CEF header, and the corresponding members of a JSON object, have their own fields. A header field
/// that a JSON object lacks is empty. Everything else is in `fields`, so an event has the same `fields` in every
/// format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The format of the line.
    pub format: Format,
    /// The kind of the event.
    pub kind: Kind,
    /// The time of the event, in RFC 3339. If the time of the line has another form, such as `Apr 14 05:39:08` (2023),
    /// this is the field `rt` in whole seconds. `None` without either.
    pub timestamp: Option<String>,
    /// The vendor of the software, such as `KongInc`.
    pub vendor: String,
    /// The software, such as `Konnect` or `Dev-Portal`.
    pub product: String,
    /// The version of the event format, such as `1.0`.
    pub version: String,
    /// `AUTHENTICATION_TYPE_...`, the service that checked a permission, or `KongGateway`.
    pub event_class_id: String,
    /// `AUTHENTICATION_OUTCOME_...`, `Authz....` or `Ingress`.
    pub name: String,
    /// From 0 to 10. `None` if absent or not an integer.
    pub severity: Option<i64>,
    /// All other fields, by name, as text. Numbers keep their digits. Objects and arrays are JSON. A `null` member is
    /// omitted. `cef_version` is `0` in every format.
    pub fields: BTreeMap<String, String>,
    /// The signature, in base64url. `None` if absent or empty.
    pub signature: Option<String>,
}

/// The time of an event: the text of the line if it is RFC 3339, otherwise the milliseconds since 1970 of `rt`.
pub(crate) fn timestamp(text: &str, rt: Option<&String>) -> Option<String> {
    if OffsetDateTime::parse(text, &Rfc3339).is_ok() {
        return Some(text.to_owned());
    }
    let milliseconds: i64 = rt?.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1000)).ok()?;
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    // RFC 3339 has years of four digits.
    (0..=9999).contains(&year).then(|| {
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    })
}

/// A format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Common Event Format, after a timestamp and a host.
    Cef,
    /// A JSON object.
    Json,
    /// The same JSON object as the member `event` of another.
    Cps,
}

impl Format {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cef => "cef",
            Self::Json => "json",
            Self::Cps => "cps",
        }
    }
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A login, or the use of a token.
    Authentication,
    /// A check of a permission.
    Authorization,
    /// A call to the API.
    Access,
    /// Another kind. Kong documents none.
    Other,
}

impl Kind {
    /// The kind of the events with this name, the only field that distinguishes them.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name.starts_with("AUTHENTICATION_OUTCOME_") {
            Self::Authentication
        } else if name.starts_with("Authz.") {
            Self::Authorization
        } else if name == "Ingress" {
            Self::Access
        } else {
            Self::Other
        }
    }

    /// The kind in lower case, such as `authentication`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Access => "access",
            Self::Other => "other",
        }
    }
}

/// The error for a line that is not an audit event. It never quotes the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// An empty line, or only whitespace.
    #[error("the line is empty")]
    Empty,
    /// Longer than [`MAX_LINE_BYTES`]; holds the length in bytes.
    #[error("the line has {0} bytes; an audit event has at most {MAX_LINE_BYTES}")]
    TooLong(usize),
    /// Neither a JSON object nor a line with `CEF:`.
    #[error("the line is neither CEF, which contains \"CEF:\", nor a JSON object")]
    UnknownFormat,
    /// A line break inside a CEF line.
    #[error("the text has several lines; a CEF event is a single one")]
    SeveralLines,
    /// An incomplete CEF header; holds the number of its fields, of seven.
    #[error("the CEF header has {0} of its 7 fields, which end with \"|\"")]
    CefHeader(usize),
    /// A CEF extension that does not begin with a field.
    #[error("the CEF extension does not begin with \"key=\"")]
    CefExtension,
    /// Invalid JSON; holds the position of the error.
    #[error("the line is not valid JSON: the error is at line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 if unknown.
        column: usize,
    },
    /// A JSON object with a duplicate key, whose value is ambiguous.
    #[error("the JSON object holds a key more than once")]
    DuplicateKey,
    /// A JSON object that is not an audit event.
    #[error("the JSON object has no text \"name\", which every audit event has")]
    NoName,
}
