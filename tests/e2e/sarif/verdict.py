"""Reads what Microsoft's SARIF validator wrote about a file, and checks what it lets pass.

Fails on errors; counts warnings and notes. The validator takes absolute and `file:` addresses for a note only, but
code scanning rejects or hides what has them.
"""

import json
import sys
from collections import Counter


def addresses(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "uri" and isinstance(inner, str):
                yield inner
            else:
                yield from addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from addresses(inner)


def main(sarif, verdict):
    try:
        with open(verdict, encoding="utf-8-sig") as file:
            results = [result for run in json.load(file)["runs"] for result in run.get("results") or []]
    except OSError:
        print(f"{sarif}: the validator wrote no verdict", file=sys.stderr)
        return 1
    with open(sarif, encoding="utf-8") as file:
        log = json.load(file)

    counts = Counter()
    failed = False
    for result in results:
        level = result.get("level", "warning")
        counts[level, result.get("ruleId")] += 1
        if level == "error":
            failed = True
            message = result["message"]
            print(f"{sarif}: {result.get('ruleId')}: {message.get('text') or message}", file=sys.stderr)
    for address in addresses(log):
        if not address or address.startswith("/") or ":" in address:
            failed = True
            print(f"{sarif}: address that is not relative: {address!r}", file=sys.stderr)

    run = log["runs"][0]
    summary = ", ".join(f"{count} {level} {rule}" for (level, rule), count in sorted(counts.items()))
    print(f"{sarif}: {len(run['results'])} results; validator: {summary or 'nothing to say'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
