//! `packaging/oci`, with an OCI registry in this process. It requires `curl` and `jq`. OpenTofu installs from the
//! registry; Terraform cannot.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use terraform_provider_konnect::ADDRESS;

use super::{installing_from, packed, trusting};
use crate::workspace::{Server, cli};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = "mirror/konnect-audit/konnect";
/// `pusher:a"b\c` in base64, a password that must be quoted in files of curl.
const LOGIN: &str = "Basic cHVzaGVyOmEiYlxj";
const PASSWORD: &str = r#"a"b\c"#;

/// The blobs and manifests of a registry, by digest or tag, with their content types.
type Stored = Arc<Mutex<BTreeMap<String, (String, Bytes)>>>;

/// A registry with one repository, which everyone may read. Writing requires a token that a login receives.
struct Registry {
    server: Server,
    stored: Stored,
}

impl Registry {
    fn start() -> Self {
        let stored = Stored::default();
        let content = stored.clone();
        let server = Server::https(move |request| answer(&content, request));
        Self { server, stored }
    }

    /// `HOST:PORT/REPOSITORY`.
    fn repository(&self) -> String {
        let url = self.server.url();
        format!("{}{REPOSITORY}", url.trim_start_matches("https://"))
    }

    /// Runs `packaging/oci`.
    fn push(&self, archives: &Path, password: &str) -> Output {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let certificate = temporary.path().join("registry.pem");
        fs::write(&certificate, self.server.certificate()).expect("the certificate");
        let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/oci"))
            .args([&self.repository(), VERSION])
            .arg(archives)
            .env("CURL_CA_BUNDLE", certificate)
            .env("OCI_USERNAME", "pusher")
            .env("OCI_PASSWORD", password)
            .env("TMPDIR", temporary.path())
            .output()
            .expect("packaging/oci");
        let left = fs::read_dir(temporary.path()).expect("the folder").count();
        assert_eq!(left, 1, "the folder with the credential is removed");
        output
    }

    fn manifest(&self, name: &str) -> Value {
        let stored = self.stored.lock().expect("no panic");
        let (kind, bytes) = &stored[name];
        let manifest: Value = serde_json::from_slice(bytes).expect("JSON");
        assert_eq!(manifest["mediaType"], kind.as_str());
        manifest
    }
}

fn answer(stored: &Stored, request: &Request<Bytes>) -> Response<Full<Bytes>> {
    let mut stored = stored.lock().expect("no panic");
    let path = request.uri().path();
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text"))
    };
    let respond = |status: StatusCode| Response::builder().status(status);
    let prefix = format!("/v2/{REPOSITORY}/");
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let response = if path == "/token" {
        let query = request.uri().query().unwrap_or_default();
        let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let pushing = format!("repository:{REPOSITORY}:pull,push");
        match header("authorization") {
            Some(LOGIN) if query["scope"] == pushing && query["service"] == "registry" => {
                respond(StatusCode::OK).body(json!({"token": "pushing"}).to_string().into())
            }
            None => respond(StatusCode::OK).body(json!({"token": "reading"}).to_string().into()),
            Some(_) => respond(StatusCode::UNAUTHORIZED).body(Full::default()),
        }
    } else if header("authorization").is_none()
        || (!reads && header("authorization") != Some("Bearer pushing"))
    {
        let host = header("host").expect("a host");
        let challenge = format!("Bearer realm=\"https://{host}/token\",service=\"registry\"");
        respond(StatusCode::UNAUTHORIZED)
            .header("www-authenticate", challenge)
            .body(Full::default())
    } else if path == "/v2/" {
        respond(StatusCode::OK).body(Full::default())
    } else if request.method() == Method::POST {
        respond(StatusCode::ACCEPTED)
            .header("location", format!("{prefix}blobs/uploads/1?state=a"))
            .body(Full::default())
    } else {
        let name = path.rsplit('/').next().unwrap_or_default();
        let query = request
            .uri()
            .query()
            .and_then(|query| query.strip_prefix("state=a&digest="));
        if request.method() == Method::PUT {
            let name = query.unwrap_or(name).to_owned();
            let bytes = request.body().clone();
            assert!(!name.starts_with("sha256:") || name == sha256(&bytes), "{name}");
            let kind = header("content-type").expect("a content type").to_owned();
            stored.insert(sha256(&bytes), (kind.clone(), bytes.clone()));
            stored.insert(name, (kind, bytes));
            respond(StatusCode::CREATED).body(Full::default())
        } else if path == format!("{prefix}tags/list") {
            let tags: Vec<_> = stored
                .keys()
                .filter(|name| !name.starts_with("sha256:"))
                .collect();
            respond(StatusCode::OK).body(json!({"name": REPOSITORY, "tags": tags}).to_string().into())
        } else if let Some((kind, bytes)) = stored.get(name) {
            respond(StatusCode::OK)
                .header("content-type", kind)
                .header("content-length", bytes.len())
                .header("docker-content-digest", sha256(bytes))
                .body(bytes.clone().into())
        } else {
            respond(StatusCode::NOT_FOUND).body(Full::default())
        }
    };
    response.expect("an answer")
}

