//! Sends the events of a stream in batches with retries, and updates the webhook's status.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::delivery::sender::{Outcome, Verdict};
use crate::event::format::{Style, line};
use crate::event::model::Event;
use crate::organization::journal::RecordedDelivery;
use crate::organization::shared::Shared;
use crate::organization::state::{Attempt, Delivery, Records, State};
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

/// Stores events of a stream, and queues them for the enabled webhooks.
pub(crate) fn record(shared: &Arc<Shared>, stream: StreamId, events: &[Arc<Event>]) {
    if events.is_empty() {
        return;
    }
    let stream = Arc::new(stream);
    shared.events.add(&stream, events, shared.clock.oldest_ms());
    let webhook = shared.store.read(|state| state.webhook(&stream));
    let sends = shared.sender.is_some() && webhook.is_some_and(|webhook| webhook.enabled);
    if sends && shared.queues.add(&stream, events) {
        shared.spawn(run(Arc::clone(shared), stream));
    }
}

/// Sends the events of a stream until none is left.
async fn run(shared: Arc<Shared>, stream: Arc<StreamId>) {
    loop {
        if !shared.queues.has_batch(&stream) {
            sleep(shared.time_scale.of(BATCH_INTERVAL)).await;
        }
        let events = shared.queues.take_batch(&stream);
        let count = events.len();
        if count == 0 {
            return;
        }
        send(&shared, &stream, events, false).await;
        shared.queues.done(count);
    }
}

/// Sends one batch with retries, and records the result in the webhook's status. Each attempt uses the current target
/// of the webhook, so a corrected webhook receives the retries. Returns whether the receiver has accepted the batch.
/// Without a target, nothing is sent and the status does not change.
pub(crate) async fn send(shared: &Shared, stream: &StreamId, events: Vec<Arc<Event>>, replay: bool) -> bool {
    let Some(sender) = &shared.sender else {
        return true;
    };
    let events: Arc<[Arc<Event>]> = events.into();
    let mut waits = RETRY_WAITS.into_iter();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some((delivery, body)) = encode(shared, stream, &events).await else {
            return false;
        };
        let outcome = sender.send(&delivery, body).await;
        let wait = waits.next().filter(|_| outcome.verdict == Verdict::Retry);
        let delivered = outcome.verdict == Verdict::Delivered;
        let at = record_attempt(shared, stream, &outcome, wait.is_none().then_some(!delivered));
        shared.add_delivery(RecordedDelivery {
            region: stream.region.clone(),
            portal: stream.portal.clone(),
            endpoint: delivery.endpoint,
            attempt,
            events: events.len(),
            replay,
            code: outcome.code,
            message: outcome.message,
            at,
        });
        match wait {
            Some(wait) => sleep(shared.time_scale.of(wait)).await,
            None => return delivered,
        }
    }
}

/// The target of a stream, and the signed and compressed lines for it. `None` without a target.
async fn encode(
    shared: &Shared,
    stream: &StreamId,
    events: &Arc<[Arc<Event>]>,
) -> Option<(Delivery, Vec<u8>)> {
    let target = |state: &State| state.delivery(stream).zip(state.webhook(stream));
    let (delivery, webhook) = shared.store.read(target)?;
    let style = Style {
        log_format: delivery.log_format.clone(),
        key: shared.key.clone(),
        principal_name: webhook.include_principal_name,
    };
    let events = Arc::clone(events);
    // This is slow, and must not run on a thread that serves requests.
    let body = spawn_blocking(move || {
        let lines: Vec<String> = events.iter().map(|event| line(event, &style)).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(lines.join("\n").as_bytes())?;
        encoder.finish()
    });
    Some((delivery, body.await.ok()?.ok()?))
}

/// Records an attempt in the webhook's status, which becomes `inactive` only after the last one (`failed`). Returns its
/// time.
fn record_attempt(shared: &Shared, stream: &StreamId, outcome: &Outcome, failed: Option<bool>) -> String {
    shared.store.change_in_place(|state| {
        let at = state.tick();
        if let Some(Records { webhook, .. }) = state.records_mut(stream)
            && webhook.target.is_set_up()
        {
            webhook.last_attempt = Some(Attempt {
                at: at.clone(),
                code: outcome.code,
                message: outcome.message.clone(),
                failed: failed.unwrap_or(webhook.is_failing()),
            });
        }
        at
    })
}
