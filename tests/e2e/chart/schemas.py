"""Makes of the definitions that Kubernetes publishes one JSON schema for each kind, closed: an unknown field is wrong.

    schemas.py SWAGGER FOLDER
"""

import json
import pathlib
import sys

PREFIX = "#/definitions/"
# What the published definitions cannot say: their types are strings, and numbers are as good.
LENIENT = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string"]},
}


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(PREFIX)
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def closed(name, definition):
    if name in LENIENT:
        return LENIENT[name]
    if "properties" in definition and "additionalProperties" not in definition:
        return {**definition, "additionalProperties": False}
    return definition


def main(swagger, folder):
    definitions = json.loads(pathlib.Path(swagger).read_text())["definitions"]
    folder = pathlib.Path(folder)
    written = 0
    for name, definition in definitions.items():
        for known in definition.get("x-kubernetes-group-version-kind", []):
            if "metadata" not in definition.get("properties", {}):
                continue
            needed, pending = {}, [name]
            while pending:
                current = pending.pop()
                if current not in needed:
                    needed[current] = closed(current, definitions[current])
                    pending.extend(references(needed[current]))
            group = known["group"].split(".")[0]
            suffix = f"{group}-{known['version']}" if group else known["version"]
            schema = {"$ref": PREFIX + name, "definitions": needed}
            (folder / f"{known['kind']}-{suffix}.json".lower()).write_text(json.dumps(schema))
            written += 1
    if not written:
        sys.exit(f"{swagger} defines no kinds")


main(*sys.argv[1:])
