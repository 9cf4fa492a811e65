//! Releases: the archives, the checksums, the manifest, the bill of materials, the workflows that build them, and the
//! version, which only `Cargo.toml` sets.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA256, digest};
use packaging::{Archive, NAME, Program, Project, Release, TOOLS, platform};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipArchive;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The platforms of a release.
const PLATFORMS: [&str; 6] = [
    "darwin_amd64",
    "darwin_arm64",
    "linux_amd64",
    "linux_arm64",
    "windows_amd64",
    "windows_arm64",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The checkout, with a commit of this time.
fn project(time: i64) -> Project {
    Project::at(root(), time).unwrap()
}

/// Archives of the provider, each with a program that prints its platform.
fn pack(project: &Project, folder: &Path, triples: &[&str]) -> Vec<Archive> {
    let pack = |triple: &&str| pack_one(project, folder, NAME, triple);
    triples.iter().map(pack).collect()
}

fn pack_one(project: &Project, folder: &Path, name: &'static str, triple: &str) -> Archive {
    let path = folder.join("program");
    fs::write(&path, format!("a program for {triple}")).unwrap();
    let program = Program::of(project, name, triple).unwrap();
    let archive = Archive::pack(project, &program, &path, &folder.join("out")).unwrap();
    fs::remove_file(path).unwrap();
    archive
}

/// The files of an archive: name, permissions and content.
fn unpacked(archive: &Archive) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut zip = ZipArchive::new(fs::File::open(archive.path()).unwrap()).unwrap();
    let files = (0..zip.len()).map(|index| {
        let mut file = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        std::io::copy(&mut file, &mut content).unwrap();
        // 2026-05-01 10:20:31. Times in archives have a precision of two seconds.
        assert_eq!(file.last_modified().unwrap().to_string(), "2026-05-01 10:20:30");
        let mode = file.unix_mode().unwrap() & 0o777;
        (file.name().unwrap().into_owned(), (mode, content))
    });
    files.collect()
}

