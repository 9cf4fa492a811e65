//! Whether the host has taken an answer, for calls of which it matters.

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tonic::Status;

/// The calls in flight.
#[derive(Clone, Default)]
pub struct Calls {
    /// All of them.
    pub all: TaskTracker,
    /// Those that change something, until it is certain what has become of the change.
    pub changes: TaskTracker,
}

/// Runs a change as a task of its own, to its end even if the host gives up on it, and hands its answer over.
/// If nobody is there any more to take that, `undelivered` is run with what the work has to say about it.
///
/// An answer counts as taken once the connection's handler has it, on its way into the socket: nobody can tell then
/// whether the host still read it.
pub(crate) async fn deliver<A, L, U>(
    calls: &Calls,
    work: impl Future<Output = (A, L)> + Send + 'static,
    undelivered: impl FnOnce(L) -> U + Send + 'static,
) -> Result<A, Status>
where
    A: Send + 'static,
    L: Send + 'static,
    U: Future<Output = ()> + Send,
{
    let (parcel, arrival) = oneshot::channel();
    let change = calls.changes.token();
    calls.all.spawn(async move {
        let (answer, left) = work.await;
        let (receipt, received) = oneshot::channel::<()>();
        // A parcel that nobody takes is dropped, wherever it is by then, and the receipt with it.
        drop(parcel.send((answer, receipt)));
        if received.await.is_err() {
            undelivered(left).await;
        }
        drop(change);
    });
    let (answer, receipt) = arrival
        .await
        .map_err(|_| Status::aborted("the call has ended without an answer"))?;
    let _ = receipt.send(());
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use tokio::sync::Notify;

    use super::*;

    /// Work that ends when it is told to, and what `undelivered` was given; 0 if it did not run.
    struct Change {
        calls: Calls,
        end: Arc<Notify>,
        undone: Arc<AtomicU8>,
    }

    impl Change {
        fn new() -> Self {
            Self {
                calls: Calls::default(),
                end: Arc::default(),
                undone: Arc::default(),
            }
        }

        async fn run(&self) -> Result<&'static str, Status> {
            let (end, undone) = (self.end.clone(), self.undone.clone());
            let work = async move {
                end.notified().await;
                ("answer", 7)
            };
            deliver(&self.calls, work, |left| async move {
                undone.store(left, Ordering::SeqCst);
            })
            .await
        }

        async fn ended(&self) -> u8 {
            self.calls.changes.close();
            self.calls.changes.wait().await;
            self.undone.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_taken_is_left_alone() {
        let change = Change::new();
        change.end.notify_one();
        assert_eq!(change.run().await.unwrap(), "answer");
        assert_eq!(change.ended().await, 0);
    }

    #[tokio::test]
    async fn work_goes_on_for_nobody_and_is_undone() {
        let change = Change::new();
        {
            let mut run = std::pin::pin!(change.run());
            assert!(futures_util::poll!(run.as_mut()).is_pending());
        }
        assert_eq!(change.calls.changes.len(), 1, "the work goes on");
        change.end.notify_one();
        assert_eq!(change.ended().await, 7);
    }

    /// The host hangs up when the answer is ready, but not taken yet.
    #[tokio::test]
    async fn an_answer_that_waits_in_vain_is_undone() {
        let change = Change::new();
        {
            let mut run = std::pin::pin!(change.run());
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            change.end.notify_one();
            // Lets the task put its parcel down.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(change.ended().await, 7);
    }
}
