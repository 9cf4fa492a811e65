//! The life of the plugin process, from the handshake to the last answer.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::level_filters::LevelFilter;

use crate::engine::panics::install_hook;
use crate::plugin::connections::{self, ConnectionTracker, Services};
use crate::plugin::handshake::{self, Host, Shell};
use crate::plugin::host::HostServices;
use crate::plugin::host_watch::{ParentProcess, host_gone};
use crate::plugin::service::{Calls, ProviderService};
use crate::plugin::tls::{self, ServerTls, TlsError, server_tls};
use crate::plugin::transport::{ListenError, ListenOptions, Listener};
use crate::plugin::{core_dumps, log};
use crate::provider::Metadata;
use crate::{Provider, ServeMode, Server};

/// How long calls in flight may go on once the host has vanished. Unless one of them is a change (see
/// [`LAST_CHANGES`]), the process is to be gone within five seconds of it, of which noticing takes up to two and a
/// half, and closing up to one.
const AFTER_HOST: Duration = Duration::from_secs(1);
/// How long connections may take to close after the last answer. The host waits about two seconds.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a change in flight may go on once the host has gone, with what it takes to take a creation back
/// of which the host never heard. No attempt of a request begins any more, and one takes 30 seconds unless
/// the user gives it longer.
const LAST_CHANGES: Duration = Duration::from_secs(45);

/// What is served.
pub struct Plugin<P> {
    /// The provider itself.
    pub provider: P,
    /// Whether a person started it with `-debug`: no host, no TLS, any number of runs.
    pub debug: bool,
}

/// Why the plugin can't serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No host started this process.
    #[error("this program is a plugin: Terraform or OpenTofu starts it")]
    NoHost,
    /// There is no socket to listen on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// TLS with the host can't be set up.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// The handshake line can't be written.
    #[error("can't write to stdout: {0}")]
    Stdout(std::io::Error),
    /// Signals can't be handled.
    #[error("can't handle signals: {0}")]
    Signals(std::io::Error),
}

impl ServeError {
    /// What to write to stderr. A host reads one JSON object, a person a sentence.
    #[must_use]
    pub fn report(&self) -> String {
        match self {
            Self::NoHost => format!("{self}\n"),
            error => log::error_line(&format!("the plugin can't serve: {error}")),
        }
    }
}

