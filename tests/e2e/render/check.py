"""Scans real charts and kustomizations with --render and compares each finding with the line that it names."""

import json
import pathlib
import shutil
import subprocess
import sys

CHARTS = {"online-boutique": ["helm-chart"], "robot-shop": ["K8s/helm"]}
KUSTOMIZATIONS = {
    "bank-of-anthos": [
        "src/accounts/accounts-db/k8s/overlays/development",
        "src/frontend/k8s/overlays/production",
        "src/ledger/ledger-db/k8s/overlays/staging",
        "src/ledger/ledgerwriter/k8s/overlays/production",
    ],
    "online-boutique": ["kustomize"],
}


# Values that a configuration names for a chart of a real project, with what they change.
VALUES = "cartDatabase:\n  inClusterRedis:\n    name: redis-prod\n"
CONFIGURATION = "render:\n  enabled: true\n  charts:\n    helm-chart: {values: [deploy/prod.yaml]}\n"


def main(probity, corpora, work, what):
    if what == "configured":
        wrong = configured(probity, pathlib.Path(corpora) / "online-boutique", pathlib.Path(work) / what)
        print(f"online-boutique/helm-chart with values of the configuration: {len(wrong)} wrong")
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(bool(wrong))
    roots = CHARTS if what == "charts" else KUSTOMIZATIONS
    wrong = []
    for project, folders in roots.items():
        base = pathlib.Path(work) / what / project
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(pathlib.Path(corpora) / project, base)
        for folder in folders:
            plain = scan(probity, base, folder, [])
            rendered = scan(probity, base, folder, ["--render"])
            problems = compare(base, folder, plain, rendered, what)
            count = len(rendered["findings"])
            print(f"{project}/{folder}: {count} findings, {len(problems)} at a wrong place")
            wrong += [f"{project}/{folder}: {problem}" for problem in problems]
    print("\n".join(wrong), file=sys.stderr)
    sys.exit(bool(wrong))


def configured(probity, project, base):
    """What is wrong about values files of the configuration, and about who may ask for rendering."""
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(project, base)
    (base / "deploy").mkdir()
    (base / "deploy/prod.yaml").write_text(VALUES)
    (base / "probity.yaml").write_text(CONFIGURATION)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "before"]):
        subprocess.run(git + command, cwd=base, check=True)
    wrong = []
    rendered = scan(probity, base, "helm-chart", ["--render"])
    stores = [finding for finding in rendered["findings"] if finding["resource"] == "Deployment/default/redis-prod"]
    given = [related["place"] for finding in stores for related in finding["related"] if "given here" in related["label"]]
    if not stores or {(place["file"], place["line"]) for place in given} != {("deploy/prod.yaml", 3)}:
        wrong.append(f"the name of the database is not followed into the values file: {given}")
    if scan(probity, base, "helm-chart", [])["findings"]:
        wrong.append("without --render and --since the repository started helm")
    template = base / "helm-chart/templates/cartservice.yaml"
    template.write_text(template.read_text().replace("redis:alpine", "redis:7"))
    (base / "probity.yaml").write_text("")
    changed = scan(probity, base, "helm-chart", ["--since", "HEAD"])
    status = {source["file"]: source["status"] for source in changed["sources"]}
    if status != {"helm-chart/(helm template)": "read"}:
        wrong.append(f"with --since the configuration before the change did not have it rendered: {status}")
    return wrong


def scan(probity, base, folder, more):
    command = [probity, "scan", folder, "--audit", "off", "-q", "-f", "json", *more]
    done = subprocess.run(command, cwd=base, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def compare(base, folder, plain, rendered, what):
    """What is wrong about a scan with --render, and about one without."""
    skipped = [source for source in plain["sources"] if source["status"] == "skipped" and source["file"].startswith(folder)]
    tool = "helm" if what == "charts" else "kustomize"
    if not any(tool in (source["reason"] or "") for source in skipped):
        problems = ["without --render nothing is skipped with a command that helps"]
    else:
        problems = []
    for source in rendered["sources"]:
        unused = (source["reason"] or "").startswith(("component ", "patch of a component "))
        if source["status"] == "failed" or source["status"] == "skipped" and not unused:
            problems.append(f"{source['file']} is {source['status']}: {source['reason']}")
    if not rendered["findings"]:
        problems.append("nothing is found")
    for finding in rendered["findings"]:
        problem = judge(base, finding)
        if problem:
            problems.append(f"{finding['rule']} of {finding['resource']}: {problem}")
    return problems


def judge(base, finding):
    """Why the place of a finding is not in a file of the project at what it names; None if it is."""
    place = finding["place"]
    if place is None:
        return "no place"
    file = base / place["file"]
    if not file.is_file():
        return f"{place['file']} is no file of the project"
    lines = file.read_text().splitlines()
    if not 1 <= place["line"] <= len(lines):
        return f"{place['file']} has no line {place['line']}"
    line = lines[place["line"] - 1]
    at = line[place["column"] - 1 :]
    if not at.strip() or at[0] in " #" or line.lstrip().startswith(("#", "{{-", "---")):
        return f"{place['file']}:{place['line']} holds no key and no value: {line!r}"
    shown = line[place["column"] - 1 : place["end_column"] - 1]
    if place["line"] == place["end_line"] and shown.rstrip("\"' ").endswith(":") and shown.rstrip("\"' ") != shown:
        return f"{place['file']}:{place['line']} shows half of a value: {shown!r}"
    # The object of the finding is the one that the line belongs to: its name, or a template of it, is in its document.
    document = "\n".join(lines[start(lines, place["line"]) : end(lines, place["line"])])
    name = finding["resource"].rsplit("/", 1)[-1]
    kind = finding["resource"].split("/", 1)[0]
    own = name in document or "{{" in document or "kustomization" in file.name.lower()
    if kind in ("Deployment", "StatefulSet", "Job", "Service", "Secret", "ConfigMap") and not own:
        return f"{place['file']}:{place['line']} is in a document without {name}"
    return None


def start(lines, number):
    """The first line of the document that holds a line."""
    index = number - 1
    while index > 0 and lines[index] != "---":
        index -= 1
    return index


def end(lines, number):
    index = number
    while index < len(lines) and lines[index] != "---":
        index += 1
    return index


main(*sys.argv[1:])
