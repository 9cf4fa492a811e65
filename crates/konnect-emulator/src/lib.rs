//! A local Konnect: the audit log API of an organisation, on loopback, for tests and for trying things out.
//!
//! It shares no code with the API client of this crate, so that the two check each other. Its facts come from
//! Kong's published API descriptions (Konnect Audit Log Settings, v2 and v3); where those leave a choice, it takes
//! the one that is harder on a client.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use konnect_emulator::{Emulator, EmulatorOptions, Fault, FaultRule};
//!
//! let konnect = Emulator::start(EmulatorOptions::default()).await?;
//! konnect.inject(FaultRule::new(Fault::retry_after(503, 0)).method("POST")).map_err(std::io::Error::other)?;
//! // Point a client at `{konnect.url()}/{region}`, then look at what it sent:
//! for request in konnect.requests() {
//!     println!("{} {} -> {:?}", request.method, request.path, request.status);
//! }
//! konnect.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! A request's way: `server` reads it, `journal` notes it, `fault` or `conditions` decides whether it goes wrong,
//! `api` finds its handler by `route`, `destinations` and `webhook` answer from the `store`, and `misbehave` spoils
//! the answer if it must, with the help of `wire`. `certificate` is for HTTPS. `control` and `edits` are the way in
//! behind the API's back. A redirect is best led to a second emulator, whose log of requests has to stay empty.
//!
//! # Where it decides for itself
//!
//! - A token is good if it begins with `kpat_` or `spat_`. There are no permissions.
//! - The region is the first segment of the path, `us` without one. Any DNS label is a region but
//!   `api`, by which the links of a list begin that Konnect's clients can't follow as they stand.
//! - A v3 `GET` of a webhook that nobody set up is 404; after a v3 `DELETE`, even of one that nobody set up, it
//!   is an empty destination id. Konnect has been seen to do both.
//! - Switching off a webhook that nobody set up changes nothing, in both versions.
//! - Name filters tell upper from lower case.

mod answer;
mod api;
mod certificate;
mod clock;
mod conditions;
mod connections;
mod control;
mod destinations;
mod edits;
mod fault;
mod fault_response;
mod fields;
mod journal;
mod page;
mod problem;
mod route;
mod server;
mod shared;
mod state;
mod store;
mod webhook;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use certificate::Authority;
pub use certificate::Certificate;
pub use conditions::{Conditions, RandomFaults, RateLimit};
pub use connections::ConnectionCount;
pub use edits::ControlError;
pub use fault::{Fault, FaultRule, Headers};
pub use journal::RecordedRequest;
use serde_json::{Value, json};
use shared::Shared;
use store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How an emulator starts. The default is any free port, no file, no latency.
#[derive(Clone, Debug, Default)]
pub struct EmulatorOptions {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Where the state is kept, secrets included, so that it survives a restart; only in memory without it.
    pub state_file: Option<PathBuf>,
    /// How long every answer of the API is held back.
    pub latency: Duration,
    /// How many seconds the emulator's clock is ahead of this machine's, or behind if negative: in `created_at`,
    /// `updated_at` and the `date` header alike.
    pub clock_offset_seconds: i64,
    /// Serves HTTPS with such a certificate instead of HTTP.
    pub certificate: Option<Certificate>,
}

