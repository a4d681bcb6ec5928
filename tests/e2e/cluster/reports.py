"""Holds policy reports that scans wrote into a cluster against what they say they wrote.

    reports.py WRITTEN.json READ.json READ_AGAIN.json WRITTEN_MERGED.json READ_MERGED.json READ_CLINIC.json

WRITTEN files are those of `-f policyreport`, READ files lists of `kubectl get`: after the first run, after an equal one,
after a merge of shards, and after a run about the namespace `clinic` alone.
"""

import json
import pathlib
import sys


def load(path):
    """Objects by namespace and name."""
    items = json.loads(pathlib.Path(path).read_text())["items"]
    return {(item["metadata"].get("namespace"), item["metadata"]["name"]): item for item in items}


def main(*paths):
    written, first, again, written_merged, merged, clinic = map(load, paths)
    for ours, theirs in ((written, first), (written_merged, merged)):
        assert theirs.keys() - ours.keys() == {("gone", "others")}, theirs.keys() ^ ours.keys()
        for key, report in ours.items():
            # The server keeps all of it: no field is unknown to it.
            for field in ("apiVersion", "kind", "results", "summary"):
                assert theirs[key].get(field, []) == report[field], f"{field} of {key} is not what was written"
            labels = theirs[key]["metadata"]["labels"]
            assert labels == {"app.kubernetes.io/managed-by": "probity"}, labels
            managers = {(entry["manager"], entry["operation"]) for entry in theirs[key]["metadata"]["managedFields"]}
            assert ("probity", "Apply") in managers, managers
    version = lambda report: report["metadata"]["resourceVersion"]
    assert {key: version(one) for key, one in first.items()} == {key: version(one) for key, one in again.items()}, (
        "an equal run changed something"
    )
    assert all(version(clinic[key]) == version(again[key]) for key in again if key[0] != "clinic"), (
        "a run about one namespace touched others"
    )
    fails = sum(report["summary"]["fail"] for report in first.values() if "summary" in report)
    assert fails and any(key[0] == "clinic" for key in written), "no namespace has a report"
    print(f"policy reports: {len(written)} written by the scan, with {fails} failures, are read back as they were written")


main(*sys.argv[1:])
