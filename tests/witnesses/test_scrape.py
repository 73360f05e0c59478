#!/usr/bin/env python3
"""The recipes of packaging/monitoring: a real Prometheus finds the agents of a lab by each, as the job and the instances
that the rules know."""

import configparser
import json
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml

from fleet import JOB, MONITORING, Fleet, recipe
from prometheus import unpacked

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS / "kubernetes"))

from kustomize import KUBERNETES, find, render  # noqa: E402
from schema import SCHEMA  # noqa: E402
from lab import eventually  # noqa: E402

_DATA = _TESTS / "data" / "kubernetes"
_BOTH = [({"instance": "vm1", "job": JOB}, 2.0), ({"instance": "vm2", "job": JOB}, 2.0)]
_TEXTFILE = "/var/lib/prometheus/node-exporter"


def strict(schema):
    """As `kubectl apply` takes a CRD's schema: unknown fields are errors."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(each) for name, each in schema.items()}
    return {**made, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else made


def errors(monitor, file):
    schema = strict(json.loads((_DATA / file).read_text(encoding="utf-8")))
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(monitor["spec"])]


def as_the_operator_makes_it(monitor, pods):
    """prometheus-operator's scrape configuration of a PodMonitor (pkg/prometheus/promcfg.go), with targets as service
    discovery by role pod shows these pods: (name, node, address, pod)."""
    endpoint, = monitor["spec"]["podMetricsEndpoints"]
    label = "__meta_kubernetes_pod_label_" + monitor["spec"]["jobLabel"].translate(str.maketrans("./-", "___"))
    (_, value), = monitor["spec"]["selector"]["matchLabels"].items()
    told = [
        {"action": "keep", "source_labels": [label], "regex": value},
        {"action": "keep", "source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": endpoint["port"]},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": ["__meta_kubernetes_pod_container_name"], "target_label": "container"},
        {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        {"target_label": "job", "replacement": f"{monitor['metadata']['namespace']}/{monitor['metadata']['name']}"},
        {"source_labels": [label], "target_label": "job", "regex": "(.+)", "replacement": "${1}"},
        {"target_label": "endpoint", "replacement": endpoint["port"]},
        *({{"sourceLabels": "source_labels", "targetLabel": "target_label"}.get(key, key): value
           for key, value in each.items()} for each in endpoint["relabelings"])]
    targets = []
    for name, node, address, pod in pods:
        container, = pod["spec"]["containers"]
        for port in container["ports"]:
            targets.append({"targets": [f"{address}:{port['containerPort']}"], "labels": {
                "__meta_kubernetes_namespace": "kube-system", "__meta_kubernetes_pod_name": name,
                "__meta_kubernetes_pod_node_name": node, "__meta_kubernetes_pod_container_name": container["name"],
                "__meta_kubernetes_pod_container_port_name": port["name"],
                label: pod["metadata"]["labels"][monitor["spec"]["jobLabel"]]}})
    return {"job_name": "podMonitor/kube-system/calico-azure-agent/0", "relabel_configs": told,
            **{f"label_{name}limit": monitor["spec"][f"label{key}Limit"]
               for name, key in (("", ""), ("name_length_", "NameLength"), ("value_length_", "ValueLength"))}}, targets


class Scrape(unittest.TestCase):
    def fleet(self, **options):
        made = Fleet(**options)
        self.addCleanup(made.close)
        return made

    def assert_both_are_found(self, prometheus, agents_own=True):
        """Ready, once each, with no other label than those that a roll-out leaves as they are."""
        prometheus.await_query("sort(sum by (job, instance) (calico_azure_agent_ready) + 1)",
                               lambda samples: sorted(samples, key=str) == _BOTH)
        self.assertEqual({frozenset(labels) for labels, _ in prometheus.query("calico_azure_agent_ready")},
                         {frozenset(("__name__", "instance", "job"))})
        self.assertEqual(len(prometheus.query("process_start_time_seconds")), 2 if agents_own else 0)
        self.assertEqual(sorted(labels["instance"] for labels, up in prometheus.query(f'up{{job="{JOB}"}}') if up),
                         ["vm1", "vm2"])

    def test_by_the_nodes_of_the_api_server(self):
        fleet = self.fleet()
        self.assert_both_are_found(fleet.prometheus(recipe("scrape.yaml")))

    def test_by_a_pod_monitor_as_the_operator_makes_it_and_a_roll_out_makes_no_series_anew(self):
        fleet = self.fleet()
        monitor = recipe("pod-monitor.yaml")
        pod = find(render(KUBERNETES / "metrics", render(KUBERNETES / "base")), "DaemonSet")["spec"]["template"]

        def pods(roll_out):
            return [(f"calico-azure-agent-{roll_out}{vm.name}", vm.name, vm.address, pod) for vm in fleet.vms]

        config, targets = as_the_operator_makes_it(monitor, pods("a"))
        file = fleet.cluster.folder / "targets.json"
        file.write_text(json.dumps(targets), encoding="utf-8")
        config["file_sd_configs"] = [{"files": [str(file)]}]
        prometheus = fleet.prometheus({"scrape_configs": [config]})
        self.assert_both_are_found(prometheus)
        replacement = file.with_suffix(".new")
        replacement.write_text(json.dumps(as_the_operator_makes_it(monitor, pods("b"))[1]), encoding="utf-8")
        replacement.rename(file)
        eventually(lambda: "calico-azure-agent-bvm1" in
                   [each["discoveredLabels"]["__meta_kubernetes_pod_name"]
                    for each in prometheus.get("targets")["activeTargets"]], "the pods of the roll-out", 30)
        self.assert_both_are_found(prometheus)
        self.assertEqual(len(prometheus.get("series", **{"match[]": "calico_azure_agent_ready"})), 2)

    def test_by_azure_monitors_daemon_set_on_each_node(self):
        fleet = self.fleet()
        config_map = recipe("azure-monitor-node.yaml")
        self.assertEqual(SCHEMA.errors(config_map), [])
        jobs = []
        for vm in fleet.vms:  # the add-on puts these in, on each node
            text = config_map["data"]["prometheus-config"].replace("$NODE_IP", vm.address).replace("$NODE_NAME", vm.name)
            job, = yaml.safe_load(text)["scrape_configs"]
            jobs += job["static_configs"]
            job["static_configs"][0]["labels"] = {"instance": vm.name}
            self.assertEqual(job["relabel_configs"], [{"target_label": "instance", "replacement": vm.name}])
        del job["relabel_configs"]
        self.assert_both_are_found(fleet.prometheus({"scrape_configs": [{**job, "static_configs": jobs}]}))

    def test_by_node_exporter_where_no_port_is_open(self):
        fleet = self.fleet(serve=False)
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read_string((MONITORING / "textfile" / "calico-azure-agent-textfile.service")
                         .read_text(encoding="utf-8").replace("\\\n", " "))
        service = unit["Service"]
        self.assertEqual(service["WorkingDirectory"], _TEXTFILE)
        exporter = unpacked("prometheus-node-exporter") / "usr" / "bin" / "prometheus-node-exporter"

        def run(vm):
            return vm.namespace.run("sh", "-c", f"exec {service['ExecStart']}", cwd=_TEXTFILE)

        for vm in fleet.vms:
            vm.namespace.run("mkdir", "-p", _TEXTFILE)
            self.assertEqual(run(vm).returncode, 0, run(vm).stderr)
            started = vm.namespace.start(exporter, f"--collector.textfile.directory={_TEXTFILE}",
                                         "--web.listen-address=:9100", stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
            self.addCleanup(started.wait)
            self.addCleanup(started.kill)
        prometheus = fleet.prometheus(recipe("scrape-textfile.yaml"))
        self.assert_both_are_found(prometheus, agents_own=False)
        self.assertEqual(prometheus.query("node_textfile_scrape_error == 1"), [])
        # What an agent told that is gone is not told for it, and the alert for that has its expression.
        fleet.vms[1].agent.kill()
        self.assertEqual(run(fleet.vms[1]).returncode, 1)
        gone = f'up{{job="{JOB}"}} unless on (instance) calico_azure_agent_ready'
        (labels, _), = prometheus.await_query(gone, lambda samples: len(samples) == 1)
        self.assertEqual(labels["instance"], "vm2")


class PodMonitor(unittest.TestCase):
    def test_the_crds_of_the_operator_and_of_azure_monitor_take_it(self):
        monitor = recipe("pod-monitor.yaml")
        for file in ("pod-monitor-spec.json", "azure-pod-monitor-spec.json"):
            self.assertEqual(errors(monitor, file), [])
            misspelt = {"spec": {**monitor["spec"], "joblabel": ""}}
            self.assertIn("'joblabel' was unexpected", errors(misspelt, file)[0])

    def test_azure_monitors_is_the_same_by_the_command_of_the_readme(self):
        command, = re.findall(r"`(sed \S+ pod-monitor.yaml)", (MONITORING / "README.md").read_text(encoding="utf-8"))
        printed = subprocess.run(command.split(), cwd=MONITORING, capture_output=True, text=True, check=True).stdout
        self.assertEqual(yaml.safe_load(printed),
                         {**recipe("pod-monitor.yaml"), "apiVersion": "azmonitoring.coreos.com/v1"})

    def test_an_api_server_takes_the_network_policy(self):
        self.assertEqual(SCHEMA.errors(recipe("network-policy.yaml")), [])


if __name__ == "__main__":
    unittest.main()
