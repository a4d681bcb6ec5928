"""Reads OpenLineage events, one a line, and checks each, with its facets, against the project's schemas."""

import json
import pathlib
import sys

import jsonschema
import referencing

FACETS = {"tags": "TagsDatasetFacet", "dataSource": "DatasourceDatasetFacet"}


def main():
    folder = pathlib.Path(sys.argv[1])
    names = ["OpenLineage", *FACETS.values()]
    schemas = {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
    resources = [(schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas.values()]
    registry = referencing.Registry().with_resources(resources)
    core = schemas["OpenLineage"]["$id"]
    checks = jsonschema.FormatChecker()
    events, facets = 0, 0
    for line in sys.stdin:
        event = json.loads(line)
        kind = event["schemaURL"].rsplit("/", 1)[-1]
        assert kind in ("JobEvent", "DatasetEvent"), kind
        for schema in ({"$ref": core}, {"$ref": f"{core}#/$defs/{kind}"}):
            jsonschema.Draft202012Validator(schema, registry=registry, format_checker=checks).validate(event)
        for dataset in [*event.get("inputs", []), *event.get("outputs", []), event.get("dataset", {})]:
            for name, facet in dataset.get("facets", {}).items():
                schema = schemas[FACETS[name]]
                jsonschema.Draft202012Validator(schema, registry=registry, format_checker=checks).validate({name: facet})
                assert facet["_schemaURL"].startswith(schema["$id"]), facet["_schemaURL"]
                facets += 1
        events += 1
    assert events > 0 and facets > 0, "nothing to check"
    print(f"{events} events with {facets} facets are valid")


main()
