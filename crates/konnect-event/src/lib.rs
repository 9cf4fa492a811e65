//! Audit events, as Konnect delivers them: [`parse`] reads a line, [`verify`] checks its signature.
//!
//! | Concept | Where |
//! |---|---|
//! | an event, in any of the three formats | [`Event`], [`Format`], [`Kind`], [`parse`] |
//! | the keys that sign events | [`KeySet`], [`Key`] |
//! | whether a key signed a line | [`verify`] |
//!
//! Three rules hold:
//!
//! - The crate does no I/O, and no input causes a panic. [`MAX_LINE_BYTES`] limits the length of a line.
//! - An error never quotes the line, which can contain personal data.
//! - The signature covers the received bytes. Verification does not serialize anything again.
//!
//! ```
//! use konnect_event::{Kind, parse};
//!
//! let line = "2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|\
//!             rt=1750280466889 action=list granted=true user_agent=grpc-node-js/1.12.4 (linux)";
//! let event = parse(line)?;
//! assert_eq!(event.kind, Kind::Authorization);
//! assert_eq!(event.fields["user_agent"], "grpc-node-js/1.12.4 (linux)");
//! # Ok::<(), konnect_event::ParseError>(())
//! ```

mod cef;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod json;
mod jwks;
mod model;
mod parse;
#[cfg(test)]
mod tests;
mod verify;

pub use jwks::{InvalidKeySet, Key, KeySet};
pub use model::{Event, Format, Kind, MAX_LINE_BYTES, ParseError};
pub use parse::parse;
pub use verify::{VerifyError, verify};
