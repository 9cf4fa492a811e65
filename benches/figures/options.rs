//! The command line of a program that prints figures.

use std::path::PathBuf;

use clap::Parser;

/// Prints the tables of benches/README.md.
#[derive(Parser)]
#[command(bin_name = "cargo bench --features bench --bench startup --bench cli --")]
pub struct Options {
    /// Also measure this build of our provider
    #[arg(long, value_name = "FILE", value_parser = existing)]
    pub before: Option<PathBuf>,
    /// Also measure this build of the provider kong/konnect
    #[arg(long, value_name = "FILE", value_parser = existing)]
    pub kong: Option<PathBuf>,
    /// Also measure the start of this provider (startup only)
    #[arg(long = "peer", value_name = "NAME=FILE", value_parser = peer)]
    pub peers: Vec<Peer>,
    /// Measure this build of our provider, not the one that Cargo has made for the bench
    #[arg(long, value_name = "FILE", value_parser = existing, default_value = env!("CARGO_BIN_EXE_terraform-provider-konnect"))]
    pub ours: PathBuf,
    /// How often each CLI command is run (cli only)
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Another provider to compare with.
#[derive(Clone)]
pub struct Peer {
    pub name: String,
    pub program: PathBuf,
}

fn peer(text: &str) -> Result<Peer, String> {
    let (name, program) = text.split_once('=').ok_or("not NAME=FILE")?;
    Ok(Peer {
        name: name.to_owned(),
        program: existing(program)?,
    })
}

/// The absolute path of an existing program.
fn existing(program: &str) -> Result<PathBuf, String> {
    std::fs::canonicalize(program).map_err(|error| error.to_string())
}
