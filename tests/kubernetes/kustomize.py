"""What the tests need of Kustomize, for Debian's is older than components: `resources`, `components`, `namespace`,
`configMapGenerator` from files, and `patches` that are strategic merges with a target of group, kind and name.

A directive that is not among these is an error, never passed over. Merge keys are those of the Kubernetes API's schema,
and what a patch adds to a list comes first, as in Kustomize since 4.0. Where a kubectl of today is installed, a test
compares with what that makes (test_manifests.py)."""

import copy
import hashlib
import pathlib

import yaml

from schema import SCHEMA

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
KUBERNETES = PACKAGING / "kubernetes"

_KNOWN = {"apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "patches"}
_CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "NodeReadinessRule", "Namespace"}


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document is not None]


def find(objects, kind, name=None):
    """The one object of this kind, and of this name where it is given."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects {kind} {name or ''}"
    return found[0]


def render(folder, onto=()):
    """The objects of a Kustomization, or those given with a Component applied to them."""
    instructions = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    unknown = set(instructions) - _KNOWN
    if unknown:
        raise NotImplementedError(f"{folder}: {', '.join(sorted(unknown))}")
    objects = copy.deepcopy(list(onto))
    for name in instructions.get("resources", []):
        path = folder / name
        objects += render(path) if path.is_dir() else documents(path.read_text(encoding="utf-8"))
    for generator in instructions.get("configMapGenerator", []):
        _generate(folder, generator, objects)
    for component in instructions.get("components", []):
        objects = render(folder / component, objects)
    for patch in instructions.get("patches", []):
        _patch(folder, patch, objects)
    if "namespace" in instructions:
        for each in objects:
            if each["kind"] not in _CLUSTER_WIDE:
                each["metadata"]["namespace"] = instructions["namespace"]
    return objects


def _generate(folder, generator, objects):
    """A ConfigMap whose name ends in a hash of its data; who named it by its plain name now names it so."""
    data = {name: (folder / name).read_text(encoding="utf-8") for name in generator["files"]}
    plain = generator["name"]
    name = f"{plain}-{hashlib.sha256(repr(data).encode()).hexdigest()[:10]}"
    objects.append({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
                    "metadata": {"name": name, **generator.get("options", {})}})
    for each in objects:
        for volume in each.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
            if volume.get("configMap", {}).get("name") == plain:
                volume["configMap"]["name"] = name


def _patch(folder, instruction, objects):
    target = instruction["target"]
    if set(instruction) != {"path", "target"} or set(target) != {"group", "kind", "name"}:
        raise NotImplementedError(f"{folder}: {instruction}")
    patches = documents((folder / instruction["path"]).read_text(encoding="utf-8"))
    for each in objects:
        group = each["apiVersion"].rpartition("/")[0]
        if (group, each["kind"], each["metadata"]["name"]) == (target["group"], target["kind"], target["name"]):
            for patch in patches:
                _merge(each, patch, SCHEMA.definition_of(each))


def _merge(onto, patch, definition):
    """Strategic merge: objects by their members, lists by the key that the schema names, else as a whole."""
    for key, value in patch.items():
        field = definition.get("properties", {}).get(key, {})
        merge_key = field.get("x-kubernetes-patch-merge-key")
        if isinstance(value, dict) and isinstance(onto.get(key), dict):
            _merge(onto[key], value, SCHEMA.resolve(field))
        elif isinstance(value, list) and merge_key and key in onto:
            item = SCHEMA.resolve(field["items"])
            there = {each[merge_key]: each for each in onto[key]}
            for each in value:
                if each[merge_key] in there:
                    _merge(there[each[merge_key]], each, item)
            onto[key] = [each for each in copy.deepcopy(value) if each[merge_key] not in there] + onto[key]
        else:
            onto[key] = copy.deepcopy(value)
