#!/usr/bin/env python3
"""The Helm chart: the same objects as the Kustomize base, and what its values change."""

import copy
import unittest

import yaml

from helm import CHART, MAJORS, helm, rendered
from kustomize import KUBERNETES, PACKAGING, ROOT, documents, find, render
from schema import SCHEMA


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
        cls.about = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
        cls.defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))

    def objects(self, **values):
        objects, others = (rendered(major, values=values) for major in MAJORS)
        self.assertEqual(objects, others, "Helm's majors agree")
        for each in objects:
            if each["kind"] not in ("NodeReadinessRule", "PodMonitor"):
                self.assertEqual(SCHEMA.errors(each), [])
        return objects

    def pod(self, **values):
        return find(self.objects(**values), "DaemonSet")["spec"]["template"]["spec"]

    def test_its_default_objects_are_those_of_the_base(self):
        self.assertEqual(comparable(self.objects()), comparable(render(KUBERNETES / "base")))

    def test_its_switches_add_what_the_components_add(self):
        base = render(KUBERNETES / "base")
        for switch, component in (("azureJson", "azure-json"), ("networkManager", "network-manager"),
                                  ("metrics", "metrics")):
            with self.subTest(switch):
                on = {"enabled": True} if switch == "metrics" else True
                self.assertEqual(comparable(self.objects(**{switch: on})),
                                 comparable(render(KUBERNETES / component, base)))
        both = base + render(KUBERNETES / "readiness")
        self.assertEqual(comparable(self.objects(nodeReadiness={"enabled": True})), comparable(both))

    def test_prometheus_finds_the_pods_and_reaches_them_as_by_the_files_beside_the_rules(self):
        on = {"enabled": True}
        objects = self.objects(metrics={**on, "podMonitor": on, "networkPolicy": {**on, "nodes": ["10.240.0.0/16"]}})
        for kind, file in (("PodMonitor", "pod-monitor.yaml"), ("NetworkPolicy", "network-policy.yaml")):
            mine, = comparable([find(objects, kind)])
            theirs, = documents((PACKAGING / "monitoring" / file).read_text(encoding="utf-8"))
            self.assertEqual(mine["spec"], theirs["spec"])
            self.assertEqual((mine["apiVersion"], mine["metadata"]["name"], mine["metadata"]["namespace"]),
                             (theirs["apiVersion"], theirs["metadata"]["name"], theirs["metadata"]["namespace"]))

    def test_every_value_changes_something(self):
        before = self.objects()
        changes = {
            "image": {"repository": "registry.example/agent", "tag": "1.2.3", "pullPolicy": "Always"},
            "imagePullSecrets": [{"name": "registry"}], "config": 'mode = "udr"\n',
            "extraEnv": [{"name": "CALICO_AZURE_AGENT_LOG_LEVEL", "value": "debug"}],
            "resources": {"limits": {"memory": "256Mi"}}, "nodeSelector": {"pool": "a"}, "tolerations": [],
            "affinity": {"nodeAffinity": {}}, "priorityClassName": "other",
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}, "hostPID": False, "azureJson": True,
            "networkManager": True, "metrics": {"enabled": True}, "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"},
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
        # Helm 3 asks a cluster for its version first.
        done = helm("helm4", "install", "--dry-run=client", values={"nodeReadiness": {"enabled": True}})
        notes = done.stdout.partition("NOTES:")[2]
        self.assertIn("namespace kube-system", notes)
        self.assertIn("kubectl delete nodereadinessrule calico-azure-agent", notes)
        self.assertNotIn("{{", notes)

    def test_lint_has_nothing_to_say(self):
        for major in MAJORS:
            done = helm(major, "lint", "--strict", values={"nodeReadiness": {"enabled": True}})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_has_the_projects_version(self):
        project = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        self.assertIn(f"project(calico-azure-agent VERSION {self.about['appVersion']} ", project)
        image = find(render(KUBERNETES / "base"), "DaemonSet")["spec"]["template"]["spec"]["containers"][0]["image"]
        self.assertEqual(image, f"calico-azure-agent:{self.about['appVersion']}")


if __name__ == "__main__":
    unittest.main()
