//! The checkout, and what cargo and git know about it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::read_text;

/// The provider's package, and the prefix of its programs and archives.
pub const NAME: &str = "terraform-provider-konnect";

/// The programs that are released beside the provider. Each is the package of its name.
pub const TOOLS: [&str; 2] = ["konnect-emulator", "konnect-audit-receiver"];

/// A checkout of the provider.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// The provider's version, from `Cargo.toml`.
    pub version: String,
    /// When its commit was made, in seconds since 1970. Everything in a release has this time.
    pub time: i64,
    /// Where cargo keeps the sources of the dependencies.
    pub(crate) sources: BTreeSet<PathBuf>,
    /// The SHA-256 of each package from a registry, by name and version: what `Cargo.lock` has.
    pub(crate) checksums: BTreeMap<(String, String), String>,
    pub(crate) metadata: Value,
}

impl Project {
    /// Runs rustc in the checkout, whose `rust-toolchain.toml` names the toolchain.
    pub(crate) fn rustc(&self, arguments: &[&str]) -> Result<String> {
        output(Command::new("rustc").args(arguments).current_dir(&self.folder))
    }

    pub(crate) fn sysroot(&self) -> Result<PathBuf> {
        Ok(self.rustc(&["--print", "sysroot"])?.trim().into())
    }

    /// Opens the checkout in a folder. Its time is `SOURCE_DATE_EPOCH`, else the time of the commit.
    ///
    /// # Errors
    ///
    /// Returns an error if cargo or git does not describe the checkout.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::at(folder, time(folder)?)
    }

    /// Opens the checkout in a folder, with this time in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Returns an error if cargo does not describe the checkout.
    pub fn at(folder: &Path, time: i64) -> Result<Self> {
        let mut cargo = cargo();
        cargo.args(["metadata", "--locked", "--format-version", "1"]);
        let answer = output(cargo.current_dir(folder))?;
        let metadata: Value = serde_json::from_str(&answer).context("the output of cargo metadata")?;
        let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
        let version = packages.iter().find(|package| package["name"] == NAME);
        let version = version.and_then(|package| package["version"].as_str());
        let version = version.with_context(|| format!("{}: no package {NAME}", folder.display()))?;
        let lock = read_text(&folder.join("Cargo.lock"))?;
        Ok(Self {
            checksums: checksums(&lock),
            folder: folder.to_owned(),
            version: version.to_owned(),
            time,
            sources: packages.iter().filter_map(source).collect(),
            metadata,
        })
    }

    pub(crate) fn package(&self, (name, version): &(String, String)) -> Result<&Value> {
        let mut packages = self.metadata["packages"].as_array().into_iter().flatten();
        packages
            .find(|package| package["name"] == **name && package["version"] == **version)
            .with_context(|| format!("cargo metadata does not describe {name} {version}"))
    }
}

/// The cargo that runs this program, else the one of the `PATH`.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Cargo writes one field a line.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let packages = lock.split("[[package]]").filter_map(|package| {
        let field = |name: &str| {
            let mut lines = package.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
            value.map(|value| value.trim_matches('"').to_owned())
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    });
    packages.collect()
}

/// The folder that holds a dependency among others. `None` for a package of the checkout.
fn source(package: &Value) -> Option<PathBuf> {
    package["source"].as_str()?;
    let manifest = Path::new(package["manifest_path"].as_str()?);
    Some(manifest.parent()?.parent()?.to_owned())
}

fn time(folder: &Path) -> Result<i64> {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]).current_dir(folder);
    let time = match env::var("SOURCE_DATE_EPOCH") {
        Ok(time) => time,
        Err(_) => output(&mut git).context("without git, set SOURCE_DATE_EPOCH")?,
    };
    let invalid = || format!("the time is {time:?}, which is not a number of seconds since 1970");
    time.trim().parse().with_context(invalid)
}

/// Runs a command and returns what it prints. An error if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let ended = command.output().with_context(|| name.clone())?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        bail!("{name}: {}: {}", ended.status, said.trim());
    }
    String::from_utf8(ended.stdout).context(name)
}
