//! The blocks of code in `README.md`, `docs/` and the READMEs of `examples/`: what a reader pastes is formatted and
//! valid, and the commands exist.
//!
//! A block of HCL is validated in a folder of its own. What it refers to and does not declare is added: the
//! `required_providers` of this provider, a variable, a resource or a data source of this provider by that name. The
//! providers of secrets managers can't be installed without a network, so their blocks are only parsed: they are cut,
//! and their values become a variable.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use terraform_provider_konnect::provider::ADDRESS;

use crate::workspace::{KONG, Workspace, cli, project};

/// The blocks that are only parsed, by file and a part of them: the state of affairs before the move, with Kong's own
/// provider.
const ONLY_PARSED: [(&str, &str); 1] = [(
    "docs/guides/coming-from-kong-konnect.md",
    "resource \"konnect_audit_log\" \"eu\" {",
)];

/// The blocks that are not valid, as the text beside them says, and the error that they have: what a CLI generates
/// from an import can't hold an authorization.
const INVALID: [(&str, &str); 2] = [
    ("docs/resources/audit_log_destination.md", "Missing authorization"),
    ("docs/resources/audit_log_webhook.md", "Missing authorization"),
];

/// The types of this provider that a block may refer to, with the arguments that they need.
const TYPES: [(&str, &str); 3] = [
    (
        "konnect_audit_log_destination",
        "name = \"a\"\nendpoint = \"https://siem.example.com/\"\nauthorization = \"Bearer a\"",
    ),
    (
        "konnect_audit_log_webhook",
        "region = \"eu\"\nendpoint = \"https://siem.example.com/\"\nauthorization = \"Bearer a\"",
    ),
    ("konnect_audit_log_webhook_status", "region = \"eu\""),
];

/// A block of code in a document.
struct Block {
    file: String,
    line: usize,
    language: String,
    text: String,
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    fn is_hcl(&self) -> bool {
        ["terraform", "hcl"].contains(&self.language.as_str())
    }

    /// Whether it is the configuration of the CLI itself, which has a language of its own.
    fn configures_the_cli(&self) -> bool {
        self.text.starts_with("provider_installation {")
    }

    fn is_only_parsed(&self) -> bool {
        ONLY_PARSED
            .iter()
            .any(|(file, part)| self.file == *file && self.text.contains(part))
    }
}

/// All blocks with a language, of all documents.
fn blocks() -> Vec<Block> {
    let mut files = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    documents("docs", &mut files);
    documents("examples", &mut files);
    let mut blocks = Vec::new();
    for file in files {
        let text = fs::read_to_string(project(&file)).expect("a document");
        let mut open: Option<(Block, usize)> = None;
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim_start();
            let Some(language) = trimmed.strip_prefix("```") else {
                if let Some((block, indent)) = &mut open {
                    // In a list, a block is indented as far as its fence.
                    let _ = writeln!(block.text, "{}", line.get(*indent..).unwrap_or_default());
                }
                continue;
            };
            if let Some((block, _)) = open.take() {
                blocks.push(block);
            } else {
                let block = Block {
                    file: file.clone(),
                    line: index + 1,
                    language: language.to_owned(),
                    text: String::new(),
                };
                open = Some((block, line.len() - trimmed.len()));
            }
        }
        assert!(open.is_none(), "{file} has a block without an end");
    }
    blocks
}

fn documents(folder: &str, files: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(project(folder))
        .expect("a folder")
        .collect::<Result<_, _>>()
        .expect("entries");
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            documents(&path, files);
        } else if path.ends_with(".md") {
            files.push(path);
        }
    }
}

#[test]
fn every_block_of_hcl_is_formatted() {
    let workspace = Workspace::new();
    let hcl = blocks()
        .into_iter()
        .filter(|block| block.is_hcl() && !block.configures_the_cli());
    let hcl: Vec<_> = hcl.collect();
    assert!(hcl.len() > 20, "only {} blocks were found", hcl.len());
    for block in &hcl {
        let name = format!("{}.tf", block.place().replace(['/', ':'], "-"));
        workspace.write(&name, &block.text);
    }
    workspace.run(&["fmt", "-check", "-diff"]).succeeds();
}

