# A cluster read in three parts by three processes and judged by a fourth, for `run`, which sources this file: it has
# `scan`, `live`, `kept_in`, `fail`, and `work`. The report is that of one process.

sharded() { # WHOLE.json COUNT
  local whole=$1 count=$2 index process code=0 reading=()
  rm -rf "$work/out/shards"
  mkdir "$work/out/shards"
  (umask 077 && openssl rand -hex 32 >"$work/shard.key")
  for ((index = 0; index < count; index++)); do
    live 0 --audit "$work/out/shards-audit" --shard "$index/$count" --shard-key "$work/shard.key" -o "$work/out/shards/$index.shard" &
    reading+=($!)
  done
  for process in "${reading[@]}"; do wait "$process" || fail "a shard was not read: $(cat "$work/out/stderr")"; done
  "$probity" merge "$work/out/shards" --shard-age 1h --no-config --shard-key "$work/shard.key" --audit "$work/out/shards-audit" \
    -f json -o "$work/out/merged.json" >"$work/out/stdout" 2>"$work/out/stderr" || code=$?
  [ $code = 1 ] || fail "the merge: exit $code instead of 1: $(cat "$work/out/stderr")"
  python3 - "$whole" "$work/out/merged.json" <<'END'
import json, sys
whole, merged = (json.load(open(name)) for name in sys.argv[1:])
for report in (whole, merged):
    report.pop("audit")
    # The API server itself writes meanwhile: a list of later has a later version.
    for source in report["sources"]:
        source.pop("resource_version", None)
different = [key for key in whole.keys() | merged.keys() if whole.get(key) != merged.get(key)]
assert not different, f"one process and several differ in {different}"
namespaces = {finding["resource"].split("/")[1] for finding in whole["findings"] if finding["resource"].count("/") == 2}
print(f"shards: {len(whole['findings'])} findings in {len(namespaces)} namespaces and "
      f"{len(whole['not_assessed'])} open questions are those of one process")
END
  kept_in "$work/out"
  code=0
  "$probity" audit verify "$work/out/shards-audit" >"$work/out/verified" 2>&1 || code=$?
  [ $code = 5 ] || fail "the log of the shards: exit $code instead of 5 (intact, unsigned): $(cat "$work/out/verified")"
  code=0
  "$probity" merge "$work/out/shards/0.shard" "$work/out/shards/1.shard" --no-config --shard-key "$work/shard.key" --audit off \
    >"$work/out/stdout" 2>&1 || code=$?
  if [ $code != 2 ] || ! grep -q 'one shard is missing: 2/3' "$work/out/stdout"; then
    fail "two of three shards: exit $code: $(cat "$work/out/stdout")"
  fi
}
