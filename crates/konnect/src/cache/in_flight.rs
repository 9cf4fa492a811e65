//! Requests under way whose answer is for everybody who asks the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::cache::BOUND;
use crate::error::Error;

type Told<T> = Option<Result<T, Error>>;

/// The requests of one kind that are under way, by what they ask for.
pub(crate) struct InFlight<K, T>(Arc<Mutex<HashMap<K, UnderWay<T>>>>);

struct UnderWay<T> {
    began: Instant,
    answer: watch::Receiver<Told<T>>,
}

impl<T> UnderWay<T> {
    fn answers(&self, began: Instant) -> bool {
        began.saturating_duration_since(self.began) <= BOUND
    }
}

impl<K, T> Default for InFlight<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> InFlight<K, T> {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls().is_empty()
    }

    /// Leaves those that are under way to those who wait for them already.
    pub(crate) fn forget(&self) {
        self.calls().clear();
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<K, UnderWay<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> InFlight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Whether there is one for this that answers a read which began at `began`.
    pub(crate) fn is_under_way(&self, key: &K, began: Instant) -> bool {
        self.calls().get(key).is_some_and(|call| call.answers(began))
    }

    /// The answer to a read that began at `began`: that of an identical one which is under way, or else of
    /// `call`, which runs on even if this is given up. It begins with the first poll of this, without a wait.
    pub(crate) async fn ask<F>(&self, key: K, began: Instant, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut answer = self.join(key, began, &call);
        match answer.wait_for(Option::is_some).await.map(|told| told.clone()) {
            Ok(Some(told)) => told,
            // The one who asked has panicked.
            _ => call().await,
        }
    }

    fn join<F>(&self, key: K, began: Instant, call: impl Fn() -> F) -> watch::Receiver<Told<T>>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let mut calls = self.calls();
        if let Some(under_way) = calls.get(&key).filter(|call| call.answers(began)) {
            return under_way.answer.clone();
        }
        let (told, answer) = watch::channel(None);
        let entry = Entry {
            of: Arc::clone(&self.0),
            key: key.clone(),
            answer: answer.clone(),
        };
        let under_way = UnderWay {
            began,
            answer: answer.clone(),
        };
        calls.insert(key, under_way);
        let call = call();
        // A task of its own, so that no reader takes it along when it is given up.
        tokio::spawn(async move {
            let got = call.await;
            // Before the answer is told: who asks from now on is not to get it.
            drop(entry);
            told.send_replace(Some(got));
        });
        answer
    }
}

/// A request's place among those under way, which it leaves at its end, also if that is a panic.
struct Entry<K: Eq + Hash, T> {
    of: Arc<Mutex<HashMap<K, UnderWay<T>>>>,
    key: K,
    answer: watch::Receiver<Told<T>>,
}

impl<K: Eq + Hash, T> Drop for Entry<K, T> {
    fn drop(&mut self) {
        let mut calls = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        // After a write another one may have come in its place.
        if calls
            .get(&self.key)
            .is_some_and(|call| call.answer.same_channel(&self.answer))
        {
            calls.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_panic_leaves_nobody_waiting_and_nothing_behind() {
        let under_way = InFlight::<(), u8>::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let call = || {
            let calls = Arc::clone(&calls);
            async move {
                tokio::task::yield_now().await;
                assert!(calls.fetch_add(1, Ordering::Relaxed) > 0, "the first one panics");
                Ok(7)
            }
        };
        let now = Instant::now();
        let (one, other) = tokio::join!(under_way.ask((), now, call), under_way.ask((), now, call));
        assert_eq!((one.unwrap(), other.unwrap()), (7, 7));
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        assert!(under_way.is_empty());
    }
}
