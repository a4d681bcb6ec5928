"""Makes many objects in a cluster, over kept-alive connections: `kubectl` would take minutes.

    fill.py KUBECONFIG COUNT

Of every ten objects: two Deployments with their Services and EndpointSlices, an empty ReplicaSet, as rollouts leave them, a
ConfigMap, a ServiceAccount, an AuthorizationPolicy. Each namespace demands mTLS.
"""

import concurrent.futures
import http.client
import json
import pathlib
import re
import ssl
import sys
import threading
import urllib.parse

NAMESPACES = 40


def workload(kind, name, upstream, replicas):
    variables = [{"name": "UPSTREAM", "value": f"http://{upstream}:80/"}, {"name": "LOG_LEVEL", "value": "info"}]
    if replicas > 1:
        variables.append({"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}})
    container = {
        "name": "main",
        "image": f"registry.example.com/{name}:1",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": variables,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"serviceAccountName": name, "containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": kind, "spec": spec}


def of_ten(number, first, second):
    """One of ten objects of two programs that call each other, and what is left of a third."""
    port = {"name": "http", "port": 80, "targetPort": "http"}
    match number:
        case 0:
            return workload("Deployment", first, second, 1)
        case 1:
            return workload("Deployment", second, first, 2)
        case 2:
            return workload("ReplicaSet", f"{first}-former", second, 0)
        case 3 | 4:
            name = (first, second)[number - 3]
            return {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": name}, "ports": [port]}}
        case 5 | 6:
            ready = [{"addresses": [f"10.1.0.{number}"], "conditions": {"ready": True}}]
            kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"}
            return kind | {"endpoints": ready, "ports": [{"name": "http", "port": 8080}]}
        case 7:
            return {"apiVersion": "v1", "kind": "ConfigMap", "data": {"settings.yaml": "level: info\n" * 40}}
        case 8:
            return {"apiVersion": "v1", "kind": "ServiceAccount"}
        case _:
            rules = [{"from": [{"source": {"principals": [f"cluster.local/ns/load/sa/{second}"]}}]}]
            spec = {"selector": {"matchLabels": {"app": first}}, "action": "ALLOW", "rules": rules}
            return {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "spec": spec}


def objects(count):
    for index in range(count):
        number, program = index % 10, index // 10
        namespace, program = f"load-{program % NAMESPACES}", program // NAMESPACES
        first, second = f"app-{program}-a", f"app-{program}-b"
        thing = of_ten(number, first, second)
        name = second if number in (1, 4, 6) else first
        labels = {"app": name, "team": f"team-{program % 7}", "app.kubernetes.io/part-of": namespace}
        if thing["kind"] == "EndpointSlice":
            labels["kubernetes.io/service-name"] = name
        thing["metadata"] = {"name": f"{name}-former" if number == 2 else name, "labels": labels}
        plural = {"AuthorizationPolicy": "authorizationpolicies"}.get(thing["kind"], thing["kind"].lower() + "s")
        root = "/api" if thing["apiVersion"] == "v1" else "/apis"
        yield f"{root}/{thing['apiVersion']}/namespaces/{namespace}/{plural}", thing


def main(kubeconfig, count):
    settings = pathlib.Path(kubeconfig).read_text()
    found = {
        key: re.search(rf'{key}: "([^"]+)"', settings).group(1)
        for key in ("server", "certificate-authority", "token")
    }
    trusted = ssl.create_default_context(cafile=found["certificate-authority"])
    place = urllib.parse.urlsplit(found["server"])
    headers = {"Authorization": f"Bearer {found['token']}", "Content-Type": "application/json"}
    kept = threading.local()

    def post(item):
        path, body = item
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPSConnection(place.hostname, place.port, context=trusted)
        kept.connection.request("POST", path, json.dumps(body), headers)
        answer = kept.connection.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 201):
            raise SystemExit(f"POST {path}: {answer.status} {text}")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        labels = {"istio-injection": "enabled"}
        named = ({"name": f"load-{number}", "labels": labels} for number in range(NAMESPACES))
        list(pool.map(post, (("/api/v1/namespaces", {"metadata": metadata}) for metadata in named)))
        strict = {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "default"}}
        strict["spec"] = {"mtls": {"mode": "STRICT"}}
        root = "/apis/security.istio.io/v1/namespaces/load-{}/peerauthentications"
        list(pool.map(post, ((root.format(number), strict) for number in range(NAMESPACES))))
        list(pool.map(post, objects(int(count))))


main(*sys.argv[1:])
