#!/bin/sh
# Generates the pages of docs/ from the provider's schemas, templates/ and examples/, with HashiCorp's
# generator. Run it after a change of a schema, a template or an example.
#
# Usage: docs/generate.sh           write the pages
#        docs/generate.sh --check   fail if a page differs from the generator's output
#
# It needs Go, and does not need Terraform: the schemas come from the provider's code, so the pages do not depend on
# the version of a CLI. Exit code 3: the generator is not available, because Go or the network is missing.

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
mkdir "$work/site"
# The selection of the tests, so that cargo reuses their build.
built=$(cargo build --quiet --workspace --all-features --examples --message-format json-render-diagnostics)
"$(printf '%s\n' "$built" | sed -n 's|.*"executable":"\([^"]*/schema\)".*|\1|p')" >"$work/schema.json"

# The generator uses a copy, so that a failure does not change the project.
cp -R templates examples "$work/site"
generator() {
  # Shows the output only on failure.
  "$work/bin/tfplugindocs" "$@" --provider-dir "$work/site" --provider-name konnect \
    --providers-schema "$work/schema.json" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "tfplugindocs $1 failed, for the reason above"
  }
}
generator generate --rendered-provider-name Konnect
generator validate

if [ "$mode" = --check ]; then
  diff -r -u --exclude generate.sh --exclude schema.rs docs "$work/site/docs" ||
    fail "the pages are not up to date: run docs/generate.sh and commit what it writes"
  printf 'docs/ is up to date.\n'
else
  find docs -mindepth 1 -maxdepth 1 ! -name generate.sh ! -name schema.rs -exec rm -rf {} +
  cp -R "$work/site/docs/." docs
  printf 'docs/ is updated.\n'
fi
