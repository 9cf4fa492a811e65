//! A provider: the block, and what it serves. Each resource is in a file of its own.

mod note;

use std::path::PathBuf;
use std::process::ExitCode;

use terraform_plugin::{Attr, ConfigureCall, Diagnostics, Metadata, Model, Provider, Registry};

fn main() -> ExitCode {
    terraform_plugin::run(ExampleProvider)
}

struct ExampleProvider;

/// Keeps notes in a folder.
#[derive(Model)]
struct Config {
    /// The path of the folder. It must exist.
    #[tf(required)]
    folder: Attr<String>,
}

impl Provider for ExampleProvider {
    type Config = Config;
    type Data = PathBuf;

    fn metadata(&self) -> Metadata {
        Metadata::new(
            "registry.terraform.io/example/example",
            env!("CARGO_PKG_VERSION"),
            "Keeps notes in a folder.",
        )
    }

    fn register(&self, registry: &mut Registry<PathBuf>) {
        registry.resource(note::Note);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<PathBuf, Diagnostics> {
        Ok(call.config.folder.require("folder")?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implementation_is_valid() {
        assert_eq!(terraform_plugin::validate_implementation(ExampleProvider), [""; 0]);
    }
}
