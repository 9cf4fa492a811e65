#!/bin/sh
# Generates session.svg, the picture of the quickstart in the README, from the output of the quickstart. A
# separate line marks omitted output.
#
# Usage: examples/quickstart/picture.sh           run the quickstart and write the picture
#        examples/quickstart/picture.sh --check   run the quickstart, show its output, and fail if the
#                                                 picture differs
#
# It has the same requirements as run.sh. --check ignores what differs between runs (ids, durations, ports, the
# order of concurrent events) and between CLIs (the name, and how they show a write-only attribute).

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
picture=$here/session.svg

fail() {
  printf 'examples/quickstart/picture.sh: %s\n' "$*" >&2
  exit 1
}

case ${1:-} in
'' | --check) mode=${1:-} ;;
*) fail "unknown argument $1: the only one is --check" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/konnect-picture.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

"$here/run.sh" >"$work/session" 2>&1 || {
  cat "$work/session" >&2
  fail "the quickstart failed, as shown above"
}
[ -z "$mode" ] || cat "$work/session"

# Selects the lines to show. Each rule is for the output of one command. All other lines are cut.
awk '
  function cut() { if (shown && !gap) { print "⋮"; gap = 1 } }
  function keep() { print; shown = 1; gap = 0 }
  /^# (Send a request|The SIEM stops|A plan detects|Replay what|All 50)/ {
    sub(/, with an? (action|resource):$/, ":")
    keep()
    next
  }
  /^# / { cut(); next }
  /^\$ / {
    command = $0
    if (/ (output|request GET)/ || / plan -input=false$/ || /detailed-exitcode/ || / apply .*setup/) keep()
    next
  }
  /^$/ { next }
  command ~ /setup.tfplan/ && /^Apply complete/ { keep(); next }
  command ~ / output/ && /"eu"/ { keep(); next }
  command ~ / request GET/ && / authorization .*verified$/ { keep(); next }
  command ~ / plan -input=false$/ && /Warning: Check|Deliveries from region eu/ { keep(); next }
  command ~ /detailed-exitcode/ && /^ .*(eu.*will be updated|~ enabled)|^Plan:/ { keep(); next }
  command ~ /auto-approve/ && / locked .*verified$/ { keep(); next }
' "$work/session" | sed -e '$ {' -e '/^⋮$/ d' -e '}' >"$work/lines"
[ "$(wc -l <"$work/lines")" -le 25 ] || fail "the picture has more than 25 lines"
[ -s "$work/lines" ] || fail "nothing of the output is known: the rules of this script need a look"

awk -v caption="examples/quickstart/run.sh" '
  function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
  }
  { line[NR] = $0; if (length($0) > columns) columns = length($0) }
  END {
    size = 13; step = 17; margin = 18
    # The widest of the common fonts has a character width of 0.61 of its size.
    width = int(columns * size * 0.61) + 2 * margin
    height = NR * step + 3 * margin + 12
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"", \
      width, height, width, height
    print " role=\"img\" aria-labelledby=\"title\">"
    print "<!-- Written by examples/quickstart/picture.sh. -->"
    print "<title id=\"title\">The quickstart: three regions are set up, a verified event arrives, the SIEM fails and the"
    print "plan warns, another user disables a webhook and the plan shows it, a replay sends what was missed.</title>"
    print "<style>"
    printf "  text { font: %dpx ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace;", size
    print " fill: #d4dae3; white-space: pre }"
    print "  .command { fill: #ffffff; font-weight: bold }"
    print "  .remark { fill: #7fc3ff }"
    print "  .good { fill: #7ee2a0 }"
    print "  .change { fill: #f2cf66 }"
    print "  .cut, .caption { fill: #8b95a5 }"
    print "</style>"
    printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#161b24\"/>\n", width, height
    printf "<path d=\"M0 %d H%d\" stroke=\"#343c4a\"/>\n", margin + 14, width
    printf "<text class=\"caption\" x=\"%d\" y=\"%d\">%s</text>\n", margin, margin + 3, caption
    for (n = 1; n <= NR; n++) {
      class = ""
      if (line[n] ~ /^\$ /) class = "command"
      else if (line[n] ~ /^# /) class = "remark"
      else if (line[n] == "⋮") class = "cut"
      else if (line[n] ~ /complete|delivering|ready|verified$/) class = "good"
      else if (line[n] ~ /^ *~|^Plan:|Warning/) class = "change"
      if (class != "") class = " class=\"" class "\""
      if (line[n] != "")
        printf "<text%s x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", \
          class, margin, 2 * margin + 18 + (n - 1) * step, escaped(line[n])
    }
    print "</svg>"
  }
' "$work/lines" >"$work/session.svg"

# The text of a picture, without what differs between runs and CLIs.
cli=${TERRAFORM_BIN:-terraform}
says() {
  sed -n 's|.*xml:space="preserve">\(.*\)</text>$|\1|p' "$1" |
    sed -e 's/[0-9a-f]\{8\}-[0-9a-f-]\{27\}/ID/g' -e 's/after [0-9ms]*s/after TIME/' -e 's/[0-9-]*T[0-9:.]*Z/TIME/g' -e 's/"ready"/"delivering"/' -e '/^⋮$/ d' \
      -e 's/127\.0\.0\.1:[0-9]*/ADDRESS/' -e "s/${cli##*/}/terraform/g" -e 's/tofu/terraform/g' \
      -e '/(write-only attribute)/ d' -e 's/([0-9]* unchanged/(some unchanged/' | LC_ALL=C sort
}

if [ "$mode" = --check ]; then
  says "$picture" >"$work/old"
  says "$work/session.svg" >"$work/new"
  diff -u "$work/old" "$work/new" ||
    fail "session.svg is not up to date: run examples/quickstart/picture.sh and commit what it writes"
  printf '\nexamples/quickstart/session.svg is up to date.\n'
else
  cp "$work/session.svg" "$picture"
  printf '%s is written.\n' "$picture"
fi
