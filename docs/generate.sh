#!/bin/sh
# Makes the pages of docs/ from the provider's schema, templates/ and examples/, with HashiCorp's
# generator. Run it after a change of a schema, a template or an example.
#
# Usage: docs/generate.sh           write the pages
#        docs/generate.sh --check   fail if a page is not what it would write
#
# It needs Go (which nothing else here does), and Terraform or OpenTofu (TERRAFORM_BIN, else
# `terraform`, else `tofu`). Exit code 3 means that the generator can't be had: there is no Go, or no
# network.

set -eu

tfplugindocs=github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs@v0.25.0

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

fail() {
  printf 'docs/generate.sh: %s\n' "$*" >&2
  exit "${code:-1}"
}

case ${1:-} in
'' | --check) mode=${1:-} ;;
*) fail "unknown argument $1: the only one is --check" ;;
esac
command -v go >/dev/null || code=3 fail "go was not found. Install it: https://go.dev/doc/install"
cli=${TERRAFORM_BIN:-terraform}
command -v "$cli" >/dev/null || cli=tofu
cli=$(command -v "$cli") || fail "neither terraform nor tofu was found; TERRAFORM_BIN can name one"

work=$(mktemp -d "${TMPDIR:-/tmp}/konnect-docs.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

GOBIN=$work/bin GOFLAGS=-mod=mod go install "$tfplugindocs" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  code=3 fail "the generator could not be built, for the reason above"
}

cd "$project"
built=$(cargo build -p terraform-provider-konnect --message-format json-render-diagnostics)
provider=$(printf '%s\n' "$built" |
  sed -n 's|.*"executable":"\([^"]*/terraform-provider-konnect\)".*|\1|p')

# The schema, as the CLI gets it.
mkdir "$work/config" "$work/site"
cp "$provider" "$work/bin"
cp examples/provider/provider.tf "$work/config"
cat >"$work/cli.tfrc" <<END
provider_installation {
  dev_overrides {
    "konnect-audit/konnect" = "$work/bin"
  }
  direct {}
}
END
(cd "$work/config" && TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1 "$cli" providers schema -json) \
  >"$work/all.json"
# The generator looks the provider up by its short name or under hashicorp/.
sed 's|"[^"]*/konnect-audit/konnect"|"registry.terraform.io/hashicorp/konnect"|' "$work/all.json" >"$work/schema.json"
# It takes an example of an import by identity only where the schema has an identity, which a CLI before
# Terraform 1.12 does not tell. No page shows it from there, so that an empty one will do.
grep -q '"resource_identity_schemas"' "$work/schema.json" || {
  sed 's|"resource_schemas"|"resource_identity_schemas":{"konnect":{"version":0,"attributes":{}}},&|' \
    "$work/schema.json" >"$work/with-identity.json"
  mv "$work/with-identity.json" "$work/schema.json"
}

# The generator works on a copy, and so leaves the project alone when it fails.
cp -R templates examples "$work/site"
generator() {
  # Its own words are of use only if it fails.
  "$work/bin/tfplugindocs" "$@" --provider-dir "$work/site" --provider-name konnect \
    --providers-schema "$work/schema.json" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "tfplugindocs $1 failed, for the reason above"
  }
}
generator generate --rendered-provider-name Konnect
generator validate

if [ "$mode" = --check ]; then
  diff -r -u --exclude generate.sh docs "$work/site/docs" ||
    fail "the pages are not up to date: run docs/generate.sh and commit what it writes"
  printf 'docs/ is up to date.\n'
else
  find docs -mindepth 1 -maxdepth 1 ! -name generate.sh -exec rm -rf {} +
  cp -R "$work/site/docs/." docs
  printf 'docs/ is written.\n'
fi
