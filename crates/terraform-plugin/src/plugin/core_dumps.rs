//! Prevents core dumps, because the memory of the process contains credentials.
//!
//! A size limit of zero suffices where core dumps are files. Linux ignores the limit if `core_pattern` is a pipe, as
//! with systemd-coredump, so on Linux the process is also marked as not dumpable. Then other processes of the same user
//! cannot attach a debugger, read its memory or read most of its `/proc` folder. Debug mode, which developers use,
//! omits this mark.
//!
//! Windows has no equivalent setting that safe code can change.

/// Prevents core dumps as far as the platform allows. A failure is logged, and the process continues.
pub(crate) fn forbid() {
    #[cfg(unix)]
    if let Err(error) = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "cannot set the size limit of core dumps to zero");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        tracing::warn!(%error, "cannot mark the process as not dumpable");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use nix::sys::prctl::get_dumpable;
    use nix::sys::resource::{Resource, getrlimit};

    const CHILD: &str = "CORE_DUMP_TEST_CHILD";

    /// Runs in a separate process, because the setting concerns the whole process.
    #[test]
    fn forbid_prevents_core_dumps() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "plugin::core_dumps::tests::in_separate_process",
            ])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && report.contains("1 passed"), "{report}");
    }

    #[test]
    #[ignore = "run in a separate process by `forbid_prevents_core_dumps`"]
    fn in_separate_process() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        assert!(get_dumpable().unwrap(), "the process is dumpable before");
        super::forbid();
        assert!(!get_dumpable().unwrap());
        assert_eq!(getrlimit(Resource::RLIMIT_CORE).unwrap(), (0, 0));
    }
}
