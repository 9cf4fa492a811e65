//! One program for one target, and the crates in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::project::{cargo, output};
use crate::{NAME, Project};

/// A program of the release for a target of rustc, with the crates that cargo builds for it.
#[derive(Debug)]
pub struct Program {
    /// Its package: [`NAME`] or one of [`crate::TOOLS`].
    pub(crate) name: &'static str,
    pub(crate) target: String,
    /// The same as Terraform names it: `linux_amd64`.
    pub(crate) platform: String,
    /// Its own crate comes first.
    pub(crate) crates: Vec<Crate>,
}

#[derive(Debug)]
pub(crate) struct Crate {
    pub name: String,
    pub version: String,
    /// The SPDX expression of its licence.
    pub licence: String,
    /// The address of the repository that it comes from.
    pub repository: String,
    /// The folder of its sources.
    pub folder: PathBuf,
    /// The SHA-256 of its package, in hexadecimal. `None` for a crate of the checkout.
    pub checksum: Option<String>,
    /// Whether it is compiled into the program. Otherwise it takes part in the build: a procedural macro, a build
    /// script, or what they need.
    pub linked: bool,
    /// The crates that it needs, as positions in the list.
    pub needs: BTreeSet<usize>,
}

type Id = (String, String);

impl Program {
    /// Asks cargo which crates it builds for a program and target. `name` is [`NAME`] or one of [`crate::TOOLS`].
    ///
    /// # Errors
    ///
    /// Returns an error if cargo does not answer, or if no release is made for the target.
    pub fn of(project: &Project, name: &'static str, target: &str) -> Result<Self> {
        let platform = platform(target)?;
        let linked = tree(project, name, target, "normal,no-proc-macro")?;
        let all = tree(project, name, target, "normal,build")?;
        let positions: BTreeMap<&Id, usize> = all.order.iter().zip(0..).collect();
        let crates = all.order.iter().map(|id| {
            let package = project.package(id)?;
            let text = |field: &str| package[field].as_str().unwrap_or_default();
            let manifest = PathBuf::from(text("manifest_path"));
            Ok(Crate {
                name: id.0.clone(),
                version: id.1.clone(),
                // Older manifests separate alternatives by a slash.
                licence: text("license")
                    .split('/')
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(" OR "),
                repository: text("repository").to_owned(),
                folder: manifest.parent().map(PathBuf::from).unwrap_or_default(),
                checksum: project.checksums.get(id).cloned(),
                linked: linked.needs.contains_key(id),
                needs: all.needs[id].iter().map(|id| positions[id]).collect(),
            })
        });
        Ok(Self {
            name,
            target: target.to_owned(),
            platform,
            crates: crates.collect::<Result<_>>()?,
        })
    }

    /// The name of its file: the CLI looks for the provider under its version.
    pub(crate) fn file_name(&self, project: &Project) -> String {
        let suffix = if self.platform.starts_with("windows") {
            ".exe"
        } else {
            ""
        };
        if self.name == NAME {
            format!("{NAME}_v{}{suffix}", project.version)
        } else {
            format!("{}{suffix}", self.name)
        }
    }

    /// Whether cargo is expected to build a crate for it.
    pub(crate) fn has(&self, name: &str, version: &str) -> bool {
        let mut crates = self.crates.iter();
        crates.any(|part| part.name == name && part.version == version)
    }
}

/// Returns the platform of a target triple of rustc, as the names of archives have it: `darwin_arm64` for
/// `aarch64-apple-darwin`.
///
/// # Errors
///
/// Returns an error if no release is made for the target.
pub fn platform(triple: &str) -> Result<String> {
    let (processor, system) = triple.split_once('-').unwrap_or_default();
    let processors = [("x86_64", "amd64"), ("aarch64", "arm64")];
    let systems = [
        ("apple-darwin", "darwin"),
        ("unknown-linux-", "linux"),
        ("pc-windows-", "windows"),
    ];
    let processor = processors.iter().find(|(of_rustc, _)| *of_rustc == processor);
    let system = systems.iter().find(|(start, _)| system.starts_with(start));
    let known = system
        .zip(processor)
        .map(|((_, os), (_, processor))| format!("{os}_{processor}"));
    known.with_context(|| {
        format!("no release is made for {triple}: Linux, macOS and Windows on x86_64 and aarch64 are known")
    })
}

#[derive(Default)]
struct Tree {
    order: Vec<Id>,
    needs: BTreeMap<Id, BTreeSet<Id>>,
}

/// The crates along some kinds of edges. `cargo metadata` does not give them: it unites the features of the whole
/// workspace and its tests.
fn tree(project: &Project, name: &str, target: &str, edges: &str) -> Result<Tree> {
    let mut command = cargo();
    command
        .args(["tree", "--locked", "--package", name, "--target", target])
        .args(["--edges", edges, "--prefix", "depth", "--format", " {p}"])
        .current_dir(&project.folder);
    let mut tree = Tree::default();
    let mut above: Vec<Id> = Vec::new();
    for line in output(&mut command)?.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let read = || match words.as_slice() {
            [depth, name, version, ..] => {
                let version = version.strip_prefix('v')?.to_owned();
                Some((depth.parse::<usize>().ok()?, ((*name).to_owned(), version)))
            }
            _ => None,
        };
        let (depth, id) = read().with_context(|| format!("cargo tree: an unknown line: {line}"))?;
        above.truncate(depth);
        if let Some(parent) = above.last() {
            tree.needs.entry(parent.clone()).or_default().insert(id.clone());
        }
        if !tree.needs.contains_key(&id) || depth == 0 {
            tree.order.push(id.clone());
        }
        tree.needs.entry(id.clone()).or_default();
        above.push(id);
    }
    Ok(tree)
}
