#!/bin/sh
# Prints the section of CHANGELOG.md for a version, for its release page.
#
# Usage: packaging/notes.sh VERSION

set -eu

[ $# -eq 1 ] || {
  printf 'packaging/notes.sh: specify one version\n' >&2
  exit 2
}

awk -v heading="## [$1] - " '
  /^## / { wanted = index($0, heading) == 1; dated = dated || wanted && /[0-9]$/; next }
  wanted { text = text $0 "\n" }
  END {
    if (!dated) exit 1
    sub(/^\n+/, "", text)
    sub(/\n+$/, "\n", text)
    printf "%s", text
  }
' "$(dirname -- "$0")/../CHANGELOG.md" || {
  printf 'packaging/notes.sh: CHANGELOG.md has no section "## [%s] - DATE"\n' "$1" >&2
  exit 1
}
