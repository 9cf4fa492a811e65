//! The folder of a test, and its commands.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::{Display, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use konnect_emulator::EmulatorOptions;
use serde_json::Value;
use tempfile::TempDir;
use terraform_provider_konnect::ADDRESS;

use super::cli::{cli, passed_on};
use super::diagnostic::Diagnostic;
use super::konnect::{LocalKonnect, Write};
use super::plan::Plan;
use super::run::Run;
use super::state::State;

/// The access token in the environment of a workspace.
pub const TOKEN: &str = "kpat_fE9vTq2LxWn";
/// The default `authorization` of destinations and webhooks.
pub const AUTHORIZATION: &str = "Bearer pR7-zQ3.kM8xA";

const PLAN: &str = "saved.plan";

/// A folder with a configuration, an environment and a Konnect.
pub struct Workspace {
    pub konnect: LocalKonnect,
    environment: BTreeMap<String, String>,
    /// The output of all commands.
    printed: RefCell<String>,
    folder: TempDir,
}

impl Workspace {
    /// A folder without a configuration. The environment contains a token and the URL of the Konnect.
    pub fn new() -> Self {
        Self::with(EmulatorOptions::default())
    }

    /// The same, with a Konnect that starts with these options.
    pub fn with(options: EmulatorOptions) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("konnect-cli-")
            .tempdir()
            .expect("a temporary folder");
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let rc = folder.path().join("cli.tfrc");
        let mirror = Value::from(cli().mirror.display().to_string());
        let installation =
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n");
        fs::write(&rc, installation).expect("the configuration of the CLI");
        let konnect = LocalKonnect::with(options);
        let environment = [
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("HOME", folder.path().join("home").display().to_string()),
            ("TF_CLI_CONFIG_FILE", rc.display().to_string()),
            ("TF_IN_AUTOMATION", "1".to_owned()),
            ("TF_INPUT", "0".to_owned()),
            ("KONNECT_TOKEN", TOKEN.to_owned()),
            ("KONNECT_SERVER_URL", format!("{}/{{region}}", konnect.url())),
        ];
        Self {
            konnect,
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            printed: RefCell::default(),
            folder,
        }
    }

    /// A folder that is initialized for this configuration; see [`Self::configure`].
    pub fn of(body: impl Display) -> Self {
        let workspace = Self::new();
        workspace.configure(body);
        workspace.init();
        workspace
    }

    /// Writes a configuration, with a provider block without retries.
    pub fn configure(&self, body: impl Display) {
        self.configure_provider("max_retries = 0", body);
    }

    /// Writes a configuration with this in the provider block.
    pub fn configure_provider(&self, provider: &str, body: impl Display) {
        self.write(
            "main.tf",
            &format!("provider \"konnect\" {{\n  {provider}\n}}\n\n{body}"),
        );
        self.write("versions.tf", &Self::required_providers());
    }

    /// The block that a module needs to use the provider.
    pub fn required_providers() -> String {
        format!(
            "terraform {{\n  required_providers {{\n    konnect = {{\n      source = \"{ADDRESS}\"\n    }}\n  }}\n}}\n"
        )
    }

    /// Writes a file into the folder of the configuration.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file of the configuration");
    }

    /// Copies a file or a folder of the project, by its path from the project's root.
    pub fn copy(&self, from: &str, to: &str) {
        copy(&project(from), &self.path(to));
    }

    /// A path in the folder of the configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// The whole folder, with the home of the CLI.
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
        let mut command = self.command(&cli().program);
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

    #[track_caller]
    pub fn init(&self) {
        self.run(&["init", "-no-color"]).succeeds();
    }

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

    #[track_caller]
    pub fn apply_plan(&self) -> Run {
        self.try_apply_plan().succeeds()
    }

    /// Plans and applies, whatever the exit code.
    pub fn try_apply(&self) -> Run {
        self.run(&["apply", "-json", "-auto-approve"])
    }

    #[track_caller]
    pub fn apply(&self) -> Run {
        self.try_apply().succeeds()
    }

    /// Destroys, whatever the exit code.
    pub fn try_destroy(&self) -> Run {
        self.run(&["destroy", "-json", "-auto-approve"])
    }

    #[track_caller]
    pub fn destroy(&self) -> Run {
        self.try_destroy().succeeds()
    }

    /// Asserts that a plan has no changes.
    #[track_caller]
    pub fn assert_no_changes(&self) {
        self.try_plan().succeeds();
    }

    /// Applies, asserts that a plan then has no changes, and returns the write requests.
    #[track_caller]
    pub fn apply_and_assert_no_changes(&self) -> Vec<Write> {
        self.konnect.clear_requests();
        self.apply();
        let writes = self.konnect.take_writes();
        self.assert_no_changes();
        assert_eq!(self.konnect.take_writes(), [], "a plan changes nothing");
        writes
    }

    #[track_caller]
    pub fn state(&self) -> State {
        let shown = self.run(&["show", "-json"]).succeeds();
        State::of(&serde_json::from_str(&shown.stdout).expect("a state in JSON"))
    }

    /// Asserts that an apply fails with one error, and returns it.
    #[track_caller]
    pub fn apply_error(&self) -> Diagnostic {
        self.try_apply().error()
    }
}

/// A path of the project, from its root.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        fs::copy(from, to).expect("a copy");
        return;
    }
    for entry in fs::read_dir(from).expect("a folder of the project") {
        let name = entry.expect("an entry").file_name();
        // Ignores files that a CLI leaves in a folder.
        let left = [".terraform", ".terraform.lock.hcl", "terraform.tfstate"];
        if !left.iter().any(|left| name.to_string_lossy().starts_with(left)) {
            copy(&from.join(&name), &to.join(&name));
        }
    }
}
