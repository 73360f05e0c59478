#!/usr/bin/env python3
"""Calico's manifests with the agent's base and every component over them, by kubectl.

Small ones of the same shapes are in tests/data/kubernetes/calico-shapes. Calico's own are taken from a folder that
$CAA_CALICO_MANIFESTS names, with the folders v3.0, v3.20, v3.30 and newest, and in each of these what that version of
Calico has as k8s-manifests or manifests: every *.yaml with one DaemonSet of calico/node is rendered, policy-only,
canal and (but for v3.0) VXLAN have to be there."""

import copy
import functools
import os
import pathlib
import tempfile
import unittest

import yaml

from kustomize import KUBERNETES, ROOT, documents, render

_SHAPES = ROOT / "tests" / "data" / "kubernetes" / "calico-shapes"
_FOLDER = os.environ.get("CAA_CALICO_MANIFESTS")
_NEEDED = {"v3.0": ("policy-only", "canal"), **{each: ("policy-only", "canal", "vxlan")
                                                for each in ("v3.20", "v3.30", "newest")}}
_WAITS = ("wait-component", "wait-component-v3.0")
_MOUNTS = ("azure-json", "network-manager")
_IMAGE = "registry.example/calico-azure-agent"


def key(each):
    return each["apiVersion"], each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]


def is_calico_node(each):
    return each["kind"] == "DaemonSet" and any(
        container["name"] == "calico-node" for container in each["spec"]["template"]["spec"]["containers"])


@functools.cache
def rendered(manifest, wait=None):
    """The agent beside a manifest of Calico's, with every component but those of _WAITS not asked for; by key."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:  # Kustomize takes relative paths alone
        overlay = pathlib.Path(name)

        def relative(part):
            return os.path.relpath(KUBERNETES / part, overlay)

        (overlay / "calico.yaml").write_text(manifest, encoding="utf-8")
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump({
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "resources": ["calico.yaml"] * bool(manifest) + [relative("base"), relative("readiness")],
            "components": [relative(each) for each in (*([wait] if wait else []), *_MOUNTS)],
            "images": [{"name": "calico-azure-agent", "newName": _IMAGE}]}), encoding="utf-8")
        return {key(each): each for each in render(overlay)}


class OverCalico(unittest.TestCase):
    def assert_right(self, manifest, wait, agents):
        before = {key(each): each for each in documents(manifest)}
        name, = (name for name, each in before.items() if is_calico_node(each))
        after = copy.deepcopy(rendered(manifest, wait))
        pod = after[name]["spec"]["template"]["spec"]
        first = pod["initContainers"][0]
        self.assertEqual(first["name"], "wait-for-azure-agent")
        images = [each["image"] for each in before[name]["spec"]["template"]["spec"]["containers"]]
        if wait == "wait-component":
            self.assertEqual(first["image"].rpartition(":")[0], _IMAGE)
        else:
            self.assertIn("calico/node", first["image"])
        mount, = first["volumeMounts"]
        self.assertEqual([each["hostPath"]["path"] for each in pod["volumes"] if each["name"] == mount["name"]],
                         ["/run/calico-azure-agent"])
        # Without what was added all is as it was.
        expected = copy.deepcopy(before)
        wanted = expected[name]["spec"]["template"]["spec"]
        wanted["initContainers"] = [first, *wanted.get("initContainers", [])]
        wanted["volumes"] = [*wanted.get("volumes", []),
                             *(each for each in pod["volumes"] if each["name"] == mount["name"])]
        for each in (pod, wanted):
            each["volumes"].sort(key=lambda volume: volume["name"])
        self.assertEqual([each["image"] for each in pod["containers"]], images)
        self.assertEqual(sorted(map(str, after)), sorted(map(str, {**expected, **agents})))
        for one, each in {**expected, **agents}.items():
            self.assertEqual(after[one], each)

    def assert_all_right(self, files, waits):
        """Of every file that has one DaemonSet of calico/node, with each of these components; how many renderings."""
        agents = rendered("")
        count = 0
        for file in sorted(files):
            manifest = file.read_text(encoding="utf-8")
            if sum(map(is_calico_node, documents(manifest))) != 1:
                continue
            for wait in waits:
                count += 1
                with self.subTest(f"{file.parent.name}/{file.name}", component=wait):
                    self.assert_right(manifest, wait, agents)
        return count

    def test_it_waits_first_on_the_right_daemonset_and_nothing_else_changes(self):
        files = list(_SHAPES.glob("*/*.yaml"))
        self.assertEqual(self.assert_all_right(files, _WAITS[:1]), len(files))
        self.assertEqual(self.assert_all_right(_SHAPES.glob("v3.0/*.yaml"), _WAITS[1:]), 1)

    @unittest.skipUnless(_FOLDER, "CAA_CALICO_MANIFESTS names no folder of Calico's own manifests")
    def test_the_same_over_calicos_own_manifests(self):
        for version, parts in _NEEDED.items():
            names = [file.name for file in pathlib.Path(_FOLDER, version).glob("*.yaml")]
            for part in parts:
                self.assertTrue(any(part in name for name in names), f"{_FOLDER}/{version} has no {part}")
        count = self.assert_all_right(pathlib.Path(_FOLDER).glob("*/*.yaml"), _WAITS)
        print(count, "renderings of Calico's own manifests", flush=True)


if __name__ == "__main__":
    unittest.main()
