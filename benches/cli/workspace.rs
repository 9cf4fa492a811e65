//! A folder in which a command of the CLI runs with one contender.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use terraform_plugin::testing::cli::{self, Cli, platform};

use crate::contender::Contender;
use crate::figures::Result;
use crate::konnect::LocalKonnect;

/// A successful command.
pub(super) struct Run {
    pub(super) wall: Duration,
    /// The number of requests to Konnect.
    pub(super) requests: u32,
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
    objects: u32,
    konnect: LocalKonnect,
    folder: cli::Workspace,
}

impl<'a> Workspace<'a> {
    /// An initialized folder. No objects exist.
    pub(super) fn new(contender: &'a Contender, objects: u32) -> Result<Self> {
        let (address, version, program) = contender.package();
        // The CLI starts a wrapper that records the resources of the provider; it verifies the checksum of both.
        let folder = cli::Workspace::new(address, version, env!("CARGO_BIN_EXE_bench-usage"));
        let package = folder.root().join("mirror").join(address).join(version);
        symlink(program, package.join(platform()).join("provider"))?;
        let workspace = Self {
            contender,
            objects,
            konnect: LocalKonnect::start()?,
            folder,
        };
        workspace.configure(objects);
        workspace.run(&["init", "-no-color"], 0)?;
        Ok(workspace)
    }

    fn configure(&self, objects: u32) {
        let configuration = self.contender.configuration(&self.konnect, objects);
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

    /// Sets the latency of Konnect.
    pub(super) fn respond_after(&self, milliseconds: u64) -> Result<()> {
        if milliseconds > 0 {
            self.konnect.respond_after(milliseconds)?;
        }
        Ok(())
    }

    /// Creates all objects. A CLI takes half a minute to write the state of a thousand, so only one is applied. The
    /// others are created at Konnect, and copied into the state.
    pub(super) fn check_consistency(&self) -> Result<()> {
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
        let created = match self.contender {
            Contender::Floor => vec![Value::Null; self.objects.saturating_sub(1).try_into()?],
            _ => self.konnect.create(
                self.contender.destinations(),
                (1..self.objects).map(Contender::creation),
            )?,
        };
        for (number, created) in (1..).zip(created) {
            instances.push(likeness(&first, number, &created)?);
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
            requests: self.konnect.requests()?,
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

/// The instance of another number, with the values from Konnect.
fn likeness(first: &Value, number: u32, created: &Value) -> Result<Value> {
    let (old, new) = ("destination 0", format!("destination {number}"));
    let mut instance: Value = serde_json::from_str(&first.to_string().replace(old, &new))?;
    instance["index_key"] = number.into();
    if created.is_null() {
        return Ok(instance);
    }
    let before = instance["attributes"]["updated_at"].clone();
    for name in ["id", "created_at", "updated_at"] {
        instance["attributes"][name] = created[name].clone();
    }
    if !instance["identity"]["id"].is_null() {
        instance["identity"]["id"] = created["id"].clone();
    }
    if let Some(private) = instance["private"].as_str() {
        let private = String::from_utf8(STANDARD.decode(private)?)?;
        let private = private.replace(&before.to_string(), &created["updated_at"].to_string());
        instance["private"] = STANDARD.encode(private).into();
    }
    Ok(instance)
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
