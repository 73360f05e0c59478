#!/usr/bin/env python3
"""The Helm chart: the same objects as the Kustomize base, and what its values change."""

import copy
import json
import pathlib
import subprocess
import tempfile
import unittest

import yaml

from kustomize import KUBERNETES, PACKAGING, ROOT, documents, find, render
from schema import SCHEMA

_CHART = PACKAGING / "helm" / "calico-azure-agent"
_SOURCE = pathlib.Path(__file__).with_name("render_chart") / "main.go"


def merged(values, changes):
    """Helm's way with values: maps by their members, everything else as a whole."""
    result = copy.deepcopy(values)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def comparable(objects):
    """Without what Helm and Kustomize each add for themselves: labels, the configuration's hash in a name or an
    annotation."""
    result = []
    for each in copy.deepcopy(objects):
        for label in ("app.kubernetes.io/managed-by", "helm.sh/chart"):
            each["metadata"]["labels"].pop(label, None)
        if each["kind"] == "ConfigMap":
            each["metadata"]["name"] = "calico-azure-agent"
        if each["kind"] == "DaemonSet":
            template = each["spec"]["template"]
            template["metadata"].get("annotations", {}).pop("checksum/config", None)
            if not template["metadata"].get("annotations", True):
                del template["metadata"]["annotations"]
            for volume in template["spec"].get("volumes", []):
                if "configMap" in volume:
                    volume["configMap"]["name"] = "calico-azure-agent"
                    template["spec"]["volumes"].sort(key=lambda volume: volume["name"])
            for container in template["spec"]["containers"]:
                container.get("volumeMounts", []).sort(key=lambda mount: mount["mountPath"])
        result.append(each)
    return sorted(result, key=lambda each: (each["kind"], each["metadata"]["name"]))


class Chart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.renderer = pathlib.Path(folder.name, "render_chart")
        subprocess.run(["gccgo", "-o", cls.renderer, _SOURCE], check=True)
        cls.about = yaml.safe_load((_CHART / "Chart.yaml").read_text(encoding="utf-8"))
        cls.defaults = yaml.safe_load((_CHART / "values.yaml").read_text(encoding="utf-8"))

    def texts(self, **values):
        data = {"Values": merged(self.defaults, values),
                "Release": {"Name": "agent", "Namespace": "kube-system", "Service": "Helm"},
                "Chart": {"Name": self.about["name"], "Version": self.about["version"],
                          "AppVersion": self.about["appVersion"]}}
        done = subprocess.run([self.renderer, _CHART], input=json.dumps(data), capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def objects(self, **values):
        objects = [document for name, text in self.texts(**values).items() if name.endswith(".yaml")
                   for document in documents(text)]
        for each in objects:
            if each["kind"] != "NodeReadinessRule":
                self.assertEqual(SCHEMA.errors(each), [])
        return objects

    def pod(self, **values):
        return find(self.objects(**values), "DaemonSet")["spec"]["template"]["spec"]

    def test_its_default_objects_are_those_of_the_base(self):
        self.assertEqual(comparable(self.objects()), comparable(render(KUBERNETES / "base")))

    def test_its_switches_add_what_the_components_add(self):
        base = render(KUBERNETES / "base")
        for switch, component in (("azureJson", "azure-json"), ("networkManager", "network-manager")):
            with self.subTest(switch):
                self.assertEqual(comparable(self.objects(**{switch: True})),
                                 comparable(render(KUBERNETES / component, base)))
        both = base + render(KUBERNETES / "readiness")
        self.assertEqual(comparable(self.objects(nodeReadiness={"enabled": True})), comparable(both))

    def test_every_value_changes_something(self):
        before = self.objects()
        changes = {
            "image": {"repository": "registry.example/agent", "tag": "1.2.3", "pullPolicy": "Always"},
            "imagePullSecrets": [{"name": "registry"}], "config": 'mode = "udr"\n',
            "extraEnv": [{"name": "CALICO_AZURE_AGENT_LOG_LEVEL", "value": "debug"}],
            "resources": {"limits": {"memory": "256Mi"}}, "nodeSelector": {"pool": "a"}, "tolerations": [],
            "affinity": {"nodeAffinity": {}}, "priorityClassName": "other",
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}, "hostPID": False, "azureJson": True,
            "networkManager": True, "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"},
            "extraVolumes": [{"name": "v", "emptyDir": {}}],
            "extraVolumeMounts": [{"name": "v", "mountPath": "/v"}], "nodeReadiness": {"enabled": True}}
        self.assertEqual(set(changes), set(self.defaults))
        for name, value in changes.items():
            with self.subTest(name):
                self.assertNotEqual(self.objects(**{name: value}), before)
        readiness = {"image": "x", "interval": "9s", "enforcementMode": "continuous", "dryRun": True}
        self.assertEqual({*readiness, "enabled"}, set(self.defaults["nodeReadiness"]))
        for name, value in readiness.items():
            with self.subTest(name):
                self.assertNotEqual(self.objects(nodeReadiness={"enabled": True, name: value}),
                                    self.objects(nodeReadiness={"enabled": True}))

    def test_values_arrive_where_they_belong(self):
        pod = self.pod(image={"repository": "registry.example/agent", "tag": "1.2.3"},
                       extraEnv=[{"name": "A", "value": "b"}], imagePullSecrets=[{"name": "registry"}])
        container, = pod["containers"]
        self.assertEqual(container["image"], "registry.example/agent:1.2.3")
        self.assertEqual([each["name"] for each in container["env"]], ["NODE_NAME", "A"])
        self.assertEqual(pod["imagePullSecrets"], [{"name": "registry"}])

    def test_a_configuration_arrives_unchanged_and_rolls_the_pods(self):
        text = '[pods]\ncluster_cidrs = ["10.244.0.0/16"]   # "quotes" \\ and {{ braces }}\n'
        objects = self.objects(config=text)
        self.assertEqual(find(objects, "ConfigMap")["data"]["config.toml"], text)
        sums = [find(each, "DaemonSet")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
                for each in (objects, self.objects())]
        self.assertNotEqual(*sums)

    def test_the_notes_are_for_people(self):
        notes = self.texts(nodeReadiness={"enabled": True})["NOTES.txt"]
        self.assertIn("namespace kube-system", notes)
        self.assertNotIn("{{", notes)

    def test_it_has_the_projects_version(self):
        project = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        self.assertIn(f"project(calico-azure-agent VERSION {self.about['appVersion']} ", project)
        image = find(render(KUBERNETES / "base"), "DaemonSet")["spec"]["template"]["spec"]["containers"][0]["image"]
        self.assertEqual(image, f"calico-azure-agent:{self.about['appVersion']}")


if __name__ == "__main__":
    unittest.main()
