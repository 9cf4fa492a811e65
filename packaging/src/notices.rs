//! The notices of third-party code that an archive carries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::program::Crate;
use crate::{Program, Project, read};

/// The notices of the crates and of the C library that are compiled into a program.
const NOTICES: &str = "THIRD-PARTY-NOTICES.txt";
/// The notices of Rust's own library, as Rust publishes them.
const RUST_NOTICES: &str = "THIRD-PARTY-NOTICES-rust.html";

/// How the names of files with licences and notices begin, in upper case.
const LEGAL_FILES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

const INTRODUCTION: &str = "\
This program contains the software below. Each crate is used under the licence beside its name; if alternatives
include Apache-2.0, under Apache-2.0, whose text is in the file LICENSE. The texts of all other licences follow.
Rust's own library has its notices in THIRD-PARTY-NOTICES-rust.html.
";

/// Returns the names and contents of the files with notices.
pub(crate) fn files(project: &Project, program: &Program) -> Result<BTreeMap<String, Vec<u8>>> {
    let rust = project.sysroot()?.join("share/doc/rust/COPYRIGHT-library.html");
    Ok(BTreeMap::from([
        (NOTICES.to_owned(), text(project, program)?.into_bytes()),
        (RUST_NOTICES.to_owned(), read(&rust)?),
    ]))
}

fn text(project: &Project, program: &Program) -> Result<String> {
    let mut list = BTreeSet::new();
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Crates of the checkout are under LICENSE.
    let foreign = program
        .crates
        .iter()
        .filter(|part| part.linked && part.checksum.is_some());
    for part in foreign {
        let name = format!("{} {}", part.name, part.version);
        list.insert(format!("{name}: {}\n", part.licence));
        for text in texts(part, &program.crates)? {
            users.entry(text).or_default().insert(name.clone());
        }
    }
    let of_target = [("-linux-musl", "musl"), ("-windows-gnu", "mingw-w64")];
    for (_, library) in of_target
        .iter()
        .filter(|(suffix, _)| program.target.ends_with(suffix))
    {
        let path = project
            .folder
            .join("packaging/notices")
            .join(format!("{library}.txt"));
        let text = String::from_utf8_lossy(&read(&path)?).into_owned();
        users.entry(text).or_default().insert((*library).to_owned());
    }
    let list = list.into_iter().collect::<Vec<_>>().concat();
    let mut notices = format!("{INTRODUCTION}\n{list}");
    for (text, users) in users {
        let users: Vec<_> = users.into_iter().collect();
        let _ = write!(
            notices,
            "\n{}\n{}\n\n{}\n",
            "=".repeat(80),
            users.join(", "),
            text.trim_end()
        );
    }
    Ok(notices)
}

/// The texts that must accompany a crate: those of its licence, and in any case its notices. A package without a text
/// has that of another crate from its repository.
fn texts(part: &Crate, crates: &[Crate]) -> Result<BTreeSet<String>> {
    // LICENSE of the archive is Apache-2.0.
    let is_apache =
        !part.licence.contains(" AND ") && part.licence.split(" OR ").any(|one| one == "Apache-2.0");
    let family = crates.iter().filter(|other| {
        !part.repository.is_empty() && other.repository == part.repository && other.licence == part.licence
    });
    for source in [part].into_iter().chain(family) {
        let mut found = BTreeSet::new();
        for path in legal_files(&source.folder)? {
            let is_notice = path
                .file_name()
                .is_some_and(|name| upper(name).starts_with("NOTICE"));
            if is_notice || !is_apache {
                found.insert(String::from_utf8_lossy(&read(&path)?).replace("\r\n", "\n"));
            }
        }
        if is_apache || !found.is_empty() {
            return Ok(found);
        }
    }
    bail!(
        "{}: no text of the licence {}",
        part.folder.display(),
        part.licence
    )
}

/// The files with licences and notices, also of C code in folders of the crate.
fn legal_files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = upper(&entry.file_name());
        if entry.file_type()?.is_dir() {
            found.extend(legal_files(&entry.path())?);
        } else if LEGAL_FILES.iter().any(|start| name.starts_with(start)) {
            found.insert(entry.path());
        }
    }
    Ok(found)
}

fn upper(name: &std::ffi::OsStr) -> String {
    name.to_string_lossy().to_uppercase()
}
