//! The code blocks in `README.md`, `docs/` and the READMEs of `examples/`: configurations are formatted and valid, and
//! commands exist.
//!
//! A block of HCL is validated in a separate folder. The test adds what it refers to and does not declare: the
//! `required_providers` of this provider, and a variable, resource or data source of that name. Providers of secrets
//! managers cannot be installed without a network, so their blocks are only parsed: they are removed, and their values
//! become a variable.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::workspace::project;

mod commands;
#[cfg(unix)]
mod guides;
mod hcl;

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

    /// Whether it is the configuration of the CLI itself, which has another language.
    fn configures_the_cli(&self) -> bool {
        self.text.starts_with("provider_installation {")
    }
}

/// All blocks with a language, of all documents.
fn blocks() -> Vec<Block> {
    let mut files: Vec<_> = ["README.md", "CONTRIBUTING.md", "packaging/README.md"]
        .map(str::to_owned)
        .into();
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
                    // In a list, a block has the indentation of its fence.
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
        } else if Path::new(&path)
            .extension()
            .is_some_and(|extension| extension == "md")
        {
            files.push(path);
        }
    }
}
