//! What may become part of the provider, by `deny.toml`: its licences, versions and sources. `cargo deny check` knows
//! more of them, and the advisories, but needs to be installed; this needs nothing but cargo.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The texts in a list of `deny.toml`, of the entries that are tables those of `crate`. The file is ours, and has an
/// entry a line.
fn list(name: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let text = fs::read_to_string(file).unwrap();
    let begin = format!("\n{name} = [\n");
    let start = text
        .find(&begin)
        .unwrap_or_else(|| panic!("deny.toml has no {name}"))
        + begin.len();
    let end = start + text[start..].find("\n]").unwrap();
    let entries = text[start..end]
        .lines()
        .map(|line| line.split('"').nth(1).unwrap().to_owned());
    entries.collect()
}

/// A package that a build for a released platform uses, tests included.
struct Package {
    name: String,
    version: String,
    licence: String,
    /// Where it is from, where that is not the registry.
    elsewhere: Option<String>,
}

fn tree(target: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--all-features",
            "--edges=normal,build,dev",
            "--target",
            target,
        ])
        .args(["--prefix=none", "--format={p}\t{l}\t"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn packages() -> Vec<Package> {
    let text: String = list("targets").iter().map(|target| tree(target)).collect();
    // A line for each use: `name v1.2.3 (proc-macro) (where from)`, of which the last two may be missing.
    let lines: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let packages = lines.into_iter().map(|line| {
        let mut parts = line.split('\t');
        let (package, licence) = (parts.next().unwrap(), parts.next().unwrap());
        let package = package.replace(" (proc-macro)", "");
        let mut words = package.splitn(3, ' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        Package {
            name: name.to_owned(),
            version: version.trim_start_matches('v').to_owned(),
            licence: licence.to_owned(),
            elsewhere: words.next().map(str::to_owned),
        }
    });
    let packages: BTreeMap<_, _> = packages
        .map(|p| ((p.name.clone(), p.version.clone()), p))
        .collect();
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages.into_values().collect()
}

/// Whether a licence expression (SPDX) can be met with what is allowed. `/` is how older crates write `OR`.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let spaced = spaced.replace(" WITH ", "-WITH-");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any_of(&mut rest, allow);
    assert!(rest.is_empty(), "no licence expression: {expression}");
    met
}

fn any_of(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut met = all_of(rest, allow);
    while let ["OR", more @ ..] = *rest {
        *rest = more;
        met |= all_of(rest, allow);
    }
    met
}

fn all_of(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut met = one(rest, allow);
    while let ["AND", more @ ..] = *rest {
        *rest = more;
        met &= one(rest, allow);
    }
    met
}

fn one(rest: &mut &[&str], allow: &[String]) -> bool {
    match *rest {
        ["(", inner @ ..] => {
            *rest = inner;
            let met = any_of(rest, allow);
            assert_eq!(rest.first(), Some(&")"));
            *rest = &rest[1..];
            met
        }
        [licence, more @ ..] => {
            *rest = more;
            allow
                .iter()
                .any(|allowed| allowed.replace(" WITH ", "-WITH-") == *licence)
        }
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn licence_expressions_are_understood() {
    let allow = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(ISC OR MIT) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(allowed(expression, &allow), met, "{expression}");
    }
}

#[test]
fn every_dependency_may_be_given_away_with_the_provider() {
    let allow = list("allow");
    for Package { name, licence, .. } in packages() {
        assert!(
            !licence.is_empty() && allowed(&licence, &allow),
            "{name} is under {licence:?}"
        );
    }
}

#[test]
fn every_dependency_comes_from_the_registry_and_once() {
    let (denied, skipped) = (list("deny"), list("skip"));
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let name = package.name;
        let here = format!("({}", env!("CARGO_MANIFEST_DIR"));
        let elsewhere = package.elsewhere.filter(|place| !place.starts_with(&here));
        assert!(elsewhere.is_none(), "{name} is from {elsewhere:?}");
        assert!(!denied.contains(&name), "{name} is not wanted here");
        let older = skipped.iter().any(|skip| {
            let (skip, of) = skip.split_once('@').unwrap();
            skip == name && package.version.starts_with(&format!("{of}."))
        });
        if !older {
            versions.entry(name).or_default().push(package.version);
        }
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert!(versions.is_empty(), "in several versions: {versions:?}");
}
