//! `packaging/build.sh`: the release for one target, or what goes with archives that are there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;
use packaging::{Archive, Failure, Platform, Project, Release, build, host};

const HELP: &str = "\
Makes what a release of terraform-provider-konnect consists of, for one target.

  packaging/build.sh [--target TRIPLE] [--profile NAME] [--out FOLDER]
  packaging/build.sh --gather [--out FOLDER]

  --target TRIPLE  build for this target of rustc; by default this machine's. For Linux,
                   x86_64-unknown-linux-musl and aarch64-unknown-linux-musl give a program that runs on
                   every distribution
  --profile NAME   build with this profile of Cargo.toml; by default `release`
  --gather         build nothing: describe the archives that are in the folder, of whatever targets
  --out FOLDER     where it goes; by default target/release-files

In the folder are then: the archive terraform-provider-konnect_VERSION_OS_ARCH.zip; for a registry
terraform-provider-konnect_VERSION_manifest.json and terraform-provider-konnect_VERSION_SHA256SUMS; for a
network mirror index.json and VERSION.json. As HOST/NAMESPACE/TYPE, that is for example as
registry.terraform.io/konnect-audit/konnect, the folder is part of a mirror of either kind.
";

/// What to do, from the command line.
struct Order {
    target: Option<String>,
    profile: String,
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

/// None if only help was wanted.
fn order() -> Result<Option<Order>, lexopt::Error> {
    let mut order = Order {
        target: None,
        profile: "release".to_owned(),
        gather: false,
        out: None,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("target") => order.target = Some(arguments.value()?.string()?),
            Long("profile") => order.profile = arguments.value()?.string()?,
            Long("gather") => order.gather = true,
            Long("out") => order.out = Some(arguments.value()?.into()),
            Long("help") | Short('h') => {
                print(HELP);
                return Ok(None);
            }
            other => return Err(other.unexpected()),
        }
    }
    if order.gather && (order.target.is_some() || order.profile != "release") {
        return Err("--gather builds nothing, and so takes no --target and no --profile".into());
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
        let platform = Platform::of(&target)?;
        let program = build(&project, &target, &order.profile)?;
        Archive::pack(&project, &platform, &program, &out)?;
    }
    let files = Release::open(&out)?.describe(&project)?;
    for file in files {
        print(&format!("{}\n", out.join(file).display()));
    }
    Ok(())
}

fn print(text: &str) {
    // Who closes the pipe early has read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "packaging/build.sh: {text}");
    ExitCode::from(code)
}
