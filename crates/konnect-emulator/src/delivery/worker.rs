//! The workers: a task for each queue sends batches with retries, and updates the webhook's status.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::delivery::batch::Batch;
use crate::delivery::log::RecordedDelivery;
use crate::delivery::queue::{Opened, Queue};
use crate::delivery::sender::{Outcome, Sender, Verdict};
use crate::event::format::Style;
use crate::event::model::Event;
use crate::organization::shared::Shared;
use crate::organization::state::{Attempt, Delivery, Records};
use crate::organization::stream::StreamId;

/// How long an event waits for others in its batch, before scaling. Kong documents up to a minute, which is too long
/// for a local emulator.
const BATCH_INTERVAL: Duration = Duration::from_millis(500);

/// The waits between attempts, before scaling. Kong documents 4 retries with waits from 1 s to 30 s.
const RETRY_WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Live,
    Replay,
}

/// Starts a worker for each queue that opens, until `stop` is cancelled.
pub(crate) async fn run(
    shared: Arc<Shared>,
    sender: Arc<Sender>,
    mut opened: Opened,
    stop: CancellationToken,
) {
    let mut workers = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            announced = opened.recv() => {
                let Some((stream, queue)) = announced else { break };
                workers.spawn(work(Arc::clone(&shared), Arc::clone(&sender), stream, queue));
            }
        }
    }
    // Dropping the set aborts the workers, also during an attempt.
}

async fn work(shared: Arc<Shared>, sender: Arc<Sender>, stream: StreamId, queue: Arc<Queue>) {
    loop {
        queue.not_empty().await;
        tokio::select! {
            () = sleep(shared.time_scale.of(BATCH_INTERVAL)) => {}
            () = queue.full_batch() => {}
        }
        let events = queue.take_batch();
        let count = events.len();
        send(&shared, &sender, &stream, events.into(), Origin::Live).await;
        shared.queues.done(count);
    }
}

/// Sends one batch with retries, and records the result in the webhook's status. Each attempt uses the current target
/// of the webhook, so a corrected webhook receives the retries. Returns whether the receiver has accepted the batch.
/// Without a target, nothing is sent and the status does not change.
pub(crate) async fn send(
    shared: &Arc<Shared>,
    sender: &Sender,
    stream: &StreamId,
    events: Arc<[Arc<Event>]>,
    origin: Origin,
) -> bool {
    let mut written: Option<(Delivery, Batch)> = None;
    let mut attempt = 0;
    loop {
        let Some(delivery) = shared.store.read(|state| state.delivery(stream)) else {
            return false;
        };
        let batch = match written.take() {
            Some((before, batch)) if before.log_format == delivery.log_format => batch,
            _ => match write(shared, stream, &delivery, Arc::clone(&events)).await {
                Some(batch) => batch,
                None => return false,
            },
        };
        let outcome = sender.send(&delivery, &batch).await;
        let last = attempt == RETRY_WAITS.len();
        record_attempt(
            shared,
            stream,
            &delivery,
            (attempt, batch.events, origin, last),
            &outcome,
        );
        match outcome.verdict {
            Verdict::Delivered => return true,
            Verdict::Refused => return false,
            Verdict::Retry if last => return false,
            Verdict::Retry => sleep(shared.time_scale.of(RETRY_WAITS[attempt])).await,
        }
        written = Some((delivery, batch));
        attempt += 1;
    }
}

/// Encodes a batch on a separate thread. `None` on failure.
async fn write(
    shared: &Shared,
    stream: &StreamId,
    delivery: &Delivery,
    events: Arc<[Arc<Event>]>,
) -> Option<Batch> {
    let webhook = shared.store.read(|state| state.webhook(stream));
    let style = Style {
        log_format: delivery.log_format.clone(),
        key: shared.key.clone(),
        principal_name: webhook.is_some_and(|webhook| webhook.include_principal_name),
    };
    spawn_blocking(move || Batch::new(&events, &style))
        .await
        .ok()?
        .ok()
}

/// Records an attempt in the log and in the webhook's status. The status becomes `inactive` only after the last
/// attempt.
fn record_attempt(
    shared: &Shared,
    stream: &StreamId,
    delivery: &Delivery,
    (attempt, events, origin, last): (usize, usize, Origin, bool),
    outcome: &Outcome,
) {
    let failed = match outcome.verdict {
        Verdict::Delivered => Some(false),
        Verdict::Refused => Some(true),
        Verdict::Retry => last.then_some(true),
    };
    let at = shared.store.change_in_place(|state| {
        let at = state.tick();
        if let Some(Records { webhook, .. }) = state.records_mut(stream)
            && webhook.target.is_set_up()
        {
            let failed = failed.unwrap_or(webhook.is_failing());
            webhook.last_attempt = Some(Attempt {
                at: at.clone(),
                code: outcome.code,
                message: outcome.message.clone(),
                failed,
            });
        }
        at
    });
    shared.deliveries.add(RecordedDelivery {
        region: stream.region.clone(),
        portal: stream.portal.clone(),
        endpoint: delivery.endpoint.clone(),
        attempt: u32::try_from(attempt + 1).unwrap_or(u32::MAX),
        events,
        replay: origin == Origin::Replay,
        code: outcome.code,
        message: outcome.message.clone(),
        at,
    });
}
