//! The plugin binary: flags, then [`plugin::serve`].

use std::io::Write;
use std::process::ExitCode;

use terraform_provider_konnect::plugin::{self, Plugin};
use terraform_provider_konnect::provider::{ADDRESS, Konnect, NAME};

/// Wipes whatever is freed. Secrets have types that wipe themselves, but a value also passes through buffers that are
/// not ours: of gRPC, HTTP, TLS and JSON. The C code of the TLS library wipes what it frees by itself.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = concat!(
    "terraform-provider-konnect ",
    env!("CARGO_PKG_VERSION"),
    "
Terraform and OpenTofu provider for Kong Konnect audit logging.

This program is a plugin: `terraform init` or `tofu init` installs it, and the other
commands start it by themselves. Name it in a configuration:

  terraform {
    required_providers {
      konnect = {
        source = \"konnect-audit/konnect\"
      }
    }
  }

Started by hand it takes one of these:

  -debug      serve in the foreground and print the TF_REATTACH_PROVIDERS setting with
              which Terraform uses this process; ends with Ctrl-C
  --version   print the version
  --help      print this text

Logs: TF_LOG_PROVIDER or TF_LOG set to trace, debug, info, warn or error, for the CLI and
for this provider; TF_LOG_PROVIDER_KONNECT for another level of this provider alone.
"
);

fn main() -> ExitCode {
    let mut debug = false;
    // Terraform's own tools write one hyphen, others two.
    for argument in std::env::args_os().skip(1) {
        match argument.to_str().map(|a| a.trim_start_matches('-')) {
            Some("debug") => debug = true,
            Some("version") => {
                return print(concat!(
                    "terraform-provider-konnect ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                ));
            }
            Some("help" | "h") => return print(HELP),
            _ => {
                let argument = argument.to_string_lossy();
                return fail(&format!("unknown argument {argument:?}: try --help\n"), 2);
            }
        }
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("terraform-provider-konnect: can't start: {error}\n"), 1),
    };
    let served = runtime.block_on(plugin::serve(Plugin {
        address: ADDRESS,
        name: NAME,
        provider: Konnect,
        debug,
    }));
    // A name that is still being looked up must not keep the process: its request is given up.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ plugin::ServeError::NoHost) => fail(&format!("{error}\n\n{HELP}"), 1),
        Err(error) => fail(&error.report(), 1),
    }
}

fn print(text: &str) -> ExitCode {
    // Who closes the pipe early has read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(code)
}
