//! A line that arrived, and what is known of its signature.

use konnect::event::Event;

/// A line that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// The line, without its line break. Bytes that are not UTF-8 are replaced.
    pub line: &'a str,
    /// The event, or why the line is not one. The text does not quote the line.
    pub event: Result<Event, String>,
    /// What is known of its signature.
    pub verification: Verification,
}

/// What is known of the signature of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// One of the keys made it.
    Verified,
    /// There is none.
    Unsigned,
    /// None of the keys made it.
    Bad,
    /// There is one, but no key to check it with; or the line is not an event.
    Unchecked,
}

impl Verification {
    /// `verified`, `unsigned`, `bad` or `unchecked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unsigned => "unsigned",
            Self::Bad => "bad",
            Self::Unchecked => "unchecked",
        }
    }
}
