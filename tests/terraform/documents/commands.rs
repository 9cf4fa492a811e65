//! The commands in shell blocks.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::workspace::{Feature, Workspace, cli, project, workspace_binary};

use super::blocks;

/// The programs that a reader has or installs.
const PROGRAMS: [&str; 22] = [
    "cat",
    "cd",
    "chmod",
    "conftest",
    "cp",
    "curl",
    "echo",
    "export",
    "gh",
    "git",
    "gpg",
    "gzip",
    "jq",
    "mkdir",
    "opa",
    "openssl",
    "printf",
    "sha256sum",
    "tofu",
    "umask",
    "unset",
    "unzip",
];

/// The commands and options of the known programs.
struct Known {
    /// The commands in the help of the CLI.
    cli: String,
    /// The help of the project's tools, by name.
    tools: BTreeMap<&'static str, String>,
    /// The manifest of the crate.
    manifest: String,
}

impl Known {
    fn of_all() -> Self {
        let help = |tool| {
            let output = Command::new(workspace_binary(tool)).arg("--help").output();
            let help = String::from_utf8(output.expect("the tool runs").stdout).expect("a text");
            (tool, help)
        };
        Self {
            cli: Workspace::new().run(&["-help"]).succeeds().stdout,
            tools: packaging::TOOLS.map(help).into(),
            manifest: fs::read_to_string(project("Cargo.toml")).expect("the manifest"),
        }
    }

    /// Returns the part of a command that does not exist.
    fn fault(&self, words: &[String]) -> Option<String> {
        let (program, arguments) = words.split_first()?;
        let missing = |what: &str| Some(format!("{program} has no {what}"));
        match program.as_str() {
            "terraform" => {
                let command = arguments.iter().find(|word| !word.starts_with('-'))?;
                let lists = |line: &str| line.trim_start().starts_with(&format!("{command} "));
                let recent = command == "query" && !cli().supports(Feature::Query);
                if recent || self.cli.lines().any(lists) {
                    None
                } else {
                    missing(command)
                }
            }
            "cargo" => {
                let named = arguments
                    .windows(2)
                    .filter(|pair| ["--bin", "--bench"].contains(&pair[0].as_str()));
                let mut unknown =
                    named.filter(|pair| !self.manifest.contains(&format!("name = \"{}\"", pair[1])));
                unknown.next().and_then(|pair| missing(&pair.join(" ")))
            }
            tool if self.tools.contains_key(tool) => {
                let mut flags = arguments.iter().filter(|word| word.starts_with("--"));
                flags
                    .find(|flag| !self.tools[tool].contains(*flag))
                    .and_then(|flag| missing(flag))
            }
            // A copy of the script.
            "./drift.sh" if project("examples/pipelines/drift.sh").is_file() => None,
            known if PROGRAMS.contains(&known) || project(known).is_file() => None,
            _ => Some(format!("{program} is no command and no file")),
        }
    }
}

#[test]
fn documented_shell_commands_exist() {
    let known = Known::of_all();
    let mut checked = 0;
    let blocks = blocks();
    for block in blocks
        .iter()
        .filter(|block| ["shell", "sh"].contains(&block.language.as_str()))
    {
        let place = block.place();
        let parsed = Command::new("sh")
            .args(["-n", "-c", &block.text])
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&parsed.stderr);
        assert!(parsed.status.success(), "{place}: {said}");
        // Another test runs whole scripts.
        if block.text.starts_with("#!") {
            continue;
        }
        for words in commands(&block.text) {
            checked += 1;
            assert_eq!(known.fault(&words), None, "{place}");
        }
    }
    assert!(checked > 30, "only {checked} commands were found");
}

/// The commands of a script as words, with one or more commands per line. Quoted text is omitted.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut bare = String::new();
    let mut quote = None;
    let mut comment = false;
    for c in script.replace("\\\n", " ").chars() {
        match (quote, c) {
            (_, '\n') if quote.is_none() => {
                comment = false;
                bare.push('\n');
            }
            _ if comment => {}
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                bare.push('_');
            }
            (None, '#') if bare.is_empty() || bare.ends_with(char::is_whitespace) => comment = true,
            (None, '|' | ';' | '&') => bare.push('\n'),
            (None, _) => bare.push(c),
        }
    }
    let words = bare.lines().map(|line| {
        let words = line.split_whitespace();
        // Variables before a command, and assignments.
        words
            .skip_while(|word| word.contains('='))
            .map(str::to_owned)
            .collect()
    });
    words.filter(|words: &Vec<String>| !words.is_empty()).collect()
}
