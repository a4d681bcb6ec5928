"""Evaluates small programs with OPA and with Probity, and compares the values.

    compare.py OPA PROBITY FOLDER WORK

FOLDER holds `programs.txt` (`=== name`, then the rules of a package whose value is `r`), `helpers.rego`, `input.json`
and `known.json`: the differences, each with its reason. A known difference must be refused, or warned about, when the
policy is loaded: a value that differs in silence is a failure.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def programs(folder):
    text = (folder / "programs.txt").read_text(encoding="utf-8")
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)[1:]
    names = [name.strip() for name in parts[::2]]
    assert len(names) == len(set(names)), "each program has a name of its own"
    return dict(zip(names, parts[1::2]))


def write(work, folder, found):
    policies = work / "policies"
    policies.mkdir()
    (policies / "helpers.rego").write_text((folder / "helpers.rego").read_text(encoding="utf-8"), encoding="utf-8")
    for number, body in enumerate(found.values()):
        package = f"p{number:03}"
        (policies / f"{package}.rego").write_text(f"package {package}\n\nimport rego.v1\n\n{body}", encoding="utf-8")
        judge = f"package main\n\nimport rego.v1\n\ndeny_{package} contains json.marshal({{\"r\": data.{package}.r}})\n"
        (policies / f"{package}_judge.rego").write_text(judge, encoding="utf-8")
    return policies


def opa(binary, policies, input_file, number):
    package = f"p{number:03}"
    files = ["-d", policies / "helpers.rego", "-d", policies / f"{package}.rego", "-i", input_file]
    # The values go through JSON in both engines, so that numbers and sets are written alike.
    query = f'json.marshal({{"r": data.{package}.r}})'
    done = subprocess.run([binary, "eval", "--format", "json", *files, query], capture_output=True, text=True, timeout=60, check=False)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return "error"
    if "errors" in answer:
        return "error"
    if "result" not in answer:
        return "undefined"
    return json.loads(answer["result"][0]["expressions"][0]["value"])["r"]


def probity(binary, policies, input_file, count):
    command = [binary, "scan", "--audit", "off", "--no-builtin-policies", "-f", "json", "-p", policies, input_file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=policies.parent)
    report = json.loads(done.stdout)
    values = ["undefined"] * count
    warned = {int(number) for number in re.findall(r"p(\d{3})\.rego: ", done.stderr)}
    for finding in report["findings"]:
        number = int(finding["rule"].removeprefix("conftest/main.deny_p"))
        values[number] = json.loads(finding["message"])["r"]
    reasons = {}
    for error in report["errors"]:
        number = int(re.search(r"p(\d{3})", error["policy"])[1])
        values[number] = "error"
        reasons[number] = error["message"]
    return values, warned, reasons


def main(opa_binary, probity_binary, folder, work):
    folder, work = Path(folder), Path(work)
    found = programs(folder)
    known = json.loads((folder / "known.json").read_text(encoding="utf-8"))
    policies = write(work, folder, found)
    values, warned, reasons = probity(probity_binary, policies, folder / "input.json", len(found))
    with ThreadPoolExecutor(2) as pool:
        expected = list(pool.map(lambda number: opa(opa_binary, policies, folder / "input.json", number), range(len(found))))
    equal, wrong = 0, [f"{name}: is no program" for name in known if name not in found]
    for number, name in enumerate(found):
        same = values[number] == expected[number]
        equal += same
        if name not in known:
            if not same:
                wrong.append(f"{name}: OPA {expected[number]!r}, Probity {values[number]!r} {reasons.get(number, '')}")
        elif same:
            wrong.append(f"{name}: is a known difference, and there is none")
        elif values[number] != "error" and number not in warned:
            wrong.append(f"{name}: differs in silence: OPA {expected[number]!r}, Probity {values[number]!r}")
    for line in wrong:
        print(line)
    print(f"opa: {equal} of {len(found)} programs give OPA's value, {len(known)} differences are known, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
