//! The command line of a program that prints figures.

use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use super::{BEFORE, Result};

const HELP: &str = "\
Usage: cargo bench --features bench --bench startup --bench cli -- [--before FILE] [--kong FILE] [--peer NAME=FILE]... [--ours FILE] [--rounds N]

  --before FILE     also measure this build of our provider
  --kong FILE       also measure this build of the provider kong/konnect
  --peer NAME=FILE  also measure the start of this provider (startup only)
  --ours FILE       measure this build of our provider, not the one that Cargo has made for the bench
  --rounds N        how often each CLI command is run (cli only; default: 5)
";

/// Another provider to compare with.
pub struct Peer {
    /// The name in the table.
    pub name: String,
    /// Its binary.
    pub program: PathBuf,
}

impl Peer {
    fn new(name: &str, program: &Path) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            program: existing(program)?,
        })
    }
}

/// The options of the command line.
pub struct Options {
    /// This provider.
    pub ours: PathBuf,
    /// Another build of this provider, which both programs support.
    pub before: Option<Peer>,
    /// The provider kong/konnect, which both programs support.
    pub kong: Option<Peer>,
    /// Further providers, of which only the start is measured.
    pub peers: Vec<Peer>,
    /// The number of runs of each command.
    pub rounds: usize,
}

impl Options {
    /// Parses the command line. Returns `None` after printing the help.
    pub fn from_command_line() -> Result<Option<Self>> {
        let mut options = Self {
            ours: env!("CARGO_BIN_EXE_terraform-provider-konnect").into(),
            before: None,
            kong: None,
            peers: Vec::new(),
            rounds: 5,
        };
        let mut flags = lexopt::Parser::from_env();
        while let Some(flag) = flags.next()? {
            match flag {
                // Cargo passes this to every benchmark.
                Long("bench") => {}
                Long("before") => options.before = Some(Peer::new(BEFORE, flags.value()?.as_ref())?),
                Long("kong") => options.kong = Some(Peer::new("kong/konnect", flags.value()?.as_ref())?),
                Long("ours") => options.ours = existing(flags.value()?.as_ref())?,
                Long("peer") => {
                    let given = flags.value()?.string()?;
                    let (name, program) = given.split_once('=').ok_or("--peer wants NAME=FILE")?;
                    options.peers.push(Peer::new(name, program.as_ref())?);
                }
                Long("rounds") => options.rounds = flags.value()?.parse::<usize>()?.max(1),
                Long("help") => {
                    print!("{HELP}");
                    return Ok(None);
                }
                _ => return Err(flag.unexpected().into()),
            }
        }
        Ok(Some(options))
    }
}

/// The absolute path of an existing program.
fn existing(program: &Path) -> Result<PathBuf> {
    program
        .canonicalize()
        .map_err(|error| format!("{}: {error}", program.display()).into())
}
