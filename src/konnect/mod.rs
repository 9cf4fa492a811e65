//! A client of Kong Konnect's audit log API, usable by itself.
//!
//! | Concept | Where |
//! |---|---|
//! | whom to call, and as whom | [`ServerUrl`], [`Region`], [`AccessToken`], [`ClientOptions`], [`Client`] |
//! | the calls | [`v2`], [`v3`]: one function an endpoint |
//! | calls that several share | [`reads`] |
//! | what is sent | [`NewDestination`], [`DestinationChanges`], [`EndpointWebhookChanges`], [`DestinationWebhookChanges`] |
//! | what is answered | [`Destination`], [`EndpointWebhook`], [`DestinationWebhook`], [`WebhookStatus`], [`Page`] |
//! | what can go wrong | [`Error`], with [`Outcome`] and advice |
//!
//! Four rules hold for every call:
//!
//! - The access token goes to the server of the [`ServerUrl`] and nowhere else: redirects are not
//!   followed, and nothing but HTTPS leaves the machine.
//! - A call is made again only where that can't do a thing twice, and no call begins once the caller's
//!   stop token is cancelled, but those of [`Client::after_stop`].
//! - Only so many requests are under way at a time, and a host that says 429 gets none until the wait that it
//!   asks for is over.
//! - Whatever a server sends is bounded in size and time, and no secret gets into an error or a log.

mod advice;
mod answer;
mod changes;
mod client;
mod destination_id;
mod endpoints;
mod error;
mod error_kind;
mod excerpt;
mod exchange;
mod failure;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod gate;
mod model;
mod once;
mod paging;
mod problem;
pub mod reads;
mod region;
mod retry;
mod secret;
mod server_url;
#[cfg(test)]
mod tests;
pub mod v2;
pub mod v3;

pub use changes::{DestinationChanges, DestinationWebhookChanges, EndpointWebhookChanges, NewDestination};
pub use client::{Client, ClientOptions};
pub use destination_id::{DestinationId, InvalidDestinationId};
pub use error::{Error, Outcome};
pub use error_kind::{ErrorKind, Obstacle};
pub use gate::MOST_AT_ONCE;
pub use model::{Destination, DestinationWebhook, EndpointWebhook, LogFormat, WebhookState, WebhookStatus};
pub use once::{CreateError, CreatedOnce, Twins, create_destination_once};
pub use paging::{ListQuery, NameFilter, Page};
pub use problem::InvalidParameter;
pub use region::{InvalidRegion, Region};
pub use secret::{AccessToken, Authorization, InvalidSecret};
pub use server_url::{InvalidServerUrl, RegionMismatch, ServerUrl};
