//! The handle of a running emulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::certificate::{Authority, Certificate};
use crate::clock::Clock;
use crate::delivery::sender::Sender;
use crate::delivery::worker;
use crate::options::EmulatorOptions;
use crate::replay::runner;
use crate::server;
use crate::shared::{Announcements, Shared};
use crate::store::Store;

mod control;

/// A running emulator. It runs until it is stopped or dropped.
///
/// The methods bypass the API: they read and change state without a request, including state that clients cannot
/// access.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    authority: Option<Authority>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Binds the port and serves on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The port is in use ([`io::ErrorKind::AddrInUse`]), the state file cannot be read or is not one
    /// ([`io::ErrorKind::InvalidData`]), or the trusted authorities are not certificates in PEM
    /// ([`io::ErrorKind::InvalidInput`]).
    pub async fn start(options: EmulatorOptions) -> io::Result<Self> {
        let clock = Clock::ahead_by(options.clock_offset_seconds);
        let store = Store::open(options.state_file.clone(), clock.clone())?;
        let sender = options
            .deliveries
            .as_ref()
            .map(|deliveries| Sender::new(deliveries, options.time_scale))
            .transpose()?
            .map(Arc::new);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let (shared, announcements) = Shared::new(store, clock, &options);
        let mut emulator = Self {
            address: listener.local_addr()?,
            shared: Arc::new(shared),
            scheme: "http",
            authority: None,
            stop: CancellationToken::new(),
            tasks: Vec::new(),
        };
        let tls = options
            .certificate
            .map(|kind| emulator.acceptor(kind))
            .transpose()?;
        if tls.is_some() {
            emulator.scheme = "https";
        }
        emulator.work(sender, announcements);
        emulator.serve(listener, tls);
        Ok(emulator)
    }

    /// Also serves HTTPS, on any free port and with this certificate. Returns the base URL, `https://127.0.0.1:PORT`.
    ///
    /// # Errors
    ///
    /// No port is free, or the certificate cannot be generated.
    pub async fn also_https(&mut self, certificate: Certificate) -> io::Result<String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("https://{}", listener.local_addr()?);
        let tls = self.acceptor(certificate)?;
        self.serve(listener, Some(tls));
        Ok(url)
    }

    /// The certificate of the signing authority in PEM, for clients to trust, for instance with `SSL_CERT_FILE`. `None`
    /// without HTTPS.
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
        self.tasks.push(tokio::spawn(served));
    }

    /// Starts the tasks that send events and run replay jobs.
    fn work(&mut self, sender: Option<Arc<Sender>>, announcements: Announcements) {
        let Announcements { opened, started } = announcements;
        let (shared, stop) = (&self.shared, &self.stop);
        let jobs = runner::run(Arc::clone(shared), sender.clone(), started, stop.clone());
        self.tasks.push(tokio::spawn(jobs));
        if let Some(sender) = sender {
            let deliveries = worker::run(Arc::clone(shared), sender, opened, stop.clone());
            self.tasks.push(tokio::spawn(deliveries));
        }
    }

    /// The base URL without a region: `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and sending, waits up to half a second for requests in flight, closes every connection and frees
    /// the port.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            // An error means that the task panicked or was cancelled: it has stopped too.
            let _ = task.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.cancel();
        for task in &self.tasks {
            task.abort();
        }
    }
}
