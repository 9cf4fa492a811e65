//! The socket of the plugin: a Unix domain socket, or on Windows a loopback TCP port.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use tokio::net::TcpListener;

/// The settings of the host for the socket.
#[derive(Debug, Clone, Default)]
pub struct ListenOptions {
    /// `PLUGIN_UNIX_SOCKET_DIR`: the folder of the socket, instead of a temporary folder.
    #[cfg_attr(not(unix), allow(dead_code))] // used on Unix
    pub socket_dir: Option<PathBuf>,
    /// `PLUGIN_UNIX_SOCKET_GROUP`: a group, by name or number, that can connect too.
    #[cfg_attr(not(unix), allow(dead_code))]
    pub socket_group: Option<String>,
    /// `PLUGIN_MIN_PORT` and `PLUGIN_MAX_PORT`: the inclusive range of TCP ports.
    #[cfg_attr(unix, allow(dead_code))] // used on other platforms than Unix
    pub ports: Option<(u16, u16)>,
}

/// The error if the plugin cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on the Unix socket {}: {source}{}", path.display(), hint(source))]
    Socket { path: PathBuf, source: io::Error },
    #[error("PLUGIN_UNIX_SOCKET_GROUP names the group {0}, which does not exist")]
    Group(String),
    #[error("no TCP port from {0} to {1} on 127.0.0.1 is free (PLUGIN_MIN_PORT, PLUGIN_MAX_PORT): {2}")]
    Ports(u16, u16, io::Error),
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
            "; set TMPDIR to a folder that exists, that can be written to, and whose path is short enough for a \
             socket (90 characters)"
        }
        _ => "",
    }
}

/// A socket that the host can connect to. Dropping it removes the file of a Unix socket.
pub enum Listener {
    #[cfg(unix)]
    Unix(unix::Socket),
    /// A TCP port on 127.0.0.1.
    Tcp(TcpListener),
}

impl Listener {
    /// Listens on the default kind of socket of the platform.
    pub fn bind(options: &ListenOptions) -> Result<Self, ListenError> {
        #[cfg(unix)]
        return unix::Socket::bind(options).map(Self::Unix);
        #[cfg(not(unix))]
        Self::bind_tcp(options.ports)
    }

