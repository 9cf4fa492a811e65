//! Reads that share their requests.
//!
//! A refresh reads every object in the state, several at a time. One request for each of a thousand destinations is
//! slow and reaches rate limits. The cache reduces the number of requests:
//!
//! - Identical concurrent reads share one request.
//! - A single read of a destination takes one `GET`. A read that is concurrent with others, or follows a series of
//!   others, uses a list of all destinations of its region, which is fetched page by page for all these reads. [`list`]
//!   describes the details.
//! - A list or request serves reads that begin at most [`MAX_AGE`] after it.
//!
//! Therefore a result describes the object at most [`MAX_AGE`] before the read began. It is never older than a write of
//! the same client: a read that begins after a write uses no request from before or during the write. A destination
//! that is missing or incomplete in a list is requested by its ID: a list alone never makes an object count as deleted.
//!
//! A change that depends on the current object must use [`v2`](crate::api::v2) and [`v3`](crate::api::v3) instead.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{v2, v3};
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination::Destination;
use crate::types::id::{DestinationId, PortalId};
use crate::types::region::Region;
use crate::types::webhook::{DestinationWebhook, EndpointWebhook, WebhookStatus};

mod list;
mod list_item;
mod shared_calls;

use self::list::{List, ListedPage, Lookup, PendingRead};
use self::shared_calls::SharedCalls;

/// The maximum age of a result: a list or request serves reads that begin at most this long after it began.
///
/// A refresh of many objects may read ten at a time, and the cache does not know the total. With a much lower maximum
/// age, a thousand objects need a hundred lists. A hundred sequential reads of 100 ms also take ten seconds, so a
/// refresh is as consistent as without the cache.
pub const MAX_AGE: Duration = Duration::from_secs(10);

/// Reads that share their requests. It is cheap to clone. Clones share their results.
#[derive(Clone)]
pub struct Cache {
    client: Client,
    reads: Arc<Reads>,
}

/// The current and recent reads.
#[derive(Default)]
struct Reads {
    destinations: Mutex<HashMap<Region, Arc<RegionDestinations>>>,
    endpoint_webhooks: SharedCalls<Region, EndpointWebhook>,
    destination_webhooks: SharedCalls<Region, DestinationWebhook>,
    webhook_statuses: SharedCalls<Region, WebhookStatus>,
    portal_webhooks: SharedCalls<(Region, PortalId), DestinationWebhook>,
    portal_webhook_statuses: SharedCalls<(Region, PortalId), WebhookStatus>,
}

/// The destinations of one region.
#[derive(Default)]
struct RegionDestinations {
    list: Mutex<List>,
    single: SharedCalls<DestinationId, Destination>,
}

/// The beginning of a read or request: the time, and the client's write generation.
#[derive(Debug, Clone, Copy)]
struct Start {
    at: Instant,
    generation: u64,
}

impl Start {
    /// Whether a request that began here may serve a read that began at `read`: it is recent enough, and no write began
    /// or ended between the two.
    fn serves(self, read: Self) -> bool {
        self.generation >= read.generation && read.at.saturating_duration_since(self.at) <= MAX_AGE
    }
}

