//! A local Konnect: the audit log API of an organization on loopback, with real deliveries, for tests and for trying
//! things out.
//!
//! It shares no code with the project's API client, so the two check each other. It follows Kong's published API
//! descriptions and documentation. It was never compared with the real service.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use konnect_emulator::{Emulator, EmulatorOptions, Fault, FaultRule};
//!
//! let emulator = Emulator::start(EmulatorOptions::default()).await?;
//! emulator.inject(FaultRule::new(Fault::retry_after(503, 0)).method("POST")).map_err(std::io::Error::other)?;
//! // Point a client at `{emulator.url()}/{region}`, then look at what it sent:
//! for request in emulator.requests() {
//!     println!("{} {} -> {:?}", request.method, request.path, request.status);
//! }
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What can be done with it
//!
//! | To | use |
//! |---|---|
//! | start it | [`EmulatorOptions`], [`Emulator::start`] |
//! | see what a client sent | [`Emulator::requests`], [`RecordedRequest`] |
//! | make requests fail | [`Emulator::inject`], [`FaultRule`], [`Fault`] |
//! | make it slow, limited and unreliable as a whole | [`Emulator::set_conditions`], [`Conditions`] |
//! | change what is stored without a request | [`Emulator::edit_webhook`], [`Emulator::add_portal`] and others |
//! | choose where Konnect's documentation leaves a choice | [`Behavior`] |
//! | send events to a receiver | [`DeliveryOptions`], [`Emulator::trigger`], [`Emulator::deliveries`] |
//! | move the time | [`Emulator::advance_clock`], [`EmulatorOptions::time_scale`] |
//!
//! # How it works
//!
//! - **A request**: `server` refuses it if it comes from a web page, reads it and records it in the journal. `fault`
//!   selects a fault. `api` finds the handler with `api::route`. The handlers use the state of the `organization`, which
//!   `organization::store` keeps.
//! - **An event**: `api::audit_trail` creates the events of a request, `event` stores them, writes them in the three
//!   formats and signs them. `delivery` queues them for each enabled webhook and sends them in batches. `replay` sends
//!   those of a past window again.
//! - **Control**: a `control::Command` changes the state without the API. The methods of [`Emulator`] build it, and so
//!   does the body of `POST /_emulator/commands`.
//!
//! To test that a client does not follow a redirect, redirect it to a second emulator, whose log of requests must
//! remain empty.
//!
//! # Simplifications
//!
//! - Any token that begins with `kpat_` or `spat_` is valid and has all permissions.
//! - The region is that of the host, such as `eu.api.konghq.com`. On a loopback address, it is the first segment of the
//!   path, `us` without one. Any DNS label other than `api` is a region.
//! - Destinations belong to the organization: every host shows and changes the same ones.
//! - Disabling a webhook that was never configured changes nothing, in both versions.
//! - Name filters are case-sensitive.
//! - Events are kept in memory only, at most 100,000. The state too is in memory: a restart removes it.
//! - An event is sent if the webhook is enabled when the event occurs, to the target of the webhook when the batch is
//!   sent.

mod api;
mod behavior;
mod control;
mod delivery;
mod emulator;
mod event;
mod fault;
mod http;
mod lock;
mod options;
mod organization;
mod replay;
mod server;
mod shared;

#[cfg(test)]
mod tests;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use behavior::{Behavior, EndpointForm, PullApi};
pub use control::ControlError;
pub use emulator::Emulator;
pub use event::sample::EventKind;
pub use fault::conditions::{Conditions, RandomFaults, RateLimit};
pub use fault::rule::{Fault, FaultRule, Headers};
pub use http::certificate::Certificate;
pub use options::{DeliveryOptions, EmulatorOptions};
pub use organization::journal::{RecordedDelivery, RecordedRequest};
pub use organization::stream::StreamId;
