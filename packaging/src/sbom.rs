//! The bill of materials of one program for one target, in `CycloneDX` 1.6.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::program::Crate;
use crate::{Program, Project, read_text};

/// Describes a program: the crates that are compiled into it, those that take part in its build (`excluded`), the C
/// code of AWS-LC, and Rust's library. `sha256` is the program's. Two descriptions of one program are the same.
pub(crate) fn describe(project: &Project, program: &Program, sha256: &str) -> Result<Value> {
    let mut components: Vec<_> = program.crates.iter().map(component).collect();
    let mut edges: Vec<Vec<String>> = program
        .crates
        .iter()
        .map(|part| {
            part.needs
                .iter()
                .map(|need| reference(&program.crates[*need]))
                .collect()
        })
        .collect();
    components[0]["type"] = json!("application");
    components[0]["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    components[0]["properties"] = json!([{ "name": "rust:target", "value": program.target }]);

    let about = project.rustc(&["--version"])?;
    let rust = about.split_whitespace().nth(1);
    let rust = rust.context("rustc does not report its version")?;
    let library = format!("pkg:github/rust-lang/rust@{rust}#library/std");
    edges[0].push(library.clone());
    components.push(json!({
        "type": "library",
        "bom-ref": library,
        "name": "std",
        "version": rust,
        "purl": library,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }));
    edges.push(Vec::new());
    if let Some(position) = program.crates.iter().position(|part| part.name == "aws-lc-sys") {
        let aws_lc = aws_lc(&program.crates[position])?;
        edges[position].push(aws_lc["bom-ref"].as_str().unwrap_or_default().to_owned());
        components.push(aws_lc);
        edges.push(Vec::new());
    }
    let edges: Vec<_> = components
        .iter()
        .zip(edges)
        .map(|(component, needs)| json!({ "ref": component["bom-ref"], "dependsOn": needs }))
        .collect();
    let time = OffsetDateTime::from_unix_timestamp(project.time)?.format(&Rfc3339)?;
    let main = components.remove(0);
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time, "component": main },
        "components": components,
        "dependencies": edges,
    }))
}

fn component(part: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(part),
        "name": part.name,
        "version": part.version,
        "purl": reference(part),
        "scope": if part.linked { "required" } else { "excluded" },
        "licenses": [{ "expression": part.licence }],
    });
    if let Some(checksum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

fn reference(part: &Crate) -> String {
    format!("pkg:cargo/{}@{}", part.name, part.version)
}

/// AWS-LC, whose sources are in the package of its crate: that package's hash covers them.
fn aws_lc(part: &Crate) -> Result<Value> {
    let header = part.folder.join("aws-lc/include/openssl/base.h");
    let text = read_text(&header)?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("#define AWSLC_VERSION_NUMBER_STRING "))
        .map(|version| version.trim_matches('"'))
        .with_context(|| format!("{}: no version of AWS-LC", header.display()))?;
    let purl = format!("pkg:github/aws/aws-lc@v{version}");
    Ok(json!({
        "type": "library",
        "bom-ref": purl,
        "name": "aws-lc",
        "version": version,
        "purl": purl,
        "cpe": format!("cpe:2.3:a:amazon:aws-lc:{version}:*:*:*:*:*:*:*"),
        "scope": "required",
        "licenses": [{ "expression": part.licence }],
        "hashes": [{ "alg": "SHA-256", "content": part.checksum }],
    }))
}
