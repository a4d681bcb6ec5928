"""Makes of a Deployment what the controllers of a cluster would: two ReplicaSets, of which the former runs nothing any
more, and a running Pod, into which the injector of Istio has put its proxy, or has not.

    controllers.py NAMESPACE DEPLOYMENT injected|as-is KUBECTL...
"""

import copy
import json
import subprocess
import sys

PROXY = {
    "name": "istio-proxy",
    "image": "registry.example.com/istio/proxyv2:1.30",
    "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
    "ports": [{"name": "http-envoy-prom", "containerPort": 15090}],
}


def main(namespace, name, injection, *kubectl):
    def run(*words, text=None):
        command = [*kubectl, "--namespace", namespace, *words, "-o", "json"]
        return json.loads(subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def owned(kind, suffix, owner, spec, revision):
        labels = {**deployment["spec"]["template"]["metadata"]["labels"], "pod-template-hash": revision}
        reference = {key: owner[key] for key in ("apiVersion", "kind")} | {"controller": True}
        reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
        metadata = {"name": f"{name}-{suffix}", "labels": labels, "ownerReferences": [reference]}
        thing = {"apiVersion": "apps/v1" if kind == "ReplicaSet" else "v1", "kind": kind, "metadata": metadata, "spec": spec}
        return run("create", "-f", "-", text=json.dumps(thing))

    def revision(number, replicas, template):
        labels = {**template["metadata"]["labels"], "pod-template-hash": number}
        template = template | {"metadata": template["metadata"] | {"labels": labels}}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        return owned("ReplicaSet", number, deployment, spec, number)

    deployment = run("get", "deployment", name)
    template = deployment["spec"]["template"]
    former = copy.deepcopy(template)
    former["spec"]["containers"][0]["env"] = [{"name": "API_TOKEN", "value": "Canary-5fA91-of-a-former-revision"}]
    revision("5b1f", 0, former)
    present = revision("7d9c", 1, template)
    pod = copy.deepcopy(template["spec"])
    if injection == "injected":
        pod["containers"].append(PROXY)
    owned("Pod", "7d9c-x1", present, pod, "7d9c")
    state = json.dumps({"status": {"phase": "Running"}})
    run("patch", "pod", f"{name}-7d9c-x1", "--subresource", "status", "--patch", state)


main(*sys.argv[1:])
