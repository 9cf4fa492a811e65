//! Whether the host is still there. A host that is killed can't ask us to end.

use std::time::Duration;

use tokio::sync::watch;

use crate::plugin::connections::Connected;

pub use process::ParentProcess;

/// How long the host may be without a connection once it had one. It connects anew only after an
/// error, and then within a second or so.
const RECONNECT: Duration = Duration::from_millis(2500);

/// Ends when the host has vanished: it holds no connection, and either has had none for some
/// seconds although it once had, or its process is gone.
pub async fn host_gone(mut connected: watch::Receiver<Connected>, starter: ParentProcess) {
    // The sender lives as long as the process, so that waiting can't fail; if it did, the end of
    // serving would be near anyway.
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
            () = starter.gone() => return,
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

    /// How often is looked, while there is no connection.
    const LOOK: Duration = Duration::from_millis(500);

    /// The process that started us.
    pub struct ParentProcess(u32);

    impl ParentProcess {
        /// To be asked for before the handshake: a host may be gone as soon as it has started us,
        /// and whoever takes its place then would pass for it.
        pub fn now() -> Self {
            Self(parent_id())
        }

        /// Ends when it is gone, or the reader of our stdout is.
        pub(crate) async fn gone(&self) {
            while parent_id() == self.0 && !unread() {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Whether stdout is a pipe that nobody reads any more.
    fn unread() -> bool {
        let stdout = std::io::stdout();
        // Asked for nothing, the system still tells of errors; and it is told not to wait.
        let mut asked = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        let told = poll(&mut asked, PollTimeout::ZERO).is_ok_and(|n| n > 0);
        told && asked[0].revents().is_some_and(|r| r.contains(PollFlags::POLLERR))
    }
}

#[cfg(not(unix))]
mod process {
    /// There is no parent to look at here: only lost connections tell.
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
