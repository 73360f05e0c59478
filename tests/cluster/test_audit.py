#!/usr/bin/env python3
"""`audit`, which judges the whole cluster by lists alone: it is silent about a healthy one, names each fault by its
cause, and its script mends what a command may mend."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import azure_resources  # noqa: E402
from lab.cloud import ADDRESS, NODE_TOKEN, node  # noqa: E402
from lab.cluster import NODES, ROUTE_TABLE, SECURITY_GROUP, Cluster  # noqa: E402

_IDENTITY_TOKEN = re.compile(r"eyJ0eXAiOiJKV1Qi")


class AuditCase(unittest.TestCase):
    cluster_options = {"nodes": 3, "cloud": True}

    def setUp(self):
        self.cluster = Cluster(**self.cluster_options)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__, None, None, None)
        self.vm = self.cluster.vms[0]

    def audit(self, *words, expect, **options):
        """What it prints; no secret is ever in it."""
        done = self.vm.agent.command("audit", "--endpoint", f"https://{ADDRESS}", "--kubeconfig",
                                     self.cluster.folder / "vm1-kubeconfig", *words, **options)
        for text in (done.stdout, done.stderr):
            self.assertNotIn(NODE_TOKEN, text)
            self.assertIsNone(_IDENTITY_TOKEN.search(text), text)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout

    def report(self, *words, expect):
        report = json.loads(self.audit("--json", *words, expect=expect))
        self.assertEqual(report["schema"], "calico-azure-agent/audit/v1")
        return report

    def causes(self, *words, expect=1):
        return [group["cause"] for group in self.report(*words, expect=expect)["groups"]]

    def script(self):
        return self.audit("--repair-script", "-", expect=1)

    def mend(self):
        """By its script, line by line, as a shell would run it; a shell has no objection to it."""
        script = self.script()
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)
        for line in script.splitlines():
            if line.startswith("az "):
                self.cluster.mend(line)

    def assert_healthy(self, *words):
        report = self.report(*words, expect=0)
        self.assertEqual((report["groups"], report["unknown"]), ([], []), report)
        return report


class Healthy(AuditCase):
    def test_nothing_is_said_of_a_healthy_cluster_and_no_more_is_asked_than_was_said(self):
        self.cluster.cloud.forget_cloud_requests()
        report = self.assert_healthy()
        self.assertEqual(report["mode"], "udr")
        self.assertEqual({key: report["counts"][key] for key in ("nodes", "nics", "subnets", "route_tables", "routes")},
                         {"nodes": 3, "nics": 3, "subnets": 1, "route_tables": 1, "routes": 3})
        asked = self.cluster.cloud.cloud_requests()["recent"]
        self.assertEqual(report["counts"]["requests"], sum("/subscriptions/" in each["target"] for each in asked))
        self.assertEqual({each["method"] for each in asked}, {"GET"})
        self.assertIn("nothing was found", self.audit(expect=0))

    def test_a_budget_that_does_not_do_is_said_before_anything_is_asked(self):
        self.cluster.cloud.forget_cloud_requests()
        self.audit("--max-requests", "2", expect=2)
        self.assertFalse([each for each in self.cluster.cloud.cloud_requests()["recent"]
                          if "/subscriptions/" in each["target"]])

    def test_a_token_and_the_nodes_may_come_from_files(self):
        token = self.cluster.folder / "token"
        asked = self.vm.namespace.run(
            "curl", "-sfH", "Metadata:true", "http://169.254.169.254/metadata/identity/oauth2/token"
            f"?api-version=2018-02-01&resource=https://{ADDRESS}")
        token.write_text(json.loads(asked.stdout)["access_token"] + "\n", encoding="utf-8")
        nodes = self.cluster.folder / "nodes.json"
        nodes.write_text(json.dumps({"kind": "List", "items": [vm.node() for vm in self.cluster.vms]}), encoding="utf-8")
        self.vm.imds.stop()
        self.assert_healthy("--token-file", token, "--nodes", nodes)
        token.write_text("{}", encoding="utf-8")
        report = self.report("--token-file", token, "--nodes", nodes, expect=2)
        self.assertIn("there is no token", json.dumps(report["unknown"]))


class Faults(AuditCase):
    def test_each_fault_is_named_by_its_cause_and_the_script_mends_it(self):
        own = f"route-table add {ROUTE_TABLE} 10.244.2.0/24 VirtualAppliance"
        for fault, cause in (("nic vm1 ip-forwarding off", "nic.forwarding_off"),
                             ("subnet disassociate nodes", "subnet.no_table"),
                             (f"route-table remove {ROUTE_TABLE} 10.244.1.0/24", "route.missing"),
                             (f"{own} 10.240.0.77", "route.elsewhere"),
                             (f"security-group rule {SECURITY_GROUP} NoPods 200 Inbound Deny * 10.244.0.0/16 "
                              "10.244.0.0/16 *", "security_group.denies")):
            with self.subTest(fault):
                self.cluster.ask(fault)
                words = ("--cluster-cidr", "10.244.0.0/16")
                self.assertEqual(self.causes(*words), [cause])
                self.mend()
                self.assert_healthy(*words)

    def test_what_no_command_may_change_is_a_comment(self):
        for fault, undo, cause in (
                (f"route-table add {ROUTE_TABLE} 10.244.1.128/25 VirtualAppliance 10.240.0.99",
                 f"route-table remove {ROUTE_TABLE} 10.244.1.128/25", "route.diverting"),
                (f"route-table add {ROUTE_TABLE} 10.244.9.0/24 VirtualAppliance 10.240.0.99",
                 f"route-table remove {ROUTE_TABLE} 10.244.9.0/24", "route.stale")):
            with self.subTest(fault):
                self.cluster.ask(fault)
                self.assertEqual(self.causes("--cluster-cidr", "10.244.0.0/16"), [cause])
                script = self.audit("--cluster-cidr", "10.244.0.0/16", "--repair-script", "-", expect=1)
                self.assertFalse([line for line in script.splitlines() if line.startswith("az ")], script)
                self.cluster.ask(undo)

    def test_nodes_without_a_cidr_and_with_anothers(self):
        vm2 = self.cluster.vms[1]
        for cidrs, causes in (([], ["cidr.missing"]), (["10.244.1.0/24"], ["cidr.doubled"])):
            with self.subTest(cidrs):
                self.cluster.tell_nodes(vm2=node("vm2", cidrs, addresses=vm2.nics[0].addresses[:1],
                                                 provider_id=f"azure://{azure_resources.vm_id('vm2')}"))
                self.assertLessEqual(set(causes), set(self.causes()))

    def test_what_could_not_be_read_is_unknown_and_names_the_right_that_is_missing(self):
        for path, action in ((azure_resources.route_table_id("").removesuffix("/"), "routeTables/read"),
                             (azure_resources.network_id(), "virtualNetworks/read"),
                             (azure_resources.security_group_id(SECURITY_GROUP), "networkSecurityGroups/read")):
            with self.subTest(path):
                self.cluster.cloud.cloud_fault(kind="status", code=403, path=path)
                report = self.report("--mode", "udr", expect=2)
                self.assertEqual(report["groups"], [])
                self.assertIn(f"Microsoft.Network/{action}", json.dumps(report["unknown"]))
                self.assertNotIn("missing", json.dumps(report["groups"]))
        self.cluster.cloud.cloud_fault()

    def test_a_429_is_waited_for(self):
        self.cluster.cloud.cloud_fault(kind="status", code=429, count=1, path="/subscriptions",
                                       headers={"Retry-After": "1"})
        self.assert_healthy()


class Overlays(AuditCase):
    cluster_options = {"nodes": 2, "cloud": True, "mode": "canal"}

    def test_an_overlay_needs_no_route_and_azure_is_not_asked(self):
        self.cluster.cloud.forget_cloud_requests()
        report = self.assert_healthy()
        self.assertEqual((report["mode"], report["counts"]["requests"]), ("flannel", 0))


if __name__ == "__main__":
    unittest.main()
