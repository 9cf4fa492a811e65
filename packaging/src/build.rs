//! Builds a program so that no path of this machine gets into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::archive::put;
use crate::project::output;
use crate::{NAME, Program, Project, audit, read};

/// Compiles a program with a profile of `Cargo.toml`, and returns its path. The program contains the list of its
/// crates.
///
/// It ignores the flags of the environment (`RUSTFLAGS`, `CFLAGS`), since they would change the bytes.
///
/// # Errors
///
/// Returns an error if the program does not compile, if it contains the path of a folder of this machine, or if cargo
/// builds another set of crates than [`Program`] lists.
pub fn build(project: &Project, program: &Program, profile: &str) -> Result<PathBuf> {
    let (package, target) = (program.name, program.target.as_str());
    let names = names(project)?;
    // Relative to the checkout, where cargo runs rustc: the same in each folder.
    let target_folder = Path::new("target").join("packaging");
    let list = target_folder.join(format!("{package}-{target}.o"));
    fs::create_dir_all(project.folder.join(&target_folder))
        .with_context(|| target_folder.display().to_string())?;
    put(&project.folder.join(&list), &audit::object_file(program)?)?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["rustc", "--locked", "--package", package, "--bin", package])
        .args(["--target", target, "--profile", profile])
        .args(["--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(project.folder.join(&target_folder))
        .arg("--")
        .arg(format!("-Clink-arg={}", list.display()))
        .arg(audit::linker_option(target))
        // Where `.cargo/config.toml` is read.
        .current_dir(&project.folder)
        .env("SOURCE_DATE_EPOCH", project.time.to_string())
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&names, target))
        .env("CC_SHELL_ESCAPED_FLAGS", "1")
        .env("CFLAGS", c_flags(&names, target))
        .env_remove("CARGO_BUILD_RUSTFLAGS")
        .stderr(Stdio::inherit());
    let Ok(answer) = output(&mut cargo) else {
        bail!("the build failed; see the output of cargo above");
    };
    let messages = answer
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built: Vec<_> = messages
        .filter(|message| message["reason"] == "compiler-artifact")
        .collect();
    check_crates(project, program, &built)?;
    let path = built
        .iter()
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo does not report the path of the program")?;
    names_nothing(&path, project)?;
    Ok(path)
}

/// Returns an error unless cargo built exactly the listed crates.
fn check_crates(project: &Project, program: &Program, built: &[Value]) -> Result<()> {
    let built: BTreeSet<_> = built
        .iter()
        .filter_map(|message| message["package_id"].as_str())
        .collect();
    let packages = project.metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for package in packages {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let (name, version) = (text("name"), text("version"));
        if built.contains(text("id")) != program.has(name, version) {
            bail!(
                "{name} {version} in {} for {}: cargo tree and cargo rustc disagree whether it is built",
                program.name,
                program.target
            );
        }
    }
    Ok(())
}

/// Returns the default target of the compiler.
///
/// # Errors
///
/// Returns an error if the compiler does not report it.
pub fn host(project: &Project) -> Result<String> {
    let about = project.rustc(&["--version", "--verbose"])?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not report its host")
}

/// The folders of this machine that compilers write into programs, and what they write instead.
fn names(project: &Project) -> Result<BTreeMap<String, String>> {
    let about = project.rustc(&["--version", "--verbose"])?;
    let commit = about.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let library = project.sysroot()?.join("lib/rustlib/src/rust");
    let named = |folder: &Path, name: String| match folder.to_str() {
        Some(folder) => Ok((folder.to_owned(), name)),
        None => bail!("{}: a name that is not UTF-8 can't be mapped", folder.display()),
    };
    let crates = project
        .sources
        .iter()
        .map(|folder| named(folder, "/crates".to_owned()));
    let own = [
        named(&project.folder, format!("/{NAME}")),
        // The name that it has where its sources are not installed.
        named(&library, format!("/rustc/{}", commit.unwrap_or("unknown"))),
    ];
    crates.chain(own).collect()
}

/// Of two names that match, the last one counts: the order of the map puts a folder before the folders in it.
fn rust_flags(names: &BTreeMap<String, String>, target: &str) -> String {
    let renamed = names
        .iter()
        .map(|(folder, name)| format!("--remap-path-prefix={folder}={name}"));
    let mut flags: Vec<_> = renamed.collect();
    // The linkers of Windows write the time unless an option turns it off.
    if target.ends_with("-windows-msvc") {
        flags.push("-Clink-arg=/Brepro".to_owned());
        // So that users need not install Microsoft's runtime library.
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    } else if target.ends_with("-windows-gnu") {
        flags.push("-Clink-arg=-Wl,--no-insert-timestamp".to_owned());
    }
    flags.join("\x1f")
}

/// The same for the C compiler, as words of a shell.
fn c_flags(names: &BTreeMap<String, String>, target: &str) -> String {
    // AWS-LC takes clang-cl there, which hands this on to clang.
    let prefix = if target.ends_with("-windows-msvc") {
        "/clang:"
    } else {
        ""
    };
    let flags = names.iter().map(|(folder, name)| {
        let flag = format!("{prefix}-ffile-prefix-map={folder}={name}");
        format!("'{}'", flag.replace('\'', r"'\''"))
    });
    flags.collect::<Vec<_>>().join(" ")
}

/// Returns an error if a program contains the name of a folder: a build elsewhere would differ.
fn names_nothing(program: &Path, project: &Project) -> Result<()> {
    let bytes = read(program)?;
    // Not the checkout itself, whose name may be as short as `/src`.
    let inside = ["src", "target"].map(|name| project.folder.join(name));
    for folder in inside.iter().chain(&project.sources) {
        let name = folder.display().to_string();
        if bytes.windows(name.len()).any(|part| part == name.as_bytes()) {
            bail!(
                "{} contains the name of the folder {name}, so a build on another machine would differ",
                program.display()
            );
        }
    }
    Ok(())
}
