//! What one run knows: how to call Konnect, and what it has seen and done so far.
//!
//! `configure` creates it, so it ends with the run, in debug mode as well.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use konnect::{
    Cache, Client, Creations, Destination, DestinationId, Error, ListQuery, Region, RepeatSchedule, v3,
};
use terraform_plugin::{Diagnostic, Diagnostics, Phase};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::scope::{Regions, Scope};
use crate::webhook_slot::WebhookSlot;

/// How long a plan waits for the list of existing destinations, which it does not depend on.
const LISTING_TIMEOUT: Duration = Duration::from_secs(15);

/// What the provider block became, and what this run has seen and done.
#[derive(Debug)]
pub struct RunState {
    pub(crate) regions: Regions,
    /// Whether outside changes of credentials are looked for.
    pub(crate) detects_drift: bool,
    /// The creations of this run whose responses may be lost.
    pub(crate) creations: Creations,
    access: Access,
    applies: AtomicBool,
    token_warning: Mutex<bool>,
    destinations: Mutex<HashSet<DestinationId>>,
    webhooks: Mutex<HashSet<Scope>>,
    created: Mutex<HashMap<DestinationId, Instant>>,
    listings: Mutex<HashMap<Region, Arc<OnceCell<Listing>>>>,
    slots: Mutex<HashMap<Scope, Arc<WebhookSlot>>>,
    replays: Mutex<HashMap<Scope, Arc<tokio::sync::Mutex<()>>>>,
}

/// The destinations that a region had when this run first asked, or `None` if they could not be listed.
type Listing = Option<Arc<Vec<Destination>>>;

/// Whether requests can be made.
#[derive(Debug)]
pub(crate) enum Access {
    /// They can.
    Ready {
        /// Makes the requests.
        client: Client,
        /// Shares the requests of reads.
        cache: Cache,
        /// Cancelled when the run is interrupted.
        stop: CancellationToken,
        /// The attribute or environment variable that the token comes from.
        origin: &'static str,
    },
    /// These parts of the provider block are known only after apply.
    Waiting(String),
}

impl RunState {
    pub(crate) fn new(regions: Regions, detects_drift: bool, access: Access) -> Self {
        Self {
            regions,
            detects_drift,
            creations: Creations::default(),
            access,
            applies: AtomicBool::new(false),
            token_warning: Mutex::default(),
            destinations: Mutex::default(),
            webhooks: Mutex::default(),
            created: Mutex::default(),
            listings: Mutex::default(),
            slots: Mutex::default(),
            replays: Mutex::default(),
        }
    }

    /// The client for requests.
    ///
    /// # Errors
    /// That parts of the provider block are known only after apply, and what to do.
    pub fn client(&self) -> Result<&Client, Diagnostic> {
        match &self.access {
            Access::Ready { client, .. } => Ok(client),
            Access::Waiting(parts) => Err(not_configured(parts)),
        }
    }

    /// The shared reads of this run.
    ///
    /// # Errors
    /// As [`RunState::client`].
    pub fn cache(&self) -> Result<&Cache, Diagnostic> {
        match &self.access {
            Access::Ready { cache, .. } => Ok(cache),
            Access::Waiting(parts) => Err(not_configured(parts)),
        }
    }

    /// Begins a phase of the host's operation. With the plan of another operation, what the last one planned and did is
    /// over.
    pub(crate) fn enter(&self, phase: Phase) {
        self.applies.store(phase == Phase::Apply, Ordering::Relaxed);
        if phase == Phase::Plan {
            lock(&self.slots).clear();
            lock(&self.listings).clear();
        }
    }

    /// Whether the host applies: then it plans what it has planned before.
    pub(crate) fn applies(&self) -> bool {
        self.applies.load(Ordering::Relaxed)
    }

    /// Why a refresh waits for the apply, if it does. The state then stays as it is.
    #[must_use]
    pub fn refresh_has_to_wait(&self) -> Option<Diagnostic> {
        let Access::Waiting(parts) = &self.access else {
            return None;
        };
        Some(Diagnostic::warning(
            "Not refreshed: provider configuration is not known yet",
            format!(
                "The {parts} in the provider block is known only after apply. This plan shows the object as it was when \
                 last read. Plan again after the apply to see later changes."
            ),
        ))
    }

    /// Records a destination that the host has in a state, or that this run created.
    pub(crate) fn destination_seen(&self, id: DestinationId) {
        lock(&self.destinations).insert(id);
    }

    /// Whether a destination is in a state that the host has passed to this run, or was created by this run.
    pub(crate) fn knows_destination(&self, id: &DestinationId) -> bool {
        lock(&self.destinations).contains(id)
    }

    /// Records that this run has created a destination.
    pub(crate) fn destination_created(&self, id: &DestinationId) {
        self.destination_seen(id.clone());
        lock(&self.created).insert(id.clone(), Instant::now());
    }

    /// Records a webhook that the host has in a state.
    pub(crate) fn webhook_seen(&self, scope: Scope) {
        lock(&self.webhooks).insert(scope);
    }

    /// Records that the webhook of a state is gone.
    pub(crate) fn webhook_gone(&self, scope: &Scope) {
        lock(&self.webhooks).remove(scope);
    }

