//! The task that runs replay jobs: `accepted`, `pending`, `running`, then `completed` or `failed`.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::delivery::queue::batch_length;
use crate::delivery::sender::Sender;
use crate::delivery::worker::{self, Origin};
use crate::event::model::Event;
use crate::organization::clock;
use crate::organization::replays::{Job, Started};
use crate::organization::shared::Shared;
use crate::organization::state::{ReplayJob, ReplayStatus};

/// Runs jobs until `stop` is cancelled. Without a sender, jobs advance but send nothing.
pub(crate) async fn run(
    shared: Arc<Shared>,
    sender: Option<Arc<Sender>>,
    mut started: Started,
    stop: CancellationToken,
) {
    let mut jobs = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = jobs.join_next() => {}
            job = started.recv() => {
                let Some(job) = job else { break };
                let runner = Runner { shared: Arc::clone(&shared), sender: sender.clone(), job };
                jobs.spawn(runner.run());
            }
        }
    }
}

struct Runner {
    shared: Arc<Shared>,
    sender: Option<Arc<Sender>>,
    job: Job,
}

/// The job was changed by another run, an edit or a reset.
struct Superseded;

impl Runner {
    async fn run(self) {
        // A superseded run ends.
        let _ = self.steps().await;
    }

    async fn steps(&self) -> Result<(), Superseded> {
        let mut job = self.current()?;
        while let Some(next) = match job.status {
            ReplayStatus::Accepted => Some(ReplayStatus::Pending),
            ReplayStatus::Pending => Some(ReplayStatus::Running),
            _ => None,
        } {
            self.step_passed().await;
            job = self.set(next)?;
        }
        if job.status == ReplayStatus::Running {
            let ((), sent) = tokio::join!(self.step_passed(), self.send(&job));
            let status = if sent {
                ReplayStatus::Completed
            } else {
                ReplayStatus::Failed
            };
            self.set(status)?;
        }
        Ok(())
    }

    async fn step_passed(&self) {
        let (clock, step) = (&self.shared.clock, self.shared.replay_step);
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        clock.reached(clock.now_ms().saturating_add(step)).await;
    }

    fn current(&self) -> Result<ReplayJob, Superseded> {
        let records = self.shared.store.read(|state| state.records(&self.job.stream));
        records
            .map(|records| records.replay_job)
            .filter(|job| job.run == self.job.run)
            .ok_or(Superseded)
    }

    /// Sets the status.
    fn set(&self, status: ReplayStatus) -> Result<ReplayJob, Superseded> {
        self.shared.store.change(|state| {
            let now = state.tick();
            let job = state
                .records_mut(&self.job.stream)
                .map(|records| &mut records.replay_job)
                .filter(|job| job.run == self.job.run);
            let job = job.ok_or(Superseded)?;
            job.status = status;
            job.updated_at = now;
            Ok(job.clone())
        })
    }

    /// Sends the events of the job's window to the current webhook. Returns whether all were delivered, which requires
    /// an enabled webhook.
    async fn send(&self, job: &ReplayJob) -> bool {
        let stream = &self.job.stream;
        let can_send = self.shared.store.read(|state| {
            state.webhook(stream).is_some_and(|webhook| webhook.enabled) && state.delivery(stream).is_some()
        });
        let window = clock::parse_rfc3339(&job.start_at).zip(clock::parse_rfc3339(&job.end_at));
        let (true, Some((from, to))) = (can_send, window) else {
            return false;
        };
        let Some(sender) = &self.sender else {
            return true;
        };
        let logged = self.shared.events.between(stream, from, to);
        let mut events: Vec<Arc<Event>> = logged.into_iter().map(|logged| logged.event).collect();
        while !events.is_empty() {
            let batch: Vec<_> = events.drain(..batch_length(events.iter())).collect();
            if !worker::send(&self.shared, sender, stream, batch.into(), Origin::Replay).await {
                return false;
            }
        }
        true
    }
}