fn bill(archive: &Archive) -> Value {
    let path = archive.path().with_file_name(archive.bill_name());
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn archive_of_each_platform_holds_program_and_licence() {
    let folder = TempDir::new().unwrap();
    for (triple, platform, extension) in [
        ("x86_64-unknown-linux-musl", "linux_amd64", ""),
        ("aarch64-apple-darwin", "darwin_arm64", ""),
        ("x86_64-pc-windows-gnu", "windows_amd64", ".exe"),
    ] {
        let archive = &pack(&project(1_777_630_831), folder.path(), &[triple])[0];
        assert_eq!(archive.file_name(), format!("{NAME}_{VERSION}_{platform}.zip"));
        let mut found = unpacked(archive);
        for notices in ["THIRD-PARTY-NOTICES.txt", "THIRD-PARTY-NOTICES-rust.html"] {
            assert_eq!(found.remove(notices).unwrap().0, 0o644);
        }
        let program = format!("{NAME}_v{VERSION}{extension}");
        let program = (program, (0o755, format!("a program for {triple}").into_bytes()));
        let licence = ("LICENSE".to_owned(), (0o644, read("LICENSE").into_bytes()));
        assert_eq!(found, BTreeMap::from([licence, program]));
    }
}

#[test]
fn archive_notices_have_each_crate_and_its_licence() {
    let folder = TempDir::new().unwrap();
    let project = project(1_777_630_831);
    let notices = |name, triple| {
        let archive = pack_one(&project, folder.path(), name, triple);
        let mut files = unpacked(&archive);
        let rust = files.remove("THIRD-PARTY-NOTICES-rust.html").unwrap().1;
        assert!(String::from_utf8(rust).unwrap().contains("hashbrown"));
        let text = String::from_utf8(files.remove("THIRD-PARTY-NOTICES.txt").unwrap().1).unwrap();
        let parts = bill(&archive)["components"].as_array().unwrap().clone();
        for part in parts {
            let word = |field: &str| part[field].as_str().unwrap().to_owned();
            let is_crate = word("purl").starts_with("pkg:cargo/");
            let is_listed = is_crate && word("scope") == "required" && part["hashes"].is_array();
            let licence = part["licenses"][0]["expression"].as_str().unwrap();
            let line = format!("\n{} {}: {licence}\n", word("name"), word("version"));
            assert_eq!(text.contains(&line), is_listed, "{line}");
            if is_listed && !licence.contains("Apache-2.0") {
                let heading = format!("{} {}", word("name"), word("version"));
                assert!(text.matches(&heading).count() > 1, "{heading}: no text");
            }
        }
        text
    };
    let linux = notices(NAME, "x86_64-unknown-linux-musl");
    for words in [
        "Copyright (c) 2023-2025 Sean McArthur",
        "Copyright (c) 2005-2020 Rich Felker",
        "Copyright (c) The mlkem-native project authors.",
        "the fiat-crypto authors",
        "UNICODE LICENSE V3",
    ] {
        assert!(linux.contains(words), "{words}");
    }
    assert!(!linux.contains("mingw-w64"));
    let windows = notices(TOOLS[1], "x86_64-pc-windows-gnu");
    assert!(windows.contains("the mingw-w64 project") && !windows.contains("Rich Felker"));
}

#[test]
fn archive_same_program_has_same_bytes() {
    let pack = |time| {
        let folder = TempDir::new().unwrap();
        let archive = &pack(&project(time), folder.path(), &["x86_64-unknown-linux-gnu"])[0];
        fs::read(archive.path()).unwrap()
    };
    let first = pack(1_777_630_831);
    // In another folder, from a file with another time.
    assert!(first == pack(1_777_630_831));
    assert!(first != pack(1_777_630_833), "the time of the commit is in it");
}

#[test]
fn release_described_has_files_for_registries_and_mirrors() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let triples = [
        "x86_64-unknown-linux-musl",
        "aarch64-unknown-linux-musl",
        "x86_64-apple-darwin",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-gnu",
        "aarch64-pc-windows-msvc",
    ];
    let project = project(1_777_630_831);
    let archives = pack(&project, folder.path(), &triples);
    // An older version, which a mirror still contains, and which is not part of this release.
    let older = out.join(format!("{NAME}_0.0.1_linux_amd64.zip"));
    fs::copy(archives[0].path(), &older).unwrap();

    let files = Release::open(&out).unwrap().describe(&project).unwrap();
    let manifest = format!("{NAME}_{VERSION}_manifest.json");
    let sums = format!("{NAME}_{VERSION}_SHA256SUMS");
    let summed: BTreeSet<_> = PLATFORMS
        .iter()
        .map(|platform| format!("{NAME}_{VERSION}_{platform}.zip"))
        .chain([manifest.clone()])
        .collect();
    let mut expected = summed.clone();
    expected.insert(sums.clone());
    expected.extend(archives.iter().map(Archive::bill_name));
    assert_eq!(files.into_iter().collect::<BTreeSet<_>>(), expected);
    let beside = [
        older.file_name().unwrap().to_str().unwrap(),
        "0.0.1.json",
        "index.json",
    ];
    expected.extend(beside.map(str::to_owned));
    expected.insert(format!("{VERSION}.json"));
    assert_eq!(names(&out), expected, "nothing else is there");

    let lines = fs::read_to_string(out.join(sums)).unwrap();
    let listed: BTreeMap<_, _> = lines
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect();
    let real = |name: &String| (name.clone(), hexadecimal(&fs::read(out.join(name)).unwrap()));
    assert_eq!(listed, summed.iter().map(real).collect());

    let json = |name: &str| -> Value { serde_json::from_slice(&fs::read(out.join(name)).unwrap()).unwrap() };
    assert_eq!(
        json(&manifest),
        json!({"version": 1, "metadata": {"protocol_versions": ["6.0"]}})
    );
    let found = json("index.json");
    assert_eq!(found, json!({"versions": {"0.0.1": {}, VERSION: {}}}));
    let described = json(&format!("{VERSION}.json"));
    let offered = described["archives"].as_object().unwrap();
    assert_eq!(offered.keys().collect::<Vec<_>>(), PLATFORMS);
    for (platform, archive) in offered {
        let name = format!("{NAME}_{VERSION}_{platform}.zip");
        assert_eq!(archive["url"], name);
        assert_eq!(archive["hashes"][1], format!("zh:{}", listed[&name]));
    }
}

#[test]
fn platform_without_releases_is_refused() {
    for triple in [
        "riscv64gc-unknown-linux-gnu",
        "x86_64-unknown-freebsd",
        "i686-pc-windows-msvc",
        "nonsense",
    ] {
        let failure = platform(triple).unwrap_err().to_string();
        assert!(
            failure.starts_with(&format!("no release is made for {triple}")),
            "{failure}"
        );
    }
}

#[test]
fn script_invalid_arguments_are_refused() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(root().join("packaging/build.sh"));
        command.args(arguments).output().unwrap()
    };
    let help = run(&["--help"]);
    assert!(help.status.success());
    for option in ["--target", "--profile", "--tools", "--gather", "--out"] {
        assert!(String::from_utf8_lossy(&help.stdout).contains(option), "{option}");
    }
    for wrong in [
        &["--fast"][..],
        &["--gather", "--target", "x86_64-apple-darwin"],
        &["--gather", "--tools"],
    ] {
        let refused = run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(refused.stdout.is_empty());
    }
    let empty = TempDir::new().unwrap();
    let nothing = run(&["--gather", "--out", empty.path().to_str().unwrap()]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(names(empty.path()), BTreeSet::new());
}

