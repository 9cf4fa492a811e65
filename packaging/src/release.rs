//! A folder of archives, and what a registry or a mirror wants beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::archive::{hexadecimal, put};
use crate::{Archive, Failure, NAME, Project};

/// A folder that holds the archives of one version or more.
#[derive(Debug)]
pub struct Release {
    folder: PathBuf,
    archives: Vec<Archive>,
}

impl Release {
    /// The archives of a folder, sorted by name.
    ///
    /// # Errors
    ///
    /// If it can't be read, or has none.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let entries = fs::read_dir(folder).map_err(|e| Failure::of(folder.display(), e))?;
        let mut archives = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| Failure::of(folder.display(), e))?.file_name();
            archives.extend(name.to_str().and_then(|name| Archive::named(folder, name)));
        }
        archives.sort_by_key(Archive::file_name);
        if archives.is_empty() {
            return Err(Failure::of(
                folder.display(),
                format!("no {NAME}_VERSION_OS_ARCH.zip"),
            ));
        }
        Ok(Self {
            folder: folder.to_owned(),
            archives,
        })
    }

    /// Writes the manifest and the checksums of the project's version for a registry, and the indexes
    /// of a network mirror for all versions; gives the names of all that this version consists of.
    ///
    /// # Errors
    ///
    /// If a file can't be read or written.
    pub fn describe(&self, project: &Project) -> Result<Vec<String>, Failure> {
        let version = &project.version;
        let manifest = format!("{NAME}_{version}_manifest.json");
        let source = project
            .folder
            .join("packaging")
            .join("terraform-registry-manifest.json");
        let text = fs::read_to_string(&source).map_err(|e| Failure::of(source.display(), e))?;
        self.write(&manifest, &text)?;

        let mut sums = BTreeMap::from([(manifest, hexadecimal(text.as_bytes()))]);
        let mut versions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for archive in &self.archives {
            let hashes = archive.hashes()?;
            let entry = json!({
                "hashes": [format!("h1:{}", hashes.content), format!("zh:{}", hashes.zip)],
                "url": archive.file_name(),
            });
            versions
                .entry(&archive.version)
                .or_default()
                .insert(&archive.platform, entry);
            if archive.version == *version {
                sums.insert(archive.file_name(), hashes.zip);
            }
        }
        let mut index = BTreeMap::new();
        for (version, archives) in versions {
            self.write_json(&format!("{version}.json"), &json!({ "archives": archives }))?;
            index.insert(version, json!({}));
        }
        self.write_json("index.json", &json!({ "versions": index }))?;

        let lines = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n"));
        let lines = lines.collect::<Vec<_>>().concat();
        let name = format!("{NAME}_{version}_SHA256SUMS");
        self.write(&name, &lines)?;
        Ok(sums.into_keys().chain([name]).collect())
    }

    fn write_json(&self, name: &str, value: &Value) -> Result<(), Failure> {
        self.write(name, &format!("{value:#}\n"))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        put(&self.folder.join(name), text.as_bytes())
    }
}
