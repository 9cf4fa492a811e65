//! Detects that the host no longer exists. A killed host cannot end the plugin.

use std::time::Duration;

use tokio::sync::watch;

use crate::plugin::connections::Connected;

pub use process::ParentProcess;

/// How long the host may have no connection after the last one closed. It reconnects only after an error, within a
/// second.
const RECONNECT: Duration = Duration::from_millis(2500);

/// Completes when the host no longer exists: it has no connection, and either had one some seconds ago or its process
/// has ended.
pub async fn host_gone(mut connected: watch::Receiver<Connected>, parent: ParentProcess) {
    // Waiting does not fail: the sender exists as long as the process.
    while let Ok(now) = connected.wait_for(|c| c.now == 0).await.map(|c| *c) {
        let lost = async {
            if now.ever {
                tokio::time::sleep(RECONNECT).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = lost => return,
            () = parent.gone() => return,
            back = connected.wait_for(|c| c.now > 0) => if back.is_err() { return },
        }
    }
}

#[cfg(unix)]
mod process {
    use std::os::fd::AsFd;
    use std::os::unix::process::parent_id;
    use std::time::Duration;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    /// The interval between checks while the host has no connection.
    const CHECK_INTERVAL: Duration = Duration::from_millis(500);

    /// The process that started this one.
    pub struct ParentProcess(u32);

    impl ParentProcess {
        /// Returns the current parent. Call this before the handshake: a host can end right after it started this
        /// process, and the next parent must not be taken for the host.
        pub fn now() -> Self {
            Self(parent_id())
        }

        /// Completes when the parent process has ended, or no longer reads stdout.
        pub(crate) async fn gone(&self) {
            while parent_id() == self.0 && !unread() {
                tokio::time::sleep(CHECK_INTERVAL).await;
            }
        }
    }

    /// Whether stdout is a pipe without a reader.
    fn unread() -> bool {
        let stdout = std::io::stdout();
        // Requests no events: the system always reports errors. Does not wait.
        let mut requested = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        let reported = poll(&mut requested, PollTimeout::ZERO).is_ok_and(|n| n > 0);
        reported
            && requested[0]
                .revents()
                .is_some_and(|r| r.contains(PollFlags::POLLERR))
    }
}

#[cfg(not(unix))]
mod process {
    /// On Windows, the parent process is not observed: only lost connections show that the host has ended.
    pub struct ParentProcess;

    impl ParentProcess {
        pub fn now() -> Self {
            Self
        }

        pub(crate) async fn gone(&self) {
            std::future::pending::<()>().await;
        }
    }
}
