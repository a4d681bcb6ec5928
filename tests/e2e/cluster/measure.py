"""Time and peak memory of a scan, beside `kubectl get --raw` of the lists that it asked for, in one run.

    measure.py AUDIT_LOG USER KUBECTL KUBECONFIG COMMAND...

Seconds on shared machines prove nothing, so none is asserted; that the lists were the same is.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse


def timed(command):
    """Seconds, peak memory in MiB and exit code of a command whose output nobody needs."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begin, usage.ru_maxrss / 1024, code, errors


def lists(log, user, offset):
    """Addresses of the lists that a user got since a place in the log, each with its number of pages."""
    found = collections.Counter()
    with open(log, encoding="utf-8") as lines:
        lines.seek(offset)
        for line in lines:
            event = json.loads(line)
            if event["user"]["username"] == user and event["verb"] == "list" and event["responseStatus"]["code"] == 200:
                found[urllib.parse.urlsplit(event["requestURI"]).path] += 1
    return found


def main(log, user, kubectl, kubeconfig, *command):
    offset = pathlib.Path(log).stat().st_size
    seconds, memory, code, errors = timed(command)
    if code not in (0, 1):
        sys.exit(f"exit {code}: {errors}")
    read = lists(log, user, offset)
    raw = 0.0
    for path in sorted(read):
        taken, _, failed, errors = timed([kubectl, "--kubeconfig", kubeconfig, "get", "--raw", path])
        if failed:
            sys.exit(f"kubectl get --raw {path}: {errors}")
        raw += taken
    if max(read.values(), default=0) < 2:
        sys.exit("the scan listed nothing, or no list in pages")
    print(
        f"scan: {seconds:.1f} s, {memory:.0f} MiB at most; kubectl get --raw of the same {len(read)} lists "
        f"({read.total()} pages): {raw:.1f} s; ratio {seconds / raw:.2f}"
    )


main(*sys.argv[1:])
