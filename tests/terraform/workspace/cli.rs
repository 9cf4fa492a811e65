//! The CLI under test, and the mirror that it installs the provider from.

use std::env::consts;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::Value;
use terraform_provider_konnect::ADDRESS;

/// The CLI under test.
pub struct Cli {
    pub program: OsString,
    /// The default registry of the product.
    pub registry: &'static str,
    /// The version that the CLI passes to providers. OpenTofu passes that of a compatible Terraform.
    pub version: Option<String>,
    product: Product,
    /// Major and minor version of the product.
    release: (u32, u32),
    /// A filesystem mirror with the provider, for either product.
    pub mirror: PathBuf,
}

/// The two products that can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Terraform,
    OpenTofu,
}

/// A feature of some CLIs. Tests call [`Cli::supports`], and otherwise test the same at the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// `action` blocks and `action_trigger`.
    Actions,
    /// `import` blocks with `identity`.
    ImportByIdentity,
    /// `lifecycle { destroy = false }`.
    KeepsAtDestroy,
    /// Generated configuration needs the `provider` argument of an `import` block.
    NeedsImportProvider,
    /// The second plan of a change, during apply, contains the private data of the first.
    PlannedPrivate,
    /// An action must not refer to the resource that triggers it.
    RefusesTriggerReference,
    /// `terraform query`, with `GenerateResourceConfig`.
    Query,
}

impl Cli {
    /// Whether this CLI has a feature.
    pub fn supports(&self, feature: Feature) -> bool {
        let first = match (feature, self.product) {
            (Feature::ImportByIdentity, _) | (Feature::KeepsAtDestroy, Product::OpenTofu) => (1, 12),
            (Feature::Actions | Feature::Query, Product::Terraform) => (1, 14),
            (Feature::RefusesTriggerReference, Product::Terraform) => (1, 17),
            (_, Product::Terraform) => (1, 16),
            (_, Product::OpenTofu) => return false,
        };
        self.release >= first
    }

    /// Like [`Cli::supports`], and prints that the test uses the protocol instead if the CLI does not have the feature.
    pub fn supports_or_reports(&self, feature: Feature) -> bool {
        let supported = self.supports(feature);
        if !supported {
            let (product, (major, minor)) = (self.product, self.release);
            println!(
                "{product:?} {major}.{minor} does not support {feature:?}: checking the protocol instead"
            );
        }
        supported
    }

    /// The folder of the mirror for an address of the provider.
    pub fn mirror_of(&self, address: &str) -> PathBuf {
        let version = env!("CARGO_PKG_VERSION");
        let platform = format!("{}_{}", os(), architecture());
        self.mirror
            .join(self.registry)
            .join(address)
            .join(version)
            .join(platform)
    }
}

/// The CLI of `TERRAFORM_BIN`, or `terraform`, with a mirror of the built provider. Initialized once; every test fails
/// without a CLI.
pub fn cli() -> &'static Cli {
    static CLI: OnceLock<Cli> = OnceLock::new();
    CLI.get_or_init(|| {
        let program = env::var_os("TERRAFORM_BIN").filter(|name| !name.is_empty());
        let program = program.unwrap_or_else(|| "terraform".into());
        let name = banner(&program, &["version"]);
        let (product, registry) = if name.contains("OpenTofu") {
            (Product::OpenTofu, OPENTOFU_REGISTRY)
        } else {
            (Product::Terraform, TERRAFORM_REGISTRY)
        };
        let version = (product == Product::Terraform).then(|| {
            let response = banner(&program, &["version", "-json"]);
            let version: Value = serde_json::from_str(&response).expect("a version in JSON");
            version["terraform_version"]
                .as_str()
                .expect("a version")
                .to_owned()
        });
        Cli {
            program,
            registry,
            version,
            product,
            release: release(&name),
            mirror: mirror(),
        }
    })
}

const TERRAFORM_REGISTRY: &str = "registry.terraform.io";
const OPENTOFU_REGISTRY: &str = "registry.opentofu.org";
/// The address of Kong's provider.
pub const KONG: &str = "kong/konnect";
/// The address of Kong's second provider.
pub const KONG_BETA: &str = "kong/konnect-beta";

/// The environment variables that a CLI needs. Others are not passed, so settings of the machine do not affect tests.
pub fn passed_on() -> impl Iterator<Item = (&'static str, OsString)> {
    let names = ["PATH", "TMPDIR", "SystemRoot", "LLVM_PROFILE_FILE"];
    names
        .into_iter()
        .filter_map(|name| Some((name, env::var_os(name)?)))
}

/// The major and minor version in a banner, which begins with `PRODUCT vMAJOR.MINOR.`.
fn release(banner: &str) -> (u32, u32) {
    let version = banner.split_whitespace().nth(1).expect("a version");
    let mut numbers = version.trim_start_matches('v').split('.');
    let mut number = || {
        numbers
            .next()
            .and_then(|n| n.parse::<u32>().ok())
            .expect("a number")
    };
    (number(), number())
}

fn banner(program: &OsString, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(passed_on())
        .env("CHECKPOINT_DISABLE", "1")
        .output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        failed => panic!(
            "these tests drive a real command line, and {} does not run ({}). Install Terraform 1.11 or \
             later, or OpenTofu 1.11 or later, so that `terraform` is on the PATH, or set TERRAFORM_BIN \
             to the program.",
            program.display(),
            failed.map_or_else(|error| error.to_string(), |output| output.status.to_string())
        ),
    }
}

/// `HOST/NAMESPACE/NAME/VERSION/OS_ARCH/BINARY` for both registries, as links to one binary, in Cargo's folder for
/// files of tests. Each run creates it again, because a link refers to the binary of an earlier build.
///
/// It also contains the binary under the address of Kong's provider: a CLI requires that provider if a state refers to
/// it, even without calls to it.
fn mirror() -> PathBuf {
    let mirror = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform-mirror");
    let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-konnect"));
    let version = env!("CARGO_PKG_VERSION");
    let registries = [TERRAFORM_REGISTRY, OPENTOFU_REGISTRY];
    let addresses = |registry| [ADDRESS, KONG, KONG_BETA].map(|address| (registry, address));
    for (registry, address) in registries.into_iter().flat_map(addresses) {
        let folder =
            mirror
                .join(registry)
                .join(address)
                .join(version)
                .join(format!("{}_{}", os(), architecture()));
        fs::create_dir_all(&folder).expect("a folder for the mirror");
        let program = address.rsplit('/').next().expect("a name");
        let name = format!("terraform-provider-{program}_v{version}{}", consts::EXE_SUFFIX);
        // Replaces the file atomically, because another test run may read it.
        let new = mirror.join(format!("{registry}-{}", std::process::id()));
        if fs::hard_link(built, &new).is_err() {
            fs::copy(built, &new).expect("a copy of the provider");
        }
        fs::rename(&new, folder.join(name)).expect("the provider in its mirror");
        // A rename between two links of one file keeps both.
        let _ = fs::remove_file(&new);
    }
    mirror
}

/// The system, as Go names it.
fn os() -> &'static str {
    match consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The processor architecture, as Go names it.
fn architecture() -> &'static str {
    match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}