#[test]
fn every_block_of_hcl_is_valid() {
    let mut workspace = Workspace::new();
    // Without `init` for each of them.
    let built = Value::from(cli().mirror_of(ADDRESS).display().to_string());
    workspace.write(
        "../cli.tfrc",
        &format!("provider_installation {{\n  dev_overrides {{\n    \"{ADDRESS}\" = {built}\n    \"{KONG}\" = {built}\n  }}\n}}\n"),
    );
    workspace.set("TF_CLI_ARGS_validate", "-json");
    workspace.copy("examples/modules", "modules");

    let mut parsed = BTreeSet::new();
    let mut configurations = Vec::new();
    for block in blocks().into_iter().filter(Block::is_hcl) {
        if block.configures_the_cli() {
            workspace.write("block.tfrc", &block.text);
            let mut command = workspace.command(&cli().program);
            command
                .arg("version")
                .env("TF_CLI_CONFIG_FILE", workspace.path("block.tfrc"));
            let output = command.output().expect("the CLI runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() && said.is_empty(),
                "{}: {said}",
                block.place()
            );
        } else if block.is_only_parsed() {
            parsed.insert(block.file.clone());
        } else if cli().imports_by_identity || !block.text.contains("identity = {") {
            let folder = block.place().replace(['/', ':'], "-");
            workspace.write(&format!("{folder}/main.tf"), &completed(&block.text));
            if block.text.contains("\nmodule \"") || block.text.starts_with("module \"") {
                workspace.copy("examples/modules", &format!("{folder}/modules"));
                workspace.run(&[&format!("-chdir={folder}"), "get"]).succeeds();
            }
            configurations.push((block, folder));
        }
    }
    let listed: BTreeSet<_> = ONLY_PARSED.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(parsed, listed, "the list of what is only parsed is out of date");

    let mut invalid = 0;
    let commands = configurations.iter().map(|(_, folder)| {
        let mut command = workspace.command(&cli().program);
        command.args([&format!("-chdir={folder}"), "validate"]);
        command
    });
    for ((block, _), output) in configurations.iter().zip(all(commands)) {
        let answer: Value = serde_json::from_slice(&output.stdout).expect("an answer in JSON");
        let diagnostics = answer["diagnostics"].as_array().into_iter().flatten();
        let errors = diagnostics.filter(|diagnostic| diagnostic["severity"] == "error");
        let errors: Vec<_> = errors
            .map(|error| (error["summary"].as_str().expect("a text"), &error["detail"]))
            .collect();
        let expected = INVALID
            .iter()
            .find(|(file, _)| block.file == *file && block.text.contains("= null"));
        let place = block.place();
        match (expected, errors.as_slice()) {
            (None, []) => assert_eq!(answer["valid"], true, "{place}: {answer}"),
            (Some((_, expected)), [(summary, _)]) => {
                assert_eq!(summary, expected, "{place}");
                invalid += 1;
            }
            _ => panic!("{place} has the errors {errors:#?}\n{}", completed(&block.text)),
        }
    }
    assert_eq!(
        invalid,
        INVALID.len(),
        "the list of what is not valid is out of date"
    );
}

/// Runs commands side by side, as many as there are processors, and gives their outputs in order.
fn all(commands: impl Iterator<Item = Command>) -> Vec<Output> {
    let width = thread::available_parallelism().map_or(2, usize::from);
    let mut commands = commands.peekable();
    let mut outputs = Vec::new();
    while commands.peek().is_some() {
        let running: Vec<_> = commands
            .by_ref()
            .take(width)
            .map(|mut command| {
                let piped = command
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped());
                piped.spawn().expect("the CLI runs")
            })
            .collect();
        outputs.extend(
            running
                .into_iter()
                .map(|child| child.wait_with_output().expect("the CLI ends")),
        );
    }
    outputs
}

/// A block as a configuration that stands by itself.
fn completed(text: &str) -> String {
    let mut whole = without_foreign(text);
    if !whole.contains("required_providers") {
        whole.push_str(&Workspace::required_providers());
    }
    let mut added = BTreeSet::new();
    for word in whole.split(|c: char| !c.is_ascii_alphanumeric() && !['_', '.'].contains(&c)) {
        let parts: Vec<_> = word.split('.').collect();
        let stub = match parts.as_slice() {
            ["var", name, ..] if !whole.contains(&format!("variable \"{name}\"")) => {
                let secret = ["siem_authorization", "from_elsewhere"].contains(name);
                let ephemeral = secret && (whole.contains("authorization_wo") || whole.contains("module \""));
                format!("variable \"{name}\" {{\n  ephemeral = {ephemeral}\n}}\n")
            }
            ["data", kind, name, ..] => stub("data", kind, name, &whole),
            [kind, name, ..] => stub("resource", kind, name, &whole),
            _ => String::new(),
        };
        added.insert(stub);
    }
    whole.extend(added);
    whole
}

