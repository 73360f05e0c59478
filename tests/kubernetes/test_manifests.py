#!/usr/bin/env python3
"""The Kustomize base and the components: what an API server takes, what the pod may do, who asks it what."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from kustomize import KUBERNETES, ROOT, Refused, documents, find, render  # noqa: E402
from lab import agent_binary  # noqa: E402
from schema import SCHEMA  # noqa: E402

_CALICO = ROOT / "tests" / "data" / "kubernetes" / "calico"
_CALICO_NODES = sorted(_CALICO.glob("*.yaml"))
_WAITS = ("wait-component", "wait-component-v3.0")
_MOUNTS = ("azure-json", "network-manager")
_BASE_COMPONENTS = (*_MOUNTS, "metrics")
_RULE = json.loads((_CALICO.parent / "node-readiness-rule-spec.json").read_text(encoding="utf-8"))
# Not of the API itself: its CRD is node-readiness-controller's, its kind the kubelet's.
_FOREIGN = {"NodeReadinessRule", "KubeletConfiguration"}


def pod_of(daemonset):
    return daemonset["spec"]["template"]["spec"]


def all_renderings():
    """Name, objects."""
    base = render(KUBERNETES / "base")
    yield "base", base
    yield "readiness", render(KUBERNETES / "readiness")
    for name in _BASE_COMPONENTS:
        yield f"base with {name}", render(KUBERNETES / name, base)


class Objects(unittest.TestCase):
    def test_the_api_servers_schema_takes_every_one_of_them(self):
        for name, objects in all_renderings():
            with self.subTest(name):
                kinds = [each for each in objects if each["kind"] not in _FOREIGN]
                self.assertTrue(kinds)
                self.assertEqual([error for each in kinds for error in SCHEMA.errors(each)], [])

    def test_a_misspelt_field_would_be_seen(self):
        daemonset = find(render(KUBERNETES / "base"), "DaemonSet")
        pod_of(daemonset)["containers"][0]["readinessProb"] = {}
        self.assertIn("'readinessProb' was unexpected", SCHEMA.errors(daemonset)[0])

    def test_every_file_of_these_folders_is_used(self):
        for folder in (KUBERNETES / name for name in ("base", "readiness", "calico-daemonset/found", "calico-daemonset/given-back", *_WAITS, *_BASE_COMPONENTS)):
            instructions = (folder / "kustomization.yaml").read_text(encoding="utf-8")
            used = {"kustomization.yaml", "kubelet-taint.yaml"}
            self.assertEqual([file.name for file in folder.iterdir()
                              if file.name not in used and file.name not in instructions], [])


class Components(unittest.TestCase):
    def test_without_the_agents_daemonset_they_are_an_error_not_silence(self):
        for name in _BASE_COMPONENTS:
            with self.subTest(name), self.assertRaisesRegex(Refused, "nothing selected by DaemonSet.*/calico-azure-agent"):
                render(KUBERNETES / name, [daemonset("calico-node")])


class Base(unittest.TestCase):
    def setUp(self):
        self.objects = render(KUBERNETES / "base")
        self.pod = pod_of(find(self.objects, "DaemonSet"))
        self.container, = self.pod["containers"]

    def test_probes_go_to_the_literal_loopback_address(self):
        for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            asked = self.container[probe]["httpGet"]
            self.assertEqual(asked, {"host": "127.0.0.1", "port": 16925, "path": path})
            # The contract promises an answer within 1 s.
            self.assertGreater(self.container[probe]["timeoutSeconds"], 1)
        alive = self.container["livenessProbe"]
        self.assertEqual(alive["periodSeconds"] * alive["failureThreshold"], 60, "as WatchdogSec=")
        unit = (ROOT / "systemd" / "calico-azure-agent.service.in").read_text(encoding="utf-8")
        self.assertIn("WatchdogSec=60\n", unit)

    def test_it_may_read_nodes_and_nothing_else(self):
        role = find(self.objects, "ClusterRole")
        self.assertEqual(role["rules"], [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "watch"]}])
        binding = find(self.objects, "ClusterRoleBinding")
        self.assertEqual(binding["roleRef"]["name"], role["metadata"]["name"])
        account = find(self.objects, "ServiceAccount")["metadata"]
        self.assertEqual(binding["subjects"], [{"kind": "ServiceAccount", "name": account["name"],
                                                "namespace": account["namespace"]}])
        self.assertEqual(self.pod["serviceAccountName"], account["name"])

    def test_it_has_one_capability_and_writes_its_own_folders_alone(self):
        context = self.container["securityContext"]
        self.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["NET_ADMIN"]})
        self.assertFalse(context["privileged"])
        self.assertFalse(context["allowPrivilegeEscalation"])
        self.assertTrue(context["readOnlyRootFilesystem"])
        self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
        writable = {mount["mountPath"] for mount in self.container["volumeMounts"] if not mount.get("readOnly")}
        self.assertEqual(writable, {"/run/calico-azure-agent", "/var/lib/calico-azure-agent"})

    def test_no_mount_holds_a_socket_that_is_as_good_as_root_or_a_key_of_the_cluster(self):
        for volume in self.pod["volumes"]:
            path = volume.get("hostPath", {}).get("path", "/x")
            for treasure in ("/run/containerd/containerd.sock", "/run/docker.sock", "/run/systemd/private",
                             "/etc/kubernetes/pki/ca.key", "/etc/kubernetes/azure.json", "/var/lib/kubelet/kubeconfig",
                             "/etc/shadow"):
                self.assertNotIn(pathlib.PurePath(path), pathlib.PurePath(treasure).parents)

    def test_what_is_read_is_mounted_where_the_host_has_it(self):
        paths = {volume["name"]: volume["hostPath"]["path"] for volume in self.pod["volumes"] if "hostPath" in volume}
        mounts = {mount["name"]: mount["mountPath"] for mount in self.container["volumeMounts"]}
        self.assertEqual(mounts, {**paths, "config": "/etc/calico-azure-agent"})

    def test_it_comes_before_everything_and_rolls_a_node_at_a_time(self):
        self.assertEqual(sorted(each["effect"] for each in self.pod["tolerations"] if each["operator"] == "Exists" and
                                "key" not in each), ["NoExecute", "NoSchedule"])
        self.assertTrue(self.pod["hostNetwork"])
        self.assertEqual(self.pod["priorityClassName"], "system-node-critical")
        self.assertEqual(self.pod["nodeSelector"], {"kubernetes.io/os": "linux"})
        strategy = find(self.objects, "DaemonSet")["spec"]["updateStrategy"]
        self.assertEqual(strategy, {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}})
        self.assertNotIn("cpu", self.container["resources"]["limits"])

    def test_the_agent_takes_the_configuration_and_a_change_of_it_rolls(self):
        config = find(self.objects, "ConfigMap")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(config["data"]["config.toml"])
            file.flush()
            done = subprocess.run([agent_binary(), "config", "check", file.name], capture_output=True, text=True,
                                  check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        volume = next(each for each in self.pod["volumes"] if each["name"] == "config")
        self.assertEqual(volume["configMap"]["name"], config["metadata"]["name"])
        self.assertRegex(config["metadata"]["name"], r"^calico-azure-agent-\w+$")


def daemonset(name, containers=("calico-node",)):
    """One as small as can be."""
    labels = {"k8s-app": name}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": each, "image": "x"} for each in containers]}}}}


class Waiting(unittest.TestCase):
    def test_it_is_the_first_init_container_of_every_calico_node_and_nothing_else_changes(self):
        self.assertEqual({documents(file.read_text(encoding="utf-8"))[0]["metadata"]["name"] for file in _CALICO_NODES},
                         {"calico-node", "canal", "canal-node"})
        for file in _CALICO_NODES:
            before = documents(file.read_text(encoding="utf-8"))
            for name in _WAITS:
                with self.subTest(file=file.name, component=name):
                    after = render(KUBERNETES / name, before)
                    pod = pod_of(after[0])
                    first, *others = pod["initContainers"]
                    self.assertEqual(first["name"], "wait-for-azure-agent")
                    self.assertEqual(SCHEMA.errors_of("io.k8s.api.core.v1.Container", first), [])
                    self.assertEqual(others, pod_of(before[0]).get("initContainers", []))
                    mount, = first["volumeMounts"]
                    self.assertTrue(mount["readOnly"])
                    volumes = {volume["name"]: volume for volume in pod["volumes"]}
                    self.assertEqual(volumes.pop(mount["name"])["hostPath"]["path"], "/run/calico-azure-agent")
                    pod["volumes"] = list(volumes.values())
                    if not volumes:
                        del pod["volumes"]
                    pod["initContainers"] = others
                    if not others:
                        del pod["initContainers"]
                    self.assertEqual(after, before)

    def test_other_daemonsets_beside_it_are_left_alone(self):
        others = [*find_all(render(KUBERNETES / "base"), "DaemonSet"), daemonset("calico-node-windows"),
                  daemonset("my-canal"), daemonset("calico-etcd")]
        for name in _WAITS:
            with self.subTest(name):
                after = render(KUBERNETES / name, [*others, daemonset("calico-node")])
                for each in others:
                    self.assertEqual(find(after, "DaemonSet", each["metadata"]["name"]), each)

    def test_lists_and_annotations_that_are_there_stay_in_every_version(self):
        for version in ("apps/v1", "extensions/v1beta1"):
            before = {**daemonset("canal"), "apiVersion": version}
            before["metadata"]["annotations"] = {"a": "b"}
            pod_of(before).update(initContainers=[{"name": "own", "image": "x"}],
                                  volumes=[{"name": "own", "emptyDir": {}}])
            for name in _WAITS:
                with self.subTest(version, component=name):
                    after, = render(KUBERNETES / name, [before])
                    self.assertEqual((after["apiVersion"], after["metadata"]), (version, before["metadata"]))
                    self.assertEqual([each["name"] for each in pod_of(after)["initContainers"]],
                                     ["wait-for-azure-agent", "own"])
                    self.assertIn({"name": "own", "emptyDir": {}}, pod_of(after)["volumes"])

    def test_resources_that_it_does_not_fit_are_an_error_not_silence(self):
        deployment = {**daemonset("calico-node"), "kind": "Deployment"}
        for name in _WAITS:
            for misfit in (render(KUBERNETES / "base"), [daemonset("calico-node-windows")], [deployment]):
                with self.subTest(component=name, resources=misfit[-1]["metadata"]["name"]):
                    with self.assertRaisesRegex(Refused, "nothing selected by DaemonSet-calico-node-or-canal"):
                        render(KUBERNETES / name, misfit)

    def test_it_runs_the_same_image_as_the_agent(self):
        waits = pod_of(render(KUBERNETES / "wait-component", [daemonset("canal")])[0])["initContainers"][0]
        agents = pod_of(find(render(KUBERNETES / "base"), "DaemonSet"))["containers"][0]
        self.assertEqual(waits["image"], agents["image"])


def find_all(objects, kind):
    return [each for each in objects if each["kind"] == kind]


class Readiness(unittest.TestCase):
    def test_condition_and_taint_have_one_name_each(self):
        objects = render(KUBERNETES / "readiness")
        rule = find(objects, "NodeReadinessRule")["spec"]
        container, = pod_of(find(objects, "DaemonSet"))["containers"]
        environment = {each["name"]: each.get("value") for each in container["env"]}
        self.assertEqual([each["type"] for each in rule["conditions"]], [environment["CONDITION_TYPE"]])
        self.assertTrue(environment["CHECK_ENDPOINT"].startswith("http://127.0.0.1:16925/readyz"))
        kubelet = yaml.safe_load((KUBERNETES / "readiness" / "kubelet-taint.yaml").read_text(encoding="utf-8"))
        self.assertEqual(kubelet["registerWithTaints"], [rule["taint"]])
        # The controller refuses other taints.
        self.assertTrue(rule["taint"]["key"].startswith("readiness.k8s.io/"))

    def test_the_controllers_crd_takes_the_rule(self):
        rule = find(render(KUBERNETES / "readiness"), "NodeReadinessRule")["spec"]
        self.assertEqual([error.message for error in jsonschema.Draft7Validator(_RULE).iter_errors(rule)], [])
        self.assertEqual(set(rule) - set(_RULE["properties"]), set())

    def test_what_cannot_be_changed_is_said_where_it_is_set(self):
        immutable = [name for name, field in _RULE["properties"].items()
                     if any("immutable" in each["message"] for each in field.get("x-kubernetes-validations", []))]
        self.assertEqual(sorted(immutable), ["conditions", "enforcementMode", "nodeSelector", "taint"])
        chart = ROOT / "packaging" / "helm" / "calico-azure-agent"
        for file in (KUBERNETES / "readiness" / "rule.yaml", KUBERNETES / "README.md", chart / "README.md",
                     chart / "values.yaml"):
            with self.subTest(file.name):
                text = file.read_text(encoding="utf-8")
                command = text.index("kubectl delete nodereadinessrule calico-azure-agent")
                around = text[max(0, command - 500):command + 500]
                self.assertIn("elete the rule first", around)
                self.assertEqual([name for name in immutable if name not in around], [])

    def test_who_writes_node_status_is_another_account_than_the_agents(self):
        account = pod_of(find(render(KUBERNETES / "readiness"), "DaemonSet"))["serviceAccountName"]
        self.assertNotEqual(account, pod_of(find(render(KUBERNETES / "base"), "DaemonSet"))["serviceAccountName"])


if __name__ == "__main__":
    unittest.main()
