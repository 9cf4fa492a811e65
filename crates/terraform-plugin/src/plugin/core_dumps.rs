//! No core dump of this process: its memory holds the access token and authorizations.
//!
//! A limit of size zero alone would do where dumps are files. Linux ignores it where `core_pattern` is a pipe, as
//! with systemd-coredump, so there the process is marked as one that can't be dumped. That mark has a price: other
//! processes of the same user can't attach a debugger or read its memory either, nor most of its `/proc` folder. For
//! a process that a host started this is as it should be, and debug mode, which a developer starts, does without.
//!
//! Windows has no such switch for a process that could be set without code that Rust calls unsafe.

/// Forbids core dumps, as far as the platform allows. What fails is told in the log: the process is of use even so.
pub(crate) fn forbid() {
    #[cfg(unix)]
    if let Err(error) = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "can't set the size of core dumps to zero");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        tracing::warn!(%error, "can't forbid core dumps");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use nix::sys::prctl::get_dumpable;
    use nix::sys::resource::{Resource, getrlimit};

    const CHILD: &str = "CORE_DUMP_TEST_CHILD";

    /// In a process of its own, since it holds for a whole process.
    #[test]
    fn a_process_that_forbids_them_can_neither_be_dumped_nor_write_one() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "plugin::core_dumps::tests::in_own_process",
            ])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && report.contains("1 passed"), "{report}");
    }

    #[test]
    #[ignore = "run in a process of its own by `a_process_that_forbids_them_...`"]
    fn in_own_process() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        assert!(get_dumpable().unwrap(), "or the rest would prove nothing");
        super::forbid();
        assert!(!get_dumpable().unwrap());
        assert_eq!(getrlimit(Resource::RLIMIT_CORE).unwrap(), (0, 0));
    }
}
