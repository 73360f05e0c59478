#!/usr/bin/env python3
"""The chart's values: what cannot be meant is refused by name, what can be renders objects that an API server takes."""

import copy
import json
import unittest

import jsonschema
import yaml

from helm import CHART, MAJORS, helm, rendered
from kustomize import find
from schema import SCHEMA

# What somebody writes; where it is wrong; the reason where the kind of error does not say it.
_WRONG = (
    ("imagePulSecrets: [{name: x}]", "imagePulSecrets", ""),
    ("image: {digest: sha256}", "digest", ""),
    ("image: {repository: ''}", "image.repository", ""),
    ("image: {repository: 'registry.example/agent@sha256:0'}", "image.repository", ""),
    ("image: {tag: 1.10}", "image.tag", "in quotes (or --set-string): YAML reads 1.10 as the number 1.1"),
    ("image: {tag: 20261128}", "image.tag", "in quotes"),
    ("image: {tag: null}", "tag", ""),
    ("image: {pullPolicy: Sometimes}", "image.pullPolicy", "IfNotPresent"),
    ("image: null", "image", ""),
    ("config: null", "config", ""),
    ("config: {mode: udr}", "config", ""),
    ("nodeReadiness: null", "nodeReadiness", ""),
    ("nodeReadiness: {enabled: 'false'}", "nodeReadiness.enabled", ""),
    ("nodeReadiness: {enforcementMode: foo}", "nodeReadiness.enforcementMode", "bootstrap-only"),
    ("nodeReadiness: {interval: 5}", "nodeReadiness.interval", ""),
    ("nodeReadiness: {interval: '5'}", "nodeReadiness.interval", ""),
    ("nodeReadiness: {taint: x}", "taint", ""),
    ("hostPID: 'false'", "hostPID", ""),
    ("hostPID: 0", "hostPID", ""),
    ("hostPID: null", "hostPID", ""),
    ("hostPid: false", "hostPid", ""),
    ("azureJson: 'no'", "azureJson", ""),
    ("networkManager: 'yes'", "networkManager", ""),
    ("metrics: {enabled: 'yes'}", "metrics.enabled", ""),
    ("metrics: {port: 0}", "metrics.port", ""),
    ("metrics: null", "metrics", ""),
    ("metrics: {podMonitor: {enabled: true}}", "metrics.enabled", ""),
    ("metrics: {enabled: true, podMonitor: {enabled: true, apiVersion: v1}}", "metrics.podMonitor.apiVersion", "azmonitoring"),
    ("metrics: {podMonitor: {interval: 30}}", "metrics.podMonitor.interval", ""),
    ("metrics: {networkPolicy: {enabled: true}}", "metrics.networkPolicy.nodes", ""),
    ("metrics: {networkPolicy: {nodes: [10.240.0.0]}}", "metrics.networkPolicy.nodes.0", ""),
    ("extraEnv: [{name: A, value: 1}]", "extraEnv.0.value", ""),
    ("extraEnv: [{name: A, valeu: x}]", "valeu", ""),
    ("extraEnv: {A: x}", "extraEnv", ""),
    ("podLabels: {x: true}", "podLabels.x", ""),
    ("podLabels: {app.kubernetes.io/name: x}", "podLabels.app.kubernetes.io/name", "selects its pods by this label"),
    ("podAnnotations: {x: 5}", "podAnnotations.x", ""),
    ("podAnnotations: {checksum/config: x}", "podAnnotations.checksum/config", "has this annotation itself"),
    ("resources: {limits: {memory: 64}}", "resources.limits.memory", ""),
    ("resources: {limits: {memory: 64MB}}", "resources.limits.memory", ""),
    ("resources: {limit: {memory: 64Mi}}", "limit", ""),
    ("nodeSelector: {pool: 1}", "nodeSelector.pool", ""),
    ("tolerations: [{operator: exists}]", "tolerations.0.operator", "Exists"),
    ("tolerations: {operator: Exists}", "tolerations", ""),
    ("affinity: {nodeAfinity: {}}", "nodeAfinity", ""),
    ("updateStrategy: {type: Recreate}", "updateStrategy.type", "OnDelete"),
    ("updateStrategy: {rollingUpdate: {maxUnavailable: 10 %}}", "updateStrategy.rollingUpdate.maxUnavailable", ""),
    ("priorityClassName: 7", "priorityClassName", ""),
    ("imagePullSecrets: [registry]", "imagePullSecrets.0", ""),
    ("extraVolumeMounts: [{name: v, mountpath: /v}]", "mountpath", ""),
)

