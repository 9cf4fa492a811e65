//! Sends the events of a stream in batches with retries, and updates the webhook's status.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::delivery::sender::Outcome;
use crate::event::format::{Style, line};
use crate::event::model::Event;
use crate::organization::journal::RecordedDelivery;
use crate::organization::state::{Attempt, Delivery, Records, State};
use crate::organization::stream::StreamId;
use crate::shared::Shared;

/// The maximum number of events in a batch. Konnect's limit is not documented.
pub(crate) const MAX_EVENTS: usize = 500;

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
    shared.events.add(&stream, events);
    let webhook = shared.store.read(|state| state.webhook(&stream));
    let sends = shared.sender.is_some() && webhook.is_some_and(|webhook| webhook.enabled);
    if sends && let Some(queue) = shared.queues.add(&stream, events) {
        shared.spawn(run(Arc::clone(shared), stream, queue));
    }
}

/// Sends the events of a queue until it is closed.
async fn run(shared: Arc<Shared>, stream: Arc<StreamId>, mut queue: Receiver<Arc<Event>>) {
    while let Some(first) = queue.recv().await {
        if queue.len() < MAX_EVENTS {
            sleep(shared.scaled(BATCH_INTERVAL)).await;
        }
        let mut events = vec![first];
        while events.len() < MAX_EVENTS
            && let Ok(event) = queue.try_recv()
        {
            events.push(event);
        }
        if !queue.is_closed() {
            send(&shared, &stream, &events, false).await;
        }
        shared.queues.done(events.len());
    }
}

/// Sends one batch with retries, and records the result in the webhook's status. Each attempt uses the current target
/// of the webhook, so a corrected webhook receives the retries. Returns whether the receiver has accepted the batch.
/// Without a target, nothing is sent and the status does not change.
pub(crate) async fn send(shared: &Shared, stream: &StreamId, events: &[Arc<Event>], replay: bool) -> bool {
    let Some(sender) = &shared.sender else {
        return true;
    };
    let mut waits = RETRY_WAITS.into_iter();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some((delivery, body)) = encode(shared, stream, events).await else {
            return false;
        };
        let outcome = sender.send(&delivery, body).await;
        let wait = waits.next().filter(|_| outcome.can_retry);
        let delivered = outcome.code.is_some_and(|code| code.is_success());
        let at = record_attempt(shared, stream, &outcome, wait.is_none().then_some(!delivered));
        shared.add_delivery(RecordedDelivery {
            region: stream.region.clone(),
            portal: stream.portal.clone(),
            endpoint: delivery.endpoint,
            attempt,
            events: events.len(),
            replay,
            code: outcome.code.map(|code| code.as_u16()),
            message: outcome.message,
            at,
        });
        match wait {
            Some(wait) => sleep(shared.scaled(wait)).await,
            None => return delivered,
        }
    }
}

/// The target of a stream, and the signed and compressed lines for it. `None` without a target.
async fn encode(shared: &Shared, stream: &StreamId, events: &[Arc<Event>]) -> Option<(Delivery, Vec<u8>)> {
    let target = |state: &State| state.delivery(stream).zip(state.webhook(stream));
    let (delivery, webhook) = shared.store.read(target)?;
    let style = Style {
        log_format: delivery.log_format.clone(),
        key: shared.key.clone(),
        principal_name: webhook.include_principal_name,
    };
    let events = events.to_vec();
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
                code: outcome.code.map(|code| code.as_u16()),
                message: outcome.message.clone(),
                failed: failed.unwrap_or(webhook.is_failing()),
            });
        }
        at
    })
}
