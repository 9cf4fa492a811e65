//! The archive of one program for one platform.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::{Failure, NAME, Program, Project, TOOLS, notices, read, sbom};

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
    pub fn pack(project: &Project, program: &Program, path: &Path, folder: &Path) -> Result<Self, Failure> {
        let archive = Self {
            folder: folder.to_owned(),
            program: program.name,
            version: project.version.clone(),
            platform: program.platform.to_string(),
        };
        let bytes = read(path)?;
        let sha256 = hexadecimal(&bytes);
        let mut content = notices::files(project, program)?;
        content.insert("LICENSE".to_owned(), read(&project.folder.join("LICENSE"))?);
        let name = program.file_name(project);
        content.insert(name.clone(), bytes);

        let time = time(project.time)?;
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (file, bytes) in content {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(9))
                .last_modified_time(time)
                .unix_permissions(if file == name { 0o755 } else { 0o644 });
            zip.start_file(file, options)
                .and_then(|()| Ok(zip.write_all(&bytes)?))
                .map_err(|e| Failure::of(archive.file_name(), e))?;
        }
        let bytes = zip.finish().map_err(|e| Failure::of(archive.file_name(), e))?;
        fs::create_dir_all(folder).map_err(|e| Failure::of(folder.display(), e))?;
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
    pub(crate) fn hashes(&self) -> Result<(String, String), Failure> {
        let path = self.path();
        let unreadable = |e: &dyn std::fmt::Display| Failure::of(path.display(), e);
        let bytes = read(&path)?;
        let mut zip = ZipArchive::new(Cursor::new(&bytes)).map_err(|e| unreadable(&e))?;
        let mut lines = BTreeMap::new();
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).map_err(|e| unreadable(&e))?;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|e| unreadable(&e))?;
            let name = entry.name().map_err(|e| unreadable(&e))?.into_owned();
            lines.insert(name.clone(), format!("{}  {name}\n", hexadecimal(&content)));
        }
        let lines: String = lines.into_values().collect();
        Ok((hexadecimal(&bytes), BASE64.encode(Sha256::digest(lines))))
    }
}

/// Writes a file in one step: a reader sees the old file or the new one.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = path.with_extension(format!("part-{}", std::process::id()));
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|e| Failure::of(path.display(), e))
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

fn time(seconds: i64) -> Result<DateTime, Failure> {
    let failed =
        |e: &dyn std::fmt::Display| Failure::of(format!("{seconds} as the time of a file in an archive"), e);
    let time = jiff::Timestamp::from_second(seconds).map_err(|e| failed(&e))?;
    let time = TimeZone::UTC.to_datetime(time);
    let part = |number: i8| u8::try_from(number).map_err(|e| failed(&e));
    DateTime::from_date_and_time(
        u16::try_from(time.year()).map_err(|e| failed(&e))?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
    )
    .map_err(|e| failed(&e))
}
