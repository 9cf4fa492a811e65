//! Reads that share their requests.
//!
//! A refresh reads every object that there is a state of, many of them at a time. One request for each would be a
//! thousand for a thousand destinations, which is slow and runs into rate limits. So:
//!
//! - Identical reads that are under way at the same time are one request.
//! - A destination that is read alone is one `GET`. One that is read while others are, or after a number of
//!   others, is looked for in a list of all destinations of its region, which is fetched page by page for all of
//!   these reads together. See [`List`](list::List) for how far that goes, and when single requests go on.
//! - A list answers reads that began no later than [`BOUND`] after it; so does a request for an identical read.
//!
//! What a read is told was true at a moment no longer than [`BOUND`] before it began. And never is it older than a
//! write of this client: a write makes all reads that begin after it start anew, whatever is under way. What a
//! list does not have, or not in full, is asked for by its id, so that nothing is called gone on a list's word.
//!
//! A change that has to know what is there now doesn't read here but calls [`v2`](crate::api::v2) and
//! [`v3`](crate::api::v3) itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{v2, v3};
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination_id::DestinationId;
use crate::types::model::{Destination, DestinationWebhook, EndpointWebhook, WebhookStatus};
use crate::types::region::Region;

mod in_flight;
mod list;
mod listed;

use self::in_flight::InFlight;
pub(crate) use self::list::ListedPage;
use self::list::{List, PendingRead, Step};
pub(crate) use self::listed::Listed;

/// How long after its beginning a list answers reads.
///
/// Whoever refreshes many objects may read ten at a time, and not know how many there will be: a list that answered
/// no later reads would be fetched a hundred times for a thousand objects. Reading them one by one takes ten seconds
/// as well, at 100 ms an answer, so that what one refresh tells was never seen closer together than this.
pub const BOUND: Duration = Duration::from_secs(10);

/// A destination as it is or was up to [`BOUND`] ago.
///
/// # Errors
/// When the call fails, as with 404 for an unknown id, or its answer can't be read.
pub async fn destination(client: &Client, region: &Region, id: &DestinationId) -> Result<Destination, Error> {
    let reads = client.reads();
    let collection = reads.collection(region);
    let mut want = PendingRead::new(id, Instant::now());
    collection.list().count();
    while !collection.alone.is_under_way(id, want.began) {
        let step = collection.list().step(&mut want, !collection.alone.is_empty());
        match step {
            Step::Found(found) => return Ok(found),
            Step::Alone => break,
            Step::Wait(mut page) => {
                // An error means that whoever fetched it is gone: the next step sees that too.
                let _ = page.changed().await;
            }
            Step::Fetch(fetch) => {
                let (client, region, collection) = (client.clone(), region.clone(), Arc::clone(&collection));
                // A task of its own, so that no reader takes it along when it is given up.
                tokio::spawn(async move {
                    let page = v3::listed_destinations(&client, &region, &fetch.query).await;
                    collection.list().take(fetch, page);
                });
            }
        }
    }
    let call = || {
        let (client, region, id) = (client.clone(), region.clone(), id.clone());
        async move { v3::get_destination(&client, &region, &id).await }
    };
    collection.alone.ask(id.clone(), want.began, call).await
}

/// The v2 webhook of a region.
///
/// # Errors
/// When the call fails or its answer can't be read.
pub async fn endpoint_webhook(client: &Client, region: &Region) -> Result<EndpointWebhook, Error> {
    let reads = client.reads();
    let call = || {
        let (client, region) = (client.clone(), region.clone());
        async move { v2::get_webhook(&client, &region).await }
    };
    reads
        .endpoint_webhooks
        .ask(region.clone(), Instant::now(), call)
        .await
}

/// The v3 webhook of a region.
///
/// # Errors
/// When the call fails, as with 404 where none was ever set up, or its answer can't be read.
pub async fn destination_webhook(client: &Client, region: &Region) -> Result<DestinationWebhook, Error> {
    let reads = client.reads();
    let call = || {
        let (client, region) = (client.clone(), region.clone());
        async move { v3::get_webhook(&client, &region).await }
    };
    reads
        .destination_webhooks
        .ask(region.clone(), Instant::now(), call)
        .await
}

/// How deliveries of a region's webhook are going.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn webhook_status(client: &Client, region: &Region) -> Result<WebhookStatus, Error> {
    let reads = client.reads();
    let call = || {
        let (client, region) = (client.clone(), region.clone());
        async move { v3::get_webhook_status(&client, &region).await }
    };
    reads.statuses.ask(region.clone(), Instant::now(), call).await
}

/// What a client is reading, and has read lately.
#[derive(Default)]
pub(crate) struct Reads {
    destinations: Mutex<HashMap<Region, Arc<Collection>>>,
    endpoint_webhooks: InFlight<Region, EndpointWebhook>,
    destination_webhooks: InFlight<Region, DestinationWebhook>,
    statuses: InFlight<Region, WebhookStatus>,
}

/// The destinations of a region.
#[derive(Default)]
struct Collection {
    list: Mutex<List>,
    alone: InFlight<DestinationId, Destination>,
}

/// While it lives, something may be changing.
pub(crate) struct Write<'a>(&'a Reads);

impl Reads {
    /// Notes that something is about to be written: what was read before is not told to those who ask from now
    /// on. What is read until the write has ended may be from before it as well, and is not told after it.
    pub(crate) fn write(&self) -> Write<'_> {
        self.forget();
        Write(self)
    }

    fn forget(&self) {
        for collection in self.collections().values() {
            collection.list().forget();
            collection.alone.forget();
        }
        self.endpoint_webhooks.forget();
        self.destination_webhooks.forget();
        self.statuses.forget();
    }

    fn collection(&self, region: &Region) -> Arc<Collection> {
        Arc::clone(self.collections().entry(region.clone()).or_default())
    }

    fn collections(&self) -> MutexGuard<'_, HashMap<Region, Arc<Collection>>> {
        self.destinations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collection {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}
