//! The archive of a release, installed by the CLI: from a folder, from a network mirror over HTTPS, and from an
//! OCI registry.

#[cfg(target_os = "linux")] // Go uses SSL_CERT_FILE there, and the system's store elsewhere.
mod oci;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use packaging::{Archive, Program, Project, Release};
use serde_json::{Value, json};
use terraform_provider_konnect::ADDRESS;

use crate::workspace::{Block, Run, Server, Workspace, cli};

const LOCK: &str = ".terraform.lock.hcl";

/// A folder that is a mirror of either kind, with the packed plugin for this machine. Created once.
fn packed() -> &'static Mirror {
    static PACKED: OnceLock<Mirror> = OnceLock::new();
    PACKED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed-mirror");
        Mirror::pack(
            folder,
            Path::new(env!("CARGO_BIN_EXE_terraform-provider-konnect")),
        )
    })
}

/// A mirror of one archive.
struct Mirror {
    /// The folder for the CLI.
    folder: PathBuf,
    archive: Archive,
}

impl Mirror {
    /// Packs a program with `packaging/build.sh`, at the path that the CLI requires.
    fn pack(folder: PathBuf, program: &Path) -> Self {
        let project =
            Project::at(Path::new(env!("CARGO_MANIFEST_DIR")), 1_777_630_830).expect("the checkout");
        let host = packaging::host(&project).expect("a host");
        let provider = Program::of(&project, packaging::NAME, &host).expect("the crates of the provider");
        let out = folder.join(cli().registry).join(ADDRESS);
        let archive = Archive::pack(&project, &provider, program, &out).expect("an archive");
        Release::open(&out)
            .and_then(|release| release.describe(&project))
            .expect("a release");
        Self { folder, archive }
    }

    /// The same with another program, with or without a matching description.
    fn tampered(folder: &Path, described: bool) -> Self {
        let program = folder.join("another-program");
        fs::write(&program, "#!/bin/sh\n").expect("another program");
        let mirror = Self::pack(folder.join("tampered-mirror"), &program);
        if !described {
            let place = |mirror: &Self| {
                mirror
                    .archive
                    .path()
                    .with_file_name(format!("{}.json", mirror.archive.version))
            };
            fs::copy(place(packed()), place(&mirror)).expect("the genuine description");
        }
        mirror
    }

    /// The checksums `h1:` and `zh:` of the archive, as Terraform's documentation specifies: the first is a hash of the
    /// sorted hashes of its files, as in Go modules, the second of the archive itself.
    fn hashes(&self) -> (String, String) {
        let hexadecimal = |bytes: &[u8]| -> String {
            let digest = digest(&SHA256, bytes);
            let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
            digits.collect::<Vec<_>>().concat()
        };
        let bytes = fs::read(self.archive.path()).expect("the archive");
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).expect("an archive");
        let mut files: Vec<_> = (0..zip.len())
            .map(|index| {
                let mut file = zip.by_index(index).expect("a file");
                let mut content = Vec::new();
                std::io::copy(&mut file, &mut content).expect("its content");
                (file.name().expect("a name").into_owned(), hexadecimal(&content))
            })
            .collect();
        files.sort();
        let list = files.iter().map(|(name, sum)| format!("{sum}  {name}\n"));
        let list = list.collect::<Vec<_>>().concat();
        let content = BASE64.encode(digest(&SHA256, list.as_bytes()));
        (format!("h1:{content}"), format!("zh:{}", hexadecimal(&bytes)))
    }
}

/// A workspace whose CLI installs only from this source.
fn installing_from(source: &str) -> Workspace {
    let mut workspace = Workspace::new();
    let rc = workspace.root().join("install.tfrc");
    fs::write(&rc, format!("provider_installation {{\n{source}}}\n")).expect("the configuration of the CLI");
    workspace.set("TF_CLI_CONFIG_FILE", rc.display().to_string());
    workspace.configure(Block::destination("siem"));
    workspace
}

fn from_folder(folder: &Path) -> Workspace {
    let path = Value::from(folder.display().to_string());
    installing_from(&format!("  filesystem_mirror {{\n    path = {path}\n  }}\n"))
}

fn from_network(mirror: &Server) -> Workspace {
    let source = format!("  network_mirror {{\n    url = \"{}\"\n  }}\n", mirror.url());
    trusting(mirror, installing_from(&source))
}

/// Trusts the certificate of a server.
fn trusting(server: &Server, mut workspace: Workspace) -> Workspace {
    let certificate = workspace.root().join("server.pem");
    fs::write(&certificate, server.certificate()).expect("the certificate");
    workspace.set("SSL_CERT_FILE", certificate.display().to_string());
    workspace
}

