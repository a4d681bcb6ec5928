#!/usr/bin/env bash
# The step of action.yml: finds or builds probity, scans once, writes the outputs and ends as the scan did.
# Inputs come as PROBITY_ACTION_*, never as text of the script. No audit log is written: a runner keeps none.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
delimiter=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

# Names and messages may hold what a runner takes for a command.
print_inert() {
  [ -s "$1" ] || return 0
  printf '::stop-commands::%s\n' "$delimiter"
  cat "$1"
  printf '\n::%s::\n' "$delimiter"
}

output() {
  printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"$GITHUB_OUTPUT"
}

fail() {
  printf '%s\n' "$1" >"$work/failure"
  print_inert "$work/failure" >&2
  output sarif-file ""
  output exit-code 2
  exit 2
}

cd "$GITHUB_WORKSPACE"
temporary=${RUNNER_TEMP:-$work}
sarif=${PROBITY_ACTION_SARIF_FILE:-$temporary/probity.sarif}
format=${PROBITY_ACTION_FORMAT:-github}
case $format in
  github | text) ;;
  *) fail "input format: \"$format\" is neither github nor text" ;;
esac

paths=()
while IFS= read -r path || [ -n "$path" ]; do
  path=${path%$'\r'}
  case $path in
    "") ;;
    -) paths+=("./-") ;; # a file of that name: there is no standard input here
    *) paths+=("$path") ;;
  esac
done <<<"${PROBITY_ACTION_PATHS:-.}"
[ ${#paths[@]} -gt 0 ] || paths=(.)

probity=${PROBITY_ACTION_BINARY:-$(command -v probity || true)}
if [ -z "$probity" ]; then
  command -v cargo >/dev/null ||
    fail "there is neither probity nor cargo on PATH: install one of them in a step before this one"
  printf 'No probity on PATH: building the one of this action.\n'
  cargo install --locked --path "$GITHUB_ACTION_PATH" --root "$temporary/probity" ||
    fail "probity could not be built: see the messages of cargo above"
  probity=$temporary/probity/bin/probity
fi

# A report of an earlier run is not this run's.
rm -f -- "$sarif"
code=0
"$probity" scan --audit off --no-progress --color never --fail-on "${PROBITY_ACTION_FAIL_ON:-low}" \
  -f sarif -o "$sarif" -f markdown -o "$work/summary" -f "$format" -- "${paths[@]}" \
  >"$work/report" 2>"$work/messages" || code=$?

print_inert "$work/messages" >&2
if [ "$format" = github ]; then cat "$work/report"; else print_inert "$work/report"; fi
if [ -s "$work/summary" ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$work/summary" >>"$GITHUB_STEP_SUMMARY"
fi

[ -s "$sarif" ] || sarif=""
output sarif-file "$sarif"
output exit-code "$code"
exit "$code"
