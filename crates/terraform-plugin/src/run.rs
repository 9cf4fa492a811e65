//! The `main` function of a provider.

use std::io::Write;
use std::process::ExitCode;

use crate::plugin::{self, ServeError};
use crate::provider::{Metadata, Provider};

/// Runs a provider until Terraform, or in debug mode the user, ends it. Handles the command line, logging, the runtime
/// and the plugin protocol.
///
/// | Argument | Effect |
/// |---|---|
/// | none | serves the host that started the process; without a host, prints the help and fails |
/// | `-debug` | serves in the foreground and prints the variable with which Terraform uses this process |
/// | `--version` | prints the version |
/// | `--help` | prints the help |
pub fn run<P: Provider>(provider: P) -> ExitCode {
    let metadata = provider.metadata();
    let program = format!("terraform-provider-{}", metadata.name);
    let mut debug = false;
    // Terraform's tools use one hyphen, others two.
    for argument in std::env::args_os().skip(1) {
        match argument.to_str().map(|a| a.trim_start_matches('-')) {
            Some("debug") => debug = true,
            Some("version") => return print(&format!("{program} {}\n", metadata.version)),
            Some("help" | "h") => return print(&help(&program, &metadata)),
            _ => {
                let argument = argument.to_string_lossy();
                return fail(&format!("unknown argument {argument:?}: try --help\n"), 2);
            }
        }
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("{program}: cannot start: {error}\n"), 1),
    };
    let served = runtime.block_on(plugin::serve(provider, debug));
    // A pending host name lookup must not delay the end of the process.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ ServeError::NoHost) => fail(&format!("{error}\n\n{}", help(&program, &metadata)), 1),
        Err(error) => fail(&error.report(), 1),
    }
}

fn help(program: &str, metadata: &Metadata) -> String {
    let Metadata {
        address,
        name,
        version,
        description,
        ..
    } = metadata;
    let variable = format!("TF_LOG_PROVIDER_{}", name.to_uppercase());
    format!(
        "{program} {version}
{description}

This program is a plugin: `terraform init` or `tofu init` installs it, and the other
commands start it. Declare it in a configuration:

  terraform {{
    required_providers {{
      {name} = {{
        source = \"{address}\"
      }}
    }}
  }}

Arguments for manual use:

  -debug      serve in the foreground and print the TF_REATTACH_PROVIDERS setting with
              which Terraform uses this process; ends with Ctrl-C
  --version   print the version
  --help      print this text

Logs: set TF_LOG_PROVIDER or TF_LOG to trace, debug, info, warn or error for the CLI and
for this provider; {variable} sets the level of this provider alone.
"
    )
}

fn print(text: &str) -> ExitCode {
    // A closed pipe is not an error: the reader needs no more output.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(code)
}
