#!/bin/sh
# The main job from beginning to end: the real CLI sets up Konnect audit logging, notices a change
# made behind its back, repairs it, and takes everything down again. Konnect is played by this
# project's emulator on 127.0.0.1: no account is needed, and nothing leaves this machine but what
# cargo downloads to build.
#
# Usage: examples/quickstart/run.sh
#
# It needs Rust, a C compiler, and Terraform or OpenTofu. TERRAFORM_BIN names the CLI to use;
# without it, `terraform` is taken, else `tofu`.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
project=$(CDPATH='' cd -- "$here/../.." && pwd)

fail() {
  printf '\nquickstart: %s\n' "$*" >&2
  exit 1
}

# A line for the reader, apart from what the commands print.
say() {
  printf '\n# %s\n' "$@"
}

# --- What has to be there ---

have() {
  command -v "$1" >/dev/null 2>&1
}

missing=''
have cargo || missing="$missing
  - cargo was not found. Install Rust: https://rustup.rs"
have "${CC:-cc}" || have gcc || have clang || missing="$missing
  - No C compiler (cc, gcc or clang) was found. Install one: the package is usually called gcc or
    clang, on macOS run xcode-select --install."
if [ -n "${TERRAFORM_BIN:-}" ]; then
  cli=$TERRAFORM_BIN
  have "$cli" || missing="$missing
  - TERRAFORM_BIN is set to $cli, which can't be run."
elif have terraform; then
  cli=terraform
elif have tofu; then
  cli=tofu
else
  missing="$missing
  - Neither terraform nor tofu was found. Install one of them, or set TERRAFORM_BIN to its path:
    https://developer.hashicorp.com/terraform/install, https://opentofu.org/docs/intro/install/"
fi
[ -z "$missing" ] || fail "something is missing on this machine:
$missing"
cli=$(command -v "$cli")
# The commands run in another folder.
case $cli in
/*) ;;
*) cli=$PWD/$cli ;;
esac

# --- What has to be gone afterwards ---

work=''
emulator_pid=''
clean_up() {
  status=$?
  trap - EXIT
  trap '' HUP INT TERM
  if [ -n "$emulator_pid" ]; then
    kill "$emulator_pid" 2>/dev/null || :
    wait "$emulator_pid" 2>/dev/null || :
  fi
  cd /
  [ -z "$work" ] || rm -rf -- "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Commands ---

# Prints a command as a user would type it, and runs it. All commands run in $work/config, with
# the names of the programs and not their paths.
run() {
  run_expecting 0 "$@"
}

run_expecting() {
  expected=$1
  shift
  printf '\n$'
  for word in "$@"; do
    case $word in
    "$cli") printf ' %s' "${cli##*/}" ;;
    "$emulator") printf ' %s' "${emulator##*/}" ;;
    *[!A-Za-z0-9_./:=,-]*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  code=0
  "$@" || code=$?
  [ "$code" -eq "$expected" ] || fail "this command ended with exit code $code, and $expected was expected"
}

# Fails unless a text has a line that matches. What is checked was on the screen before.
expect() {
  printf '%s\n' "$2" | grep -E -q -- "$3" || fail "$1; this was the output:

$2"
}

# --- Build ---

say "Building the provider and the emulator. The first time takes a few minutes."
printf '\n$ cargo build -p terraform-provider-konnect -p konnect-emulator\n'
# Cargo itself says where it puts the programs: settings and variables may move them.
built=$(cd "$project" && cargo build -p terraform-provider-konnect -p konnect-emulator \
  --message-format json-render-diagnostics) ||
  fail "the build failed; cargo says above why"
executable() {
  printf '%s\n' "$built" | sed -n "s|.*\"executable\":\"\\([^\"]*/$1\\)\".*|\\1|p"
}
provider=$(executable terraform-provider-konnect)
emulator=$(executable konnect-emulator)
[ -x "$provider" ] && [ -x "$emulator" ] || fail "cargo did not say where it put the programs"

# --- Install ---

work=$(mktemp -d "${TMPDIR:-/tmp}/konnect-quickstart.XXXXXX")

# Settings of the reader's own must not change what happens here, nor reach a real Konnect.
for name in $(env | sed -n 's/^\(TF_[A-Za-z0-9_]*\)=.*/\1/p'); do
  unset "$name"
done
unset KONNECT_SPAT KONNECT_REGION
export CHECKPOINT_DISABLE=1
# The CLI colours its output even where nothing can show colours.
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then
  export TF_CLI_ARGS=-no-color
fi

