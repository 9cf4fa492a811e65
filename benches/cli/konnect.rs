//! A local Konnect on a separate thread.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use konnect_emulator::{Emulator, EmulatorOptions, Fault, FaultRule};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::figures::Result;

/// A running emulator, stopped on drop.
pub(super) struct LocalKonnect {
    emulator: Emulator,
    relay: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LocalKonnect {
    pub(super) fn start() -> Result<Self> {
        let runtime = runtime()?;
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let emulator = Emulator::start(EmulatorOptions::default()).await;
                let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
                let (Ok(emulator), Ok(relay)) = (emulator, relay) else {
                    return;
                };
                let (address, relayed) = (emulator.address(), relay.local_addr());
                if let Ok(relayed) = relayed {
                    let _ = started.send((emulator, relayed));
                }
                tokio::select! {
                    () = super::relay::relay(relay, address) => {}
                    _ = stopped => {}
                }
            });
        });
        let (emulator, relay) = starting
            .recv()
            .map_err(|_| "there is no free port for an emulator")?;
        Ok(Self {
            emulator,
            relay,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn url(&self) -> String {
        self.emulator.url()
    }

    /// The URL for Kong's provider.
    pub(super) fn url_for_kong(&self) -> String {
        format!("http://{}", self.relay)
    }

    /// Sets the latency.
    pub(super) fn respond_after(&self, milliseconds: u64) -> Result<()> {
        let rule = FaultRule::new(Fault::Delay { ms: milliseconds });
        self.emulator.inject(FaultRule { times: None, ..rule })?;
        Ok(())
    }

    /// Removes all destinations.
    pub(super) fn reset(&self) {
        self.emulator.reset();
    }

    /// Clears the log of requests.
    pub(super) fn clear_requests(&self) {
        self.emulator.clear_requests();
    }

    /// The number of requests.
    pub(super) fn requests(&self) -> Result<u32> {
        Ok(self.emulator.requests().len().try_into()?)
    }

    /// Creates objects sequentially. Returns the responses.
    pub(super) fn create(&self, path: &str, bodies: impl Iterator<Item = Value>) -> Result<Vec<Value>> {
        let url = format!("{}{path}", self.url());
        runtime()?.block_on(async {
            let client = reqwest::Client::new();
            let mut created = Vec::new();
            for body in bodies {
                let request = client
                    .post(&url)
                    .bearer_auth("kpat_1")
                    .header("content-type", "application/json");
                let response = request.body(body.to_string()).send().await?.error_for_status()?;
                created.push(serde_json::from_str(&response.text().await?)?);
            }
            Ok(created)
        })
    }
}

impl Drop for LocalKonnect {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
