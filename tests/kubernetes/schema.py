"""The Kubernetes API's own schema, as strict as an API server with `--validate=strict`: unknown fields are errors."""

import json
import pathlib

import jsonschema

_FILE = pathlib.Path(__file__).resolve().parents[1] / "data" / "kubernetes" / "openapi-1.20.json"


class Schema:
    def __init__(self):
        self._definitions = json.loads(_FILE.read_text(encoding="utf-8"))["definitions"]
        self._by_kind = {}
        for name, definition in self._definitions.items():
            for kind in definition.get("x-kubernetes-group-version-kind", []):
                self._by_kind[kind["group"], kind["version"], kind["kind"]] = name
            if "properties" in definition:
                definition["additionalProperties"] = False
            if definition.get("format") == "int-or-string":
                definition["type"] = ["integer", "string"]

    def definition_of(self, document):
        """What the schema says of an object's kind; KeyError where it does not know the kind."""
        group, _, version = document["apiVersion"].rpartition("/")
        return self._definitions[self._by_kind[group, version, document["kind"]]]

    def resolve(self, field):
        """A definition in the place of a reference to it."""
        return self._definitions[field["$ref"].rpartition("/")[2]] if "$ref" in field else field

    def errors(self, document):
        """What is wrong with an object, a line each, with its place."""
        validator = jsonschema.Draft4Validator({**self.definition_of(document), "definitions": self._definitions})
        return [f"{document['kind']} {'.'.join(map(str, error.absolute_path))}: {error.message}"
                for error in validator.iter_errors(document)]


SCHEMA = Schema()
