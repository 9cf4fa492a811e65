//! A SIEM on this machine, and a Konnect that delivers to it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use konnect_audit_receiver::{Options, Receiver, Tls, Verification};
use konnect_emulator::{DeliveryOptions, Emulator, EmulatorOptions, EventKind};
use konnect_event::{Format, KeySet, Kind};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::workspace::{AUTHORIZATION, Block, Workspace};

/// The file with the authority of the SIEM of a [`Stream`].
pub const SIEM: &str = "siem.pem";

/// The file with the trusted authorities of Konnect.
const TRUSTED: &str = "trusted.pem";

/// The prefix of the user agent of triggered events, which requests do not have.
const TRIGGERED: &str = "Mozilla/";

/// A received event.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub kind: Kind,
    pub format: Format,
    pub product: String,
    pub name: String,
    /// Whether the test triggered the event.
    pub triggered: bool,
    pub verification: Verification,
    /// The event as it was sent.
    pub line: String,
}

/// An HTTPS receiver on separate threads. Its authority is in a file.
pub struct Siem {
    receiver: Receiver,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    // Dropped last, because the receiver runs on it.
    _runtime: Runtime,
}

impl Siem {
    /// Verifies with the keys of this Konnect, and writes its authority to a file. Expects [`AUTHORIZATION`].
    pub fn start(konnect: &Emulator, ca: PathBuf) -> Self {
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&arrived);
        let mut options = Options::new("127.0.0.1:0");
        options.tls = Tls::SelfMade { ca: Some(ca) };
        options.authorization = Some(AUTHORIZATION.to_owned());
        options.keys = Some(KeySet::from_json(&konnect.jwks().to_string()).expect("a key set"));
        options.on_event = Some(Arc::new(move |received| {
            let event = received.event.as_ref().expect("an event that can be read");
            let agent = event.fields.get("user_agent");
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(Arrived {
                kind: event.kind,
                format: event.format,
                product: event.product.clone(),
                name: event.name.clone(),
                triggered: agent.is_some_and(|agent| agent.starts_with(TRIGGERED)),
                verification: received.verification,
                line: received.line.to_owned(),
            });
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let receiver = runtime.block_on(Receiver::start(options)).expect("a receiver");
        Self {
            receiver,
            arrived,
            _runtime: runtime,
        }
    }

    /// The events since the last call. Asserts that no signature is invalid.
    pub fn take(&self) -> Vec<Arrived> {
        let arrived = std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner));
        for event in &arrived {
            assert_eq!(event.verification, Verification::Verified, "{event:?}");
        }
        arrived
    }

    /// The number of triggered events since the last call of this or of [`Self::take`].
    pub fn take_triggered(&self) -> usize {
        self.take().iter().filter(|event| event.triggered).count()
    }

    /// A destination of this SIEM, with the label `siem`.
    pub fn destination(&self) -> Block {
        Block::destination("siem").with("endpoint", format!("{}/in", self.url()))
    }
}

impl std::ops::Deref for Siem {
    type Target = Receiver;

    fn deref(&self) -> &Receiver {
        &self.receiver
    }
}

/// A workspace whose Konnect delivers to a trusted SIEM.
pub struct Stream {
    pub workspace: Workspace,
    pub siem: Siem,
    folder: TempDir,
}

impl Stream {
    /// Every wait of a delivery is multiplied by this factor.
    pub fn start(time_scale: f64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::with(EmulatorOptions {
            deliveries: Some(DeliveryOptions {
                trusted_authorities: Some(folder.path().join(TRUSTED)),
                allowed_hosts: Vec::new(),
            }),
            time_scale,
            ..EmulatorOptions::default()
        });
        let siem = Siem::start(&workspace.konnect, folder.path().join(SIEM));
        let stream = Self {
            workspace,
            siem,
            folder,
        };
        stream.trust(&[SIEM]);
        stream
    }

    /// Another SIEM, which Konnect does not trust. Its authority is in the file of this name.
    pub fn other_siem(&self, ca: &str) -> Siem {
        Siem::start(&self.workspace.konnect, self.folder.path().join(ca))
    }

    /// Sets the trusted SIEMs of Konnect, by the files of their authorities.
    pub fn trust(&self, files: &[&str]) {
        let read =
            |name: &&str| std::fs::read_to_string(self.folder.path().join(name)).expect("an authority");
        let all: String = files.iter().map(read).collect();
        std::fs::write(self.folder.path().join(TRUSTED), all).expect("the trusted authorities");
    }

    /// Applies this configuration, and waits for the deliveries of its events.
    pub fn apply(&self, body: impl std::fmt::Display) {
        self.workspace.configure(body);
        if !self.workspace.path(".terraform").exists() {
            self.workspace.init();
        }
        self.workspace.apply();
        self.workspace.konnect.wait_for_deliveries();
    }

    /// Triggers this many events of region eu.
    pub fn trigger(&self, kind: EventKind, count: usize) {
        let made = self.workspace.konnect.trigger("eu", kind, count);
        made.expect("events");
    }

    /// The same, and waits until they are delivered or have failed.
    pub fn trigger_and_wait(&self, kind: EventKind, count: usize) {
        self.trigger(kind, count);
        self.workspace.konnect.wait_for_deliveries();
    }
}