# What leaves a default out, and where it then is not.
_NOTHING = {
    "resources": lambda pod, daemonset: pod["containers"][0].get("resources"),
    "tolerations": lambda pod, daemonset: pod.get("tolerations"),
    "nodeSelector": lambda pod, daemonset: pod.get("nodeSelector"),
    "updateStrategy": lambda pod, daemonset: daemonset["spec"].get("updateStrategy"),
    "priorityClassName": lambda pod, daemonset: pod.get("priorityClassName"),
    "affinity": lambda pod, daemonset: pod.get("affinity"),
}


def merged(values, changes):
    """Helm's way with values: maps by their members, null takes a default away, all else is taken as a whole."""
    result = copy.deepcopy(values)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def place(error):
    return ".".join(map(str, error.absolute_path))


class Schema(unittest.TestCase):
    """Without Helm."""

    @classmethod
    def setUpClass(cls):
        cls.defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
        cls.schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def errors(self, text):
        return [f"{place(error)}: {error.message}"
                for error in self.validator.iter_errors(merged(self.defaults, yaml.safe_load(text)))]

    def test_the_defaults_are_right_and_every_one_of_them_is_known(self):
        self.assertEqual(self.errors("{}"), [])
        self.assertEqual(set(self.schema["properties"]) - {"global"}, set(self.defaults))
        for key in ("image", "metrics", "nodeReadiness"):
            self.assertEqual(set(self.schema["properties"][key]["properties"]), set(self.defaults[key]))

    def test_what_cannot_be_meant_is_an_error_that_names_it(self):
        for text, where, why in _WRONG:
            with self.subTest(text):
                errors = self.errors(text)
                self.assertTrue(errors)
                self.assertTrue([error for error in errors if where in error and why in error], errors)


class Helm(unittest.TestCase):
    def test_it_refuses_the_same_by_name(self):
        for text, where, why in _WRONG:
            for major in MAJORS:
                with self.subTest(text, major=major):
                    done = helm(major, "template", values=text)
                    self.assertNotEqual(done.returncode, 0)
                    # Helm 4 writes a place as a JSON pointer.
                    self.assertIn(where.replace("/", "."), done.stderr.replace("~1", "/").replace("/", "."))
                    self.assertIn(why, done.stderr)

    def test_lint_refuses_too(self):
        for major in MAJORS:
            for text in ("imagePulSecrets: []", "image: {tag: 1.10}", "hostPID: 'false'"):
                self.assertNotEqual(helm(major, "lint", "--strict", values=text).returncode, 0, text)
            self.assertNotEqual(helm(major, "template", "--set-string", "hostPID=false").returncode, 0)

    def test_no_string_turns_host_pid_on_where_the_schema_is_switched_off(self):
        for major in MAJORS:
            for value in ("false", "no", "0"):
                pod = pod_of(rendered(major, "--skip-schema-validation", "--set-string", f"hostPID={value}"))
                self.assertNotIn("hostPID", pod)
            self.assertTrue(pod_of(rendered(major))["hostPID"])

    def test_nothing_in_the_place_of_a_default_leaves_it_out(self):
        for key, found in _NOTHING.items():
            for text in (f"{key}: null", *([f'{key}: ""'] if key == "priorityClassName" else [])):
                for major in MAJORS:
                    with self.subTest(text, major=major):
                        objects = rendered(major, values=text)
                        daemonset = find(objects, "DaemonSet")
                        self.assertEqual(SCHEMA.errors(daemonset), [])
                        self.assertIsNone(found(pod_of(objects), daemonset))

    def test_null_takes_away_what_is_in_a_map(self):
        for major in MAJORS:
            self.assertNotIn("nodeSelector", pod_of(rendered(major, "--set", "nodeSelector.kubernetes\\.io/os=null")))
            self.assertNotIn("limits",
                             pod_of(rendered(major, "--set", "resources.limits=null"))["containers"][0]["resources"])


def pod_of(objects):
    return find(objects, "DaemonSet")["spec"]["template"]["spec"]


if __name__ == "__main__":
    unittest.main()
