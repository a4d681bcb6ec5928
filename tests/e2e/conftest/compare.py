"""Runs Conftest and Probity on the same policies and documents, and compares what they say.

    compare.py CONFTEST PROBITY CASES FOLDER

FOLDER holds what the `in` of a case names. A verdict is a file, a namespace, deny or warn, and a message; an error of
the policy is an error of both. Probity always judges package `main`, so Conftest is told to.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path


def options(case):
    found = []
    for name in ("policy", "data"):
        for value in case.get(name, ["policy"] if name == "policy" else []):
            found += [f"--{name}", value]
    if case.get("combine"):
        found.append("--combine")
    if "rego_version" in case:
        found += ["--rego-version", case["rego_version"]]
    return found


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def conftest(binary, case, folder):
    namespaces = case.get("namespace", [])
    chosen = [] if case.get("policy") == [] else ["main", *(name for name in namespaces if name != "main")]
    flags = [flag for name in chosen for flag in ("--namespace", name)]
    done = run([binary, "test", "-o", "json", "--no-color", *options(case), *flags, *case["files"]], folder)
    try:
        results = json.loads(done.stdout)
    except ValueError:
        return "error", done.stdout + done.stderr
    said = Counter()
    for result in results:
        for kind, key in (("deny", "failures"), ("warn", "warnings")):
            for found in result.get(key) or []:
                said[result["filename"], result["namespace"], kind, found["msg"]] += 1
    # A namespace that several globs match is judged once by Probity.
    return Counter(set(said)), done.stdout + done.stderr


def probity(binary, case, folder):
    flags = [flag for name in case.get("namespace", []) for flag in ("--policy-namespace", name)]
    command = [binary, "scan", "--audit", "off", "--no-builtin-policies", "-f", "json", *options(case), *flags]
    if case.get("policy") == []:
        command.remove("--no-builtin-policies")
    done = run([*command, *case["files"]], folder)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return "error" if done.returncode == 2 else "crash", done.stdout + done.stderr
    if done.returncode == 2:
        return "error", json.dumps(report["errors"], indent=1)
    said = Counter()
    for finding in report["findings"]:
        if not finding["rule"].startswith("conftest/"):
            continue
        namespace, _, name = finding["rule"].removeprefix("conftest/").rpartition(".")
        kind = "warn" if name.startswith("warn") else "deny"
        file = "Combined" if finding["resource"] == "Combined" else finding["place"]["file"]
        said[file, namespace, kind, finding["message"]] += 1
    return Counter(set(said)), done.stdout + done.stderr


def main(conftest_binary, probity_binary, cases, folder):
    wrong = 0
    with open(cases, encoding="utf-8") as file:
        cases = json.load(file)
    verdicts = 0
    for case in cases:
        place = Path(folder) / case["in"]
        name = " ".join([case["in"], *options(case), *case.get("namespace", []), *case["files"]])
        expected, expected_text = conftest(conftest_binary, case, place)
        found, found_text = probity(probity_binary, case, place)
        if expected == found:
            verdicts += 1 if expected == "error" else max(1, len(expected))
            continue
        wrong += 1
        print(f"DIFFERENT: {name}")
        if isinstance(expected, str) or isinstance(found, str):
            print(f"  conftest: {expected_text.strip()}\n  probity: {found_text.strip()}")
        else:
            for verdict in sorted((expected - found).keys()):
                print(f"  only conftest: {verdict}")
            for verdict in sorted((found - expected).keys()):
                print(f"  only probity:  {verdict}")
    print(f"conftest: {len(cases) - wrong} of {len(cases)} cases equal, {verdicts} verdicts compared")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
