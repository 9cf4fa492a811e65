#!/bin/sh
# Audit logging from end to end: the real CLI sets up three regions, a SIEM receives and verifies an event, the SIEM
# fails and the status reports it, a change by another user is detected and reverted, and a replay sends missed events.
# This project's emulator and receiver on 127.0.0.1 replace Konnect and the SIEM. The script needs no account. Only cargo
# connects to the internet, to download dependencies.
#
# Usage: examples/quickstart/run.sh
#
# It needs Rust, a C compiler, and Terraform or OpenTofu 1.11 or later. TERRAFORM_BIN specifies the CLI. Default:
# `terraform`, or else `tofu`. QUICKSTART_PACKAGES replaces the packages of `cargo build`: .ci/run selects those of its
# tests, so that cargo reuses their build.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
project=$(CDPATH='' cd -- "$here/../.." && pwd)

fail() {
  printf '\nquickstart: %s\n' "$*" >&2
  exit 1
}

# Prints a heading between the outputs of the commands.
say() {
  printf '\n# %s\n' "$@"
}

# --- Requirements ---

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

# --- Clean-up ---

work=''
emulator_pid=''
receiver_pid=''
stop() {
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || :
  wait "$1" 2>/dev/null || :
}
clean_up() {
  status=$?
  trap - EXIT
  trap '' HUP INT TERM
  stop "$receiver_pid"
  stop "$emulator_pid"
  cd /
  [ -z "$work" ] || rm -rf -- "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Commands ---

# Prints a command as a user types it, and runs it. All commands run in $work/config, with the names of the programs
# instead of their paths. The first argument is a regular expression of the lines to show, or '' for all. A marker shows
# the first place where lines are omitted. $output contains the whole output.
run() {
  run_expecting 0 "$@"
}

run_expecting() {
  expected=$1
  shown=$2
  shift 2
  printf '\n$'
  for word in "$@"; do
    case $word in
    "$cli" | "$emulator") printf ' %s' "${word##*/}" ;;
    *[!A-Za-z0-9_./:=,-]*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  code=0
  "$@" >"$work/output" 2>&1 || code=$?
  output=$(cat "$work/output")
  if [ "$code" -ne "$expected" ]; then
    cat "$work/output"
    fail "this command ended with exit code $code, and $expected was expected"
  fi
  awk -v shown="$shown" '
    shown == "" || $0 ~ shown { print; next }
    !cut && NF { print "  ⋮"; cut = 1 }
  ' "$work/output"
}

# Waits up to 20 seconds until a file has a line that matches.
wait_for() {
  tries=0
  until grep -E -q -- "$2" "$1"; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || {
      cat "$1" >&2
      fail "$3"
    }
    sleep 0.2
  done
}

# Fails unless a text has a line that matches. The text was printed before.
expect() {
  printf '%s\n' "$2" | grep -E -q -- "$3" || fail "$1; this was the output:

$2"
}

# --- Build ---

say "Build the provider, a local Konnect and a local SIEM. The first time takes a few minutes."
packages=${QUICKSTART_PACKAGES:--p terraform-provider-konnect -p konnect-emulator -p konnect-audit-receiver}
printf '\n$ cargo build %s\n' "$packages"
# Cargo reports the paths of the programs, which settings and variables can change.
# shellcheck disable=SC2086 # options, without spaces in them
built=$(cd "$project" && cargo build $packages \
  --message-format json-render-diagnostics) ||
  fail "the build failed; cargo says above why"
executable() {
  printf '%s\n' "$built" | sed -n "s|.*\"executable\":\"\\([^\"]*/$1\\)\".*|\\1|p"
}
provider=$(executable terraform-provider-konnect)
emulator=$(executable konnect-emulator)
receiver=$(executable konnect-audit-receiver)
[ -x "$provider" ] && [ -x "$emulator" ] && [ -x "$receiver" ] || fail "cargo did not say where it put the programs"

# --- Install ---

work=$(mktemp -d "${TMPDIR:-/tmp}/konnect-quickstart.XXXXXX")

