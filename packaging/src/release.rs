//! A folder of archives, and what a registry or a mirror needs beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::archive::{hexadecimal, put};
use crate::{Archive, NAME, Project, read_text};

/// A folder with the archives of one or more versions.
#[derive(Debug)]
pub struct Release {
    folder: PathBuf,
    archives: Vec<Archive>,
}

impl Release {
    /// Reads the archives of a folder, sorted by name.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be read, or has no archive of the provider.
    pub fn open(folder: &Path) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut archives = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            archives.extend(name.to_str().and_then(|name| Archive::named(folder, name)));
        }
        archives.sort_by_key(Archive::file_name);
        if !archives.iter().any(|archive| archive.program == NAME) {
            bail!("{}: no {NAME}_VERSION_OS_ARCH.zip", folder.display());
        }
        Ok(Self {
            folder: folder.to_owned(),
            archives,
        })
    }

    /// Writes the manifest and the checksums of the project's version for a registry, the checksums of the tools, and
    /// the indexes of a network mirror for all versions. Returns the names of the files that this version consists
    /// of.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or written, or if an archive has no bill of materials.
    pub fn describe(&self, project: &Project) -> Result<Vec<String>> {
        let version = &project.version;
        let manifest = format!("{NAME}_{version}_manifest.json");
        let source = project.folder.join("packaging/terraform-registry-manifest.json");
        let text = read_text(&source)?;
        self.write(&manifest, &text)?;

        let mut sums = BTreeMap::from([(manifest, hexadecimal(text.as_bytes()))]);
        // Apart from the provider's: a registry reads those, and expects nothing else in them.
        let mut tools = BTreeMap::new();
        let mut versions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        let mut files = Vec::new();
        for archive in &self.archives {
            let (zip, content) = archive.hashes()?;
            let (name, bill) = (archive.file_name(), archive.bill_name());
            if archive.program == NAME {
                let hashes = [format!("h1:{content}"), format!("zh:{zip}")];
                let platforms = versions.entry(&archive.version).or_default();
                platforms.insert(&archive.platform, json!({ "hashes": hashes, "url": name }));
            }
            if archive.version == *version {
                if !self.folder.join(&bill).is_file() {
                    bail!("{name}: {bill} is not beside it");
                }
                files.push(bill);
                let sums = if archive.program == NAME {
                    &mut sums
                } else {
                    &mut tools
                };
                sums.insert(name, zip);
            }
        }
        let mut index = BTreeMap::new();
        for (version, archives) in versions {
            self.write_json(&format!("{version}.json"), &json!({ "archives": archives }))?;
            index.insert(version, json!({}));
        }
        self.write_json("index.json", &json!({ "versions": index }))?;

        let sets = [(NAME, sums), ("konnect-tools", tools)];
        for (name, sums) in sets.into_iter().filter(|(_, sums)| !sums.is_empty()) {
            let lines = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n"));
            let lines = lines.collect::<Vec<_>>().concat();
            let name = format!("{name}_{version}_SHA256SUMS");
            self.write(&name, &lines)?;
            files.extend(sums.into_keys().chain([name]));
        }
        Ok(files)
    }

    fn write_json(&self, name: &str, value: &Value) -> Result<()> {
        self.write(name, &format!("{value:#}\n"))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        put(&self.folder.join(name), text.as_bytes())
    }
}
