#!/bin/sh
# Compares Konnect with the configuration in a folder, reads the status of the streams, and writes what it found to a
# file, in Markdown. It changes nothing, and takes no lock on the state.
#
# Usage: drift.sh FOLDER REPORT
#
# Exit code 0: Konnect is as configured, and every check passes, so that every region delivers.
#           1: that could not be found out; the error is above.
#           2: something is to be changed: somebody changed Konnect, or the configuration was not applied yet.
#           3: nothing is to be changed, but a check fails: a region does not deliver.
#
# It needs Terraform, or OpenTofu with TERRAFORM_BIN=tofu, and jq. The environment has to hold KONNECT_SPAT and the
# variables of the configuration, such as TF_VAR_siem_authorization.

set -eu

[ $# -eq 2 ] || {
  echo "usage: drift.sh FOLDER REPORT" >&2
  exit 1
}
folder=$1
report=$2
cli=${TERRAFORM_BIN:-terraform}
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# Nothing of an earlier run may pass for what this one found.
: >"$report"

run() {
  "$cli" -chdir="$folder" "$@" || exit 1
}

run init -input=false -no-color
# What is there, against the state. It reads the status of every region, whatever is to be changed.
run plan -refresh-only -input=false -no-color -lock=false -out="$work/seen.tfplan"
# What is there, against the configuration.
run plan -input=false -no-color -lock=false -out="$work/change.tfplan" >"$work/change.log"
run show -json "$work/seen.tfplan" >"$work/seen.json"
run show -json "$work/change.tfplan" >"$work/change.json"

failing=$(jq -r '
  .checks[]? | select(.address.kind == "check" and (.status == "fail" or .status == "error")) |
  ([.instances[]?.problems[]?.message] | if . == [] then ["no reason is told"] else . end)[] as $why |
  "- `\(.address.to_display)`: \($why | gsub("\n"; "\n  "))"' "$work/seen.json")
# Without outputs: they may hold the state of a delivery, which is the business of the checks.
changed=$(jq -r '
  .resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"]) |
  "- `\(.address)`: \(.change.actions | join(", "))"' "$work/change.json")

code=0
{
  if [ -n "$failing" ]; then
    code=3
    printf '## A region does not deliver its audit events\n\n%s\n\n' "$failing"
  fi
  if [ -n "$changed" ]; then
    code=2
    printf '## Konnect is not as configured\n\nTo be changed:\n\n%s\n\n' "$changed"
    printf 'What was changed since the last apply:\n\n```text\n'
    "$cli" -chdir="$folder" show -no-color "$work/seen.tfplan"
    printf '```\n'
  fi
  [ "$code" -ne 0 ] || printf 'Konnect is as configured, and every region delivers.\n'
} >"$report"
cat "$report"
exit "$code"