/// A running emulator, which ends when it is stopped or dropped.
///
/// The methods reach behind the API: they see and change what no client can, without a request.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    authority: Option<Authority>,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Binds the port and serves on the current tokio runtime, of either flavour.
    ///
    /// # Errors
    ///
    /// The port is taken ([`io::ErrorKind::AddrInUse`]), or the state file can't be read or is not one
    /// ([`io::ErrorKind::InvalidData`]).
    pub async fn start(options: EmulatorOptions) -> io::Result<Self> {
        let store = Store::open(options.state_file.clone(), options.clock_offset_seconds)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let mut emulator = Self {
            address: listener.local_addr()?,
            shared: Arc::new(Shared::new(store, &options)),
            scheme: "http",
            authority: None,
            stop: CancellationToken::new(),
            servers: Vec::new(),
        };
        let tls = options
            .certificate
            .map(|kind| emulator.acceptor(kind))
            .transpose()?;
        if tls.is_some() {
            emulator.scheme = "https";
        }
        emulator.serve(listener, tls);
        Ok(emulator)
    }

    /// Serves the same Konnect by HTTPS as well, on any free port and with such a certificate; gives the base URL,
    /// `https://127.0.0.1:PORT`.
    ///
    /// # Errors
    ///
    /// There is no free port, or no certificate can be made.
    pub async fn also_https(&mut self, certificate: Certificate) -> io::Result<String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("https://{}", listener.local_addr()?);
        let tls = self.acceptor(certificate)?;
        self.serve(listener, Some(tls));
        Ok(url)
    }

    /// The certificate of the authority that signs, in PEM: what a client has to trust, by `SSL_CERT_FILE` say.
    /// `None` without HTTPS.
    #[must_use]
    pub fn authority(&self) -> Option<String> {
        self.authority.as_ref().map(Authority::pem)
    }

    fn acceptor(&mut self, kind: Certificate) -> io::Result<TlsAcceptor> {
        let authority = match self.authority.take() {
            Some(authority) => authority,
            None => Authority::new("konnect-emulator")?,
        };
        self.authority.insert(authority).acceptor(kind)
    }

    fn serve(&mut self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let served = server::serve(listener, tls, Arc::clone(&self.shared), self.stop.clone());
        self.servers.push(tokio::spawn(served));
    }

    /// The base URL without a region: `http://127.0.0.1:PORT`, or the same with `https`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, gives answers under way half a second, closes every connection and frees the port.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for server in self.servers.drain(..) {
            // The task neither panics nor is it cancelled; and if it were, it would be stopped all the same.
            let _ = server.await;
        }
    }

    /// The requests so far, oldest first; the last 10,000 at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.journal().entries()
    }

    /// The requests so far that named this region, oldest first.
    #[must_use]
    pub fn requests_of(&self, region: &str) -> Vec<RecordedRequest> {
        self.shared.journal().entries_of(region)
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.shared.journal().clear();
    }

    /// Adds a fault rule behind those that are there.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for a status or a header that can't be sent.
    pub fn inject(&self, rule: FaultRule) -> Result<(), ControlError> {
        self.shared.inject(rule)
    }

    /// The rules that are not used up, with what is left of their counts.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        self.shared.faults().clone()
    }

    /// Removes the fault rules that name this region.
    pub fn clear_faults_of(&self, region: &str) {
        let others = |rule: &FaultRule| rule.region.as_deref() != Some(region);
        self.shared.faults().retain(others);
    }

    /// Removes every fault rule. Requests that were struck already stay so, but those that are held go on.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Sets what every request meets from now on, in place of all conditions before. A bucket begins full, and a
    /// chance anew.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for numbers that make no sense or a fault that can't be sent.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), ControlError> {
        self.shared.set_conditions(conditions)
    }

    /// The connections so far.
    #[must_use]
    pub fn connections(&self) -> ConnectionCount {
        self.shared.connections.count()
    }

    /// Everything that is stored, each `authorization` included:
    /// `{"regions": {"eu": {"destinations": {ID: {..}}, "webhook": {..}}}}`, beside counters of the emulator's own.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.shared.store.read(|state| json!(state))
    }

    /// What is stored in a region: `{"destinations": {ID: {..}}, "webhook": {..}}`, or null if nothing ever was.
    #[must_use]
    pub fn region(&self, name: &str) -> Value {
        self.shared.store.read(|state| json!(state.regions.get(name)))
    }

    /// Forgets records, requests and faults of one region.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`], with nothing forgotten.
    pub fn reset_region(&self, region: &str) -> Result<(), ControlError> {
        self.shared.store.change(|state| {
            state.regions.remove(region);
            Ok::<_, ControlError>(())
        })?;
        self.shared.journal().clear_region(region);
        self.clear_faults_of(region);
        Ok(())
    }

    /// Forgets records, requests and faults.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`], with nothing forgotten.
    pub fn reset(&self) -> Result<(), ControlError> {
        self.shared.reset()
    }

    /// Adds that many destinations, as an organisation has them, and gives their ids in the order of creation.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`].
    pub fn add_destinations(&self, region: &str, count: usize) -> Result<Vec<String>, ControlError> {
        self.shared
            .store
            .change(|state| Ok(edits::add_destinations(state, region, count)))
    }

    /// Sets fields of a destination without checking the values, and gives the whole record. `updated_at` becomes
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
        self.shared
            .store
            .change(|state| edits::edit_destination(state, region, id, &edit))
    }

    /// Removes a destination, even one that a webhook refers to.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoDestination`] or [`ControlError::Save`].
    pub fn remove_destination(&self, region: &str, id: &str) -> Result<(), ControlError> {
        self.shared
            .store
            .change(|state| edits::remove_destination(state, region, id))
    }

    /// Sets fields of a region's webhook without checking the values, and gives the whole record.
    /// `audit_log_destination_id` makes it one of the v3 form, `endpoint` one of the v2 form.
    ///
    /// # Errors
    ///
    /// [`ControlError::Invalid`] for an unknown field, a wrong type or both forms at once, or
    /// [`ControlError::Save`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `json!({..})` in place"
    )]
    pub fn edit_webhook(&self, region: &str, edit: Value) -> Result<Value, ControlError> {
        self.shared
            .store
            .change(|state| edits::edit_webhook(state, region, &edit))
    }

    /// Makes a region's webhook one that nobody ever set up.
    ///
    /// # Errors
    ///
    /// [`ControlError::Save`].
    pub fn remove_webhook(&self, region: &str) -> Result<(), ControlError> {
        self.shared.store.change(|state| {
            edits::remove_webhook(state, region);
            Ok(())
        })
    }

    /// Records a delivery, which the status then tells of; a `code` outside 200 to 299 is a failed one. `at` is an
    /// RFC 3339 time, now by default.
    ///
    /// # Errors
    ///
    /// [`ControlError::NoWebhook`] if none is set up, or [`ControlError::Save`].
    pub fn record_delivery(
        &self,
        region: &str,
        code: u16,
        message: &str,
        at: Option<&str>,
    ) -> Result<(), ControlError> {
        self.shared
            .store
            .change(|state| edits::record_delivery(state, region, code, message, at))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.cancel();
        for server in &self.servers {
            server.abort();
        }
    }
}
