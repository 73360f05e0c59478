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

    def errors(self, document):
        """What is wrong with an object, a line each, with its place."""
        return [f"{document['kind']} {error}" for error in self._errors(self.definition_of(document), document)]

    def errors_of(self, name, part):
        """What is wrong with a part of an object, by the name of its definition."""
        return self._errors(self._definitions[name], part)

    def _errors(self, definition, value):
        validator = jsonschema.Draft4Validator({**definition, "definitions": self._definitions})
        return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]


SCHEMA = Schema()
