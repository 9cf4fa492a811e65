//! `packaging/build.sh`: builds the release for one target, or describes archives that exist.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;
use packaging::{Archive, Failure, NAME, Program, Project, Release, TOOLS, build, host};

const HELP: &str = "\
Builds the release of terraform-provider-konnect for one target.

  packaging/build.sh [--target TRIPLE] [--profile NAME] [--tools] [--out FOLDER]
  packaging/build.sh --gather [--out FOLDER]

  --target TRIPLE  Build for this target of rustc. Default: this machine's. For Linux,
                   x86_64-unknown-linux-musl and aarch64-unknown-linux-musl give programs that run on
                   every distribution
  --profile NAME   Build with this profile of Cargo.toml. Default: release
  --tools          Also build the archives of konnect-emulator and konnect-audit-receiver
  --gather         Build nothing: describe the archives in the folder, for all targets
  --out FOLDER     Where the files go. Default: target/release-files

The folder then holds the archive terraform-provider-konnect_VERSION_OS_ARCH.zip and its bill of materials,
terraform-provider-konnect_VERSION_OS_ARCH.cdx.json; for a registry terraform-provider-konnect_VERSION_manifest.json
and terraform-provider-konnect_VERSION_SHA256SUMS; and for a network mirror index.json and VERSION.json. With --tools
it also holds the same for konnect-emulator and konnect-audit-receiver, and konnect-tools_VERSION_SHA256SUMS.
As HOST/NAMESPACE/TYPE, for example registry.terraform.io/konnect-audit/konnect, the folder is part of a filesystem
mirror and of a network mirror.
";

/// What to do, from the command line.
struct Order {
    target: Option<String>,
    profile: String,
    tools: bool,
    gather: bool,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match order().map(|order| order.map(|order| carry_out(&order))) {
        Ok(None | Some(Ok(()))) => ExitCode::SUCCESS,
        Ok(Some(Err(failure))) => fail(&failure.to_string(), 1),
        Err(error) => fail(&format!("{error}: try --help"), 2),
    }
}

/// Reads the command line. `None` if only help was asked for.
fn order() -> Result<Option<Order>, lexopt::Error> {
    let mut order = Order {
        target: None,
        profile: "release".to_owned(),
        tools: false,
        gather: false,
        out: None,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("target") => order.target = Some(arguments.value()?.string()?),
            Long("profile") => order.profile = arguments.value()?.string()?,
            Long("tools") => order.tools = true,
            Long("gather") => order.gather = true,
            Long("out") => order.out = Some(arguments.value()?.into()),
            Long("help") | Short('h') => {
                print(HELP);
                return Ok(None);
            }
            other => return Err(other.unexpected()),
        }
    }
    if order.gather && (order.target.is_some() || order.profile != "release" || order.tools) {
        return Err("--gather builds nothing: it takes no --target, --profile and --tools".into());
    }
    Ok(Some(order))
}

fn carry_out(order: &Order) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new(".."));
    let project = Project::open(folder)?;
    let out = order
        .out
        .clone()
        .unwrap_or_else(|| folder.join("target").join("release-files"));
    if !order.gather {
        let target = match &order.target {
            Some(target) => target.clone(),
            None => host(&project)?,
        };
        let tools = TOOLS.into_iter().filter(|_| order.tools);
        for name in [NAME].into_iter().chain(tools) {
            let program = Program::of(&project, name, &target)?;
            let path = build(&project, &program, &order.profile)?;
            Archive::pack(&project, &program, &path, &out)?;
        }
    }
    let files = Release::open(&out)?.describe(&project)?;
    for file in files {
        print(&format!("{}\n", out.join(file).display()));
    }
    Ok(())
}

fn print(text: &str) {
    // A reader that closes the pipe early is not an error.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "packaging/build.sh: {text}");
    ExitCode::from(code)
}