/// A parsed workflow.
fn workflow(name: &str) -> Yaml<'static> {
    let text: &'static str = read(&format!(".github/workflows/{name}")).leak();
    let mut documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}

/// The jobs of a workflow, by name.
fn jobs<'a>(workflow: &'a Yaml<'static>) -> Vec<(&'a str, &'a Yaml<'static>)> {
    let jobs = workflow["jobs"].as_mapping().expect("jobs").iter();
    jobs.map(|(name, job)| (name.as_str().unwrap(), job)).collect()
}

/// The steps of a job. A job that calls another workflow has none.
fn steps<'a>(job: &'a Yaml<'static>) -> &'a [Yaml<'static>] {
    let steps = job.as_mapping_get("steps").and_then(Yaml::as_vec);
    steps.map_or(&[], Vec::as_slice)
}

/// A text of a mapping.
fn text<'a>(of: &'a Yaml<'static>, name: &str) -> Option<&'a str> {
    of.as_mapping_get(name).and_then(Yaml::as_str)
}

#[test]
fn workflows_are_pinned_bounded_and_free_of_injection() {
    let workflows: Vec<_> = names(&root().join(".github/workflows")).into_iter().collect();
    assert_eq!(workflows, ["advisories.yml", "ci.yml", "release.yml"]);
    for name in workflows {
        let source = read(&format!(".github/workflows/{name}"));
        let workflow = workflow(&name);
        let permissions = workflow["permissions"].as_mapping();
        assert!(
            permissions.is_some_and(|permissions| permissions.len() == 1),
            "{name}: jobs ask for what they need by themselves"
        );
        let jobs = jobs(&workflow);
        for (job, body) in &jobs {
            let is_called = text(body, "uses").is_some_and(|path| path.starts_with("./"));
            let is_bounded = body.as_mapping_get("timeout-minutes").is_some();
            assert!(is_called || is_bounded, "{name}: {job} has no time limit");
        }
        for step in jobs.iter().flat_map(|(_, job)| steps(job)) {
            if let Some(action) = text(step, "uses") {
                let (_, commit) = action.split_once('@').expect("a version");
                let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(pinned, "{name}: {action} is not pinned");
                let is_named = source.contains(&format!("{action} # v"));
                assert!(is_named, "{name}: the version of {action} is not named");
            } else {
                let script = text(step, "run").expect("a script");
                shell_takes(&name, script);
                // Untrusted text is passed in the environment and must not be part of a script.
                assert!(!script.contains("${{"), "{name}: {script}");
            }
        }
        for word in source.split_whitespace() {
            let word = word.trim_start_matches("\"$RUNNER_TEMP/another");
            let word = word.trim_matches('"').trim_end_matches('.');
            let folders = ["packaging/", "examples/", ".ci/"];
            if folders.iter().any(|folder| word.starts_with(folder)) {
                assert!(root().join(word).is_file(), "{name}: there is no {word}");
            }
        }
    }
}

fn shell_takes(name: &str, script: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-n", "-c", script]).stdin(Stdio::null());
    let checked = shell.output().expect("a shell");
    assert!(checked.status.success(), "{name}: {checked:?}\n{script}");
}

#[test]
fn release_of_each_platform_is_built_and_tried() {
    let release = workflow("release.yml");
    for job in ["build", "try"] {
        let entries = &release["jobs"][job]["strategy"]["matrix"]["include"];
        let mut platforms = BTreeSet::new();
        for entry in entries.as_vec().unwrap() {
            let name = text(entry, "platform").unwrap();
            if job == "build" {
                let target = text(entry, "target").unwrap();
                assert_eq!(platform(target).unwrap(), name);
            }
            platforms.insert(name);
        }
        assert_eq!(platforms, BTreeSet::from(PLATFORMS), "{job}");
    }
}

