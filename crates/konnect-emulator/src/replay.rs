//! The run of a replay job: `accepted`, `pending`, `running`, then `completed` or `failed`.

use std::sync::Arc;

use crate::delivery::worker;
use crate::event::model::Event;
use crate::organization::clock;
use crate::organization::state::{ReplayJob, ReplayStatus};
use crate::organization::stream::StreamId;
use crate::shared::Shared;

/// Runs a job until it ends, or until another request, an edit or a reset changes it. Without deliveries, a job sends
/// nothing.
pub(crate) async fn run(shared: Arc<Shared>, stream: StreamId, mut job: ReplayJob) {
    for status in [ReplayStatus::Pending, ReplayStatus::Running] {
        shared.clock.passed(shared.replay_step).await;
        match set(&shared, &stream, &job, status) {
            Some(next) => job = next,
            None => return,
        }
    }
    let step = shared.clock.passed(shared.replay_step);
    let ((), sent) = tokio::join!(step, send(&shared, &stream, &job));
    let status = if sent {
        ReplayStatus::Completed
    } else {
        ReplayStatus::Failed
    };
    set(&shared, &stream, &job, status);
}

/// Sets the status of a job, and returns the job. `None` if it was changed since: each change has its own time.
fn set(shared: &Shared, stream: &StreamId, job: &ReplayJob, status: ReplayStatus) -> Option<ReplayJob> {
    let set = shared.store.change(|state| {
        let updated_at = state.tick();
        let records = state
            .records_mut(stream)
            .filter(|records| records.replay_job == *job);
        let current = &mut records.ok_or(())?.replay_job;
        current.status = status;
        current.updated_at = updated_at;
        Ok::<_, ()>(current.clone())
    });
    set.ok()
}

/// Sends the events of the job's window to the current webhook. Returns whether all were delivered, which requires an
/// enabled webhook.
async fn send(shared: &Shared, stream: &StreamId, job: &ReplayJob) -> bool {
    let can_send = shared.store.read(|state| {
        state.webhook(stream).is_some_and(|webhook| webhook.enabled) && state.delivery(stream).is_some()
    });
    let window = clock::parse_rfc3339(&job.start_at).zip(clock::parse_rfc3339(&job.end_at));
    let (true, Some((from, to))) = (can_send, window) else {
        return false;
    };
    let logged = shared.events.between(stream, from, to);
    let events: Vec<Arc<Event>> = logged.into_iter().map(|logged| logged.event).collect();
    for batch in events.chunks(worker::MAX_EVENTS) {
        if !worker::send(shared, stream, batch, true).await {
            return false;
        }
    }
    true
}
