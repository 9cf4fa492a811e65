//! An event, and why a line is not one.

use std::collections::BTreeMap;
use std::fmt;

/// The longest line that is read: 1 MiB, without the line break at its end.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// An audit event.
///
/// The header of a CEF line, and the members of a JSON object that stand for it, have fields of their own here. A
/// header field that a JSON object lacks is an empty text. Everything else is in `fields`, so an event has the same
/// `fields` in every format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The format of the line.
    pub format: Format,
    /// What the event is about.
    pub kind: Kind,
    /// When it happened, as the line has it: RFC 3339 in whole seconds, unless it is from 2023 (`Apr 14 05:39:08`).
    pub timestamp: String,
    /// Who made the software, such as `KongInc`.
    pub vendor: String,
    /// The software, such as `Konnect` or `Dev-Portal`.
    pub product: String,
    /// The version of the events, such as `1.0`.
    pub version: String,
    /// `AUTHENTICATION_TYPE_...`, the service that checked a permission, or `KongGateway`.
    pub event_class_id: String,
    /// `AUTHENTICATION_OUTCOME_...`, `Authz....` or `Ingress`.
    pub name: String,
    /// From 0 to 10. `None` if the line has none, or one that is not an integer.
    pub severity: Option<i64>,
    /// All other fields, by name, as text. Numbers keep their digits. Objects and arrays are JSON. A member that is
    /// `null` is left out. `cef_version` is `0` in every format.
    pub fields: BTreeMap<String, String>,
    /// The signature, in base64url. `None` if the line has none, or an empty one.
    pub signature: Option<String>,
}

/// A format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Common Event Format, after a timestamp and a host.
    Cef,
    /// A JSON object.
    Json,
    /// The same JSON object as the member `event` of another.
    Cps,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Cef, Self::Json, Self::Cps];

    /// The name, as the API has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cef => "cef",
            Self::Json => "json",
            Self::Cps => "cps",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A login, or the use of a token.
    Authentication,
    /// A check of a permission.
    Authorization,
    /// A call to the API.
    Access,
    /// Anything else. Kong documents no such event.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::Authentication,
        Self::Authorization,
        Self::Access,
        Self::Other,
    ];

    /// The kind of the events with this name. Konnect's events differ in nothing else.
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a line is not an audit event. No text of it quotes the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but whitespace.
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
    /// A CEF header that is not complete; holds how many of its seven fields are there.
    #[error("the CEF header has {0} of its 7 fields, which end with \"|\"")]
    CefHeader(usize),
    /// A CEF extension that does not begin with a field.
    #[error("the CEF extension does not begin with \"key=\"")]
    CefExtension,
    /// Not JSON; holds where it ceases to be.
    #[error("the line is not valid JSON: the error is at line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 if the place is not known.
        column: usize,
    },
    /// A JSON object that holds a key more than once, so that readers disagree about its value.
    #[error("the JSON object holds a key more than once")]
    DuplicateKey,
    /// A JSON object that is not an audit event.
    #[error("the JSON object has no text \"name\", which every audit event has")]
    NoName,
}