/// The checksums in the lock file: `h1:` of the unpacked files, and further trusted ones.
fn locked(workspace: &Workspace) -> Vec<String> {
    let text = fs::read_to_string(workspace.path(LOCK)).expect("a lock file");
    assert!(
        text.contains(&format!("provider \"{}/{ADDRESS}\"", cli().registry)),
        "{text}"
    );
    assert!(
        text.contains(&format!("version = \"{}\"", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    let quoted = text
        .split('"')
        .filter(|part| part.starts_with("h1:") || part.starts_with("zh:"));
    quoted.map(str::to_owned).collect()
}

/// Installs again with the existing lock file.
fn install_again(workspace: &Workspace) -> Run {
    fs::remove_dir_all(workspace.path(".terraform")).expect("an installation");
    workspace.run(&["init", "-no-color", "-lockfile=readonly"])
}

/// Asserts that a command rejected an archive because of its checksum.
#[track_caller]
fn refuses_the_checksum(run: Run) {
    let run = run.ends_with(1);
    let words = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("checksum"), "{}", run.report());
}

#[test]
fn archive_from_filesystem_mirror_installs_and_applies() {
    let (content, _) = packed().hashes();
    let workspace = from_folder(&packed().folder);
    workspace.init();
    assert_eq!(locked(&workspace), [content.as_str()]);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);

    install_again(&workspace).succeeds();
    assert_eq!(locked(&workspace), [content.as_str()]);
    workspace.assert_no_changes();

    // As for several platforms.
    fs::remove_file(workspace.path(LOCK)).expect("a lock file");
    let mirror = format!("-fs-mirror={}", packed().folder.display());
    workspace.run(&["providers", "lock", &mirror]).succeeds();
    assert_eq!(locked(&workspace), [content]);
    install_again(&workspace).succeeds();
}

#[test]
fn archive_differs_from_lock_file_is_refused() {
    let workspace = from_folder(&packed().folder);
    workspace.init();
    let tampered = Mirror::tampered(workspace.root(), true);
    let out = packed().archive.file_name();
    let found = tampered.archive.file_name();
    assert_eq!(found, out, "it differs by its content alone");
    let rc = workspace.root().join("install.tfrc");
    let text = fs::read_to_string(&rc).expect("the configuration of the CLI");
    let (genuine, other) = (&packed().folder, &tampered.folder);
    let text = text.replace(&genuine.display().to_string(), &other.display().to_string());
    fs::write(&rc, text).expect("the configuration of the CLI");
    refuses_the_checksum(install_again(&workspace));
}

// Go uses SSL_CERT_FILE on Linux, and the system's store elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn archive_from_network_mirror_installs_and_applies() {
    let (content, zip) = packed().hashes();
    let described = packed()
        .archive
        .path()
        .with_file_name(format!("{}.json", env!("CARGO_PKG_VERSION")));
    let described: Value =
        serde_json::from_slice(&fs::read(described).expect("a description")).expect("JSON");
    let offered = &described["archives"][&packed().archive.platform];
    assert_eq!(offered["hashes"], json!([content, zip]));
    let mirror = Server::mirror(packed().folder.clone());
    let workspace = from_network(&mirror);
    workspace.init();
    let base = format!("/{}/{ADDRESS}", cli().registry);
    let archive = packed().archive.file_name();
    // Terraform may request an archive twice.
    let mut asked = mirror.take_requests();
    asked.dedup();
    let expected = [
        format!("{base}/index.json"),
        format!("{base}/{}.json", env!("CARGO_PKG_VERSION")),
        format!("{base}/{archive}"),
    ];
    assert_eq!(asked, expected);
    // OpenTofu trusts the checksums of an HTTPS mirror, Terraform only those of unpacked files.
    let believed = if cli().registry.contains("opentofu") {
        vec![zip]
    } else {
        vec![]
    };
    let kept = [vec![content], believed].concat();
    assert_eq!(locked(&workspace), kept);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);

    install_again(&workspace).succeeds();
    workspace.assert_no_changes();

    fs::remove_file(workspace.path(LOCK)).expect("a lock file");
    let address = format!("-net-mirror={}", mirror.url());
    workspace.run(&["providers", "lock", &address]).succeeds();
    assert_eq!(locked(&workspace), kept);
}

#[cfg(target_os = "linux")]
#[test]
fn archive_differs_from_mirror_metadata_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tampered = Mirror::tampered(folder.path(), false);
    let mirror = Server::mirror(tampered.folder);
    let workspace = from_network(&mirror);
    refuses_the_checksum(workspace.run(&["init", "-no-color"]));
}

/// The CLI shows a first line of the plugin that is no handshake.
#[cfg(unix)]
#[test]
fn plugin_without_room_for_its_socket_shows_the_reason() {
    let mut workspace = Workspace::of(Block::destination("siem"));
    workspace.init();
    workspace.set("TMPDIR", "/no/such/folder");
    let shown = workspace.validate().report();
    assert!(shown.contains("set TMPDIR to a folder that exists"), "{shown}");
}
