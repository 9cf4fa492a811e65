//! The checkout, and what cargo and git know of it.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Failure;

/// The package, and what the names of programs and archives begin with.
pub const NAME: &str = "terraform-provider-konnect";

/// A checkout of the provider.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// The provider's version, from `Cargo.toml`.
    pub version: String,
    /// When its commit was made, in seconds since 1970: the time that everything in a release has.
    pub time: i64,
    /// Where cargo keeps the sources of the crates that the provider is built from.
    pub(crate) sources: BTreeSet<PathBuf>,
}

impl Project {
    /// The checkout in a folder. Its time is what `SOURCE_DATE_EPOCH` says, if that is set.
    ///
    /// # Errors
    ///
    /// If cargo or git can't tell about it.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        Self::at(folder, time(folder)?)
    }

    /// The checkout in a folder, as if its commit had been made at this time, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// If cargo can't tell about it.
    pub fn at(folder: &Path, time: i64) -> Result<Self, Failure> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["metadata", "--locked", "--format-version", "1"]);
        let answer = output(cargo.current_dir(folder))?;
        let metadata: Value =
            serde_json::from_str(&answer).map_err(|e| Failure::of("the answer of cargo metadata", e))?;
        let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
        let version = packages.iter().find(|package| package["name"] == NAME);
        let version = version.and_then(|package| package["version"].as_str());
        let version = version.ok_or_else(|| Failure::of(folder.display(), format!("no package {NAME}")))?;
        Ok(Self {
            folder: folder.to_owned(),
            version: version.to_owned(),
            time,
            sources: packages.iter().filter_map(source).collect(),
        })
    }
}

/// The folder that a crate lies in beside others, if it is not one of the checkout's own.
fn source(package: &Value) -> Option<PathBuf> {
    package["source"].as_str()?;
    let manifest = Path::new(package["manifest_path"].as_str()?);
    Some(manifest.parent()?.parent()?.to_owned())
}

fn time(folder: &Path) -> Result<i64, Failure> {
    let (told, teller) = match env::var("SOURCE_DATE_EPOCH") {
        Ok(told) => (told, "SOURCE_DATE_EPOCH"),
        Err(_) => (
            output(
                Command::new("git")
                    .args(["log", "-1", "--format=%ct"])
                    .current_dir(folder),
            )
            .map_err(|e| Failure::say(format!("{e}\nWithout git, SOURCE_DATE_EPOCH can tell the time")))?,
            "git log",
        ),
    };
    told.trim().parse().map_err(|_| {
        Failure::say(format!(
            "{teller} tells {told:?}, which is no number of seconds since 1970"
        ))
    })
}

/// What a command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().display().to_string();
    let ended = command.output().map_err(|e| Failure::of(&name, e))?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(Failure::of(name, format!("{}: {}", ended.status, said.trim())));
    }
    String::from_utf8(ended.stdout).map_err(|e| Failure::of(name, e))
}
