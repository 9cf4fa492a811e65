#!/bin/sh
# Compares Konnect with the configuration in a folder, reads the status of the streams, and writes a report in Markdown. It
# does not change anything, and does not lock the state.
#
# Usage: drift.sh FOLDER REPORT
#
# Exit code 0: Konnect matches the configuration, and every check passes.
#           1: the comparison failed. The CLI prints the error.
#           2: the plan has changes: Konnect was changed, or the configuration was not applied yet.
#           3: the plan has no changes, but a check fails: a stream does not deliver.
#
# It needs Terraform, or OpenTofu with TERRAFORM_BIN=tofu, jq, and a CLI configuration with which init finds the provider. The
# environment must have KONNECT_SPAT and all variables of the configuration, such as TF_VAR_siem_authorization.

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
# Removes the report of an earlier run.
: >"$report"

run() {
  "$cli" -chdir="$folder" "$@" || exit 1
}

run init -input=false -no-color
# Compares Konnect with the state. This reads the status of every region, even if the configuration has changes.
run plan -refresh-only -input=false -no-color -lock=false -out="$work/seen.tfplan"
# Compares Konnect with the configuration.
run plan -input=false -no-color -lock=false -out="$work/change.tfplan" >"$work/change.log"
run show -json "$work/seen.tfplan" >"$work/seen.json"
run show -json "$work/change.tfplan" >"$work/change.json"

failing=$(jq -r '
  .checks[]? | select(.address.kind == "check" and (.status == "fail" or .status == "error")) |
  ([.instances[]?.problems[]?.message] | if . == [] then ["the check gives no reason"] else . end)[] as $why |
  "- `\(.address.to_display)`: \($why | gsub("\n"; "\n  "))"' "$work/seen.json")
# Ignores outputs: they can contain the state of a delivery, which the checks report.
changed=$(jq -r '
  .resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"]) |
  "- `\(.address)`: \(.change.actions | join(", "))"' "$work/change.json")

# The API never returns a credential: only these warnings show that it may have been replaced.
warning=$(awk '/^Warning: /{on=/another process or user|lost response/} /^─/{on=0} on' "$work/change.log")

code=0
{
  if [ -n "$failing" ]; then
    code=3
    printf '## A stream does not deliver\n\n%s\n\n' "$failing"
  fi
  if [ -n "$changed" ]; then
    code=2
    printf '## Konnect differs from the configuration\n\nPlanned changes:\n\n%s\n\n' "$changed"
    if [ -n "$warning" ]; then
      printf 'The plan warns:\n\n```text\n'
      printf '%s\n' "$warning"
      printf '```\n\n'
    fi
    printf 'Changes since the last apply:\n\n```text\n'
    "$cli" -chdir="$folder" show -no-color "$work/seen.tfplan"
    printf '```\n'
  fi
  [ "$code" -ne 0 ] || printf 'Konnect matches the configuration, and every stream delivers.\n'
} >"$report"
cat "$report"
exit "$code"
