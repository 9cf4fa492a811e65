//! Methods that read and change an emulator without a request.

use std::time::Duration;

use serde_json::{Value, json};

use crate::behavior::Behavior;
use crate::connections::ConnectionCount;
use crate::control_error::ControlError;
use crate::delivery::log::RecordedDelivery;
use crate::edits;
use crate::emulator::Emulator;
use crate::event::sample::EventKind;
use crate::fault::conditions::Conditions;
use crate::fault::rule::FaultRule;
use crate::journal::RecordedRequest;
use crate::state::State;
use crate::stream::StreamId;

impl Emulator {
    /// The requests so far, oldest first; the last 10,000 at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.journal().entries()
    }

    /// The requests so far to this region, oldest first.
    #[must_use]
    pub fn requests_of(&self, region: &str) -> Vec<RecordedRequest> {
        self.shared.journal().entries_of(region)
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.shared.journal().clear();
    }

    /// Adds a fault rule after the existing ones.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for a status or a header that cannot be sent.
    pub fn inject(&self, rule: FaultRule) -> Result<(), ControlError> {
        self.shared.inject(rule)
    }

    /// The active rules, with their remaining counts.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        self.shared.faults().clone()
    }

    /// Removes the fault rules for this region.
    pub fn clear_faults_of(&self, region: &str) {
        let others = |rule: &FaultRule| rule.region.as_deref() != Some(region);
        self.shared.faults().retain(others);
    }

    /// Removes every fault rule, and releases held requests. A fault that already affects a request remains.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Replaces the conditions of every request. Resets the rate limit and the random numbers.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for invalid numbers or a fault that cannot be sent.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), ControlError> {
        self.shared.set_conditions(conditions)
    }

    /// The behavior where Konnect's documentation is not specific.
    #[must_use]
    pub fn behavior(&self) -> Behavior {
        Behavior::clone(&self.shared.behavior())
    }

    /// Sets the behavior from now on.
    pub fn set_behavior(&self, behavior: Behavior) {
        self.shared.set_behavior(behavior);
    }

    /// Moves the emulator's clock forward. Replay jobs advance, and events that are then older than seven days are
    /// removed.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// The connections so far.
    #[must_use]
    pub fn connections(&self) -> ConnectionCount {
        self.shared.connections.count()
    }

    /// The whole state, including secrets and signing keys: `{"regions": {"eu": {"destinations": {ID: {..}}, "webhook":
    /// {..}, "portals": {..}}}}`, and the organization and counters.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.shared.store.read(|state| json!(state))
    }

    /// The state of a region: `{"destinations": {ID: {..}}, "webhook": {..}}`, or null without any record.
    #[must_use]
    pub fn region(&self, name: &str) -> Value {
        self.shared.store.read(|state| json!(state.regions.get(name)))
    }

    /// Removes records, requests and faults of one region.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`]. Nothing is removed then.
    pub fn reset_region(&self, region: &str) -> Result<(), ControlError> {
        self.change(|state| {
            state.regions.remove(region);
            Ok(())
        })?;
        self.shared.journal().clear_region(region);
        self.clear_faults_of(region);
        Ok(())
    }

    /// Removes records, events, deliveries, requests and faults.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`]. Nothing is removed then.
    pub fn reset(&self) -> Result<(), ControlError> {
        self.shared.reset()
    }

    /// Adds destinations, and returns their IDs in the order of creation.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`].
    pub fn add_destinations(&self, region: &str, count: usize) -> Result<Vec<String>, ControlError> {
        self.change(|state| Ok(edits::add_destinations(state, region, count)))
    }

    /// Sets fields of a destination without checking the values, and returns the whole record. `updated_at` becomes
    /// now unless the edit names it.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoDestination`], [`ControlError::Invalid`] for an unknown field or a wrong type, or
    /// [`ControlError::Save`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_destination(&self, region: &str, id: &str, edit: Value) -> Result<Value, ControlError> {
        self.change(|state| edits::edit_destination(state, region, id, &edit))
    }

    /// Removes a destination, even one that a webhook refers to.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoDestination`] or [`ControlError::Save`].
    pub fn remove_destination(&self, region: &str, id: &str) -> Result<(), ControlError> {
        self.change(|state| edits::remove_destination(state, region, id))
    }

    /// Sets fields of a region's webhook without checking the values, and returns the whole record.
    /// `audit_log_destination_id` makes it one of the v3 form, `endpoint` one of the v2 form.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown field, a wrong type or both forms, or
    /// [`ControlError::Save`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_webhook(&self, region: &str, edit: Value) -> Result<Value, ControlError> {
        self.change(|state| edits::edit_webhook(state, &StreamId::of_region(region), &edit))
    }

    /// Resets a region's webhook to one that was never configured.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`].
    pub fn remove_webhook(&self, region: &str) -> Result<(), ControlError> {
        self.change(|state| edits::remove_webhook(state, &StreamId::of_region(region)))
    }

    /// Records a delivery for the status, without sending anything. The delivery has failed if `code` is not from 200
    /// to 299. `at` is an RFC 3339 time; default: now.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoWebhook`] if none is configured, or [`ControlError::Save`].
    pub fn record_delivery(
        &self,
        region: &str,
        code: u16,
        message: &str,
        at: Option<&str>,
    ) -> Result<(), ControlError> {
        self.change(|state| edits::record_delivery(state, &StreamId::of_region(region), code, message, at))
    }

    /// Adds a Dev Portal to a region, and returns its ID.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`].
    pub fn add_portal(&self, region: &str, name: &str) -> Result<String, ControlError> {
        self.change(|state| Ok(state.add_portal(region, name)))
    }

    /// Removes a portal, with its webhook and its replay job.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`] or [`ControlError::Save`].
    pub fn remove_portal(&self, region: &str, portal: &str) -> Result<(), ControlError> {
        self.change(|state| edits::remove_portal(state, region, portal))
    }

    /// Sets fields of a portal's webhook as [`Emulator::edit_webhook`] does.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`], and those of [`Emulator::edit_webhook`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_portal_webhook(
        &self,
        region: &str,
        portal: &str,
        edit: Value,
    ) -> Result<Value, ControlError> {
        self.change(|state| edits::edit_webhook(state, &StreamId::of_portal(region, portal), &edit))
    }

    /// Resets a portal's webhook to one that was never configured.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`] or [`ControlError::Save`].
    pub fn remove_portal_webhook(&self, region: &str, portal: &str) -> Result<(), ControlError> {
        self.change(|state| edits::remove_webhook(state, &StreamId::of_portal(region, portal)))
    }

    /// Records a delivery of a portal's webhook as [`Emulator::record_delivery`] does.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`], and those of [`Emulator::record_delivery`].
    pub fn record_portal_delivery(
        &self,
        region: &str,
        portal: &str,
        code: u16,
        message: &str,
        at: Option<&str>,
    ) -> Result<(), ControlError> {
        self.change(|state| {
            edits::record_delivery(state, &StreamId::of_portal(region, portal), code, message, at)
        })
    }

    /// Sets fields of the replay job of a region or of a portal: `status`, `start_at`, `end_at`, `updated_at`. The job
    /// then remains unchanged until the next edit or request. Returns the whole record.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`], [`ControlError::Invalid`] for an unknown field or a wrong type, or
    /// [`ControlError::Save`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_replay_job(
        &self,
        region: &str,
        portal: Option<&str>,
        edit: Value,
    ) -> Result<Value, ControlError> {
        let run = self.shared.replays.next_run();
        self.change(|state| edits::edit_replay_job(state, &stream(region, portal), &edit, run))
    }

    /// Sets fields of the organization, its user and its system account, and returns all of them: `id`, `name`, `state`,
    /// `login_path`, `user_id`, `user_name`, `user_email`, `system_account_id`, `created_at`, `updated_at`.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown field or a wrong type, or [`ControlError::Save`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_organization(&self, edit: Value) -> Result<Value, ControlError> {
        self.change(|state| edits::edit_organization(state, &edit))
    }

    /// Creates events of a region or of a portal. They are stored, and sent if the webhook is enabled.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoPortal`], or [`ControlError::Invalid`] for a kind that portals do not have.
    pub fn trigger(
        &self,
        region: &str,
        portal: Option<&str>,
        kind: EventKind,
        count: usize,
    ) -> Result<(), ControlError> {
        let stream = stream(region, portal);
        let events = self
            .shared
            .store
            .read(|state| edits::events(state, &stream, kind, count))?;
        self.shared.record(stream, &events);
        Ok(())
    }

    /// The attempts to send so far, oldest first; the last 10,000 at most.
    #[must_use]
    pub fn deliveries(&self) -> Vec<RecordedDelivery> {
        self.shared.deliveries.entries()
    }

    /// Waits until no event waits to be sent or is being sent, including retries. Events of replay jobs do not count.
    pub async fn deliveries_drained(&self) {
        self.shared.queues.drained().await;
    }

    /// Replaces the key that signs events. The key set lists the previous key for seven more days of the emulator's
    /// clock. Returns the new key set.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`], with the key unchanged.
    pub fn rotate_key(&self) -> Result<Value, ControlError> {
        self.change(|state| {
            let now = state.clock.now_ms();
            state.signing_keys.rotate(now)?;
            Ok(state.signing_keys.jwks(now))
        })
    }

    /// The public keys of the current and the previous signing keys, as the API returns them.
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.shared
            .store
            .read(|state| state.signing_keys.jwks(state.clock.now_ms()))
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, ControlError>,
    ) -> Result<T, ControlError> {
        self.shared.store.change(change)
    }
}

fn stream(region: &str, portal: Option<&str>) -> StreamId {
    match portal {
        None => StreamId::of_region(region),
        Some(portal) => StreamId::of_portal(region, portal),
    }
}