    /// Whether the host has passed a state with the webhook of this scope to this run.
    pub(crate) fn knows_webhook(&self, scope: &Scope) -> bool {
        lock(&self.webhooks).contains(scope)
    }

    /// What this run plans and does with the webhook of a scope.
    pub(crate) fn slot(&self, scope: &Scope) -> Arc<WebhookSlot> {
        Arc::clone(lock(&self.slots).entry(scope.clone()).or_default())
    }

    /// The lock of the replay job of a scope. Whoever starts and follows a job holds it meanwhile.
    pub(crate) fn replay_lock(&self, scope: &Scope) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(lock(&self.replays).entry(scope.clone()).or_default())
    }

    /// The destinations that a region had when this run first asked. They are listed once a run and region.
    pub(crate) async fn listing(&self, region: &Region, diagnostics: &mut Diagnostics) -> Listing {
        let client = self.client().ok()?;
        let cell = Arc::clone(lock(&self.listings).entry(region.clone()).or_default());
        let list = async {
            let query = ListQuery {
                size: Some(100),
                ..ListQuery::default()
            };
            let listed =
                tokio::time::timeout(LISTING_TIMEOUT, v3::all_destinations(client, region, &query)).await;
            match listed {
                Ok(Ok(found)) => return Some(Arc::new(found)),
                Ok(Err(error)) => {
                    // Not in the server's words, which could quote a secret of another call.
                    tracing::warn!(%region, status = error.status(), "can't list the destinations to find duplicates");
                    diagnostics.append(self.token_warning(&error));
                }
                Err(_) => {
                    tracing::warn!(%region, "listing the destinations to find duplicates takes too long");
                }
            }
            None
        };
        cell.get_or_init(|| list).await.clone()
    }

    /// The warning that Konnect rejects the token, once a run. Empty for any other error.
    pub(crate) fn token_warning(&self, error: &Error) -> Diagnostics {
        let (Access::Ready { origin, .. }, Some(status @ (401 | 403))) = (&self.access, error.status())
        else {
            return Diagnostics::new();
        };
        if std::mem::replace(&mut *lock(&self.token_warning), true) {
            return Diagnostics::new();
        }
        let problem = if status == 401 {
            "rejects the access token"
        } else {
            "does not allow the owner of the access token to manage audit logs"
        };
        Diagnostic::warning(
            "Access token is not accepted",
            format!("Konnect {problem} from {origin}, so the apply will fail.\n\n{error}"),
        )
        .into()
    }

    /// How long a call that refers to a destination is repeated while Konnect does not find it. Zero, unless this run
    /// created the destination a moment ago.
    pub(crate) fn new_destination_schedule(&self, id: &DestinationId) -> RepeatSchedule {
        let schedule = RepeatSchedule::NEW_DESTINATION;
        let created = lock(&self.created).get(id).copied();
        let left = created.map_or(Duration::ZERO, |at| schedule.limit.saturating_sub(at.elapsed()));
        RepeatSchedule {
            limit: left,
            ..schedule
        }
    }

    /// Waits. `None` if the run was stopped meanwhile.
    pub(crate) async fn pause(&self, wait: Duration) -> Option<()> {
        let Access::Ready { stop, .. } = &self.access else {
            return None;
        };
        stop.run_until_cancelled(tokio::time::sleep(wait)).await
    }

    /// Waits until something happens, or the time is over. `None` if it does not happen, or the run is stopped.
    pub(crate) async fn wait_for<T>(&self, limit: Duration, event: impl Future<Output = T>) -> Option<T> {
        let Access::Ready { stop, .. } = &self.access else {
            return None;
        };
        stop.run_until_cancelled(tokio::time::timeout(limit, event))
            .await?
            .ok()
    }

    /// The time now, by Konnect's clock where it is known.
    pub(crate) fn now(&self) -> SystemTime {
        let konnect = self.client().ok().and_then(Client::server_time);
        konnect.unwrap_or_else(SystemTime::now)
    }
}

fn not_configured(parts: &str) -> Diagnostic {
    Diagnostic::error(
        "Provider configuration is not known yet",
        format!(
            "The {parts} in the provider block depends on an object that does not exist yet, so Konnect can't be called \
             now. Create that object first, for instance with -target, or set a value that is known during planning."
        ),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use terraform_plugin::Attr;

    use super::*;

    #[test]
    fn waiting_run_names_the_parts_that_are_unknown() {
        let run = waiting();
        assert!(run.client().unwrap_err().detail.contains("server_url"));
        assert!(run.refresh_has_to_wait().unwrap().detail.contains("server_url"));
    }

    fn waiting() -> RunState {
        let regions = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        RunState::new(regions, true, Access::Waiting("server_url".to_owned()))
    }

    #[tokio::test]
    async fn plan_after_apply_forgets_what_was_done_with_webhooks() {
        let (run, scope) = (waiting(), Scope::region(Region::parse("eu").unwrap()));
        run.slot(&scope).lock().await.created = true;
        run.enter(Phase::Apply);
        assert!(run.slot(&scope).lock().await.created);
        run.enter(Phase::Plan);
        assert!(!run.slot(&scope).lock().await.created);
    }
}
