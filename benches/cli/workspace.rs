//! A folder in which a command of the CLI runs with one contender.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use konnect_emulator::{EmulatorOptions, Fault, FaultRule};
use serde_json::Value;
use terraform_plugin::testing::cli::{self, Cli, platform};

use crate::contender::Contender;
use crate::figures::Result;
use crate::konnect::{LocalKonnect, likeness};

pub(super) struct Run {
    pub(super) wall: Duration,
    /// The number of requests to Konnect.
    pub(super) requests: usize,
    pub(super) provider: Option<Usage>,
}

/// The resources of all processes of the provider during a command.
#[derive(Default)]
pub(super) struct Usage {
    /// The sum of their user and system time.
    pub(super) time: Duration,
    /// The peak resident memory of one process, in KiB.
    pub(super) memory: u32,
}

/// A folder with a configuration of a number of objects, and a Konnect for it.
pub(super) struct Workspace<'a> {
    contender: &'a Contender,
    objects: usize,
    konnect: LocalKonnect,
    folder: cli::Workspace,
}

impl<'a> Workspace<'a> {
    /// An initialized folder. No objects exist.
    pub(super) fn new(contender: &'a Contender, objects: usize) -> Result<Self> {
        let (address, version, program) = contender.package();
        // The CLI starts a wrapper that records the resources of the provider; it verifies the checksum of both.
        let folder = cli::Workspace::new(address, version, env!("CARGO_BIN_EXE_bench-usage"));
        let package = folder.root().join("mirror").join(address).join(version);
        symlink(program, package.join(platform()).join("provider"))?;
        let workspace = Self {
            contender,
            objects,
            konnect: LocalKonnect::with(EmulatorOptions::default()),
            folder,
        };
        workspace.configure(objects);
        workspace.run(&["init", "-no-color"], 0)?;
        Ok(workspace)
    }

    fn configure(&self, objects: usize) {
        let configuration = self.contender.configuration(&self.konnect.url(), objects);
        self.folder.write("main.tf", &configuration);
    }

    /// Removes all objects from the state and Konnect.
    pub(super) fn begin_anew(&self) -> Result<()> {
        for name in ["terraform.tfstate", "terraform.tfstate.backup"] {
            let state = self.folder.path(name);
            if state.exists() {
                fs::remove_file(state)?;
            }
        }
        self.konnect.reset();
        Ok(())
    }

    /// Sets the latency of Konnect, in milliseconds.
    pub(super) fn respond_after(&self, ms: u64) -> Result<()> {
        if ms > 0 {
            let late = FaultRule::new(Fault::Delay { ms }).always();
            self.konnect.inject(late)?;
        }
        Ok(())
    }

    /// Creates all objects. A CLI takes half a minute to write the state of a thousand, so only one is applied. The
    /// others are added at Konnect, and copied into the state.
    pub(super) fn create_all(&self) -> Result<()> {
        self.configure(1);
        self.run(&["apply", "-input=false", "-no-color", "-auto-approve"], 0)?;
        self.configure(self.objects);
        let path = self.folder.path("terraform.tfstate");
        let mut state: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let instances = state
            .pointer_mut("/resources/0/instances")
            .and_then(Value::as_array_mut);
        let instances = instances.ok_or("no object in the state")?;
        let first = instances.first().cloned().ok_or("no object in the state")?;
        let others = self.objects.saturating_sub(1);
        let ids = match self.contender {
            Contender::Floor => vec![String::new(); others],
            _ => self.konnect.add_destinations("global", others)?,
        };
        let stored = self.konnect.region("global")["destinations"].take();
        for (index, id) in (1..).zip(ids) {
            instances.push(likeness(&first, index, &stored[id]));
        }
        fs::write(path, state.to_string())?;
        // Checks that the state is as the provider and the CLI would write it.
        self.run(&["plan", "-input=false", "-no-color", "-detailed-exitcode"], 0)?;
        Ok(())
    }

    /// Runs a command with this expected exit code.
    pub(super) fn run(&self, arguments: &[&str], code: i32) -> Result<Run> {
        let notes = self.folder.root().join("usage");
        if notes.exists() {
            fs::remove_file(&notes)?;
        }
        self.konnect.clear_requests();
        let mut command = self.folder.command(&Cli::find().program);
        command.args(arguments).env("PROVIDER_USAGE", &notes);
        let begun = Instant::now();
        let output = command.output()?;
        let wall = begun.elapsed();
        if output.status.code() != Some(code) {
            return Err(failed(self.contender, arguments, &output).into());
        }
        let provider = notes.exists().then(|| usage(&notes)).transpose()?;
        Ok(Run {
            wall,
            requests: self.konnect.requests().len(),
            provider,
        })
    }
}

fn failed(contender: &Contender, arguments: &[&str], output: &Output) -> String {
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let (name, status) = (contender.name(), output.status);
    format!(
        "`{}` with {name} ended with {status}:\n{said}\n{complained}",
        arguments.join(" ")
    )
}

fn usage(notes: &Path) -> Result<Usage> {
    let mut all = Usage::default();
    for line in fs::read_to_string(notes)?.lines() {
        let (time, memory) = line.split_once(' ').ok_or("a line without both numbers")?;
        all.time += Duration::from_micros(time.parse()?);
        all.memory = all.memory.max(memory.parse()?);
    }
    Ok(all)
}
