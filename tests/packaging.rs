//! What a release consists of, and what is said of it: the archives, the checksums, the manifest, the
//! workflows that make them, and the version, which stands in `Cargo.toml` alone.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails by them

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA256, digest};
use packaging::{Archive, Platform, Project, Release};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipArchive;

const NAME: &str = "terraform-provider-konnect";
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

/// The checkout, as if its commit had been made at a time.
fn project(time: i64) -> Project {
    Project::at(root(), time).unwrap()
}

/// Archives of programs that say which platform they are for.
fn pack(project: &Project, folder: &Path, triples: &[&str]) -> Vec<Archive> {
    let pack = |triple: &&str| {
        let program = folder.join("program");
        fs::write(&program, format!("a program for {triple}")).unwrap();
        let platform = Platform::of(triple).unwrap();
        let archive = Archive::pack(project, &platform, &program, &folder.join("out")).unwrap();
        fs::remove_file(program).unwrap();
        archive
    };
    triples.iter().map(pack).collect()
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
fn an_archive_holds_the_program_and_the_licence() {
    let folder = TempDir::new().unwrap();
    for (triple, platform, program) in [
        (
            "x86_64-unknown-linux-musl",
            "linux_amd64",
            format!("{NAME}_v{VERSION}"),
        ),
        (
            "aarch64-apple-darwin",
            "darwin_arm64",
            format!("{NAME}_v{VERSION}"),
        ),
        (
            "x86_64-pc-windows-gnu",
            "windows_amd64",
            format!("{NAME}_v{VERSION}.exe"),
        ),
    ] {
        // The first of May 2026, 10:20:31; an archive has every other second.
        let archive = &pack(&project(1_777_630_831), folder.path(), &[triple])[0];
        let path = archive.path();
        let name = format!("{NAME}_{VERSION}_{platform}.zip");
        assert_eq!(path.file_name().unwrap(), name.as_str());
        let mut zip = ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
        let mut found = Vec::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            std::io::copy(&mut file, &mut content).unwrap();
            let time = file.last_modified().unwrap();
            assert_eq!(time.to_string(), "2026-05-01 10:20:30");
            found.push((
                file.name().unwrap().into_owned(),
                file.unix_mode().unwrap() & 0o777,
                content,
            ));
        }
        let program = (program, 0o755, format!("a program for {triple}").into_bytes());
        let licence = ("LICENSE".to_owned(), 0o644, read("LICENSE").into_bytes());
        assert_eq!(found, [licence, program]);
    }
}

#[test]
fn the_same_program_makes_the_same_archive() {
    let pack = |time| {
        let folder = TempDir::new().unwrap();
        let archive = &pack(&project(time), folder.path(), &["x86_64-unknown-linux-gnu"])[0];
        fs::read(archive.path()).unwrap()
    };
    let first = pack(1_777_630_831);
    // Made in another folder, by a file with another time.
    assert!(first == pack(1_777_630_831));
    assert!(first != pack(1_777_630_833), "the time of the commit is in it");
}

#[test]
fn a_release_is_described_for_registries_and_mirrors() {
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
    // Of a version before, which a mirror goes on to offer, and which is no part of this release.
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
    assert_eq!(
        json("index.json"),
        json!({"versions": {"0.0.1": {}, VERSION: {}}})
    );
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
fn there_are_no_releases_for_other_platforms() {
    for triple in [
        "riscv64gc-unknown-linux-gnu",
        "x86_64-unknown-freebsd",
        "i686-pc-windows-msvc",
        "nonsense",
    ] {
        let failure = Platform::of(triple).unwrap_err().to_string();
        assert!(
            failure.starts_with(&format!("no release is made for {triple}")),
            "{failure}"
        );
    }
}

#[test]
fn the_script_tells_what_it_does_and_refuses_what_it_does_not() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(root().join("packaging/build.sh"));
        command.args(arguments).output().unwrap()
    };
    let help = run(&["--help"]);
    assert!(help.status.success());
    for option in ["--target", "--profile", "--gather", "--out"] {
        assert!(String::from_utf8_lossy(&help.stdout).contains(option), "{option}");
    }
    for wrong in [&["--fast"][..], &["--gather", "--target", "x86_64-apple-darwin"]] {
        let refused = run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(refused.stdout.is_empty());
    }
    let empty = TempDir::new().unwrap();
    let nothing = run(&["--gather", "--out", empty.path().to_str().unwrap()]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(names(empty.path()), BTreeSet::new());
}

