//! The handle of a running receiver.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::intake::{Counts, Intake, Sinks, open_output};
use crate::options::{Options, Tls};
use crate::server::{self, Behavior, Credential, MAX_BODIES, Shared, serve};

/// How many connections wait to be accepted.
const MAX_WAITING: i32 = 1024;

/// A running receiver. It stops when it is dropped, or with [`Receiver::stop`], which waits for deliveries in flight.
pub struct Receiver {
    url: String,
    address: SocketAddr,
    authority: Option<String>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    stop: DropGuard,
}

/// The error if fewer events than expected have arrived. Its text says what has arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Missed(String);

impl Missed {
    /// With keys (`verified_only`), only verified events count.
    fn new(expected: u64, within: Duration, verified_only: bool, counts: Counts) -> Self {
        let (arrived, what) = if verified_only {
            (counts.verified, "verified events")
        } else {
            (counts.events, "events")
        };
        let seconds = within.as_secs_f64();
        let text = format!("{arrived} of {expected} {what} arrived within {seconds} s");
        let others = [
            (counts.unsigned, verified_only, "unsigned"),
            (counts.bad, verified_only, "with a bad signature"),
            (counts.unreadable, true, "lines unreadable"),
            (counts.refused, true, "deliveries refused"),
        ];
        let others = others.iter().filter(|(count, counts, _)| *count > 0 && *counts);
        let others: Vec<_> = others
            .map(|(count, _, what)| format!("; {count} {what}"))
            .collect();
        Self(text + &others.concat())
    }
}

impl Receiver {
    /// Starts a receiver. Requires a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When the address cannot be bound, a file cannot be read or written, or the expected credential is not a valid
    /// header value.
    pub async fn start(options: Options) -> io::Result<Self> {
        let credential = options
            .authorization
            .as_deref()
            .map(Credential::new)
            .transpose()?;
        let host = options.listen.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let output = options.output.as_deref().map(open_output).transpose()?;
        let listener = TcpListener::bind(&options.listen).await.map_err(|error| {
            let listen = &options.listen;
            io::Error::new(error.kind(), format!("cannot listen at {listen}: {error}"))
        })?;
        // By default, 128 connections wait to be accepted. The system drops further ones, which try again a second later.
        SockRef::from(&listener).listen(MAX_WAITING)?;
        let address = listener.local_addr()?;
        let (acceptor, authority) = match &options.tls {
            Tls::Off => (None, None),
            Tls::Files { cert, key } => (Some(server::tls_from_files(cert, key)?), None),
            Tls::SelfMade { ca } => {
                let (acceptor, pem) = server::self_made_tls(host)?;
                if let Some(path) = ca {
                    std::fs::write(path, &pem).map_err(|error| {
                        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                    })?;
                }
                (Some(acceptor), Some(pem))
            }
        };
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let url = format!("{scheme}://{host}:{}", address.port());
        let intake = Intake {
            keys: options.keys,
            filter: options.filter,
            style: options.style,
            on_event: options.on_event,
            sinks: Mutex::new(Sinks {
                display: options.display,
                output,
            }),
            counts: watch::Sender::default(),
            broken: watch::Sender::default(),
        };
        let behavior = Behavior {
            credential,
            status: options.status,
        };
        let shared = Arc::new(Shared {
            intake,
            behavior: Mutex::new(behavior),
            log: Mutex::new(options.log),
            max_body_bytes: options.max_body_bytes,
            bodies: Semaphore::new(MAX_BODIES),
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&shared), stop.clone()));
        Ok(Self {
            url,
            address,
            authority,
            shared,
            task,
            stop: stop.drop_guard(),
        })
    }

    /// The URL for events, at any path: `https://HOST:PORT`, with the host of [`Options::listen`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bound address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that senders must trust, in PEM, with [`Tls::SelfMade`].
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The numbers of received deliveries and events.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.shared.intake.counts.borrow()
    }

    /// Changes the status code of the response to valid deliveries.
    pub fn set_status(&self, status: StatusCode) {
        self.shared.behavior(|behavior| behavior.status = status);
    }

    /// Changes the required credential.
    ///
    /// # Errors
    /// When the credential is not a valid header value. The previous credential remains.
    pub fn set_authorization(&self, authorization: Option<&str>) -> io::Result<()> {
        let credential = authorization.map(Credential::new).transpose()?;
        self.shared.behavior(|behavior| behavior.credential = credential);
        Ok(())
    }

    /// Waits until this many events have arrived since the start. Only events that match the filter count, and with
    /// keys only verified ones.
    ///
    /// # Errors
    /// When fewer events have arrived before the timeout.
    pub async fn wait_for(&self, expected: u64, within: Duration) -> Result<Counts, Missed> {
        let verified_only = self.shared.intake.keys.is_some();
        let arrived = |counts: &Counts| {
            if verified_only {
                counts.verified
            } else {
                counts.events
            }
        };
        let mut counts = self.shared.intake.counts.subscribe();
        let enough = counts.wait_for(|counts| arrived(counts) >= expected);
        match timeout(within, enough).await {
            Ok(Ok(counts)) => Ok(*counts),
            // The sender exists as long as the receiver, so this is a timeout.
            Ok(Err(_)) | Err(_) => Err(Missed::new(expected, within, verified_only, self.counts())),
        }
    }

    /// Waits until output is no longer possible, for instance because the reader of a pipe has ended.
    pub async fn display_failed(&self) -> io::ErrorKind {
        let mut broken = self.shared.intake.broken.subscribe();
        match broken.wait_for(Option::is_some).await {
            Ok(kind) => kind.unwrap_or(io::ErrorKind::Other),
            // The sender exists as long as the receiver.
            Err(_) => std::future::pending().await,
        }
    }

    /// Stops listening, waits up to a second for deliveries in flight, and returns the counts.
    pub async fn stop(self) -> Counts {
        drop(self.stop);
        // A panic of the accept loop does not affect the counts.
        let _ = self.task.await;
        *self.shared.intake.counts.borrow()
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
