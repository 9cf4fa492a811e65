#!/bin/sh
# Makes the pages of docs/ from the provider's schema, templates/ and examples/, with HashiCorp's
# generator. Run it after a change of a schema, a template or an example.
#
# Usage: docs/generate.sh           write the pages
#        docs/generate.sh --check   fail if a page is not what it would write
#
# It needs Go (which nothing else here does), and Terraform 1.14 or later (TERRAFORM_BIN, else `terraform`).
# Exit code 3 means that the generator can't run: there is no Go, no network, or no such Terraform.

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
cli=$(command -v "$cli") || code=3 fail "$cli was not found; TERRAFORM_BIN can name a Terraform"

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
# An older CLI leaves the identities, list resources and actions out, and their pages would be lost.
grep -q '"list_resource_schemas"' "$work/schema.json" ||
  code=3 fail "$cli does not show list resources. Use Terraform 1.14 or later; TERRAFORM_BIN can name it"

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
