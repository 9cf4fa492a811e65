//! Guides, followed command by command: their configurations and commands run as they stand, and the CLI and the
//! programs print what the page shows.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::workspace::{Workspace, cli, project};

use super::Block;

mod alerts;
mod commands;
mod getting_started;
mod kong;
mod screens;

/// A page, and the workspace in which a reader follows it.
struct Reader {
    blocks: Vec<Block>,
    workspace: Workspace,
    /// Replacements in commands and configurations, such as free ports.
    replacements: Vec<(String, String)>,
    /// The `export` and `unset` lines of the commands so far.
    exports: RefCell<String>,
}

impl Reader {
    fn of(page: &str, workspace: Workspace) -> Self {
        let mut blocks = super::blocks();
        blocks.retain(|block| block.file == page);
        assert!(!blocks.is_empty(), "{page} has no blocks");
        // Answers the CLI's question, and names the programs as the page does.
        let bin = workspace.root().join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let program = cli().program.to_string_lossy();
        let path = std::env::var("PATH").unwrap_or_default();
        script(
            &bin.join("terraform"),
            &format!(
                "export TF_CLI_ARGS_apply=-auto-approve TF_CLI_ARGS_destroy=-auto-approve\n\
                 [ \"$1-$2\" != state-replace-provider ] || {{ shift 2; set -- state replace-provider -auto-approve \"$@\"; }}\n\
                 PATH='{path}'\nexec {program} \"$@\"\n"
            ),
        );
        Self {
            blocks,
            workspace,
            replacements: Vec::new(),
            exports: RefCell::default(),
        }
    }

    /// The block of a language that contains a text.
    #[track_caller]
    fn block(&self, language: &str, part: &str) -> String {
        let mut found = self
            .blocks
            .iter()
            .filter(|block| block.language == language && block.text.contains(part));
        let block = found.next();
        let block = block.unwrap_or_else(|| panic!("no block of {language} contains {part:?}"));
        let mut text = block.text.clone();
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        text
    }

    /// A shell that runs the block of commands that contains a text, after the exports of the earlier ones.
    #[track_caller]
    fn shell(&self, part: &str) -> Command {
        let text = self.block("shell", part);
        let script = format!("{}{text}", self.exports.borrow());
        for line in text.lines() {
            if line.starts_with("export ") || line.starts_with("unset ") {
                let _ = writeln!(self.exports.borrow_mut(), "{line}");
            }
        }
        self.shell_of(&script)
    }

    /// A shell that knows the programs of the page.
    fn shell_of(&self, script: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.workspace.root().join("bin");
        let mut command = self.workspace.command("sh");
        command
            .args(["-e", "-c", script])
            .env("PATH", format!("{}:{path}", bin.display()))
            .stdin(Stdio::null());
        command
    }

    /// Runs the block of commands that contains a text, and returns what it prints.
    #[track_caller]
    fn runs(&self, part: &str) -> String {
        let (code, output) = self.ends(part);
        assert_eq!(code, Some(0), "{output}");
        output
    }

    /// Runs the block of commands that contains a text, and returns its exit code and what it prints.
    #[track_caller]
    fn ends(&self, part: &str) -> (Option<i32>, String) {
        printed(&mut self.shell(part))
    }

    /// Starts the block of commands that contains a text. Its output goes to a file in the workspace.
    #[track_caller]
    fn starts(&self, part: &str, log: &str) -> Background {
        let file = fs::File::create(self.workspace.path(log)).expect("a file");
        let mut command = self.shell(part);
        command.stdout(file).stderr(Stdio::null()).process_group(0);
        Background(command.spawn().expect("a shell"))
    }

    /// Asserts that an output contains each paragraph of the block of text that contains a text.
    #[track_caller]
    fn shows(&self, output: &str, part: &str) {
        assert_shown(output, &self.block("text", part));
    }
}

/// The exit code of a command, and what it prints.
fn printed(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("a shell");
    let printed = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&printed);
    // Without the CLI's colours.
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    plain.extend(parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)));
    (output.status.code(), plain)
}

/// A program in the background, stopped on drop with its shell.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).expect("a process");
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{text}")).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("an executable");
}

/// Asserts that an output contains each paragraph of a text. Ids, times, line breaks and alignment may differ.
#[track_caller]
fn assert_shown(output: &str, shown: &str) {
    let printed = normal(&comparable(output));
    for paragraph in shown.split("\n\n") {
        let paragraph = normal(&comparable(paragraph));
        assert!(
            printed.contains(&paragraph),
            "not printed: {paragraph}\n\n{output}\n\nas compared: {printed}"
        );
    }
}

/// A text without what OpenTofu shows in another way than Terraform, of which the pages have the plans: write-only
/// arguments.
fn comparable(text: &str) -> String {
    let differs =
        |line: &str| line.contains("(write-only attribute)") || line.contains("unchanged attributes hidden");
    let opentofu = cli().registry.contains("opentofu");
    let lines = text.lines().filter(|line| !opentofu || !differs(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// A text in one line, without the frames of diagnostics, and with the same text for all ids and times.
fn normal(text: &str) -> String {
    let words = text
        .split_whitespace()
        .filter(|word| !["│", "╷", "╵"].contains(word));
    words.map(masked).collect::<Vec<_>>().join(" ")
}

/// Replaces the UUIDs and times in a word.
fn masked(word: &str) -> String {
    let mut masked = String::new();
    let mut run = String::new();
    for c in word.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || ['-', ':', '.'].contains(&c) {
            run.push(c);
            continue;
        }
        let is_time = run.len() >= 20 && run.as_bytes()[4] == b'-' && run.contains('T') && run.contains('Z');
        let is_id = run.len() == 36 && run.matches('-').count() == 4;
        match (is_time, is_id) {
            (true, _) => {
                let (_, rest) = run.split_once('Z').expect("a time");
                masked.push_str("TIME");
                masked.push_str(rest);
            }
            (_, true) => masked.push_str("ID"),
            _ => masked.push_str(&run),
        }
        run.clear();
        masked.push(c);
    }
    masked.pop();
    masked
}

#[test]
fn normal_text_has_no_ids_times_and_line_breaks() {
    let found = normal(
        "│ at \"2026-01-02T03:04:05.678Z\" ->\n  id=7f9fd312-a987-4628-b4c5-bb4f4fddd5f7, 2026-01-02T03:04:05Z: 401",
    );
    assert_eq!(found, "at \"TIME\" -> id=ID, TIME: 401");
}

/// The text of a file of the project.
fn read(path: &str) -> String {
    fs::read_to_string(project(path)).expect("a file of the project")
}
