"""Holds the verdicts about live objects against those about the same objects in files.

    compare.py FILES.json LIVE.json DIFFERENCES.txt

What only one side can know is listed in DIFFERENCES, `SIDE RULE RESOURCE` a line under a comment that says why, with `*`
for any characters. A difference that is not listed is wrong, and so is a listed one that does not occur.
"""

import collections
import fnmatch
import json
import pathlib
import sys


def verdicts(report):
    """(verdict, rule, resource) with its messages: the text is part of a verdict, since it names who decides."""
    found = collections.defaultdict(list)
    for finding in report["findings"]:
        found["fail", finding["rule"], finding["resource"]].append(finding["message"])
    for open_question in report["not_assessed"]:
        for resource in open_question["resources"]:
            found["not-assessed", open_question["rule"], resource].append(open_question["reason"])
    # Live questions have no place, so that two with one reason are one.
    return {key: sorted(set(messages)) for key, messages in found.items()}


def known(path):
    lines = pathlib.Path(path).read_text().splitlines()
    return [tuple(line.split(None, 3)) for line in lines if line.strip() and not line.startswith("#")]


def main(files, live, differences):
    sides = {"files": verdicts(json.loads(pathlib.Path(files).read_text()))}
    sides["live"] = verdicts(json.loads(pathlib.Path(live).read_text()))
    listed = known(differences)
    unused = set(listed)
    unexpected = []
    equal = 0
    for key in sorted(sides["files"].keys() | sides["live"].keys()):
        present = [side for side in ("files", "live") if key in sides[side]]
        if len(present) == 2 and sides["files"][key] == sides["live"][key]:
            equal += 1
            continue
        side = present[0] if len(present) == 1 else "message"
        matching = [
            entry
            for entry in listed
            if entry[:2] == (side, key[0]) and all(map(fnmatch.fnmatchcase, key[1:], entry[2:]))
        ]
        unused -= set(matching)
        if not matching:
            unexpected.append(f"{side} {' '.join(key)}")
            unexpected.extend(f"    {name}: {text}" for name in present for text in sides[name][key])
    print(f"live and files: {equal} verdicts are equal, {len(listed)} kinds of differences are known")
    if unexpected:
        print("verdicts that differ and are not listed:", *unexpected, sep="\n  ", file=sys.stderr)
    if unused:
        print("differences that are listed and do not occur:", *map(" ".join, sorted(unused)), sep="\n  ", file=sys.stderr)
    if unexpected or unused or not equal:
        sys.exit(1)


main(*sys.argv[1:])
