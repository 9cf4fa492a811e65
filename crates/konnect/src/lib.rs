//! A client of Kong Konnect's audit log API.
//!
//! | Concept | Where |
//! |---|---|
//! | server, credentials and limits | [`Client`], [`ClientOptions`], [`ServerUrl`], [`Region`], [`AccessToken`] |
//! | calls, one function for each endpoint | [`v2`], [`v3`] |
//! | reads of destinations that share their requests | [`Cache`] |
//! | creating a destination exactly once | [`Creations`], [`CreatedDestination`], [`CreateError`] |
//! | repeating a call that is rejected for a while | [`repeat_while`], [`RepeatSchedule`] |
//! | destinations | [`Destination`], [`DestinationSettings`], [`NewDestination`], [`DestinationChanges`], [`DestinationId`] |
//! | webhooks of regions and Dev Portals | [`DestinationWebhook`], [`EndpointWebhook`], [`WebhookStatus`], [`PortalId`] |
//! | replay jobs | [`ReplayJob`], [`NewReplayJob`] |
//! | past events | [`AuditLogQuery`], [`AuditLogEntry`] |
//! | lists in pages | [`ListQuery`], [`PortalQuery`] |
//! | failures | [`Error`], [`ErrorKind`], [`Outcome`]; [`InvalidValue`] for a value that a user wrote |
//!
//! # Example
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use konnect::{AccessToken, Client, ClientOptions, ListQuery, Region, v3};
//!
//! let token = AccessToken::parse(&std::env::var("KONNECT_TOKEN")?)?;
//! let client = Client::new(ClientOptions::new(token))?;
//! let query = ListQuery::default();
//! for destination in v3::all_destinations(&client, &Region::global(), &query).await? {
//!     println!("{} {}", destination.id, destination.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What every call guarantees
//!
//! - The access token goes to the server of the [`ServerUrl`] only. The client does not follow redirects, and uses
//!   plain HTTP on the loopback interface only.
//! - A call is retried only if a retry cannot apply a change twice. No request is sent after the stop token of the
//!   [`ClientOptions`] is cancelled, except by [`Client::after_stop`].
//! - At most [`MAX_CONCURRENT_REQUESTS`] requests are in flight at a time. A host that responds with 429 receives no
//!   request until the wait that it specifies has passed. A wait of more than a minute fails immediately, and a call
//!   waits at most five minutes in all.
//! - Responses are limited in size and time. Errors and logs contain no secret.

mod cache;
mod calls;
mod create_once;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod repeat;
mod types;

#[cfg(test)]
mod tests;

pub use cache::{Cache, MAX_AGE};
pub use calls::{v2, v3};
pub use create_once::{CreateError, CreatedDestination, Creations, Duplicates};
pub use error::advice::ACCESS_TOKENS_URL;
pub use error::kind::{ConnectFailure, ErrorKind};
pub use error::problem::InvalidParameter;
pub use error::{Error, Outcome};
pub use http::client::{Client, ClientOptions};
pub use http::environment::CaCertificates;
pub use http::limit::MAX_CONCURRENT_REQUESTS;
pub use repeat::{RepeatSchedule, repeat_while};
pub use types::audit_log::{AuditLogEntry, AuditLogFields, AuditLogQuery, AuditLogType};
pub use types::destination::{
    Destination, DestinationChanges, DestinationSettings, LogFormat, NewDestination, is_same_name,
    is_same_url, normal_url,
};
pub use types::id::{DestinationId, PortalId};
pub use types::invalid::InvalidValue;
pub use types::organization::{AvailableRegions, Organization};
pub use types::paging::{ListQuery, NameFilter};
pub use types::portal::{Portal, PortalQuery};
pub use types::region::Region;
pub use types::replay_job::{NewReplayJob, ReplayJob, ReplayJobStatus};
pub use types::secret::{AccessToken, Authorization};
pub use types::server_url::ServerUrl;
pub use types::text::sentence;
pub use types::webhook::{
    DestinationWebhook, DestinationWebhookChanges, EndpointWebhook, EndpointWebhookChanges, WebhookState,
    WebhookStatus,
};