# The user's own settings must not affect this run, or connect to the real Konnect.
for name in $(env | sed -n 's/^\(TF_[A-Za-z0-9_]*\)=.*/\1/p'); do
  unset "$name"
done
unset KONNECT_SPAT KONNECT_REGION
export CHECKPOINT_DISABLE=1
# The CLI colours its output even if it is not a terminal.
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then
  export TF_CLI_ARGS=-no-color
fi

version=$("$provider" --version)
version=${version##* }
# The CLI's platform, which can differ from the machine's, as under Rosetta.
platform=$(TF_CLI_CONFIG_FILE=/dev/null "$cli" version -json |
  sed -n 's/.*"platform": *"\([a-z0-9_]*\)".*/\1/p')
[ -n "$platform" ] || fail "\"${cli##*/} version -json\" did not tell the platform"

# Terraform and OpenTofu each prefix a provider's address with the name of their own registry.
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

# Uses a copy, so that the state and the lock file are not in the project.
mkdir "$work/config"
cp "$here"/*.tf "$work/config"
cd "$work/config"

# --- Konnect and the SIEM ---

# Starts a program in the background, with the lines that it prints in a file, and waits until it is ready.
# Sets $pid and $url.
start() {
  log=$1
  shift
  # Creates the file now, because the program can be slow to start.
  : >"$log"
  "$@" >"$log" 2>"$log.errors" &
  pid=$!
  wait_for "$log" '^listening on ' "$1 did not start: $(cat "$log.errors")"
  url=$(sed -n 's/^listening on //p' "$log")
  cat "$log"
}

# Starts the SIEM, which writes the certificate of its authority to ca.pem. It does not show the events of the provider's
# own requests.
others='user_agent!=terraform-provider-konnect*'
siem() {
  jwks=$konnect/eu/v2/audit-log-webhook/jwks.json
  printf '\n$ konnect-audit-receiver --listen %s --ca ca.pem --jwks %s --filter %s\n' "$1" "$jwks" \
    "'$others'${2:+ $2 $3}"
  start "$work/siem.log" "$receiver" --ca ca.pem --jwks "$jwks" --filter "$others" --listen "$@"
  receiver_pid=$pid
}

say "Start a local Konnect and a local SIEM. The SIEM verifies signatures with the public keys of Konnect, and Konnect
# trusts the authority of the SIEM."
printf '\n$ konnect-emulator --port 0 --trust ca.pem\n'
start "$work/konnect.log" "$emulator" --port 0 --trust ca.pem
emulator_pid=$pid
konnect=$url
export KONNECT_RECEIVER_AUTHORIZATION='Bearer quickstart-secret'
siem 127.0.0.1:0
address=${url#https://}

export KONNECT_SERVER_URL="$konnect/{region}"
export KONNECT_TOKEN=kpat_quickstart
export TF_VAR_siem_endpoint="$url/audit"
export TF_VAR_siem_authorization=$KONNECT_RECEIVER_AUTHORIZATION

# --- Set up ---

changes='^  # konnect|^Plan:|^Apply complete|(Creation|Modifications) complete after|^Destroy complete'
say "Set up the audit logs of three regions with examples/quickstart/main.tf. The credential of the SIEM is write-only."
run '^Terraform has been|^OpenTofu has been|successfully' "$cli" init -input=false
run "$changes" "$cli" plan -input=false -out=setup.tfplan
expect "the plan is not complete" "$output" 'Plan: 4 to add, 0 to change, 0 to destroy'
run "$changes" "$cli" apply -input=false setup.tfplan
run '' "$cli" output delivery
# The requests of the apply generate events. On a slow machine, the first may have arrived.
expect "the streams are not ready" "$output" '"eu" = "(ready|delivering)"'
if grep -q quickstart-secret terraform.tfstate; then
  fail "the state holds the credential"
fi

say "Send a request to Konnect. Its audit events arrive at the SIEM, signed by Konnect:"
run '^200' "$emulator" request GET "$konnect/eu/v3/audit-log-webhook"
wait_for "$work/siem.log" 'authorization .* verified$' "the event of the request did not arrive"
sed 1d "$work/siem.log"
run "$changes" "$cli" apply -input=false -auto-approve
run '' "$cli" output delivery
expect "eu does not deliver" "$output" '"eu" = "delivering"'

# --- Failure ---

say "The SIEM stops accepting events. Meanwhile, 50 logins to a locked account fail:"
stop "$receiver_pid"
siem "$address" --respond 401
missed_from=$(date -u +%Y-%m-%dT%H:%M:%SZ)
run '' "$emulator" trigger --url "$konnect" --region eu --kind account-locked --count 50
tries=0
# Events of other requests can be in the same batch, or be rejected earlier.
until "$emulator" request GET "$konnect/_emulator/deliveries" |
  grep -E -q '"code":401,"endpoint":"[^"]*","events":[5-9][0-9],'; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] || fail "the deliveries did not fail"
  sleep 0.2
done

say "The next plan warns, because the configuration checks the status:"
run 'Warning: Check|Deliveries from region|^(│ )?(Unauthorized[)]|authorization, its)' "$cli" plan -input=false
expect "the check block does not warn" "$output" 'Warning: Check block assertion failed'
expect "the warning does not name the reason" "$output" '401'

# --- Drift ---

say "The SIEM accepts events again. Another user disables the webhook of region eu in Konnect:"
stop "$receiver_pid"
siem "$address"
run '^200' "$emulator" request PATCH "$konnect/eu/v3/audit-log-webhook" '{"enabled": false}'

say "A plan detects the change. Exit code 2 means that there are changes to apply, which a pipeline can test for:"
run_expecting 2 "$changes|^ +~ enabled" "$cli" plan -input=false -detailed-exitcode -out=repair.tfplan
drift=$("$cli" show -no-color repair.tfplan)
expect "the plan does not name the webhook that was changed" "$drift" \
  '# konnect_audit_log_webhook\.stream\["eu"\] will be updated in-place'
expect "the plan does not name the attribute that was changed" "$drift" '~ enabled +(= )?false -> true'
expect "the plan changes more than was changed" "$drift" 'Plan: 0 to add, 1 to change, 0 to destroy'
run "$changes" "$cli" apply -input=false repair.tfplan

# --- Replay ---

# The range has whole seconds, and must end after the second in which the events were made.
sleep 1
range="region   = \"eu\"
  start_at = \"$missed_from\"
  end_at   = \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\""
# The first CLI with actions is Terraform 1.14.
version=$("$cli" version | sed -n '1s/^Terraform v1\.\([0-9]*\)\..*/\1/p')
if [ "${version:-0}" -ge 14 ]; then
  say "Replay what the SIEM missed, with an action:"
  printf 'action "konnect_audit_log_replay" "missed" {\n config {\n  %s\n }\n}\n' "$range" >replay.tf
  run "$changes|^Action complete" "$cli" apply -input=false -auto-approve -invoke=action.konnect_audit_log_replay.missed
else
  say "Replay what the SIEM missed, with a resource:"
  printf 'resource "konnect_audit_log_replay_job" "missed" {\n  %s\n}\n' "$range" >replay.tf
  run "$changes" "$cli" apply -input=false -auto-approve
fi
tries=0
until arrived=$(grep -c ' locked .* verified$' "$work/siem.log") && [ "$arrived" -ge 50 ]; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] || fail "the replay sent ${arrived:-0} of the 50 events that the SIEM missed"
  sleep 0.2
done
say "All 50 events have arrived, each of them verified. The last one:"
grep ' locked ' "$work/siem.log" | tail -n 1

# --- The end ---

say "Destroy everything:"
run '^Plan:|^Destroy complete' "$cli" destroy -input=false -auto-approve
state=$("$cli" state list)
[ -z "$state" ] || fail "after the destruction there is still: $state"
left=$("$emulator" request GET "$konnect/global/v3/audit-log-destinations")
expect "Konnect still has destinations" "$left" '"data":\[\]'
left=$("$emulator" request GET "$konnect/eu/v3/audit-log-webhook/status")
expect "Konnect still has an enabled webhook" "$left" '"webhook_enabled":false'

say "Done. The temporary folder, Konnect and the SIEM are removed."