/// Serves a provider until the host, or in debug mode the user, ends it.
///
/// # Errors
/// [`ServeError`] if it can't begin. Once it serves, nothing but the end ends it.
pub async fn serve<P: Provider>(plugin: Plugin<P>) -> Result<(), ServeError> {
    let starter = ParentProcess::now();
    // What is no text must not count as unset: without its certificate, the host would be served without TLS.
    let variable = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
    let host = if plugin.debug {
        None
    } else {
        Some(Host::from_environment(variable).ok_or(ServeError::NoHost)?)
    };
    let metadata = plugin.provider.metadata();
    start_log(&metadata, plugin.debug);
    if !plugin.debug {
        core_dumps::forbid();
    }

    let place = host
        .as_ref()
        .map_or_else(ListenOptions::default, |h| h.place.clone());
    let listener = Listener::bind(&place, metadata.name)?;
    let tls = host
        .as_ref()
        .and_then(|h| h.client_certificate.as_deref())
        .map(server_tls)
        .transpose();
    let tls: Option<ServerTls> = tls.map_err(|e: TlsError| e)?;
    // Before the host can know of us: an interrupt must never find the default handler.
    let signals = signals::Signals::new().map_err(ServeError::Signals)?;
    write_handshake(metadata.address, &listener, tls.as_ref(), host.as_ref()).map_err(ServeError::Stdout)?;

    let end = CancellationToken::new();
    let calls = Calls::default();
    let presence = ConnectionTracker::new();
    let lifetime = if plugin.debug {
        ServeMode::Debug
    } else {
        ServeMode::Managed
    };
    let server = Arc::new(Server::new(plugin.provider, lifetime));
    let services = Services::new(
        ProviderService::new(server.clone(), calls.clone()),
        HostServices::new(end.clone(), !plugin.debug),
    );

    let open = TaskTracker::new();
    let accept = async {
        loop {
            match listener.accept().await {
                Ok(connection) => {
                    let tls = tls.as_ref().map(|t| t.config.clone());
                    let (services, presence) = (services.clone(), presence.clone());
                    open.spawn(connections::serve(
                        connection,
                        tls,
                        services,
                        presence,
                        end.clone(),
                    ));
                }
                Err(error) => {
                    // Too many open files, say: what is open goes on, and some of it will close.
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    };
    let host_gone = async {
        if plugin.debug {
            std::future::pending::<()>().await;
        }
        host_gone(presence.watch(), starter).await;
    };
    calls.all.close();
    calls.changes.close();
    open.close();
    let mut host_gone = std::pin::pin!(host_gone);
    let mut orphaned = false;
    tokio::select! {
        () = accept => {}
        () = end.cancelled() => {}
        () = host_gone.as_mut() => orphaned = true,
        () = signals.end(plugin.debug) => {
            server.stop();
            tokio::select! {
                () = calls.all.wait() => {}
                () = host_gone.as_mut() => orphaned = true,
            }
        }
    }
    // Whatever ends us, nothing new begins.
    server.stop();
    drop(listener);
    if orphaned {
        tracing::warn!("the host has vanished");
        let _ = tokio::time::timeout(AFTER_HOST, calls.all.wait()).await;
    }
    end.cancel();
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, open.wait()).await;
    let _ = tokio::time::timeout(LAST_CHANGES, calls.changes.wait()).await;
    Ok(())
}

fn start_log(metadata: &Metadata, debug: bool) {
    let mut level = log::level(metadata.name, |variable| std::env::var(variable).ok());
    if debug && level == LevelFilter::OFF {
        level = LevelFilter::INFO;
    }
    log::start(level, metadata.log_targets);
    install_hook(|place| tracing::error!("{place}"));
}

fn write_handshake(
    address: &str,
    listener: &Listener,
    tls: Option<&ServerTls>,
    host: Option<&Host>,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(host) = host {
        writeln!(
            out,
            "{}",
            handshake::line(listener, tls.map(|t| &t.certificate), host)
        )?;
    } else {
        let shell = Shell::at_hand(|name| std::env::var(name).ok());
        let reattach = handshake::reattach(address, listener);
        writeln!(
            out,
            "The provider is running for debugging. In the shell where you use Terraform or OpenTofu:\n"
        )?;
        writeln!(out, "  {}\n", shell.set("TF_REATTACH_PROVIDERS", &reattach))?;
        writeln!(out, "It serves until it is interrupted (Ctrl-C).")?;
    }
    out.flush()
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that would end the process by default.
    pub(crate) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        _hangup: Signal,
    }

    impl Signals {
        pub(crate) fn new() -> std::io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                // A closed terminal reaches the host as well: if that ends, it is noticed.
                _hangup: signal(SignalKind::hangup())?,
            })
        }

        /// Ends when a signal asks us to end. Ctrl-C does so in debug mode only: it goes to the whole
        /// process group, and it is the host's to decide what it means (it calls `StopProvider`).
        pub(crate) async fn end(mut self, debug: bool) {
            loop {
                tokio::select! {
                    _ = self.terminate.recv() => return,
                    _ = self.interrupt.recv() => if debug { return },
                }
            }
        }
    }
}

#[cfg(windows)]
mod signals {
    use tokio::signal::windows::{CtrlC, ctrl_c};

    /// Ctrl-C, the one signal that every console has.
    pub(crate) struct Signals(CtrlC);

    impl Signals {
        pub(crate) fn new() -> std::io::Result<Self> {
            ctrl_c().map(Self)
        }

        /// Ends when Ctrl-C asks us to end: in debug mode only, as it is the host's to decide what it means.
        pub(crate) async fn end(mut self, debug: bool) {
            while self.0.recv().await.is_some() {
                if debug {
                    return;
                }
            }
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range of ports can be used up only where the plugin listens on one, which is not so on Unix.
    #[tokio::test]
    async fn a_port_range_that_is_used_up_is_reported_in_one_line() {
        let taken = Listener::bind_tcp(None).unwrap();
        let port = taken.address().rsplit(':').next().unwrap().parse().unwrap();
        let error = ServeError::from(Listener::bind_tcp(Some((port, port))).err().unwrap());
        let report = error.report();
        assert_eq!(
            (report.lines().count(), report.ends_with('\n')),
            (1, true),
            "{report}"
        );
        let line: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(line["@level"], "error");
        let said = line["@message"].as_str().unwrap();
        assert!(
            said.contains("can't serve") && said.contains(&format!("from {port} to {port}")),
            "{said}"
        );
    }
}
