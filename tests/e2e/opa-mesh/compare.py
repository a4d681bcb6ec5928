"""Compares what OPA and Probity say about the fixtures of the rules in `mtls`.

    compare.py OPA PROBITY ROOT

Each rule's fixtures are one estate. Its subjects come from `probity facts --selector`, one JSON a line, and OPA
evaluates the rule on each of them; `probity scan` judges the same estate by the same rule.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SELECTOR = re.compile(r"^#\s+- \{type: ([a-z-]+)(?:, kinds: \[(.*)\])?\}$", re.MULTILINE)


def run(*command, stdin=None):
    return subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, check=False)


def subjects(probity, folder, rule):
    found = []
    for name, kinds in SELECTOR.findall(rule.read_text(encoding="utf-8")):
        printed = run(probity, "facts", "--no-config", "--root", folder, "--selector", name, folder)
        assert printed.returncode == 0, printed.stderr
        kinds = [kind.strip() for kind in kinds.split(",") if kind.strip()]
        inputs = [json.loads(line) for line in printed.stdout.splitlines()]
        found += [subject for subject in inputs if not kinds or subject.get("kind") in kinds]
    return found


def by_opa(opa, root, rule, inputs):
    package = f"data.probity.mtls.{rule.parent.name.replace('-', '_')}"
    # For one subject deny wins.
    query = (
        "[{\"deny\": d, \"open\": o} | some x in input; "
        f"d := {package}.deny with input as x; o := {package}.not_assessed with input as x]"
    )
    done = run(opa, "eval", "--format", "json", "-d", rule, "-d", root / "policies" / "lib", "-I", query, stdin=json.dumps(inputs))
    answer = json.loads(done.stdout)
    assert "errors" not in answer, answer["errors"]
    verdicts = answer["result"][0]["expressions"][0]["value"]
    denied = Counter(result["msg"] for verdict in verdicts for result in verdict["deny"])
    opened = Counter(result["msg"] for verdict in verdicts if not verdict["deny"] for result in verdict["open"])
    return denied, opened


def by_probity(probity, folder, rule):
    done = run(probity, "scan", "--no-config", "--audit", "off", "--rule", f"mtls/{rule.parent.name}", "-f", "json", "--root", folder, folder)
    report = json.loads(done.stdout)
    assert not report["errors"], report["errors"]
    denied = Counter(finding["message"] for finding in report["findings"])
    opened = {result["reason"] for result in report["not_assessed"]}
    return denied, opened


def compare(opa, probity, root, rule):
    wrong, count = [], 0
    for folder in sorted((root / "fixtures" / "rules" / "mtls" / rule.parent.name).iterdir()):
        inputs = subjects(probity, folder, rule)
        denied, opened = by_opa(opa, root, rule, inputs)
        count += len(inputs)
        found, left_open = by_probity(probity, folder, rule)
        if denied != found or set(opened) != left_open:
            wrong.append(f"{rule.parent.name}/{folder.name}: OPA {denied} {opened}, Probity {found} {left_open}")
    return count, wrong


def main(opa, probity, root):
    root = Path(root)
    rules = sorted(path for path in (root / "policies" / "mtls").glob("*/*.rego") if not path.name.endswith("_test.rego"))
    assert rules, "there are rules"
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda rule: compare(opa, probity, root, rule), rules))
    wrong = [line for _, lines in results for line in lines]
    print("\n".join(wrong) if wrong else "all verdicts agree")
    total = sum(count for count, _ in results)
    assert total, "there are subjects"
    print(f"opa-mesh: {len(rules)} rules on {total} subjects, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
