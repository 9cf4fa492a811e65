//! The lifetime of the plugin process, from the handshake to the last response.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::level_filters::LevelFilter;

use crate::Provider;
use crate::dispatch::ServeMode;
use crate::engine::panics::install_hook;
use crate::plugin::connections::{self, Connected};
use crate::plugin::handshake::{self, Host};
use crate::plugin::host::HostServices;
use crate::plugin::host_watch::{ParentProcess, host_gone};
use crate::plugin::service::{Calls, Services};
use crate::plugin::tls::{ServerTls, TlsError, server_tls};
use crate::plugin::transport::{ListenError, Listener};
use crate::plugin::{core_dumps, log};
use crate::provider::Metadata;
use crate::server::Server;

/// How long calls in flight may continue after the host has ended. Except for changes (see [`LAST_CHANGES`]), the
/// process ends within five seconds: the detection takes up to two and a half, and closing up to one.
const AFTER_HOST: Duration = Duration::from_secs(1);
/// How long connections may take to close after the last response. The host waits about two seconds.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a change in flight may continue after the host has ended, including the rollback of a create whose response
/// the host did not receive.
const LAST_CHANGES: Duration = Duration::from_secs(45);

/// The error if the plugin cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("this program is a plugin: Terraform or OpenTofu starts it")]
    NoHost,
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    #[error("cannot handle signals: {0}")]
    Signals(std::io::Error),
}

impl ServeError {
    /// The text for stderr: a JSON object for a host, a sentence for a person.
    pub fn report(&self) -> String {
        match self {
            Self::NoHost => format!("{self}\n"),
            error => log::error_line(&format!("the plugin cannot serve: {error}")),
        }
    }
}

/// Serves a provider until the host ends it, or in debug mode, which has no host and no TLS and serves any number of
/// runs, the user.
pub async fn serve<P: Provider>(provider: P, debug: bool) -> Result<(), ServeError> {
    let served = run(provider, debug).await;
    if let Err(error) = &served
        && !debug
        && !matches!(error, ServeError::NoHost)
    {
        // A host shows the user a first line that is no handshake. It logs stderr, which most users do not see.
        let reason = error.to_string().replace(['|', '\n', '\r'], " ");
        let _ = writeln!(std::io::stdout(), "The provider cannot start: {reason}.");
    }
    served
}

async fn run<P: Provider>(provider: P, debug: bool) -> Result<(), ServeError> {
    let parent = ParentProcess::now();
    // A value that is not Unicode must not count as unset: without its certificate, the host would be served without
    // TLS.
    let variable = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
    let host = if debug {
        None
    } else {
        Some(Host::from_environment(variable).ok_or(ServeError::NoHost)?)
    };
    let metadata = provider.metadata();
    start_log(&metadata, debug);
    if !debug {
        core_dumps::forbid();
    }

    let options = host.as_ref().map(|h| h.options.clone()).unwrap_or_default();
    let listener = Listener::bind(&options)?;
    let certificate = host.as_ref().and_then(|h| h.client_certificate.as_deref());
    let tls = certificate.map(server_tls).transpose()?;
    // Installed before the handshake: an interrupt must never reach the default handler.
    let signals = signals::Signals::new().map_err(ServeError::Signals)?;
    write_handshake(metadata.address, &listener, tls.as_ref(), host.as_ref()).map_err(ServeError::Stdout)?;

    let end = CancellationToken::new();
    let calls = Calls::default();
    let connected = watch::Sender::new(Connected::default());
    let mode = if debug {
        ServeMode::Debug
    } else {
        ServeMode::Managed
    };
    let server = Arc::new(Server::new(provider, mode));
    let services = Arc::new(Services {
        server: server.clone(),
        calls: calls.clone(),
        host: HostServices {
            end: end.clone(),
            ends_on_shutdown: !debug,
        },
    });

    let open = TaskTracker::new();
    let accept = async {
        loop {
            match listener.accept().await {
                Ok(connection) => {
                    let tls = tls.as_ref().map(|t| t.config.clone());
                    let (services, connected) = (services.clone(), connected.clone());
                    let end = end.clone();
                    open.spawn(connections::serve(connection, tls, services, connected, end));
                }
                Err(error) => {
                    // For instance, the process has too many open files. Existing connections continue.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    };
    let host_gone = async {
        if debug {
            std::future::pending::<()>().await;
        }
        host_gone(connected.subscribe(), parent).await;
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
        () = signals.end(debug) => {
            server.stop();
            tokio::select! {
                () = calls.all.wait() => {}
                () = host_gone.as_mut() => orphaned = true,
            }
        }
    }
    // No new requests start after this.
    server.stop();
    drop(listener);
    if orphaned {
        tracing::warn!("the host has ended");
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
        let value = handshake::reattach(address, listener);
        writeln!(
            out,
            "The provider is running for debugging. In the shell where you use Terraform or OpenTofu:\n"
        )?;
        if cfg!(windows) {
            writeln!(out, "  Command Prompt: set \"TF_REATTACH_PROVIDERS={value}\"")?;
            writeln!(out, "  PowerShell:     $env:TF_REATTACH_PROVIDERS = '{value}'\n")?;
        } else {
            writeln!(out, "  export TF_REATTACH_PROVIDERS='{value}'\n")?;
        }
        writeln!(out, "It serves until it is interrupted (Ctrl-C).")?;
        if let Some(reason) = slow_start(option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY")) {
            writeln!(out, "\n{reason}")?;
        }
    }
    out.flush()
}

/// What is wrong with the build if AWS-LC was built without the setting that keeps its start short. Cargo passes the
/// variables of `.cargo/config.toml` to the build of AWS-LC and of this crate.
fn slow_start(setting: Option<&str>) -> Option<&'static str> {
    let is_set = setting.is_some_and(|value| value.starts_with(['1', 'y', 'Y', 't', 'T']));
    (!is_set).then_some(
        "Each start of this program takes about 40 milliseconds more than it needs, and Terraform starts it several \
         times in each command: AWS_LC_SYS_NO_JITTER_ENTROPY was not \"1\" at the build. Copy .cargo/config.toml from \
         the template of terraform-plugin (README, section Start), and build again.",
    )
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that end the process by default.
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
                // A closed terminal also reaches the host, whose end is detected.
                _hangup: signal(SignalKind::hangup())?,
            })
        }

        /// Completes on a signal that ends the process. Ctrl-C ends it in debug mode only: otherwise the whole process
        /// group receives it, and the host calls `StopProvider`.
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

    /// Ctrl-C, the only signal that is handled on Windows.
    pub(crate) struct Signals(CtrlC);

    impl Signals {
        pub(crate) fn new() -> std::io::Result<Self> {
            ctrl_c().map(Self)
        }

        /// Completes on Ctrl-C, in debug mode only: otherwise the host calls `StopProvider`.
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

    #[test]
    fn slow_start_without_the_setting_names_it() {
        for setting in [None, Some(""), Some("0"), Some("off")] {
            let reason = slow_start(setting).unwrap();
            assert!(reason.contains("AWS_LC_SYS_NO_JITTER_ENTROPY"), "{reason}");
        }
        assert_eq!(slow_start(Some("1")), None);
        // The setting of this workspace.
        assert_eq!(slow_start(option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY")), None);
    }

    /// Uses TCP, because a Unix socket does not use the range.
    #[tokio::test]
    async fn report_no_free_port_is_one_line() {
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
            said.contains("cannot serve") && said.contains(&format!("from {port} to {port}")),
            "{said}"
        );
    }
}
