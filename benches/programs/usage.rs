//! Runs the program `provider` in the same folder, and records its resources: appends a line `MICROSECONDS KIBIBYTES`
//! (processor time and peak resident memory) to the file `PROVIDER_USAGE`.
//!
//! A command line tool starts it instead of the provider, because only the parent of a process receives exact figures.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> std::io::Result<ExitCode> {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::process::Command;

    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let program = std::env::current_exe()?.with_file_name("provider");
    let status = Command::new(program).args(std::env::args_os().skip(1)).status()?;
    if let Some(notes) = std::env::var_os("PROVIDER_USAGE") {
        let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let time = used.user_time() + used.system_time();
        // Kibibytes on Linux, bytes on macOS.
        let memory = if cfg!(target_os = "macos") {
            used.max_rss() / 1024
        } else {
            used.max_rss()
        };
        let mut notes = OpenOptions::new().create(true).append(true).open(notes)?;
        notes.write_all(format!("{} {memory}\n", time.num_microseconds()).as_bytes())?;
    }
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("Processor time and memory are measured only where `getrusage` exists.");
    ExitCode::FAILURE
}
