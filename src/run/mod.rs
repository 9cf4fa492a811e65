//! The state of one run: the access to Konnect, and the objects that it has read and changed.
//!
//! `configure` creates it for each run, also in debug mode.

pub(crate) mod errors;
pub(crate) mod kong;
pub(crate) mod portal;
pub(crate) mod scope;
pub(crate) mod time;
pub(crate) mod validators;
pub(crate) mod values;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use konnect::{Cache, Client, Creations, Destination, DestinationId, Error, ListQuery, RepeatSchedule, v3};
use terraform_plugin::{Diagnostic, Diagnostics, Phase};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::run::scope::{Regions, Scope};

/// How long a plan waits for the list of existing destinations, which is optional.
const LISTING_TIMEOUT: Duration = Duration::from_secs(15);

/// The state of one run.
#[derive(Debug)]
pub struct RunState {
    pub(crate) regions: Regions,
    /// Whether outside changes of credentials are detected.
    pub(crate) detects_drift: bool,
    /// The creations of this run whose responses may be lost.
    pub(crate) creations: Creations,
    access: Access,
    token_warning: Mutex<bool>,
    destinations: Mutex<HashSet<DestinationId>>,
    created: Mutex<HashMap<DestinationId, Instant>>,
    listing: Mutex<Arc<OnceCell<Listing>>>,
    plans: Mutex<Plans>,
    streams: Locks,
    replays: Locks,
}

/// The destinations of the organization at the first request of this run, or `None` if they could not be listed.
type Listing = Option<Arc<Vec<Destination>>>;

/// A lock for each scope.
type Locks = Mutex<HashMap<Scope, Arc<tokio::sync::Mutex<()>>>>;

/// What the plans of this run have in common, for warnings only: it decides nothing.
#[derive(Debug, Default)]
struct Plans {
    /// The number of planned creations and of planned updates of each stream.
    streams: HashMap<(Scope, bool), u32>,
    /// The destinations whose removal is planned.
    removed: HashSet<DestinationId>,
    /// The destinations that a stream leaves for another target.
    left: HashMap<DestinationId, Scope>,
}