impl Cache {
    /// Creates an empty cache for the reads of this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            reads: Arc::default(),
        }
    }

    /// Reads a destination, at most [`MAX_AGE`] old.
    ///
    /// # Errors
    /// When the call fails, for instance with 404 for an unknown ID, or its response cannot be read.
    pub async fn destination(&self, region: &Region, id: &DestinationId) -> Result<Destination, Error> {
        let start = self.start();
        let destinations = self.reads.region(region);
        let mut read = PendingRead::new(id, start);
        destinations.list().count_read();
        while !destinations.single.has(id, start) {
            let others = destinations.single.has_any(start);
            let lookup = destinations.list().look_up(&mut read, others);
            match lookup {
                Lookup::Found(found) => return Ok(found),
                Lookup::Single => break,
                Lookup::Wait(mut page) => {
                    // An error means that the task that fetches the page has ended. The next lookup detects that.
                    let _ = page.changed().await;
                }
                Lookup::Fetch(fetch) => {
                    let (client, region) = (self.client.clone(), region.clone());
                    let destinations = Arc::clone(&destinations);
                    // A separate task: a dropped reader must not cancel it for the others.
                    tokio::spawn(async move {
                        let page = v3::destinations_page(&client, &region, &fetch.query).await;
                        let page = page.map(|(page, bytes)| ListedPage { page, bytes });
                        destinations.list().take(fetch, page);
                    });
                }
            }
        }
        let call = || {
            let (client, region, id) = (self.client.clone(), region.clone(), id.clone());
            async move { v3::get_destination(&client, &region, &id).await }
        };
        destinations.single.call(id.clone(), start, call).await
    }

    /// Reads the v2 webhook of a region.
    ///
    /// # Errors
    /// When the call fails or its response cannot be read.
    pub async fn endpoint_webhook(&self, region: &Region) -> Result<EndpointWebhook, Error> {
        let call = || {
            let (client, region) = (self.client.clone(), region.clone());
            async move { v2::get_webhook(&client, &region).await }
        };
        let calls = &self.reads.endpoint_webhooks;
        calls.call(region.clone(), self.start(), call).await
    }

    /// Reads the v3 webhook of a region.
    ///
    /// # Errors
    /// When the call fails, for instance with 404 if no webhook was ever configured, or its response cannot be read.
    pub async fn destination_webhook(&self, region: &Region) -> Result<DestinationWebhook, Error> {
        let call = || {
            let (client, region) = (self.client.clone(), region.clone());
            async move { v3::get_webhook(&client, &region).await }
        };
        let calls = &self.reads.destination_webhooks;
        calls.call(region.clone(), self.start(), call).await
    }

    /// Reads the delivery status of a region's webhook.
    ///
    /// # Errors
    /// When the call fails or its response cannot be read.
    pub async fn webhook_status(&self, region: &Region) -> Result<WebhookStatus, Error> {
        let call = || {
            let (client, region) = (self.client.clone(), region.clone());
            async move { v3::get_webhook_status(&client, &region).await }
        };
        let calls = &self.reads.webhook_statuses;
        calls.call(region.clone(), self.start(), call).await
    }

    /// Reads the webhook of a Dev Portal.
    ///
    /// # Errors
    /// When the call fails, for instance with 404 for an unknown portal, or its response cannot be read.
    pub async fn portal_webhook(
        &self,
        region: &Region,
        portal: &PortalId,
    ) -> Result<DestinationWebhook, Error> {
        let call = || {
            let (client, region, portal) = (self.client.clone(), region.clone(), portal.clone());
            async move { v3::get_portal_webhook(&client, &region, &portal).await }
        };
        let key = (region.clone(), portal.clone());
        self.reads.portal_webhooks.call(key, self.start(), call).await
    }

    /// Reads the delivery status of a Dev Portal's webhook.
    ///
    /// # Errors
    /// When the call fails, for instance with 404 for an unknown portal, or its response cannot be read.
    pub async fn portal_webhook_status(
        &self,
        region: &Region,
        portal: &PortalId,
    ) -> Result<WebhookStatus, Error> {
        let call = || {
            let (client, region, portal) = (self.client.clone(), region.clone(), portal.clone());
            async move { v3::get_portal_webhook_status(&client, &region, &portal).await }
        };
        let key = (region.clone(), portal.clone());
        let calls = &self.reads.portal_webhook_statuses;
        calls.call(key, self.start(), call).await
    }

    fn start(&self) -> Start {
        Start {
            at: Instant::now(),
            generation: self.client.write_generation(),
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl Reads {
    fn region(&self, region: &Region) -> Arc<RegionDestinations> {
        let mut destinations = self.destinations.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(destinations.entry(region.clone()).or_default())
    }
}

impl RegionDestinations {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
