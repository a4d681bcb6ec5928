"""Checks documents against NIST's schema. Its patterns use `\\p{L}`, which Python's own `re` does not know."""

import json
import sys

import jsonschema
import regex


def pattern(validator, pattern, instance, schema):
    if validator.is_type(instance, "string") and not regex.search(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def main():
    schema = json.load(open(sys.argv[1]))
    validator = jsonschema.validators.extend(jsonschema.Draft7Validator, {"pattern": pattern})
    for path in sys.argv[2:]:
        document = json.load(open(path))
        errors = list(validator(schema).iter_errors(document))
        for error in errors[:10]:
            print(path, list(error.absolute_path), error.message[:300], file=sys.stderr)
        assert not errors, f"{len(errors)} errors"
        result = document["assessment-results"]["results"][0]
        print(f"{len(result.get('observations', []))} observations, {len(result.get('findings', []))} findings are valid")


main()