/// Whether requests can be made.
#[derive(Debug)]
pub(crate) enum Access {
    /// Requests can be made.
    Ready {
        /// The client for requests.
        client: Client,
        /// The cache for shared reads.
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
            token_warning: Mutex::default(),
            destinations: Mutex::default(),
            created: Mutex::default(),
            listing: Mutex::default(),
            plans: Mutex::default(),
            streams: Mutex::default(),
            replays: Mutex::default(),
        }
    }

    /// The client for requests.
    ///
    /// # Errors
    /// Parts of the provider block are known only after apply.
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

    /// Begins a phase of the host's operation. The plan phase of another operation clears the records of the previous
    /// one.
    pub(crate) fn enter(&self, phase: Phase) {
        if phase == Phase::Plan {
            *lock(&self.plans) = Plans::default();
            *lock(&self.listing) = Arc::default();
        }
    }

    /// The reason why a refresh must wait for the apply, if it must. The state then does not change.
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

    /// Records a destination from a state of the host, or one that this run created.
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

    /// Counts a planned creation or update of a stream. Returns how many of its kind this plan has.
    pub(crate) fn count_plan(&self, scope: &Scope, creates: bool) -> u32 {
        let mut plans = lock(&self.plans);
        let count = plans.streams.entry((scope.clone(), creates)).or_default();
        *count += 1;
        *count
    }

    /// Records that the removal of a destination is planned. Warns if a stream leaves it in the same plan.
    pub(crate) fn plan_removal(&self, id: &DestinationId) -> Option<Diagnostic> {
        let mut plans = lock(&self.plans);
        plans.removed.insert(id.clone());
        plans.left.get(id).map(|scope| removed_before_move(id, scope))
    }

    /// Records that a stream leaves a destination in this plan. Warns if the removal of the destination is planned.
    pub(crate) fn plan_move(&self, id: &DestinationId, scope: &Scope) -> Option<Diagnostic> {
        let mut plans = lock(&self.plans);
        plans.left.insert(id.clone(), scope.clone());
        plans.removed.contains(id).then(|| removed_before_move(id, scope))
    }

    /// The lock of a stream, held while it is written.
    pub(crate) fn stream_lock(&self, scope: &Scope) -> Arc<tokio::sync::Mutex<()>> {
        lock_of(&self.streams, scope)
    }

    /// The lock of the replay job of a scope, held while a job is started and followed.
    pub(crate) fn replay_lock(&self, scope: &Scope) -> Arc<tokio::sync::Mutex<()>> {
        lock_of(&self.replays, scope)
    }

    /// The destinations of the organization at the first request of this run. They are listed once for each run.
    pub(crate) async fn listing(&self, diagnostics: &mut Diagnostics) -> Listing {
        let client = self.client().ok()?;
        let cell = Arc::clone(&lock(&self.listing));
        let region = &self.regions.organization();
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
                    // Omits the server's message, which could quote a secret of another call.
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

    /// The warning that Konnect rejects the token, once per run. Empty for other errors.
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
            format!(
                "Konnect {problem} from {origin}, so the apply will fail.\n\n{details}",
                details = error.detail()
            ),
        )
        .into()
    }

    /// How long a call is repeated while Konnect does not find its destination. Zero, unless this run has just created
    /// the destination.
    pub(crate) fn new_destination_schedule(&self, id: &DestinationId) -> RepeatSchedule {
        let schedule = RepeatSchedule::NEW_DESTINATION;
        let created = lock(&self.created).get(id).copied();
        let left = created.map_or(Duration::ZERO, |at| schedule.limit.saturating_sub(at.elapsed()));
        RepeatSchedule {
            limit: left,
            ..schedule
        }
    }

    /// Waits. Returns `None` if the run is stopped.
    pub(crate) async fn pause(&self, wait: Duration) -> Option<()> {
        let Access::Ready { stop, .. } = &self.access else {
            return None;
        };
        stop.run_until_cancelled(tokio::time::sleep(wait)).await
    }

    /// Waits for an event. Returns `None` after `limit`, or if the run is stopped.
    pub(crate) async fn wait_for<T>(&self, limit: Duration, event: impl Future<Output = T>) -> Option<T> {
        let Access::Ready { stop, .. } = &self.access else {
            return None;
        };
        stop.run_until_cancelled(tokio::time::timeout(limit, event))
            .await?
            .ok()
    }

    /// The current time, by Konnect's clock if it is known.
    pub(crate) fn now(&self) -> SystemTime {
        let konnect = self.client().ok().and_then(Client::server_time);
        konnect.unwrap_or_else(SystemTime::now)
    }
}

/// The warning that a destination is removed before its webhook leaves it.
fn removed_before_move(id: &DestinationId, scope: &Scope) -> Diagnostic {
    Diagnostic::warning(
        "Destination is removed before its webhook leaves it",
        format!(
            "This plan removes the destination {id}, and moves the webhook of {scope} from it to another target. If the \
             destination has create_before_destroy, no action is required. Otherwise, Terraform \
             removes the destination first, which Konnect refuses while a webhook uses it, unless the destination has \
             create_before_destroy. Set create_before_destroy = true in its lifecycle block and apply that before you \
             remove it, or move the webhook in an apply of its own."
        ),
    )
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

fn lock_of(locks: &Locks, scope: &Scope) -> Arc<tokio::sync::Mutex<()>> {
    Arc::clone(lock(locks).entry(scope.clone()).or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use terraform_plugin::Attr;

    use super::*;

    fn waiting() -> RunState {
        let regions = Regions::new(Attr::Unknown, Attr::Null).unwrap();
        RunState::new(regions, true, Access::Waiting("server_url".to_owned()))
    }

    #[test]
    fn plan_after_apply_forgets_earlier_plans() {
        let (run, eu) = (waiting(), Scope::parse("eu", "a stream").unwrap());
        assert_eq!((run.count_plan(&eu, true), run.count_plan(&eu, true)), (1, 2));
        run.enter(Phase::Apply);
        run.enter(Phase::Plan);
        assert_eq!(run.count_plan(&eu, true), 1);
    }

    #[test]
    fn later_of_two_plans_sees_removal_and_move() {
        let eu = Scope::parse("eu", "a stream").unwrap();
        let id = DestinationId::parse("6945c4c4-3e06-4c5c-87e0-726d0cda4e05").unwrap();
        let run = waiting();
        assert!(run.plan_removal(&id).is_none() && run.plan_move(&id, &eu).is_some());
        let run = waiting();
        assert!(run.plan_move(&id, &eu).is_none() && run.plan_removal(&id).is_some());
    }
}
