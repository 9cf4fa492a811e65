//! The handle of a running emulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::behavior::Behavior;
use crate::control::{Command, ControlError};
use crate::event::sample::EventKind;
use crate::fault::conditions::Conditions;
use crate::fault::rule::FaultRule;
use crate::http::certificate::{Authority, Certificate};
use crate::http::listener::Listener;
use crate::lock::lock;
use crate::options::EmulatorOptions;
use crate::organization::journal::{RecordedDelivery, RecordedRequest};
use crate::organization::stream::StreamId;
use crate::server;
use crate::shared::Shared;

/// A running emulator. It runs until it is stopped or dropped.
///
/// The methods bypass the API: they read and change state without a request, including state that clients cannot
/// access.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    authority: Option<Authority>,
    /// Ends every connection.
    cut: CancellationToken,
}

impl Emulator {
    /// Binds the port and serves on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The port is in use ([`io::ErrorKind::AddrInUse`]), the file of [`DeliveryOptions::trusted_authorities`] has
    /// something other than certificates ([`io::ErrorKind::InvalidInput`]), or no key can be generated.
    ///
    /// [`DeliveryOptions::trusted_authorities`]: crate::DeliveryOptions::trusted_authorities
    pub async fn start(options: EmulatorOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let mut emulator = Self {
            shared: Arc::new(Shared::new(&options)?),
            address: listener.local_addr()?,
            url: String::new(),
            authority: None,
            cut: CancellationToken::new(),
        };
        emulator.url = emulator.serve(listener, options.certificate)?;
        Ok(emulator)
    }

