//! The folder of a test, and its commands.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::{Display, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Cli, Diagnostic, Found, Plan, Run, State, passed_on, platform};

const PLAN: &str = "saved.plan";

/// A folder with a configuration, an environment, and a mirror from which the CLI installs the provider.
pub struct Workspace {
    address: String,
    environment: BTreeMap<String, String>,
    /// The output of all commands.
    printed: RefCell<String>,
    folder: TempDir,
}

/// An applied configuration.
pub struct Step {
    /// What the CLI planned.
    pub plan: Plan,
    /// The state after the apply.
    pub state: State,
}

impl Workspace {
    /// A folder for a provider: its address in `required_providers`, its version, and the built program, such as
    /// `env!("CARGO_BIN_EXE_terraform-provider-example")`.
    pub fn new(address: &str, version: &str, program: impl AsRef<Path>) -> Self {
        let folder = tempfile::Builder::new().prefix("acceptance-").tempdir();
        let folder = folder.expect("a temporary folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["home", "mirror", "tmp", "work"] {
            fs::create_dir(path(name)).expect("a folder");
        }
        let installation = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n",
            Value::from(path("mirror"))
        );
        fs::write(path("cli.tfrc"), installation).expect("the configuration of the CLI");
        let environment = [
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("HOME", path("home")),
            ("TF_CLI_CONFIG_FILE", path("cli.tfrc")),
            ("TF_IN_AUTOMATION", "1".to_owned()),
            ("TF_INPUT", "0".to_owned()),
            ("TMPDIR", path("tmp")),
        ];
        let workspace = Self {
            address: address.to_owned(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            printed: RefCell::default(),
            folder,
        };
        workspace.install(address, version, program);
        workspace
    }

    /// Adds another provider to the mirror.
    pub fn install(&self, address: &str, version: &str, program: impl AsRef<Path>) {
        let hosted = address.matches('/').count() > 1;
        let registry = if hosted { "" } else { Cli::find().registry };
        let package = self.root().join("mirror").join(registry).join(address);
        let package = package.join(version).join(platform());
        fs::create_dir_all(&package).expect("a folder of the mirror");
        let name = format!("terraform-provider-{}_v{version}", local_name(address));
        let installed = package.join(name);
        // Not a symbolic link: Cargo can build the program again while a test runs.
        if fs::hard_link(&program, &installed).is_err() {
            fs::copy(&program, &installed).expect("the provider in its mirror");
        }
    }

    /// The `terraform` block that requires a provider.
    pub fn required_providers(address: &str) -> String {
        let name = local_name(address);
        format!(
            "terraform {{\n  required_providers {{\n    {name} = {{\n      source = \"{address}\"\n    }}\n  }}\n}}\n"
        )
    }

    /// Writes a configuration to `main.tf`, and [`Self::required_providers`] to `versions.tf`.
    pub fn configure(&self, configuration: impl Display) {
        self.write("main.tf", &configuration.to_string());
        self.write("versions.tf", &Self::required_providers(&self.address));
    }

