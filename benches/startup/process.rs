//! A provider's process.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::figures::Result;

/// A process that is killed and waited for on drop.
pub(super) struct Running {
    process: Child,
    // Must remain open: a plugin ends when its host closes it.
    stdout: BufReader<ChildStdout>,
    pub(super) line: String,
}

impl Running {
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a program and waits for its first line. Returns the elapsed time.
pub(super) fn to_first_line(command: &mut Command) -> Result<(Running, Duration)> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let mut process = command.spawn()?;
    let stdout = BufReader::new(process.stdout.take().ok_or("no stdout")?);
    let mut running = Running {
        process,
        stdout,
        line: String::new(),
    };
    running.stdout.read_line(&mut running.line)?;
    Ok((running, begun.elapsed()))
}

/// The user and system time of all child processes that have ended.
pub(super) fn ended_processes_used() -> Result<Duration> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = used.user_time() + used.system_time();
    Ok(Duration::from_micros(time.num_microseconds().try_into()?))
}

/// The resident memory of a process in KiB, if `/proc` exists.
pub(super) fn resident(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
