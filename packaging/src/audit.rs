//! The list of crates in a program itself, as `cargo auditable` writes it: scanners of container images read it.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use object::write::{MachOBuildVersion, Object, StandardSegment, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, SectionFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
    macho,
};
use serde_json::{Value, json};

use crate::Program;

/// The symbol that keeps the section in the program.
const SYMBOL: &str = "AUDITABLE_VERSION_INFO";

/// An object file with the section `.dep-v0`, to be linked into the program.
pub(crate) fn object_file(program: &Program) -> Result<Vec<u8>> {
    let mut list = ZlibEncoder::new(Vec::new(), Compression::best());
    list.write_all(crates(program).to_string().as_bytes())?;
    let list = list.finish()?;

    let format = match () {
        () if program.target.contains("-apple-") => BinaryFormat::MachO,
        () if program.target.contains("-windows-") => BinaryFormat::Coff,
        () => BinaryFormat::Elf,
    };
    let architecture = if program.target.starts_with("aarch64") {
        Architecture::Aarch64
    } else {
        Architecture::X86_64
    };
    let mut file = Object::new(format, architecture, Endianness::Little);
    match format {
        BinaryFormat::MachO => {
            let mut version = MachOBuildVersion::default();
            version.platform = macho::PLATFORM_MACOS;
            file.set_macho_build_version(version);
        }
        // Microsoft's linker asks each object file for its features.
        BinaryFormat::Coff => {
            file.add_symbol(symbol(
                "@feat.00",
                0,
                SymbolScope::Compilation,
                SymbolSection::Absolute,
            ));
        }
        _ => {}
    }
    let segment = file.segment_name(StandardSegment::Data).to_vec();
    let section = file.add_section(segment, b".dep-v0".to_vec(), SectionKind::ReadOnlyData);
    if format == BinaryFormat::Elf {
        // The program need not load it.
        file.section_mut(section).flags = SectionFlags::Elf { sh_flags: 0 };
    }
    file.append_section_data(section, &list, 1);
    let scope = SymbolScope::Dynamic;
    file.add_symbol(symbol(
        SYMBOL,
        list.len() as u64,
        scope,
        SymbolSection::Section(section),
    ));
    file.write().context("the section .dep-v0")
}

/// The option of rustc that keeps the section.
pub(crate) fn linker_option(target: &str) -> String {
    match target {
        _ if target.contains("-apple-") => format!("-Clink-arg=-Wl,-u,_{SYMBOL}"),
        _ if target.ends_with("-windows-msvc") => format!("-Clink-arg=/INCLUDE:{SYMBOL}"),
        _ => format!("-Clink-arg=-Wl,-u,{SYMBOL}"),
    }
}

fn symbol(name: &str, size: u64, scope: SymbolScope, section: SymbolSection) -> Symbol {
    Symbol {
        name: name.as_bytes().to_vec(),
        value: 0,
        size,
        kind: SymbolKind::Data,
        scope,
        weak: false,
        section,
        flags: SymbolFlags::None,
    }
}

/// The crates in the format of `cargo auditable`. A crate may precede another that it needs.
fn crates(program: &Program) -> Value {
    let crates = program.crates.iter().enumerate().map(|(position, part)| {
        let mut entry = json!({
            "name": part.name,
            "version": part.version,
            "source": if part.checksum.is_some() { "crates.io" } else { "local" },
            "dependencies": part.needs,
        });
        if !part.linked {
            entry["kind"] = json!("build");
        }
        if position == 0 {
            entry["root"] = json!(true);
        }
        entry
    });
    json!({ "packages": crates.collect::<Vec<_>>() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by them
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::{NAME, Project, TOOLS, host};

    fn project() -> Project {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        Project::at(folder.unwrap(), 0).unwrap()
    }

    /// The reader that scanners use finds the section in a program that was linked and stripped as releases are.
    #[test]
    fn linked_program_list_is_what_scanners_read() {
        let project = project();
        let target = host(&project).unwrap();
        let program = Program::of(&project, NAME, &target).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("main.rs"), "fn main() {}").unwrap();
        fs::write(path("list.o"), object_file(&program).unwrap()).unwrap();
        let linked = Command::new("rustc")
            .args(["main.rs", "-Cstrip=symbols", "-Copt-level=z", "-Clink-arg=list.o"])
            .arg(linker_option(&target))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(linked.status.success(), "{linked:?}");
        let program_file = path(if cfg!(windows) { "main.exe" } else { "main" });
        let read = auditable_info::audit_info_from_file(&program_file, <_>::default()).unwrap();
        assert_eq!(read.packages.len(), program.crates.len());
        let find = |name: &str| read.packages.iter().find(|package| package.name == name).unwrap();
        assert!(find(NAME).root);
        let tokio = program.crates.iter().find(|part| part.name == "tokio").unwrap();
        assert_eq!(find("tokio").version.to_string(), tokio.version);
        assert_eq!(format!("{:?}", find("tokio").kind), "Runtime");
        assert_eq!(format!("{:?}", find("serde_derive").kind), "Build");
    }

    #[test]
    fn object_file_has_the_format_of_its_target() {
        let project = project();
        for (target, start) in [
            ("x86_64-unknown-linux-musl", &b"\x7fELF"[..]),
            ("aarch64-unknown-linux-musl", b"\x7fELF"),
            ("x86_64-apple-darwin", b"\xcf\xfa\xed\xfe"),
            ("aarch64-apple-darwin", b"\xcf\xfa\xed\xfe"),
            ("x86_64-pc-windows-gnu", b"\x64\x86"),
            ("aarch64-pc-windows-msvc", b"\x64\xaa"),
        ] {
            let program = Program::of(&project, TOOLS[0], target).unwrap();
            let file = object_file(&program).unwrap();
            assert!(file.starts_with(start), "{target}");
        }
    }
}