    /// Also serves HTTPS, on any free port and with this certificate. Returns the base URL, `https://127.0.0.1:PORT`.
    ///
    /// # Errors
    ///
    /// No port is free, or the certificate cannot be generated.
    pub async fn also_https(&mut self, certificate: Certificate) -> io::Result<String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        self.serve(listener, Some(certificate))
    }

    /// The certificate of the signing authority in PEM, for clients to trust, for instance with `SSL_CERT_FILE`. `None`
    /// without HTTPS.
    #[must_use]
    pub fn authority(&self) -> Option<String> {
        self.authority.as_ref().map(Authority::pem)
    }

    /// Serves on a socket, and returns its base URL.
    fn serve(&mut self, socket: TcpListener, certificate: Option<Certificate>) -> io::Result<String> {
        if certificate.is_some() && self.authority.is_none() {
            self.authority = Some(Authority::new("konnect-emulator")?);
        }
        let tls = certificate.zip(self.authority.as_ref());
        let tls = tls
            .map(|(kind, authority)| authority.acceptor(kind))
            .transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", socket.local_addr()?);
        let (shared, cut) = (Arc::clone(&self.shared), self.cut.clone());
        let listener = Listener::new(socket, tls, Arc::clone(&shared.connections), cut.clone());
        self.shared.tasks.spawn(server::serve(listener, shared, cut));
        Ok(url)
    }

    /// The base URL without a region: `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and sending, waits up to half a second for requests in flight, closes every connection and frees
    /// the port.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// The requests so far, oldest first; the last 10,000 at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.journal).entries()
    }

    /// The requests so far to this region, oldest first.
    #[must_use]
    pub fn requests_of(&self, region: &str) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.region == region);
        requests
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        lock(&self.shared.journal).clear(None);
    }

    /// Adds a fault rule after the existing ones.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for a status or a header that cannot be sent.
    pub fn inject(&self, rule: FaultRule) -> Result<(), ControlError> {
        self.execute(Command::Inject { rule })
    }

    /// The active rules, with their remaining counts.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        lock(&self.shared.faults).clone()
    }

    /// Removes the fault rules for this region.
    pub fn clear_faults_of(&self, region: &str) {
        self.shared.clear_faults(Some(region));
    }

    /// Removes every fault rule, and releases held requests. A fault that already affects a request remains.
    pub fn clear_faults(&self) {
        self.shared.clear_faults(None);
    }

    /// Replaces the conditions of every request. Resets the rate limit and the random numbers.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for invalid numbers or a fault that cannot be sent.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), ControlError> {
        self.execute(Command::SetConditions { conditions })
    }

    /// Sets the behavior from now on.
    pub fn set_behavior(&self, behavior: Behavior) {
        self.shared.set_behavior(behavior);
    }

    /// Moves the emulator's clock forward. Replay jobs advance, and events that are then too old are removed.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// The maximum number of connections that were open at the same time, including those of control calls.
    #[must_use]
    pub fn most_connections(&self) -> usize {
        self.shared.connections.most()
    }

    /// The whole state, including secrets: `{"regions": {"eu": {"destinations": {ID: {..}}, "webhook":
    /// {..}, "portals": {..}}}}`, and the organization and counters. The destinations of the organization stand under
    /// `global`, unless [`Behavior::separate_destinations`] is set.
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
    pub fn reset_region(&self, region: &str) {
        self.shared.reset(Some(region));
    }

    /// Removes records, events, deliveries, requests and faults.
    pub fn reset(&self) {
        self.shared.reset(None);
    }

    /// Adds destinations, and returns their IDs in the order of creation.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn add_destinations(&self, region: &str, count: usize) -> Result<Vec<String>, ControlError> {
        let region = region.to_owned();
        self.execute(Command::AddDestinations { region, count })
    }

    /// Sets fields of a destination without checking the values, and returns the whole record. `updated_at` becomes
    /// now unless the edit names it.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`], [`ControlError::Invalid`] for an unknown field or a wrong type.
    pub fn edit_destination(&self, region: &str, id: &str, set: Value) -> Result<Value, ControlError> {
        let (region, id) = (region.to_owned(), id.to_owned());
        self.execute(Command::EditDestination { region, id, set })
    }

    /// Removes a destination, even one that a webhook refers to.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`].
    pub fn remove_destination(&self, region: &str, id: &str) -> Result<(), ControlError> {
        let (region, id) = (region.to_owned(), id.to_owned());
        self.execute(Command::RemoveDestination { region, id })
    }

    /// Sets fields of a webhook without checking the values, and returns the whole record. `audit_log_destination_id`
    /// makes it one of the v3 form, `endpoint` one of the v2 form.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`], [`ControlError::Invalid`] for an unknown field, a wrong type or both forms.
    pub fn edit_webhook(&self, stream: impl Into<StreamId>, set: Value) -> Result<Value, ControlError> {
        let stream = stream.into();
        self.execute(Command::EditWebhook { stream, set })
    }

    /// Resets a webhook to one that was never configured.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`].
    pub fn remove_webhook(&self, stream: impl Into<StreamId>) -> Result<(), ControlError> {
        let stream = stream.into();
        self.execute(Command::RemoveWebhook { stream })
    }

    /// Records a delivery for the status, without sending anything. The delivery has failed if `code` is not from 200
    /// to 299. `at` is an RFC 3339 time; default: now.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`] if none is configured.
    pub fn record_delivery(
        &self,
        stream: impl Into<StreamId>,
        code: u16,
        message: &str,
        at: Option<&str>,
    ) -> Result<(), ControlError> {
        self.execute(Command::RecordDelivery {
            stream: stream.into(),
            code,
            message: message.to_owned(),
            at: at.map(str::to_owned),
        })
    }

    /// Adds a Dev Portal to a region, and returns its ID.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn add_portal(&self, region: &str, name: &str) -> Result<String, ControlError> {
        let (region, name) = (region.to_owned(), name.to_owned());
        self.execute(Command::AddPortal { region, name })
    }

    /// Removes a portal, with its webhook and its replay job.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`].
    pub fn remove_portal(&self, region: &str, portal: &str) -> Result<(), ControlError> {
        let (region, id) = (region.to_owned(), portal.to_owned());
        self.execute(Command::RemovePortal { region, id })
    }

    /// Sets fields of a replay job: `status`, `start_at`, `end_at`, `updated_at`. The job
    /// then remains unchanged until the next edit or request. Returns the whole record.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`], [`ControlError::Invalid`] for an unknown field or a wrong type.
    pub fn edit_replay_job(&self, stream: impl Into<StreamId>, set: Value) -> Result<Value, ControlError> {
        let stream = stream.into();
        self.execute(Command::EditReplayJob { stream, set })
    }

    /// Sets fields of the organization, its user and its system account, and returns all of them: `id`, `name`, `state`,
    /// `login_path`, `user_id`, `user_name`, `user_email`, `system_account_id`, `created_at`, `updated_at`.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown field or a wrong type.
    pub fn edit_organization(&self, set: Value) -> Result<Value, ControlError> {
        self.execute(Command::EditOrganization { set })
    }

    /// Creates events of a stream. They are stored, and sent if the webhook is enabled.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotFound`], or [`ControlError::Invalid`] for a kind that portals do not have.
    pub fn trigger(
        &self,
        stream: impl Into<StreamId>,
        kind: EventKind,
        count: usize,
    ) -> Result<(), ControlError> {
        let stream = stream.into();
        let _: usize = self.execute(Command::Trigger { stream, kind, count })?;
        Ok(())
    }

    /// The attempts to send so far, oldest first; the last 10,000 at most.
    #[must_use]
    pub fn deliveries(&self) -> Vec<RecordedDelivery> {
        lock(&self.shared.deliveries).iter().cloned().collect()
    }

    /// Waits until no event waits to be sent or is being sent, including retries. Events of replay jobs do not count.
    pub async fn deliveries_drained(&self) {
        self.shared.queues.drained().await;
    }

    /// The public key of the signing key, as the API returns it.
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.shared.key.jwks()
    }

    fn execute<T: DeserializeOwned>(&self, command: Command) -> Result<T, ControlError> {
        let result = self.shared.execute(command)?;
        serde_json::from_value(result).map_err(|error| ControlError::Invalid(error.to_string()))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.cut.cancel();
    }
}
