//! A client of Kong Konnect's audit log API, usable by itself.
//!
//! | Concept | Where |
//! |---|---|
//! | whom to call, and as whom | [`ServerUrl`], [`Region`], [`AccessToken`], [`ClientOptions`], [`Client`] |
//! | the calls | [`v2`], [`v3`]: one function an endpoint |
//! | calls that several share | [`cache`] |
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

mod api;
mod cache;
mod error;
pub mod event;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod types;

#[cfg(test)]
mod tests;

pub use api::creations::{CreateError, CreatedDestination, Creations, Duplicates};
pub use api::{v2, v3};
pub use cache::{Cache, MAX_AGE};
pub use error::advice::ACCESS_TOKENS_URL;
pub use error::kind::{ConnectFailure, ErrorKind};
pub use error::problem::InvalidParameter;
pub use error::{Error, Outcome};
pub use http::client::{Client, ClientOptions};
pub use http::concurrency_limit::MAX_CONCURRENT_REQUESTS;
pub use types::changes::{
    DestinationChanges, DestinationWebhookChanges, EndpointWebhookChanges, NewDestination,
};
pub use types::destination_id::{DestinationId, InvalidDestinationId};
pub use types::model::{
    Destination, DestinationWebhook, EndpointWebhook, LogFormat, Organization, WebhookState, WebhookStatus,
};
pub use types::paging::{ListQuery, NameFilter, Page};
pub use types::region::{InvalidRegion, Region};
pub use types::secret::{AccessToken, Authorization, InvalidSecret};
pub use types::server_url::{InvalidServerUrl, RegionMismatch, ServerUrl};
pub use types::text::sentence;
