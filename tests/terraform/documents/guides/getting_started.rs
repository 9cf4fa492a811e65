//! The guide "Getting started", on this machine.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use crate::workspace::{Workspace, until, workspace_binary};

use super::{Reader, normal, printed};

#[test]
fn getting_started_shows_what_the_page_shows() {
    let workspace = Workspace::new();
    let mut reader = Reader::of("docs/guides/getting-started.md", workspace);
    for program in ["konnect-emulator", "konnect-audit-receiver"] {
        let to = reader.workspace.root().join("bin").join(program);
        std::os::unix::fs::symlink(workspace_binary(program), to).expect("a link");
    }
    for port in ["8080", "9080"] {
        reader
            .replacements
            .push((port.to_owned(), free_port().to_string()));
    }
    let files = [
        ("main.tf", "resource \"konnect_audit_log_webhook\""),
        ("siem.tf", "variable \"collector_url\""),
    ];
    for (file, part) in files {
        reader.workspace.write(file, &reader.block("terraform", part));
    }
    let log = |name: &str| fs::read_to_string(reader.workspace.path(name)).unwrap_or_default();
    let listens = |name: &str| until(name, || log(name).contains("listening on"));
    let _konnect = reader.starts("konnect-emulator --port", "konnect.log");
    // The receiver reads the signing keys at its start.
    listens("konnect.log");
    let siem = reader.starts("konnect-audit-receiver --listen", "siem.log");
    listens("siem.log");
    reader.workspace.init();

    let applied = reader.runs("TF_VAR_collector_url='https://127");
    reader.shows(&applied, "Plan: 3 to add");
    let status = reader.runs("terraform state show");
    // The requests of the apply generate events, which may arrive before it ends.
    if status.contains("\"ready\"") {
        reader.shows(&status, "delivery_state");
    }
    reader.runs("konnect-emulator request");
    let events = normal(&reader.block("text", "retrieve webhook"));
    let (first, second) = events.split_once("verified TIME").expect("two events");
    until("the events arrive", || {
        let log = normal(&log("siem.log"));
        log.contains(first) && log.contains(second)
    });

    drop(siem);
    reader.runs("konnect-emulator request");
    let warning = normal(&reader.block("text", "Check block assertion failed"));
    let (title, explanation) = warning.split_once("failed ").expect("a title");
    // The code of the operating system differs between platforms.
    let (refused, advice) = explanation.split_once("(os error 111)").expect("an error");
    until("a plan warns", || {
        let script = format!("{}terraform plan", reader.exports.borrow());
        let plan = normal(&printed(&mut reader.shell_of(&script)).1);
        [title, refused, advice]
            .iter()
            .all(|part| plan.contains(part.trim()))
    });
    reader.runs("terraform destroy");
}

/// A free port that the system does not give to other tests.
fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| fastrand::u16(20_000..30_000));
    let mut free = ports
        .filter(|port| !port.to_string().contains("80"))
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().expect("a port")
}
