//! `packaging/build.sh`: builds the release for one target, or describes archives that exist.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use packaging::{Archive, NAME, Program, Project, Release, TOOLS, build, host};

const FILES: &str = "\
The folder then holds the archive terraform-provider-konnect_VERSION_OS_ARCH.zip and its bill of materials,
terraform-provider-konnect_VERSION_OS_ARCH.cdx.json; for a registry terraform-provider-konnect_VERSION_manifest.json
and terraform-provider-konnect_VERSION_SHA256SUMS; and for a network mirror index.json and VERSION.json. With --tools
it also holds the same for konnect-emulator and konnect-audit-receiver, and konnect-tools_VERSION_SHA256SUMS.
As HOST/NAMESPACE/TYPE, for example registry.terraform.io/konnect-audit/konnect, the folder is part of a filesystem
mirror and of a network mirror.";

/// Builds the release of terraform-provider-konnect for one target.
#[derive(Parser)]
#[command(name = "packaging/build.sh", after_help = FILES)]
struct Order {
    /// Build for this target of rustc. Default: this machine's. For Linux, x86_64-unknown-linux-musl and
    /// aarch64-unknown-linux-musl give programs that run on every distribution
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Build with this profile of Cargo.toml
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
    /// Also build the archives of konnect-emulator and konnect-audit-receiver
    #[arg(long)]
    tools: bool,
    /// Build nothing: describe the archives in the folder, for all targets
    #[arg(long, conflicts_with_all = ["target", "profile", "tools"])]
    gather: bool,
    /// Where the files go. Default: target/release-files
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match carry_out(&Order::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "packaging/build.sh: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(order: &Order) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new(".."));
    let project = Project::open(folder)?;
    let default = || folder.join("target").join("release-files");
    let out = order.out.clone().unwrap_or_else(default);
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
    for file in Release::open(&out)?.describe(&project)? {
        // A reader that closes the pipe early is not an error.
        let _ = writeln!(std::io::stdout(), "{}", out.join(file).display());
    }
    Ok(())
}
