//! `docs-internal/promises.md`: each promise has a test, and each of these tests exists.

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::fs;
use std::path::Path;

const PAGE: &str = "docs-internal/promises.md";

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the page's tables, without heads and rules: promise and proof.
fn promises(page: &str) -> Vec<(&str, &str)> {
    let rows = page.lines().filter_map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        cells.split_once(" | ")
    });
    rows.filter(|row| *row != ("Promise", "Tests")).collect()
}

/// The parts of a text in backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a source has a function of this name that is a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    lines.iter().enumerate().any(|(at, line)| {
        let is_it = heads.iter().any(|head| line.starts_with(head));
        // Any number of attributes precede the function.
        let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_it && above.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn promise_names_existing_tests() {
    let page = read(PAGE);
    let promises = promises(&page);
    assert!(!promises.is_empty(), "{PAGE} has no promise");
    for (promise, proof) in promises {
        assert!(
            code(proof).next().is_some(),
            "{PAGE} names no test for: {promise}"
        );
        for named in code(proof) {
            let Some((file, test)) = named.split_once("::") else {
                panic!("{PAGE}: {named} is not of the form file::test");
            };
            assert!(has_test(&read(file), test), "{PAGE}: {file} has no test {test}");
        }
    }
}

#[test]
fn has_test_accepts_test_functions_only() {
    let source = "#[test]\n#[cfg(unix)]\nfn real() {}\n\nfn helper() {}\n\n// #[test]\nfn gone() {}\n";
    assert!(has_test(source, "real"));
    for none in ["helper", "gone", "rea", "absent"] {
        assert!(!has_test(source, none), "{none}");
    }
}