/// A block of this provider that is referred to, if it is not declared.
fn stub(head: &str, kind: &str, name: &str, whole: &str) -> String {
    let known = TYPES.iter().find(|(known, _)| *known == kind);
    let known = known.filter(|_| (head == "data") == kind.ends_with("_status"));
    let declared = whole.contains(&format!("{head} \"{kind}\" \"{name}\""));
    match known {
        Some((_, arguments)) if !declared => format!("{head} \"{kind}\" \"{name}\" {{\n{arguments}\n}}\n"),
        _ => String::new(),
    }
}

/// Cuts what belongs to other providers, and puts a variable in the place of their ephemeral values.
fn without_foreign(text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in text.lines() {
        let foreign = [
            "ephemeral \"",
            "provider \"vault\"",
            "provider \"aws\"",
            "provider \"google\"",
        ];
        inside |= foreign.iter().any(|head| line.starts_with(head));
        if !inside {
            let _ = writeln!(kept, "{}", without_ephemeral(line));
        }
        inside &= line != "}" && !line.ends_with("{}");
    }
    kept
}

fn without_ephemeral(line: &str) -> String {
    let Some((before, value)) = line.split_once("ephemeral.") else {
        return line.to_owned();
    };
    // `TYPE.NAME.ATTRIBUTE`, and perhaps a key in brackets.
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && !['_', '.', '[', ']', '"'].contains(&c))
        .unwrap_or(value.len());
    format!("{before}var.from_elsewhere{}", &value[end..])
}

#[test]
fn every_command_exists() {
    let workspace = Workspace::new();
    let help = workspace.run(&["-help"]).succeeds().stdout;
    let emulator = Command::new(env!("CARGO_BIN_EXE_konnect-emulator"))
        .arg("--help")
        .output();
    let emulator = String::from_utf8(emulator.expect("the emulator runs").stdout).expect("a text");
    let manifest = fs::read_to_string(project("Cargo.toml")).expect("the manifest");
    let mut checked = 0;
    for block in blocks()
        .iter()
        .filter(|block| ["shell", "sh"].contains(&block.language.as_str()))
    {
        let place = block.place();
        let parsed = Command::new("sh")
            .args(["-n", "-c", &block.text])
            .output()
            .expect("a shell");
        assert!(
            parsed.status.success(),
            "{place}: {}",
            String::from_utf8_lossy(&parsed.stderr)
        );
        // A whole script is run by a test.
        if block.text.starts_with("#!") {
            continue;
        }
        for words in commands(&block.text) {
            checked += 1;
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let option = |flag: &str| {
                words
                    .iter()
                    .position(|word| *word == flag)
                    .and_then(|at| words.get(at + 1))
            };
            match words.as_slice() {
                ["terraform", command, ..] => {
                    let command = words[1..]
                        .iter()
                        .find(|word| !word.starts_with('-'))
                        .unwrap_or(command);
                    let listed = |line: &str| line.trim_start().starts_with(&format!("{command} "));
                    assert!(
                        help.lines().any(listed),
                        "{place}: terraform has no command {command}"
                    );
                }
                ["cargo", ..] => {
                    for flag in ["--bin", "--bench"] {
                        if let Some(name) = option(flag) {
                            assert!(
                                manifest.contains(&format!("name = \"{name}\"")),
                                "{place}: no {name}"
                            );
                        }
                    }
                }
                ["konnect-emulator" | "target/debug/konnect-emulator", ..] => {
                    for flag in words.iter().filter(|word| word.starts_with("--")) {
                        assert!(emulator.contains(flag), "{place}: konnect-emulator has no {flag}");
                    }
                }
                [
                    "cat" | "cd" | "chmod" | "cp" | "curl" | "echo" | "export" | "git" | "gpg" | "gzip"
                    | "jq" | "mkdir" | "openssl" | "printf" | "sha256sum" | "tofu" | "umask" | "unset"
                    | "unzip",
                    ..,
                ] => {}
                [path, ..] => assert!(
                    project(path).is_file(),
                    "{place}: {path} is no command and no file"
                ),
                [] => {}
            }
        }
    }
    assert!(checked > 30, "only {checked} commands were found");
}

/// The commands of a script that has one or more a line, each as its words. What is quoted is left out.
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
        // Variables in front of a command, and assignments by themselves.
        words
            .skip_while(|word| word.contains('='))
            .map(str::to_owned)
            .collect()
    });
    words.filter(|words: &Vec<String>| !words.is_empty()).collect()
}
