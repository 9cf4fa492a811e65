#!/bin/sh
# Writes docs/ from the schemas, with tfplugindocs: https://github.com/hashicorp/terraform-plugin-docs
set -eu
cd "$(dirname "$0")"
cargo build
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/cli.tfrc" <<END
provider_installation {
  dev_overrides {
    "example/example" = "$PWD/target/debug"
  }
  direct {}
}
END
cat >"$folder/main.tf" <<END
terraform {
  required_providers {
    example = { source = "example/example" }
  }
}
END
TF_CLI_CONFIG_FILE="$folder/cli.tfrc" terraform -chdir="$folder" providers schema -json >"$folder/schema.json"
tfplugindocs generate --provider-name example --providers-schema "$folder/schema.json"
