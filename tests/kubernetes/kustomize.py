"""What `kubectl kustomize` makes of the project's bases and components."""

import functools
import os
import pathlib
import subprocess
import tempfile

import yaml

from tools import tool

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
KUBERNETES = PACKAGING / "kubernetes"


class Refused(Exception):
    """kubectl's own words."""


def documents(text):
    # The C library is ten times as quick, and Calico's manifests are half a megabyte.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [document for document in yaml.load_all(text, loader) if document is not None]


def find(objects, kind, name=None):
    """The one object of this kind, and of this name where it is given."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects {kind} {name or ''}"
    return found[0]


def render(folder, onto=None):
    """The objects of a Kustomization, or those given with a Component applied to them."""
    if onto is None:
        return documents(_kustomize(folder))
    return documents(_with_component(folder, yaml.safe_dump_all(onto)))


@functools.cache
def _with_component(component, objects):
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:  # Kustomize takes relative paths alone
        overlay = pathlib.Path(name)
        (overlay / "objects.yaml").write_text(objects, encoding="utf-8")
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump({
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["objects.yaml"],
            "components": [os.path.relpath(component, overlay)]}), encoding="utf-8")
        return _kustomize(overlay)


@functools.cache
def _kustomize(folder):
    done = subprocess.run([tool("kubectl"), "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return done.stdout