version=$("$provider" --version)
version=${version##* }
# The CLI's platform, which may be another than the machine's own, as under Rosetta.
platform=$(TF_CLI_CONFIG_FILE=/dev/null "$cli" version -json |
  sed -n 's/.*"platform": *"\([a-z0-9_]*\)".*/\1/p')
[ -n "$platform" ] || fail "\"${cli##*/} version -json\" did not tell the platform"

# Terraform and OpenTofu each put the name of their own registry in front of a provider's address.
for registry in registry.terraform.io registry.opentofu.org; do
  folder=$work/mirror/$registry/konnect-audit/konnect/$version/$platform
  mkdir -p "$folder"
  cp "$provider" "$folder/terraform-provider-konnect_v$version"
done

cat >"$work/cli.tfrc" <<END
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
END
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"

# A copy, so that the state and the lock file stay out of the project.
mkdir "$work/config"
cp "$here"/*.tf "$work/config"
cd "$work/config"

say "The provider $version is installed in a temporary folder, for ${cli##*/} alone to find. The configuration is
# examples/quickstart/main.tf."

# --- Konnect ---

# The SIEM of this configuration does not exist, so nothing is sent to it.
printf '\n$ konnect-emulator --port 0 --no-deliveries\n'
# There from now on, since the emulator's own shell may be slow to begin.
: >"$work/emulator.log"
"$emulator" --port 0 --no-deliveries >"$work/emulator.log" 2>&1 &
emulator_pid=$!
url=''
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  url=$(sed -n 's/^listening on //p' "$work/emulator.log")
  [ -z "$url" ] || break
  kill -0 "$emulator_pid" 2>/dev/null || break
  sleep 0.2
done
cat "$work/emulator.log"
[ -n "$url" ] || fail "the emulator did not start"

say "A Konnect of our own answers there. The provider gets its address, an access token, and the secret of
# the SIEM through the environment."
export KONNECT_SERVER_URL="$url/{region}"
export KONNECT_TOKEN=kpat_quickstart
export TF_VAR_siem_authorization='Bearer quickstart-secret'
printf '\n$ export KONNECT_SERVER_URL=%s\n' "'$KONNECT_SERVER_URL'"
printf '$ export KONNECT_TOKEN=%s\n' "$KONNECT_TOKEN"
printf '$ export TF_VAR_siem_authorization=%s\n' "'$TF_VAR_siem_authorization'"

# --- The main job ---

run "$cli" init -input=false
say "The provider is found in the temporary folder. A warning about the lock file, if there is one, is about
# other platforms: a local installation knows the checksum of this one alone."

run "$cli" plan -input=false -out=setup.tfplan
say "Planned: one destination, and the webhooks of three regions that deliver to it. Nothing is set up yet."

run "$cli" apply -input=false setup.tfplan
say "Konnect now delivers the audit events of three regions. This is the state of the streams:"

run "$cli" output delivery
expect "the streams are not ready" "$("$cli" output -json delivery)" \
  '"au":"ready","eu":"ready","us":"ready"'

say "Now somebody else switches the stream of region eu off, behind ${cli##*/}'s back: this request goes
# to Konnect's API, as the Konnect console would send it."
run "$emulator" request PATCH "$url/eu/v3/audit-log-webhook" '{"enabled": false}'

say "A plan sees it. Exit code 2 means that there is something to change, which is what a pipeline tests for."
run_expecting 2 "$cli" plan -input=false -detailed-exitcode -out=repair.tfplan
drift=$("$cli" show -no-color repair.tfplan)
expect "the plan does not name the webhook that was changed" "$drift" \
  '# konnect_audit_log_webhook\.stream\["eu"\] will be updated in-place'
expect "the plan does not name the attribute that was changed" "$drift" \
  '~ enabled +(= )?false -> true'
expect "the plan changes more than was changed" "$drift" 'Plan: 0 to add, 1 to change, 0 to destroy'
say "Exit code 2: \"enabled\" was changed from true to false, and the plan is to change it back."

run "$cli" apply -input=false repair.tfplan

say "Nothing is left to do, and exit code 0 says so:"
run "$cli" plan -input=false -detailed-exitcode

say "Finally everything is taken down:"
run "$cli" destroy -input=false -auto-approve
state=$("$cli" state list)
[ -z "$state" ] || fail "after the destruction there is still: $state"
left=$("$emulator" request GET "$url/global/v3/audit-log-destinations")
expect "Konnect still has destinations" "$left" '"data":\[\]'
left=$("$emulator" request GET "$url/eu/v3/audit-log-webhook/status")
expect "Konnect still has a webhook" "$left" '"webhook_status":"unconfigured"'

say "Done, and Konnect has no destination and no webhook left: ${cli##*/} planned, set up, watched, repaired and
# removed Konnect audit logging. The temporary folder and the emulator go away now."