/// A workflow, as far as the tests look into it.
fn workflow(name: &str) -> Yaml<'static> {
    let text: &'static str = read(&format!(".github/workflows/{name}")).leak();
    let mut documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}

fn steps<'a>(workflow: &'a Yaml<'static>) -> Vec<&'a Yaml<'static>> {
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    jobs.values()
        .flat_map(|job| job["steps"].as_vec().expect("steps"))
        .collect()
}

#[test]
fn the_workflows_are_sound() {
    let workflows: Vec<_> = names(&root().join(".github/workflows")).into_iter().collect();
    assert_eq!(workflows, ["ci.yml", "release.yml"]);
    for name in workflows {
        let text = read(&format!(".github/workflows/{name}"));
        let workflow = workflow(&name);
        for step in steps(&workflow) {
            if let Some(action) = step.as_mapping_get("uses").and_then(Yaml::as_str) {
                let (_, commit) = action.split_once('@').expect("a version");
                let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(pinned, "{name}: {action} may change under us");
                assert!(
                    text.contains(&format!("{action} # v")),
                    "{name}: {action} is which version?"
                );
            } else {
                let script = step["run"].as_str().expect("a script");
                shell_takes(&name, script);
                // What others write goes through the environment, and is no part of a script.
                assert!(!script.contains("${{"), "{name}: {script}");
            }
        }
        for word in text.split_whitespace() {
            let word = word
                .trim_start_matches("\"$RUNNER_TEMP/another")
                .trim_matches('"');
            if word.starts_with("packaging/") || word.starts_with("examples/") || word.starts_with(".ci/") {
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
fn a_release_is_built_and_tried_for_each_platform() {
    let release = workflow("release.yml");
    let matrix = |job: &str| {
        release["jobs"][job]["strategy"]["matrix"]["include"]
            .as_vec()
            .unwrap()
    };
    let mut built = BTreeSet::new();
    for entry in matrix("build") {
        let platform = entry["platform"].as_str().unwrap();
        let target = entry["target"].as_str().unwrap();
        assert_eq!(Platform::of(target).unwrap().to_string(), platform);
        built.insert(platform);
    }
    assert_eq!(built, BTreeSet::from(PLATFORMS));
    let tried = matrix("try")
        .iter()
        .map(|entry| entry["platform"].as_str().unwrap());
    assert_eq!(tried.collect::<BTreeSet<_>>(), BTreeSet::from(PLATFORMS));
}

/// The files that tell people something.
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

/// What looks like a version of the provider: after its name, as in paths and names of archives, or
/// as a constraint beside its source.
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
fn versions_are_found_where_people_write_them() {
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
fn no_document_names_another_version() {
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
fn the_changelog_begins_with_this_version() {
    let changelog = read("CHANGELOG.md");
    let first = changelog
        .lines()
        .find(|line| line.starts_with("## "))
        .expect("a version");
    let of_version = format!("## [{VERSION}] - ");
    assert!(
        first == "## [Unreleased]" || first.starts_with(&of_version),
        "{first}: the changelog has nothing of {VERSION}"
    );
    // What the page of a release says, which only a released version has.
    let notes = Command::new(root().join("packaging/notes.sh"))
        .arg(VERSION)
        .output()
        .unwrap();
    let released = changelog.lines().any(|line| line.starts_with(&of_version));
    assert_eq!(notes.status.success(), released, "{notes:?}");
    assert_eq!(notes.stdout.is_empty(), !released, "{notes:?}");
}