fn sha256(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<Vec<_>>().concat())
}

#[test]
fn oci_push_has_the_layout_that_opentofu_installs_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for platform in ["linux_amd64", "windows_arm64"] {
        let name = format!("terraform-provider-konnect_{VERSION}_{platform}.zip");
        fs::write(folder.path().join(name), platform).expect("an archive");
    }
    fs::write(
        folder
            .path()
            .join(format!("konnect-emulator_{VERSION}_linux_amd64.zip")),
        "",
    )
    .expect("a tool");
    let registry = Registry::start();

    let refused = registry.push(folder.path(), "wrong");
    assert!(!refused.status.success());
    assert!(registry.stored.lock().expect("no panic").is_empty());

    let pushed = registry.push(folder.path(), PASSWORD);
    assert!(pushed.status.success(), "{pushed:?}");
    let said = String::from_utf8_lossy(&pushed.stdout).into_owned();
    assert_eq!(said.trim(), format!("{}:{VERSION}", registry.repository()));
    let index = registry.manifest(VERSION);
    assert_eq!(index["artifactType"], "application/vnd.opentofu.provider");
    let targets = index["manifests"].as_array().expect("manifests");
    let platforms: Vec<_> = targets.iter().map(|target| target["platform"].clone()).collect();
    let expected = [
        json!({"os": "linux", "architecture": "amd64"}),
        json!({"os": "windows", "architecture": "arm64"}),
    ];
    assert_eq!(platforms, expected);
    for (target, content) in targets.iter().zip(["linux_amd64", "windows_arm64"]) {
        let manifest = registry.manifest(target["digest"].as_str().expect("a digest"));
        for described in [target, &manifest] {
            assert_eq!(
                described["artifactType"],
                "application/vnd.opentofu.provider-target"
            );
        }
        assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
        let layer = &manifest["layers"][0];
        assert_eq!(layer["mediaType"], "archive/zip");
        assert_eq!(layer["digest"], sha256(content.as_bytes()).as_str());
        assert_eq!(layer["size"], content.len());
    }

    // Pushed again, it uploads nothing.
    registry.server.take_requests();
    assert!(registry.push(folder.path(), PASSWORD).status.success());
    let requests = registry.server.take_requests();
    assert!(
        !requests.iter().any(|path| path.contains("/uploads/")),
        "{requests:?}"
    );
}

#[test]
fn archive_from_oci_registry_installs_and_applies() {
    if !cli().registry.contains("opentofu") {
        println!("Skipped: Terraform has no OCI mirrors. Set TERRAFORM_BIN to OpenTofu 1.10 or later.");
        return;
    }
    let registry = Registry::start();
    let path = packed().archive.path();
    let pushed = registry.push(path.parent().expect("a folder"), PASSWORD);
    assert!(pushed.status.success(), "{pushed:?}");
    let source = format!(
        "  oci_mirror {{\n    repository_template = \"{}\"\n    include = [\"{}/{ADDRESS}\"]\n  }}\n",
        registry.repository(),
        cli().registry
    );
    let workspace = trusting(&registry.server, installing_from(&source));
    workspace.init();
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
}
