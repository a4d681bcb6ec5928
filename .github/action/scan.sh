#!/usr/bin/env bash
# The step of action.yml: finds, downloads or builds probity, scans once, writes the outputs and ends as the scan did.
# Inputs come as PROBITY_ACTION_*, never as text of the script.
set -euo pipefail
# Many workflows ask for backtraces. Those of panics stay; those of errors that the policy engine handles itself would make a
# start take three times as long.
export RUST_LIB_BACKTRACE=0

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

# What ended the step without a report, as a block of code: the message may hold Markdown.
summarize() {
  [ -n "${GITHUB_STEP_SUMMARY:-}" ] || return 0
  { printf '### Probity did not scan\n\n' && sed 's/^/    /' "$1" && printf '\n'; } >>"$GITHUB_STEP_SUMMARY"
}

output() {
  printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"$GITHUB_OUTPUT"
}

fail() {
  printf '%s\n' "$1" >"$work/failure"
  print_inert "$work/failure" >&2
  summarize "$work/failure"
  for name in sarif-file report-file findings not-assessed log-head; do output "$name" ""; done
  output exit-code 2
  exit 2
}

# The part of a release for this machine.
target() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo x86_64-unknown-linux-musl ;;
    Linux-aarch64) echo aarch64-unknown-linux-musl ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    Darwin-arm64) echo aarch64-apple-darwin ;;
    *) return 1 ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Downloads a release, holds it against its checksum, and unpacks it.
download() {
  local version=$1 wanted=${PROBITY_ACTION_CHECKSUM:-} archive base found
  [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "input version: \"$version\" is no release such as v0.1.0"
  archive=probity-$(target).tar.gz || fail "there is no release for $(uname -s) on $(uname -m): give input binary"
  base=${GITHUB_SERVER_URL:-https://github.com}/${PROBITY_ACTION_REPOSITORY:?}/releases/download/$version
  fetch "$base/$archive" "$work/$archive"
  if [ -z "$wanted" ]; then
    fetch "$base/SHA256SUMS" "$work/SHA256SUMS"
    wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/SHA256SUMS")
  fi
  found=$(sha256 "$work/$archive")
  [ "$found" = "$wanted" ] || fail "$archive of $version has the SHA-256 $found instead of ${wanted:-one that is listed}"
  mkdir -p "$temporary/probity/bin"
  tar -xzf "$work/$archive" -C "$temporary/probity/bin" probity
  probity=$temporary/probity/bin/probity
}

fetch() {
  curl --fail --silent --show-error --location --retry 3 --output "$2" --url "$1" 2>"$work/curl" ||
    fail "$1 cannot be downloaded: $(cat "$work/curl")"
}

command -v jq >/dev/null || fail "jq is not on PATH, and the outputs are read with it: install it in a step before this one"
cd "$GITHUB_WORKSPACE"
temporary=${RUNNER_TEMP:-$work}
# A job may use the action more than once, and each use names its own reports.
reports=$(mktemp -d "$temporary/probity.XXXXXX")
sarif=${PROBITY_ACTION_SARIF_FILE:-$reports/probity.sarif}
report=$reports/probity.json
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

options=(--audit "${PROBITY_ACTION_AUDIT:-off}")
[ -z "${PROBITY_ACTION_CONFIG:-}" ] || options+=("--config=$PROBITY_ACTION_CONFIG")
[ -z "${PROBITY_ACTION_BASELINE:-}" ] || options+=("--baseline=$PROBITY_ACTION_BASELINE")
[ -z "${PROBITY_ACTION_SINCE:-}" ] || options+=("--since=$PROBITY_ACTION_SINCE")
case ${PROBITY_ACTION_RENDER:-false} in
  true) options+=(--render) ;;
  false) ;;
  *) fail "input render: \"$PROBITY_ACTION_RENDER\" is neither true nor false" ;;
esac
while IFS= read -r policy || [ -n "$policy" ]; do
  policy=${policy%$'\r'}
  [ -z "$policy" ] || options+=("--policy=$policy")
done <<<"${PROBITY_ACTION_POLICIES:-}"

probity=${PROBITY_ACTION_BINARY:-}
if [ -z "$probity" ] && [ -n "${PROBITY_ACTION_VERSION:-}" ]; then download "$PROBITY_ACTION_VERSION"; fi
[ -n "$probity" ] || probity=$(command -v probity || true)
if [ -z "$probity" ]; then
  command -v cargo >/dev/null ||
    fail "there is neither probity nor cargo on PATH: give input version, or install one of them in a step before this one"
  printf 'No probity on PATH: building the one of this action.\n'
  cargo install --locked --path "$GITHUB_ACTION_PATH" --root "$temporary/probity" ||
    fail "probity could not be built: see the messages of cargo above"
  probity=$temporary/probity/bin/probity
fi

# A report of an earlier run is not this run's.
rm -f -- "$sarif"
mkdir -p -- "$(dirname -- "$sarif")" || fail "the folder of input sarif-file: \"$sarif\" cannot be made"
code=0
"$probity" scan "${options[@]}" --no-progress --color never --fail-on "${PROBITY_ACTION_FAIL_ON:-low}" \
  -f sarif -o "$sarif" -f json -o "$report" -f markdown -o "$work/summary" -f "$format" -- "${paths[@]}" \
  >"$work/report" 2>"$work/messages" || code=$?

print_inert "$work/messages" >&2
if [ "$format" = github ]; then cat "$work/report"; else print_inert "$work/report"; fi
if [ ! -s "$work/summary" ]; then
  summarize "$work/messages"
elif [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$work/summary" >>"$GITHUB_STEP_SUMMARY"
fi

[ -s "$sarif" ] || sarif=""
findings=""
not_assessed=""
if [ -s "$report" ]; then
  findings=$(jq '[.summary.open[]] | add' "$report")
  not_assessed=$(jq .summary.not_assessed "$report")
else
  report=""
fi
head=""
[ -z "${PROBITY_ACTION_AUDIT:-}" ] || head=$(cat "$PROBITY_ACTION_AUDIT/checkpoint" 2>/dev/null || true)
output sarif-file "$sarif"
output report-file "$report"
output findings "$findings"
output not-assessed "$not_assessed"
output log-head "$head"
output exit-code "$code"
exit "$code"
