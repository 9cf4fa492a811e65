//! The plans and changes of one run for one webhook.

use std::sync::{Mutex, PoisonError};

use tokio::sync::futures::Notified;
use tokio::sync::{MutexGuard, Notify};

use crate::webhook::webhook_target::Target;

/// The plans and changes of this run for the webhook of one scope. Writers and removals hold the lock.
#[derive(Debug, Default)]
pub(crate) struct WebhookSlot {
    planned: Mutex<Planned>,
    progress: tokio::sync::Mutex<Progress>,
    released: Notify,
}

#[derive(Debug, Default)]
struct Planned {
    creations: Vec<Option<Target>>,
    updates: Vec<Option<Target>>,
}

/// The changes of this run so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// A resource was created for the webhook.
    pub(crate) created: bool,
    /// The removal of a resource has ended, successfully or not.
    pub(crate) removed: bool,
}

impl WebhookSlot {
    /// Locks the webhook against other writers of this run.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().await
    }

    /// Records that a removal has ended, and wakes a waiting creation.
    pub(crate) fn release(&self, progress: &mut Progress) {
        progress.removed = true;
        self.released.notify_waiters();
    }

    /// Waits for the end of the next removal after [`Notified::enable`].
    pub(crate) fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    /// Records that an update of an existing resource is planned. Returns whether another resource is planned for the
    /// same webhook.
    pub(crate) fn plan_update(&self, target: Option<Target>) -> bool {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let others = planned.creations.iter().chain(&planned.updates);
        let twice = others.into_iter().any(|other| *other != target);
        planned.updates.push(target);
        twice
    }

    /// Records that a creation is planned. Returns whether another resource is planned for the same webhook. A resource
    /// that is replaced is first planned as an update.
    pub(crate) fn plan_creation(&self, target: Option<Target>) -> bool {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = !planned.creations.is_empty() || planned.updates.iter().any(|update| *update != target);
        planned.creations.push(target);
        twice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_creation_with_any_target_is_reported() {
        let target = || Some(Target::Destination("a".to_owned()));
        for (first, second) in [
            (None, None),
            (None, target()),
            (target(), None),
            (target(), target()),
        ] {
            let slot = WebhookSlot::default();
            assert!(!slot.plan_creation(first));
            assert!(slot.plan_creation(second));
        }
    }
}
