//! The process of a plugin: its environment, output and end.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

/// How long a test waits for an event before it fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The variable that identifies a host.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// Waits for an event that must occur.
pub async fn within<T>(what: &str, done: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(TIMEOUT, done).await;
    waited.unwrap_or_else(|_| panic!("timed out waiting: {what}"))
}

/// Sends a signal to a process.
pub fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

/// A process to start. It does not inherit the environment of the tests.
pub struct Launch {
    command: Command,
    folder: TempDir,
}

impl Launch {
    /// The plugin as a user starts it.
    pub fn without_host(plugin: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("host").tempdir().unwrap();
        let mut command = Command::new(plugin);
        command
            .env_clear()
            .env("TMPDIR", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Coverage measurement needs these variables.
        for name in ["LLVM_PROFILE_FILE", "CARGO_LLVM_COV_TARGET_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Self { command, folder }
    }

    /// The plugin as a host starts it, without TLS.
    pub fn without_tls(plugin: &str) -> Self {
        let mut launch = Self::without_host(plugin);
        launch
            .command
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_UNIX_SOCKET_DIR", launch.folder.path());
        launch
    }

    /// A shell that starts the plugin as a host does. Killing it corresponds to killing the host. The second command
    /// keeps the shell from replacing itself with the plugin.
    pub fn through_shell(plugin: &str) -> Self {
        let mut launch = Self::without_tls("/bin/sh");
        launch.command.args(["-c", "\"$0\"; exit 0", plugin]);
        launch
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Starts the process.
    pub fn start(mut self) -> Process {
        let mut child = self.command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pipe = BufReader::new(child.stderr.take().unwrap());
        let stderr = Arc::new(Mutex::new(String::new()));
        let collected = stderr.clone();
        let stderr_end = tokio::spawn(async move {
            let mut line = String::new();
            while pipe.read_line(&mut line).await.unwrap() > 0 {
                collected.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Process {
            pid: child.id().unwrap(),
            child,
            stdout: Some(stdout),
            stderr,
            stderr_end,
            folder: self.folder,
        }
    }

    /// Starts the process and waits for its end.
    pub async fn run(self) -> Ended {
        self.start().ended().await
    }
}

/// A running process. Dropping it kills the process.
pub struct Process {
    /// The process ID.
    pub pid: u32,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Arc<Mutex<String>>,
    stderr_end: JoinHandle<()>,
    folder: TempDir,
}

/// The exit status of a process, and the output that was not read before.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// The rest of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    /// The names of the files that remain in the temporary folder.
    pub left: Vec<String>,
}

impl Process {
    /// The folder for sockets and temporary files, empty at the start.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The names of the files in the folder.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// The next line on stdout.
    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().unwrap();
        within("a line on stdout", stdout.read_line(&mut line))
            .await
            .unwrap();
        assert!(
            line.ends_with('\n'),
            "no line but {line:?}; stderr: {}",
            self.stderr()
        );
        line.truncate(line.len() - 1);
        line
    }

    /// The output on stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits until stderr contains a text.
    pub async fn wait_for_stderr(&self, text: &str) {
        let said = async {
            while !self.stderr().contains(text) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        within(text, said).await;
    }

    /// Closes the pipes that the process writes to, as the end of a host does.
    pub fn close_pipes(&mut self) {
        self.stdout = None;
        self.stderr_end.abort();
    }

    /// Waits until neither the plugin nor a process that it started has stdout open.
    pub async fn closed(&mut self) {
        let mut rest = String::new();
        let stdout = self.stdout.as_mut().unwrap();
        stdout.read_to_string(&mut rest).await.unwrap();
    }

    /// Kills the process without its children.
    pub async fn kill(&mut self) {
        within("the end after a kill", self.child.kill()).await.unwrap();
    }

    /// Waits for the exit status.
    pub async fn exit(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }

    /// Waits for the end.
    pub async fn ended(mut self) -> Ended {
        let status = within("the end of the process", self.child.wait()).await.unwrap();
        let mut stdout = String::new();
        if let Some(pipe) = self.stdout.as_mut() {
            let read = pipe.read_to_string(&mut stdout);
            within("the end of stdout", read).await.unwrap();
        }
        // Cancelled if the test closed the pipe.
        let _ = within("the end of stderr", &mut self.stderr_end).await;
        Ended {
            status,
            stdout,
            stderr: self.stderr(),
            left: self.files(),
        }
    }
}

impl Ended {
    /// Asserts that the process succeeded and left no files.
    pub fn assert_success(self) -> Self {
        assert_eq!(self.status.code(), Some(0), "{self:?}");
        assert_eq!(self.left, [""; 0], "files left behind");
        self
    }

    /// Asserts that the process failed to start, reported the reason in one log line at error level and in one line on
    /// stdout that is no handshake, and left no files. Returns the line on stdout, which a host shows to the user.
    pub fn refused_to_start(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        let shown = self.stdout.strip_suffix('\n').unwrap();
        assert!(!shown.contains(['|', '\n']), "{shown}");
        assert_eq!(self.left, [""; 0], "files left behind");
        let mut lines = self.stderr.lines();
        let line = lines.next().unwrap();
        assert_eq!(lines.next(), None, "one line: {}", self.stderr);
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["@level"], "error");
        let logged = line["@message"].as_str().unwrap();
        let (_, reason) = logged.split_once(": ").unwrap();
        assert!(shown.contains(reason), "{shown} instead of {reason}");
        shown.to_owned()
    }
}
