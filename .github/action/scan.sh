#!/usr/bin/env bash
# One scan of the composite action. Inputs come through the environment only; paths are one a line.
set -euo pipefail

case ${PROBITY_FAIL_ON:=low} in
  info | low | medium | high | critical | never) ;;
  *)
    echo "::error::fail-on must be info, low, medium, high, critical or never"
    exit 2
    ;;
esac
: "${PROBITY_SARIF_FILE:=probity.sarif}"
if [[ $PROBITY_SARIF_FILE == *$'\n'* ]]; then
  echo "::error::sarif-file must be one line"
  exit 2
fi

# The installed binary, else one built from the checkout of this action.
if ! probity=$(command -v probity); then
  target=${RUNNER_TEMP:-$(mktemp -d)}/probity
  cargo install --locked --quiet --path "$PROBITY_ACTION_PATH" --root "$target"
  probity=$target/bin/probity
fi

paths=()
while IFS= read -r path; do
  [ -z "$path" ] || paths+=("$path")
done <<<"${PROBITY_PATHS:-.}"
[ "${#paths[@]}" -gt 0 ] || paths=(.)

code=0
"$probity" scan --no-progress --fail-on "$PROBITY_FAIL_ON" \
  -f sarif -o "$PROBITY_SARIF_FILE" -f github -- "${paths[@]}" || code=$?
{
  echo "exit-code=$code"
  [ ! -f "$PROBITY_SARIF_FILE" ] || echo "sarif-file=$PROBITY_SARIF_FILE"
} >>"$GITHUB_OUTPUT"
exit "$code"
