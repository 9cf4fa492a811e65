//! The archive of one program for one platform.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, PrimitiveDateTime};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::{NAME, Program, Project, TOOLS, notices, read, sbom};

/// An archive in a folder, known by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    folder: PathBuf,
    /// The program in it: [`NAME`] or one of [`TOOLS`].
    pub program: &'static str,
    /// The version of the release.
    pub version: String,
    /// `OS_ARCH`.
    pub platform: String,
}

impl Archive {
    /// Packs a program, its licence and the notices of third-party code into an archive in `folder`, and writes its
    /// bill of materials beside it. The files in the archive have the project's time and fixed permissions, so that
    /// the same program makes the same archive.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or written, or if a crate has no text of its licence.
    pub fn pack(project: &Project, program: &Program, path: &Path, folder: &Path) -> Result<Self> {
        let archive = Self {
            folder: folder.to_owned(),
            program: program.name,
            version: project.version.clone(),
            platform: program.platform.clone(),
        };
        let bytes = read(path)?;
        let sha256 = hexadecimal(&bytes);
        let mut content = notices::files(project, program)?;
        content.insert("LICENSE".to_owned(), read(&project.folder.join("LICENSE"))?);
        let name = program.file_name(project);
        content.insert(name.clone(), bytes);

        let time = OffsetDateTime::from_unix_timestamp(project.time)?;
        let time = PrimitiveDateTime::new(time.date(), time.time()).try_into()?;
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (file, bytes) in content {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(9))
                .last_modified_time(time)
                .unix_permissions(if file == name { 0o755 } else { 0o644 });
            zip.start_file(file, options)
                .and_then(|()| Ok(zip.write_all(&bytes)?))
                .with_context(|| archive.file_name())?;
        }
        let bytes = zip.finish().with_context(|| archive.file_name())?;
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        put(&archive.path(), &bytes.into_inner())?;
        let bill = sbom::describe(project, program, &sha256)?;
        put(
            &folder.join(archive.bill_name()),
            format!("{bill:#}\n").as_bytes(),
        )?;
        Ok(archive)
    }

    /// Returns the archive that has this file name. `None` if the name is not that of an archive.
    pub(crate) fn named(folder: &Path, file_name: &str) -> Option<Self> {
        let (program, rest) = [NAME]
            .into_iter()
            .chain(TOOLS)
            .find_map(|program| Some((program, file_name.strip_prefix(program)?.strip_prefix('_')?)))?;
        let (version, platform) = rest.strip_suffix(".zip")?.split_once('_')?;
        Some(Self {
            folder: folder.to_owned(),
            program,
            version: version.to_owned(),
            platform: platform.to_owned(),
        })
    }

    /// `PROGRAM_VERSION_OS_ARCH.zip`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_{}_{}.zip", self.program, self.version, self.platform)
    }

    /// The name of its bill of materials, `PROGRAM_VERSION_OS_ARCH.cdx.json`.
    #[must_use]
    pub fn bill_name(&self) -> String {
        format!("{}_{}_{}.cdx.json", self.program, self.version, self.platform)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.file_name())
    }

    /// Its checksums, as lock files have them: the hash of the archive itself in hexadecimal (`zh:`, and what `SHA256SUMS`
    /// lists), and the hash of its content (`h1:`).
    pub(crate) fn hashes(&self) -> Result<(String, String)> {
        let bytes = read(&self.path())?;
        let lines = lines(&bytes).with_context(|| self.file_name())?;
        Ok((hexadecimal(&bytes), BASE64.encode(Sha256::digest(lines))))
    }
}

/// The hash and the name of each file in an archive, sorted by name.
fn lines(archive: &[u8]) -> Result<String> {
    let mut zip = ZipArchive::new(Cursor::new(archive))?;
    let mut lines = BTreeMap::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        let name = entry.name()?.into_owned();
        lines.insert(name.clone(), format!("{}  {name}\n", hexadecimal(&content)));
    }
    Ok(lines.into_values().collect())
}

/// Writes a file in one step: a reader sees the old file or the new one.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension(format!("part-{}", std::process::id()));
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| path.display().to_string())
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}
