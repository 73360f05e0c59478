"""Helm's two majors and the chart."""

import os
import subprocess
import tempfile

import yaml

from kustomize import PACKAGING, documents
from tools import tool

CHART = PACKAGING / "helm" / "calico-azure-agent"
MAJORS = ("helm3", "helm4")


def helm(major, verb, *arguments, values=None):
    """The finished process of `helm VERB …` on the chart, with these values in a file."""
    with tempfile.TemporaryDirectory() as folder:  # also in the place of a person's own settings
        file = os.path.join(folder, "values.yaml")
        with open(file, "w", encoding="utf-8") as output:
            output.write(values if isinstance(values, str) else yaml.safe_dump(values or {}))
        name = [] if verb == "lint" else ["agent"]
        return subprocess.run([tool(major), verb, *name, CHART, "--namespace", "kube-system", "--values", file,
                               *arguments], capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": folder})


def rendered(major, *arguments, values=None):
    """The objects of `helm template`."""
    done = helm(major, "template", *arguments, values=values)
    assert done.returncode == 0, done.stderr
    return documents(done.stdout)
