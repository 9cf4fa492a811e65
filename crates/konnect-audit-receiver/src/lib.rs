//! A receiver for the audit events of Kong Konnect. It shows each event as it arrives, verifies its signature, and
//! checks in a pipeline that a stream works.
//!
//! | Concept | Where |
//! |---|---|
//! | a receiver that runs | [`Receiver`], [`Counts`], [`Missed`] |
//! | how it listens, and what it does with events | [`Options`], [`Tls`], [`Style`], [`Filter`] |
//! | an event that arrived | [`Received`], [`Verification`] |
//! | how it responds, which can change while it runs | [`Receiver::set_status`], [`Receiver::set_authorization`] |
//! | the keys of `--jwks` | [`load_keys`] |
//!
//! The binary `konnect-audit-receiver` is this library behind a command line. A test runs it in-process:
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use std::time::Duration;
//!
//! use konnect_audit_receiver::{Options, Receiver};
//!
//! let receiver = Receiver::start(Options::new("127.0.0.1:0")).await?;
//! println!("send events to {}", receiver.url());
//! let missed = receiver.wait_for(1, Duration::from_millis(10)).await;
//! assert!(missed.is_err(), "no event was sent");
//! receiver.stop().await;
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```
//!
//! Deliveries are limited in size and time. Control characters and invisible characters of a sender are escaped. Output
//! never contains the expected credential.
#![forbid(unsafe_code)]

mod body;
mod display;
mod filter;
mod intake;
mod keys;
mod options;
mod received;
mod receiver;
mod server;

pub use display::Style;
pub use filter::Filter;
pub use http::StatusCode;
pub use intake::Counts;
pub use keys::load_keys;
pub use options::{DEFAULT_MAX_BODY_BYTES, Options, Tls};
pub use received::{OnEvent, Received, Verification};
pub use receiver::{Missed, Receiver};