    /// Writes a file into the folder of the configuration.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file of the configuration");
    }

    /// Copies a file or a folder. A relative path begins in the folder of the package, where Cargo runs tests.
    pub fn copy(&self, from: impl AsRef<Path>, to: &str) {
        copy(from.as_ref(), &self.path(to));
    }

    /// A path in the folder of the configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// The whole folder, with the home of the CLI, the mirror and the temporary files.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Sets a variable of the environment.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Removes a variable from the environment.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// The output of all commands so far.
    pub fn printed(&self) -> String {
        self.printed.borrow().clone()
    }

    /// The temporary files and sockets that exist.
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        files(&self.root().join("tmp"))
    }

    /// A program in the folder of the configuration, with the environment of the workspace.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path(""))
            .env_clear()
            .envs(passed_on())
            .envs(&self.environment);
        command
    }

    /// A command of the CLI with piped output.
    pub(super) fn cli_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&Cli::find().program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command, whatever its exit code.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.cli_command(arguments).output().expect("the CLI runs");
        self.ran(arguments, &output)
    }

    /// The result of an ended command.
    pub(super) fn ran(&self, arguments: &[&str], output: &Output) -> Run {
        let run = Run::of(arguments, output, &self.path(""));
        let mut printed = self.printed.borrow_mut();
        let _ = writeln!(printed, "$ {}\n{}{}", arguments.join(" "), run.stdout, run.stderr);
        run
    }

    /// Installs the required providers.
    #[track_caller]
    pub fn init(&self) {
        self.run(&["init", "-no-color"]).succeeds();
    }

    /// Validates, whatever the exit code.
    pub fn validate(&self) -> Run {
        self.run(&["validate", "-json"])
    }

    /// Plans without saving, whatever the exit code. The code is 2 if there are changes.
    pub fn try_plan(&self) -> Run {
        self.run(&["plan", "-json", "-detailed-exitcode"])
    }

    /// Saves a plan for [`Self::apply_plan`], and parses it.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        self.plan_with(&[])
    }

    /// Saves a plan made with further options.
    #[track_caller]
    pub fn plan_with(&self, options: &[&str]) -> Plan {
        let out = format!("-out={PLAN}");
        let planned = self.run(&[&["plan", "-json", "-detailed-exitcode", &out], options].concat());
        assert!(matches!(planned.code, Some(0 | 2)), "{}", planned.report());
        let shown = self.run(&["show", "-json", PLAN]).succeeds();
        let document = serde_json::from_str(&shown.stdout).expect("a plan in JSON");
        Plan::of(&document, planned.diagnostics, planned.code == Some(2))
    }

    /// Applies the saved plan, whatever the exit code.
    pub fn try_apply_plan(&self) -> Run {
        self.run(&["apply", "-json", PLAN])
    }

    /// Applies the saved plan.
    #[track_caller]
    pub fn apply_plan(&self) -> Run {
        self.try_apply_plan().succeeds()
    }

    /// Plans and applies, whatever the exit code.
    pub fn try_apply(&self) -> Run {
        self.run(&["apply", "-json", "-auto-approve"])
    }

    /// Plans and applies.
    #[track_caller]
    pub fn apply(&self) -> Run {
        self.try_apply().succeeds()
    }

    /// Asserts that an apply fails with one error, and returns it.
    #[track_caller]
    pub fn apply_error(&self) -> Diagnostic {
        self.try_apply().error()
    }

    /// Destroys, whatever the exit code.
    pub fn try_destroy(&self) -> Run {
        self.run(&["destroy", "-json", "-auto-approve"])
    }

    /// Destroys all objects.
    #[track_caller]
    pub fn destroy(&self) -> Run {
        self.try_destroy().succeeds()
    }

    /// Asserts that a plan has no changes.
    #[track_caller]
    pub fn assert_no_changes(&self) {
        self.try_plan().succeeds();
    }

    /// Imports an object by its id to an address of the configuration.
    #[track_caller]
    pub fn import(&self, address: &str, id: &str) -> Run {
        self.run(&["import", "-no-color", address, id]).succeeds()
    }

    /// The objects that the `list` blocks of `.tfquery.hcl` files find; see [`Feature::Query`](super::Feature::Query).
    #[track_caller]
    pub fn query(&self) -> Vec<Found> {
        self.run(&["query", "-json"]).succeeds().found()
    }

    /// The state.
    #[track_caller]
    pub fn state(&self) -> State {
        let shown = self.run(&["show", "-json"]).succeeds();
        State::of(&serde_json::from_str(&shown.stdout).expect("a state in JSON"))
    }

    /// Writes a configuration, plans and applies it, and asserts that the next plan has no changes.
    #[track_caller]
    pub fn step(&self, configuration: impl Display) -> Step {
        self.configure_initialized(configuration);
        let plan = self.plan();
        self.apply_plan();
        self.assert_no_changes();
        let state = self.state();
        Step { plan, state }
    }

    /// Writes a configuration, asserts that its validation, plan or apply fails with one error, and returns the error.
    #[track_caller]
    pub fn expect_error(&self, configuration: impl Display) -> Diagnostic {
        self.configure_initialized(configuration);
        self.apply_error()
    }

    #[track_caller]
    fn configure_initialized(&self, configuration: impl Display) {
        self.configure(configuration);
        if !self.path(".terraform").exists() {
            self.init();
        }
    }
}

/// The name of a provider in a configuration: the last part of its address.
fn local_name(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        fs::copy(from, to).expect("a copy");
        return;
    }
    for entry in fs::read_dir(from).expect("a folder to copy") {
        let name = entry.expect("an entry").file_name();
        // Ignores files that a CLI leaves in a folder.
        let left = [".terraform", ".terraform.lock.hcl", "terraform.tfstate"];
        if !left.iter().any(|left| name.to_string_lossy().starts_with(left)) {
            copy(&from.join(&name), &to.join(&name));
        }
    }
}