/// The signing job runs no third-party code, and requires a protected environment and the whole test suite.
#[test]
fn release_signing_job_runs_no_third_party_code() {
    let release = workflow("release.yml");
    let mut with_secrets = jobs(&release);
    with_secrets.retain(|(_, job)| format!("{job:?}").contains("secrets."));
    let [("sign", sign)] = with_secrets[..] else {
        panic!("{with_secrets:?}")
    };
    assert_eq!(text(sign, "environment"), Some("release"));
    let needs = sign["needs"].as_vec().unwrap().iter();
    let needs: Vec<_> = needs.map(|need| need.as_str().unwrap()).collect();
    assert_eq!(needs, ["test", "gather"]);
    // The whole test suite on this commit.
    let tests = text(&release["jobs"]["test"], "uses");
    assert_eq!(tests, Some("./.github/workflows/ci.yml"));
    for step in steps(sign).iter().chain(steps(&release["jobs"]["publish"])) {
        let action = text(step, "uses").unwrap_or("actions/");
        assert!(action.starts_with("actions/"), "{action}");
        let script = text(step, "run").unwrap_or_default();
        for word in ["cargo", "rustup", "npm", "packaging/build.sh"] {
            assert!(!script.contains(word), "{script}");
        }
    }
}

/// The job that builds attests, and the job that publishes verifies it. Nothing else may attest or write.
#[test]
fn release_is_attested_where_it_is_built_and_verified_before_it_is_published() {
    let release = workflow("release.yml");
    let granted = |permission: &str| -> Vec<&str> {
        let mut jobs = jobs(&release);
        jobs.retain(|(_, job)| {
            let granted = job.as_mapping_get("permissions");
            granted.and_then(|granted| text(granted, permission)) == Some("write")
        });
        jobs.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(granted("attestations"), ["build"]);
    assert_eq!(granted("id-token"), ["build"]);
    assert_eq!(granted("contents"), ["publish"]);
    let position = |job: &str, word: &str| {
        let mut steps = steps(&release["jobs"][job]).iter();
        let what = |step| text(step, "run").or_else(|| text(step, "uses"));
        steps.position(|step| what(step).unwrap().contains(word))
    };
    assert!(position("build", "actions/attest@") > position("build", "packaging/build.sh"));
    let verified = position("publish", "gh attestation verify");
    assert!(verified.is_some() && verified < position("publish", "gh release create"));
    assert!(position("tag", "git merge-base --is-ancestor \"$GITHUB_SHA\" origin/main").is_some());
    for job in ["test", "build"] {
        assert_eq!(text(&release["jobs"][job], "needs"), Some("tag"));
    }
}

#[test]
fn release_tools_have_separate_archives_and_checksums() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let project = project(1_777_630_831);
    pack(&project, folder.path(), &["x86_64-pc-windows-gnu"]);
    for tool in TOOLS {
        let archive = pack_one(&project, folder.path(), tool, "x86_64-pc-windows-gnu");
        let files = unpacked(&archive);
        assert!(files.contains_key("LICENSE"));
        assert!(files.contains_key(&format!("{tool}.exe")));
    }
    Release::open(&out).unwrap().describe(&project).unwrap();
    let sums = fs::read_to_string(out.join(format!("konnect-tools_{VERSION}_SHA256SUMS"))).unwrap();
    let listed: BTreeSet<_> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap().1)
        .collect();
    let expected = TOOLS.map(|tool| format!("{tool}_{VERSION}_windows_amd64.zip"));
    assert_eq!(listed, expected.iter().map(String::as_str).collect());
    let mirror = fs::read_to_string(out.join(format!("{VERSION}.json"))).unwrap();
    assert!(!mirror.contains(TOOLS[0]), "a mirror serves the provider alone");
}

