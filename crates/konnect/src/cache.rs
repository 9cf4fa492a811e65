//! Reads that share their requests.
//!
//! A refresh reads every object in the state, several at a time. One request for each of a thousand destinations is
//! slow and reaches rate limits. The cache reduces the number of requests:
//!
//! - Identical concurrent reads share one request.
//! - A read of a destination takes one `GET`, unless another read of the region is in flight. Then it shares one list of
//!   the region, of at most ten pages, with all other reads. Each ends with the page that has its destination.
//! - The list serves reads that begin at most [`MAX_AGE`] after it. A destination that it lacks is read by its ID: a list
//!   alone never makes an object count as deleted.
//!
//! Therefore a result describes the object at most [`MAX_AGE`] before the read began. It is never older than a write of
//! the same client: a read that begins after a write uses no request from before or during the write.
//!
//! A change that depends on the current object must use [`v2`] and [`v3`] instead.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::calls::destination::{Listed, list_destinations_for};
use crate::calls::{v2, v3};
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination::Destination;
use crate::types::id::{DestinationId, PortalId};
use crate::types::region::Region;
use crate::types::webhook::{DestinationWebhook, EndpointWebhook, WebhookStatus};

/// The maximum age of a result: a list serves reads that begin at most this long after it began.
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
    destinations: SharedCalls<(Region, DestinationId), Destination>,
    lists: Mutex<HashMap<Region, List>>,
    endpoint_webhooks: SharedCalls<Region, EndpointWebhook>,
    destination_webhooks: SharedCalls<(Region, Option<PortalId>), DestinationWebhook>,
    webhook_statuses: SharedCalls<(Region, Option<PortalId>), WebhookStatus>,
}

/// The latest list of a region, as far as it is read.
struct List {
    start: Start,
    found: watch::Receiver<Listed>,
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
        let destinations = &self.reads.destinations;
        let key = (region.clone(), id.clone());
        let is_alone = !destinations.is_any_in_flight(start, |(of, _)| of == region);
        if !destinations.is_in_flight(&key, start)
            && let Some(mut list) = self.list(region, start, is_alone)
            && let Ok(found) = list.wait_for(|found| found.contains_key(id)).await
            && let Some(found) = found.get(id)
        {
            return Ok(found.clone());
        }
        let (client, region, id) = (self.client.clone(), region.clone(), id.clone());
        let call = move || {
            let (client, region, id) = (client.clone(), region.clone(), id.clone());
            async move { v3::get_destination(&client, &region, &id).await }
        };
        destinations.call(key, start, call).await
    }

    /// The list that serves a read: the latest, or a new one unless the read is alone.
    fn list(&self, region: &Region, read: Start, is_alone: bool) -> Option<watch::Receiver<Listed>> {
        let mut lists = self.reads.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = lists.get(region).filter(|list| list.start.serves(read)) {
            return Some(list.found.clone());
        }
        if is_alone {
            return None;
        }
        let (readers, found) = watch::channel(Listed::new());
        // A separate task: a dropped reader must not cancel it for the others.
        tokio::spawn(list_destinations_for(
            self.client.clone(),
            region.clone(),
            readers,
        ));
        let list = List {
            start: read,
            found: found.clone(),
        };
        lists.insert(region.clone(), list);
        Some(found)
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
        calls.call((region.clone(), None), self.start(), call).await
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
        calls.call((region.clone(), None), self.start(), call).await
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
        let key = (region.clone(), Some(portal.clone()));
        let calls = &self.reads.destination_webhooks;
        calls.call(key, self.start(), call).await
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
        let key = (region.clone(), Some(portal.clone()));
        let calls = &self.reads.webhook_statuses;
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

/// The result of a call, or `None` if its task has panicked.
type CallResult<T> = Shared<BoxFuture<'static, Option<Result<T, Error>>>>;

/// The latest request of one kind for each object.
struct SharedCalls<K, T>(Mutex<HashMap<K, StartedCall<T>>>);

struct StartedCall<T> {
    start: Start,
    task: AbortHandle,
    result: CallResult<T>,
}

impl<K, T> Default for SharedCalls<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, T> SharedCalls<K, T>
where
    K: Clone + Eq + Hash,
    T: Clone + Send + Sync + 'static,
{
    fn calls(&self) -> MutexGuard<'_, HashMap<K, StartedCall<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request is in flight for an object that `matches`, which began after the latest write before this read.
    fn is_any_in_flight(&self, read: Start, matches: impl Fn(&K) -> bool) -> bool {
        let calls = self.calls();
        let mut matching = calls.iter().filter(|(key, _)| matches(key));
        matching.any(|(_, call)| call.start.generation >= read.generation && !call.task.is_finished())
    }

    /// Whether a request for this object is in flight that serves this read.
    fn is_in_flight(&self, key: &K, read: Start) -> bool {
        let calls = self.calls();
        calls.get(key).is_some_and(|call| call.serves(read))
    }

    /// Returns the result of an identical request in flight that serves this read, or that of `call`. The call
    /// continues even if this future is dropped.
    async fn call<F>(&self, key: K, read: Start, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        match self.join(key, read, call()).await {
            Some(result) => result,
            None => call().await,
        }
    }

    fn join<F>(&self, key: K, read: Start, call: F) -> CallResult<T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut calls = self.calls();
        if let Some(call) = calls.get(&key).filter(|call| call.serves(read)) {
            return call.result.clone();
        }
        // A separate task: a dropped reader must not cancel it for the others.
        let task = tokio::spawn(call);
        let abort = task.abort_handle();
        let result = task.map(Result::ok).boxed().shared();
        calls.retain(|_, call| !call.task.is_finished());
        let call = StartedCall {
            start: read,
            task: abort,
            result: result.clone(),
        };
        calls.insert(key, call);
        result
    }
}

impl<T> StartedCall<T> {
    /// Whether the result serves this read.
    fn serves(&self, read: Start) -> bool {
        self.start.serves(read) && !self.task.is_finished()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn start(generation: u64) -> Start {
        Start {
            at: Instant::now(),
            generation,
        }
    }

    #[tokio::test]
    async fn call_that_panics_is_repeated_by_each_reader() {
        let shared = SharedCalls::<(), u8>::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let call = || {
            let calls = Arc::clone(&calls);
            async move {
                tokio::task::yield_now().await;
                assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "the first call panics");
                Ok(7)
            }
        };
        let read = start(0);
        let (one, other) = tokio::join!(shared.call((), read, call), shared.call((), read, call));
        assert_eq!((one.unwrap(), other.unwrap()), (7, 7));
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        assert!(!shared.is_any_in_flight(read, |()| true));
    }

    #[tokio::test]
    async fn call_after_write_does_not_join_earlier_call() {
        let shared = SharedCalls::<(), u8>::default();
        let before = shared.call((), start(1), || async { Ok(1) });
        let mut before = Box::pin(before);
        assert!(futures_util::poll!(&mut before).is_pending());
        assert!(!shared.is_in_flight(&(), start(2)) && !shared.is_any_in_flight(start(2), |()| true));
        let mut after = Box::pin(shared.call((), start(2), || async { Ok(2) }));
        assert!(futures_util::poll!(&mut after).is_pending());
        // A read from before the write may join the later request.
        let joined = shared.call((), start(1), || async { Ok(3) });
        let (before, after, joined) = tokio::join!(before, after, joined);
        assert_eq!((before.unwrap(), after.unwrap(), joined.unwrap()), (1, 2, 2));
    }
}