    /// Listens on the first free port of a range, or on any port.
    #[cfg_attr(unix, allow(dead_code))] // used on Windows, tested on all platforms
    pub fn bind_tcp(ports: Option<(u16, u16)>) -> Result<Self, ListenError> {
        let (from, to) = ports.unwrap_or((0, 0));
        let mut last = io::Error::from(io::ErrorKind::InvalidInput);
        for port in from..=to {
            let bound = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            });
            match bound {
                Ok(listener) => return Ok(Self::Tcp(listener)),
                Err(error) => last = error,
            }
        }
        Err(ListenError::Ports(from, to, last))
    }

    /// `unix` or `tcp`, as in the handshake line.
    pub fn network(&self) -> &'static str {
        match self {
            #[cfg(unix)]
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }

    /// The path of the socket, or the address and port.
    pub fn address(&self) -> String {
        match self {
            #[cfg(unix)]
            Self::Unix(socket) => socket.path().display().to_string(),
            Self::Tcp(listener) => listener.local_addr().map(|a| a.to_string()).unwrap_or_default(),
        }
    }

    pub async fn accept(&self) -> io::Result<Box<dyn Connection>> {
        match self {
            #[cfg(unix)]
            Self::Unix(socket) => Ok(Box::new(socket.accept().await?)),
            Self::Tcp(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// A connection of either kind.
pub trait Connection: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection for T {}

#[cfg(unix)]
mod unix {
    use std::fs::DirBuilder;
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
    use std::path::{Path, PathBuf};
    use std::{fs, io};

    use nix::sys::stat::{Mode, umask};
    use nix::unistd::{Gid, Group};
    use tokio::net::{UnixListener, UnixStream};

    use super::{ListenError, ListenOptions};

    /// The longest path of a socket that every system accepts, in bytes: 103 on macOS, 107 on Linux.
    const MAX_PATH: usize = 103;

    /// How many names are tried.
    const MAX_NAMES: u8 = 50;

    /// A listening Unix domain socket with its file.
    pub struct Socket {
        listener: UnixListener,
        path: PathBuf,
        /// The folder created for this socket, unless the host specified one. Dropped after the file is removed.
        folder: Option<Folder>,
    }

    /// A folder inside the temporary folder that only the owner can access.
    struct Folder(PathBuf);

    impl Folder {
        /// Fails if the name exists: a folder of another process or user is not used.
        fn make(path: PathBuf) -> io::Result<Self> {
            DirBuilder::new().mode(0o700).create(&path)?;
            Ok(Self(path))
        }

        /// Lets a group access the content.
        fn open_to(&self, group: Gid) -> io::Result<()> {
            chown(&self.0, None, Some(group.as_raw()))?;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o710))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // An error cannot be handled here.
            let _ = fs::remove_dir(&self.0);
        }
    }

    impl Socket {
        /// Tries another name if a process has it: `fastrand` begins with the time, which processes can share.
        pub(crate) fn bind(options: &ListenOptions) -> Result<Self, ListenError> {
            for _ in 1..MAX_NAMES {
                match Self::bind_once(options) {
                    Err(ListenError::Socket { source, .. })
                        if matches!(
                            source.kind(),
                            io::ErrorKind::AlreadyExists | io::ErrorKind::AddrInUse
                        ) => {}
                    bound => return bound,
                }
            }
            Self::bind_once(options)
        }

        fn bind_once(options: &ListenOptions) -> Result<Self, ListenError> {
            let group = options.socket_group.as_deref().map(gid).transpose()?;
            // Short, because the path of a socket is: a temporary folder of 90 characters must do.
            let name = format!("tf{:08x}", fastrand::u32(..));
            let (path, folder) = if let Some(dir) = &options.socket_dir {
                // The folder belongs to the host, which may identify the socket by its file name alone.
                (dir.join(name), None)
            } else {
                let in_folder = |folder: &Path| (folder.join(&name).join("s"), Some(folder.join(&name)));
                let paths = in_folder(&std::env::temp_dir());
                if paths.0.as_os_str().len() > MAX_PATH {
                    in_folder(Path::new("/tmp"))
                } else {
                    paths
                }
            };
            let failed = |source| ListenError::Socket {
                path: path.clone(),
                source,
            };
            let folder = folder.map(Folder::make).transpose().map_err(failed)?;
            // Set before the socket is created: with a later change of the mode, others could connect first.
            let before = umask(Mode::from_bits_truncate(0o177));
            let bound = UnixListener::bind(&path);
            umask(before);
            let socket = Self {
                listener: bound.map_err(failed)?,
                path: path.clone(),
                folder,
            };
            if let Some(group) = group {
                if let Some(folder) = &socket.folder {
                    folder.open_to(group).map_err(failed)?;
                }
                chown(&path, None, Some(group.as_raw())).map_err(failed)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).map_err(failed)?;
            }
            Ok(socket)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.path
        }

        pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
            Ok(self.listener.accept().await?.0)
        }
    }

    impl Drop for Socket {
        fn drop(&mut self) {
            // Another process may have removed the file. Other errors cannot be handled here.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn gid(group: &str) -> Result<Gid, ListenError> {
        if let Ok(number) = group.parse() {
            return Ok(Gid::from_raw(number));
        }
        let found = Group::from_name(group).ok().flatten();
        found
            .map(|g| g.gid)
            .ok_or_else(|| ListenError::Group(group.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in two processes that start at the same time.
    #[cfg(unix)]
    #[tokio::test]
    async fn bind_name_that_exists_uses_the_next_one() {
        let sockets = [1, 2].map(|_| {
            fastrand::seed(7);
            Listener::bind(&ListenOptions::default()).unwrap().address()
        });
        fastrand::seed(7);
        let _first = Listener::bind(&ListenOptions::default()).unwrap();
        assert_eq!(sockets[0], sockets[1], "a dropped socket frees its name");
        fastrand::seed(7);
        let second = Listener::bind(&ListenOptions::default()).unwrap();
        assert_ne!(second.address(), sockets[0]);
    }

    #[tokio::test]
    async fn bind_tcp_uses_first_free_port() {
        let taken = Listener::bind_tcp(None).unwrap();
        let port = taken.address().rsplit(':').next().unwrap().parse().unwrap();
        let error = Listener::bind_tcp(Some((port, port))).err().unwrap();
        assert!(matches!(error, ListenError::Ports(from, to, _) if from == port && to == port));
        let said = error.to_string();
        let expected = format!(
            "no TCP port from {port} to {port} on 127.0.0.1 is free (PLUGIN_MIN_PORT, PLUGIN_MAX_PORT): "
        );
        assert!(
            said.starts_with(&expected) && said.len() > expected.len(),
            "{said}"
        );
        let none = Listener::bind_tcp(Some((2, 1))).err().unwrap().to_string();
        assert!(none.contains("from 2 to 1"), "{none}");
        let next = Listener::bind_tcp(Some((port, port.saturating_add(20)))).unwrap();
        assert_ne!(next.address(), taken.address());
        assert!(next.address().starts_with("127.0.0.1:"));
    }
}