/// The audit of 2026-11-29 found 85 crates in the bill of materials that are in no program, and no AWS-LC.
#[test]
fn bill_of_materials_has_what_is_built_for_program_and_target() {
    let folder = TempDir::new().unwrap();
    let project = project(1_777_630_831);
    let described = |name, triple| bill(&pack_one(&project, folder.path(), name, triple));
    let names = |bill: &Value| -> BTreeSet<String> {
        let components = bill["components"].as_array().unwrap();
        components
            .iter()
            .map(|component| component["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let linux = described(NAME, "x86_64-unknown-linux-musl");
    assert_eq!(linux["metadata"]["component"]["name"], NAME);
    let expected = hexadecimal(b"a program for x86_64-unknown-linux-musl");
    assert_eq!(linux["metadata"]["component"]["hashes"][0]["content"], expected);
    let in_linux = names(&linux);
    for name in [
        "konnect",
        "terraform-plugin",
        "rustls",
        "tokio",
        "cc",
        "serde_derive",
        "aws-lc",
        "std",
    ] {
        assert!(in_linux.contains(name), "{name} is missing");
    }
    for name in [
        "proptest",
        "axum",
        "clap",
        "packaging",
        "windows-sys",
        "security-framework",
    ] {
        assert!(!in_linux.contains(name), "{name} is not part of it");
    }
    assert!(names(&described(NAME, "x86_64-pc-windows-gnu")).contains("windows-sys"));
    assert!(names(&described(NAME, "aarch64-apple-darwin")).contains("security-framework"));
    let in_receiver = names(&described(TOOLS[1], "x86_64-unknown-linux-musl"));
    assert!(in_receiver.contains("clap") && !in_receiver.contains("terraform-plugin"));

    let components = linux["components"].as_array().unwrap();
    let own = [
        "konnect",
        "konnect-event",
        "redact-text",
        "terraform-plugin",
        "terraform-plugin-derive",
        "std",
    ];
    for component in components {
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        if !own.contains(&component["name"].as_str().unwrap()) {
            let hash = component["hashes"][0]["content"].as_str();
            assert!(hash.is_some_and(|hash| hash.len() == 64), "{component}");
        }
    }
    let find = |name: &str| {
        let mut components = components.iter();
        components.find(|component| component["name"] == name).unwrap()
    };
    assert_eq!(find("tokio")["scope"], "required");
    assert_eq!(find("serde_derive")["scope"], "excluded");
    let known: BTreeSet<_> = components
        .iter()
        .map(|component| component["bom-ref"].to_string())
        .collect();
    assert_eq!(known.len(), components.len(), "each reference is unique");
    let mut needed = BTreeSet::new();
    for edge in linux["dependencies"].as_array().unwrap() {
        let needs = edge["dependsOn"].as_array().unwrap();
        needed.extend(needs.iter().map(Value::to_string));
    }
    assert_eq!(needed, known, "something needs each component");
}

/// The files that people read.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            if !["target", "src", "tests", "benches", "fuzz", ".git"].contains(&name.as_str()) {
                documents(&path, found);
            }
        } else if ["md", "tf", "tmpl", "sh", "yml", "svg"]
            .iter()
            .any(|e| path.extension() == Some(e.as_ref()))
        {
            found.push(path);
        }
    }
}

/// Versions of the provider in a text: after its name, as in paths and names of archives, or in a constraint next to
/// its source.
fn versions(text: &str) -> Vec<&str> {
    let marks = [
        "provider-konnect_v",
        "provider-konnect_",
        "konnect-audit/konnect/",
        "konnect-audit/konnect v",
    ];
    let after = marks.iter().flat_map(|mark| text.split(mark).skip(1));
    let constraints = text
        .split("\"konnect-audit/konnect\"")
        .skip(1)
        .filter_map(|rest| rest.split('}').next()?.split_once("version"))
        .map(|(_, rest)| rest.trim_start_matches([' ', '=', '"', '~', '>', '<', '!']));
    after
        .chain(constraints)
        .map(|rest| {
            let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit());
            rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
        })
        .filter(|version| version.contains('.'))
        .collect()
}

#[test]
fn versions_in_documents_are_found() {
    let text = r#"~/plugins/konnect-audit/konnect/1.2.3/linux_amd64/terraform-provider-konnect_v1.2.4
        terraform-provider-konnect_1.2.5_linux_amd64.zip
        konnect = { source = "konnect-audit/konnect" }
        - Installed konnect-audit/konnect v1.2.6.
        source  = "konnect-audit/konnect"
        version = "~> 1.3"
    }"#;
    let found: BTreeSet<_> = versions(text).into_iter().collect();
    assert_eq!(found, BTreeSet::from(["1.2.3", "1.2.4", "1.2.5", "1.2.6", "1.3"]));
}

#[test]
fn documents_name_this_version_only() {
    let mut found = Vec::new();
    documents(root(), &mut found);
    let minor = VERSION.rsplit_once('.').unwrap().0;
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for version in versions(&text) {
            assert!(
                [VERSION, minor].contains(&version),
                "{}: {version}",
                path.display()
            );
        }
    }
}

#[test]
fn changelog_begins_with_this_version() {
    let changelog = read("CHANGELOG.md");
    let first = changelog
        .lines()
        .find(|line| line.starts_with("## "))
        .expect("a version");
    let of_version = format!("## [{VERSION}] - ");
    assert!(
        first == "## [Unreleased]" || first.starts_with(&of_version),
        "{first}: the changelog has no section for {VERSION}"
    );
    // Only a released version has notes.
    let notes = Command::new(root().join("packaging/notes.sh"))
        .arg(VERSION)
        .output()
        .unwrap();
    let released = changelog.lines().any(|line| line.starts_with(&of_version));
    assert_eq!(notes.status.success(), released, "{notes:?}");
    assert_eq!(notes.stdout.is_empty(), !released, "{notes:?}");
}
