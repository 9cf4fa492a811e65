//! A running command in a separate process group, as a shell runs a job: a test can signal it like a terminal, a
//! supervisor or the kernel.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ExitStatus, Output};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::{Run, Workspace};

/// The maximum wait for an expected event. Shorter than a minute, for which a service may ask a provider to wait.
const TIMEOUT: Duration = Duration::from_secs(50);

/// The process name of a plugin in the kernel: the first 15 bytes.
const PLUGIN: &str = "terraform-provi";

/// A running command. The whole group is killed on drop.
pub struct Running<'a> {
    workspace: &'a Workspace,
    arguments: Vec<&'a str>,
    child: Child,
    group: Pid,
}

/// Waits for an expected event.
#[track_caller]
pub fn until(what: &str, mut met: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !met() {
        assert!(Instant::now() < deadline, "timed out waiting: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

impl Workspace {
    /// Starts a command. The providers log to [`Running::log`].
    pub fn start<'a>(&'a self, arguments: &[&'a str]) -> Running<'a> {
        let _ = fs::remove_file(self.path("provider.log"));
        let mut command = self.cli_command(arguments);
        command
            .env("TF_LOG_PROVIDER", "info")
            .env("TF_LOG_PATH", self.path("provider.log"))
            .stdout(File::create(self.root().join("stdout")).expect("a file"))
            .stderr(File::create(self.root().join("stderr")).expect("a file"))
            .process_group(0);
        let child = command.spawn().expect("the CLI starts");
        Running {
            workspace: self,
            arguments: arguments.to_vec(),
            group: Pid::from_raw(child.id().try_into().expect("a process id")),
            child,
        }
    }
}

impl Running<'_> {
    /// Sends Ctrl-C as a terminal does: to the whole group.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Sends a signal to the whole group.
    pub fn signal(&self, signal: Signal) {
        killpg(self.group, signal).expect("the group gets it");
    }

    /// Sends a signal to the CLI only.
    pub fn signal_cli(&self, signal: Signal) {
        kill(self.group, signal).expect("the CLI gets it");
    }

    /// Sends a signal to the plugins only.
    pub fn signal_plugins(&self, signal: Signal) {
        let plugins = self.processes().into_iter().filter(|(_, name)| name == PLUGIN);
        let plugins: Vec<_> = plugins.collect();
        assert!(!plugins.is_empty(), "no plugin runs");
        for (pid, _) in plugins {
            kill(pid, signal).expect("the plugin gets it");
        }
    }

    /// The processes of the group that are alive, with their names.
    pub fn processes(&self) -> Vec<(Pid, String)> {
        let all = fs::read_dir("/proc").expect("a list of processes").flatten();
        all.filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            // `PID (NAME) STATE PARENT GROUP ...`. A name can contain any character.
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (front, rest) = stat.rsplit_once(')')?;
            let (_, name) = front.split_once('(')?;
            let mut rest = rest.split_whitespace();
            let (state, group) = (rest.next()?, rest.nth(1)?);
            let ours = group == self.group.to_string() && !matches!(state, "Z" | "X");
            ours.then(|| (Pid::from_raw(pid), name.to_owned()))
        })
        .collect()
    }

    /// The log of the provider.
    pub fn log(&self) -> String {
        fs::read_to_string(self.workspace.path("provider.log")).unwrap_or_default()
    }

    /// Waits until the provider has received the interruption: `StopProvider`, or the signal itself.
    #[track_caller]
    pub fn is_stopping(&self) {
        until("the provider learns of the end of the run", || {
            self.log().contains("no new requests start")
        });
    }

    /// Waits for the end of the CLI.
    #[track_caller]
    pub fn ended(&mut self) -> Run {
        let mut status = None;
        until("the end of the CLI", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        let status = status.expect("the end of the CLI");
        let text = |name| fs::read(self.workspace.root().join(name)).expect("the output");
        let output = Output {
            // Like a shell, converts a signal to an exit code.
            status: status
                .signal()
                .map_or(status, |signal| ExitStatus::from_raw((128 + signal) << 8)),
            stdout: text("stdout"),
            stderr: text("stderr"),
        };
        self.workspace.ran(&self.arguments, &output)
    }

    /// Waits until the group has no processes.
    #[track_caller]
    pub fn is_gone(&self) {
        until("the end of all processes", || self.processes().is_empty());
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Usually, the group has already ended.
        let _ = killpg(self.group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
