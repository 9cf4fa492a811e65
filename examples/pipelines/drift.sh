#!/bin/sh
# Compares Konnect with the configuration in a folder, reads the status of the streams, and writes a report in Markdown. It
# does not change anything, and does not lock the state.
#
# Usage: drift.sh FOLDER REPORT
#
# Exit code 0: Konnect matches the configuration, and every check passes.
#           1: the comparison failed. The CLI prints the error.
#           2: Konnect was changed since the last apply, and the configuration differs from it.
#           3: the plan has no changes, but a check fails: a stream does not deliver.
#           4: only the configuration was changed, and not applied yet.
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

# The planned changes of objects that Konnect changed (true) or did not change (false) since the last apply. Ignores
# outputs: they can contain the state of a delivery, which the checks report.
planned() {
  jq -r --argjson outside "$1" --slurpfile seen "$work/seen.json" '
    [$seen[0].resource_drift[]?.address] as $drifted |
    .resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"]) |
    select((.address | IN($drifted[])) == $outside) |
    "- `\(.address)`: \(.change.actions | join(", "))"' "$work/change.json"
}
reverted=$(planned true)
unapplied=$(planned false)

# What Konnect has now. Of a URL, only the host; of a secret, only the name.
outside=$(jq -r '
  def shown($name):
    if . == null then "none"
    elif $name == "endpoint" then (capture("^https://(?<host>[^/?#]+)").host)? // "another host"
    else tostring end;
  .resource_drift[]? | .address as $address | .change as $change |
  "- `\($address)`: " + if $change.after == null then "removed" else [
    $change.after | keys[] | select($change.before[.] != $change.after[.]) | . as $name |
    if IN("audit_log_destination_id", "enabled", "endpoint", "endpoint_host", "log_format", "name", "skip_ssl_verification", "updated_at")
    then "\($name) \($change.before[$name] | shown($name)) -> \($change.after[$name] | shown($name))"
    else $name end
  ] | join(", ") end' "$work/seen.json")

# The API never returns a credential: only these warnings show that it may have been replaced.
warning=$(awk '/^Warning: /{on=/another process or user|lost response/} /^─/{on=0} on' "$work/change.log")

code=0
{
  if [ -n "$failing" ]; then
    code=3
    printf '## A stream does not deliver\n\n%s\n\n' "$failing"
  fi
  if [ -n "$unapplied" ]; then
    code=4
    printf '## The configuration was not applied\n\nPlanned changes:\n\n%s\n\n' "$unapplied"
  fi
  if [ -n "$reverted" ]; then
    code=2
    printf '## Konnect was changed\n\nSince the last apply:\n\n%s\n\n' "$outside"
    printf 'Planned changes:\n\n%s\n\n' "$reverted"
  fi
  if [ -n "$warning" ]; then
    printf 'The plan warns:\n\n```text\n%s\n```\n\n' "$warning"
  fi
  [ "$code" -ne 0 ] || printf 'Konnect matches the configuration, and every stream delivers.\n'
} >"$report"
cat "$report"
exit "$code"
