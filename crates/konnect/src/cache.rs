//! Reads of destinations that share their requests.
//!
//! A refresh reads every object in the state, several at a time. One request for each of a thousand destinations is
//! slow and reaches rate limits. The cache reduces the number of requests:
//!
//! - A read takes one `GET`, unless another read is in flight. Then it shares one list, of at most ten pages, with all
//!   other reads. Each ends with the page that has its destination.
//! - The list serves reads that begin at most [`MAX_AGE`] after it. A destination that it lacks is read by its ID: a list
//!   alone never makes an object count as deleted.
//!
//! Therefore a result describes the object at most [`MAX_AGE`] before the read began. It is never older than a write of
//! the same client: a read that begins after a write uses no request from before or during the write.
//!
//! A change that depends on the current object must use [`v2`] and [`v3`] instead.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::calls::destination::{Listed, list_destinations_for};
use crate::calls::v3;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::destination::Destination;
use crate::types::id::DestinationId;
use crate::types::region::Region;

/// The maximum age of a result: a list serves reads that begin at most this long after it began.
///
/// A refresh of many objects may read ten at a time, and the cache does not know the total. With a much lower maximum
/// age, a thousand objects need a hundred lists. A hundred sequential reads of 100 ms also take ten seconds, so a
/// refresh is as consistent as without the cache.
pub const MAX_AGE: Duration = Duration::from_secs(10);

/// Reads of the destinations of one region that share their requests.
pub struct Cache {
    client: Client,
    region: Region,
    /// Held by the read that sends a `GET` because no other one is in flight.
    single: tokio::sync::Mutex<()>,
    /// The latest list, as far as it is read.
    list: Mutex<Option<List>>,
}

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
    /// Whether a list that began here may serve a read that began at `read`: it is recent enough, and no write began or
    /// ended between the two.
    fn serves(self, read: Self) -> bool {
        self.generation >= read.generation && read.at.saturating_duration_since(self.at) <= MAX_AGE
    }
}

impl Cache {
    /// Creates an empty cache for the reads of this client.
    #[must_use]
    pub fn new(client: Client, region: Region) -> Self {
        Self {
            client,
            region,
            single: tokio::sync::Mutex::default(),
            list: Mutex::default(),
        }
    }

    /// Reads a destination, at most [`MAX_AGE`] old.
    ///
    /// # Errors
    /// When the call fails, for instance with 404 for an unknown ID, or its response cannot be read.
    pub async fn destination(&self, id: &DestinationId) -> Result<Destination, Error> {
        let single = self.single.try_lock();
        if let Some(mut list) = self.list_for_read(single.is_ok())
            && let Ok(found) = list.wait_for(|found| found.contains_key(id)).await
            && let Some(found) = found.get(id)
        {
            return Ok(found.clone());
        }
        v3::get_destination(&self.client, &self.region, id).await
    }

    /// The list that serves a read which begins now: the latest, or a new one unless the read is alone.
    fn list_for_read(&self, is_alone: bool) -> Option<watch::Receiver<Listed>> {
        let read = Start {
            at: Instant::now(),
            generation: self.client.write_generation(),
        };
        let mut latest = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = latest.as_ref().filter(|list| list.start.serves(read)) {
            return Some(list.found.clone());
        }
        if is_alone {
            return None;
        }
        let (readers, found) = watch::channel(Listed::new());
        // A separate task: a dropped reader must not cancel it for the others.
        tokio::spawn(list_destinations_for(
            self.client.clone(),
            self.region.clone(),
            readers,
        ));
        *latest = Some(List {
            start: read,
            found: found.clone(),
        });
        Some(found)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
