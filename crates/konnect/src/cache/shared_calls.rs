//! Requests in flight whose results all readers of the same object share.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::cache::Start;
use crate::error::Error;

/// The result of a call; `None` while it is in flight.
type CallResult<T> = Option<Result<T, Error>>;

/// The requests of one kind that are in flight, by the object that they read.
pub(crate) struct SharedCalls<K, T>(Arc<Mutex<HashMap<K, CallInFlight<T>>>>);

struct CallInFlight<T> {
    start: Start,
    result: watch::Receiver<CallResult<T>>,
}

impl<K, T> Default for SharedCalls<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> SharedCalls<K, T> {
    /// Whether a request is in flight that began after the latest write before this read.
    pub(crate) fn has_any(&self, read: Start) -> bool {
        self.calls()
            .values()
            .any(|call| call.start.generation >= read.generation)
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<K, CallInFlight<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> SharedCalls<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Whether a request for this object is in flight that serves this read.
    pub(crate) fn has(&self, key: &K, read: Start) -> bool {
        self.calls().get(key).is_some_and(|call| call.start.serves(read))
    }

    /// Returns the result of an identical request in flight that serves this read, or that of `call`. The call
    /// continues even if this future is dropped.
    pub(crate) async fn call<F>(&self, key: K, read: Start, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut result = self.join(key, read, &call);
        match result
            .wait_for(Option::is_some)
            .await
            .map(|result| result.clone())
        {
            Ok(Some(result)) => result,
            // The task of the call has panicked.
            _ => call().await,
        }
    }

    fn join<F>(&self, key: K, read: Start, call: impl Fn() -> F) -> watch::Receiver<CallResult<T>>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut calls = self.calls();
        if let Some(in_flight) = calls.get(&key).filter(|call| call.start.serves(read)) {
            return in_flight.result.clone();
        }
        let (sender, result) = watch::channel(None);
        let entry = Entry {
            calls: Arc::clone(&self.0),
            key: key.clone(),
            result: result.clone(),
        };
        let in_flight = CallInFlight {
            start: read,
            result: result.clone(),
        };
        calls.insert(key, in_flight);
        let call = call();
        // A separate task: a dropped reader must not cancel it for the others.
        tokio::spawn(async move {
            let received = call.await;
            // Removes the entry before it publishes the result: reads that begin later must not receive it.
            drop(entry);
            sender.send_replace(Some(received));
        });
        result
    }
}

/// The entry of a request in flight. Dropping this removes it, also after a panic.
struct Entry<K: Eq + Hash, T> {
    calls: Arc<Mutex<HashMap<K, CallInFlight<T>>>>,
    key: K,
    result: watch::Receiver<CallResult<T>>,
}

impl<K: Eq + Hash, T> Drop for Entry<K, T> {
    fn drop(&mut self) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        // A later request may have replaced it.
        if calls
            .get(&self.key)
            .is_some_and(|call| call.result.same_channel(&self.result))
        {
            calls.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

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
        assert!(!shared.has_any(read));
    }

    #[tokio::test]
    async fn call_after_write_does_not_join_earlier_call() {
        let shared = SharedCalls::<(), u8>::default();
        let before = shared.call((), start(1), || async { Ok(1) });
        let mut before = Box::pin(before);
        assert!(futures_util::poll!(&mut before).is_pending());
        assert!(!shared.has(&(), start(2)) && !shared.has_any(start(2)));
        let mut after = Box::pin(shared.call((), start(2), || async { Ok(2) }));
        assert!(futures_util::poll!(&mut after).is_pending());
        // A read from before the write may join the later request.
        let joined = shared.call((), start(1), || async { Ok(3) });
        let (before, after, joined) = tokio::join!(before, after, joined);
        assert_eq!((before.unwrap(), after.unwrap(), joined.unwrap()), (1, 2, 2));
    }
}
