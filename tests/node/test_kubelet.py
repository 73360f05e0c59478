#!/usr/bin/env python3
"""The kubelet may wait for READY=1, so READY=1 does not wait for what the kubelet brings."""

import unittest

from case import CLUSTER, NodeCase, eventually, settings
from lab.agent import toml

POD_CIDR_FROM = {source: {"pods": {"cluster_cidrs": [CLUSTER], "node_cidrs": [], "node_cidr_source": source}}
                 for source in ("kubernetes", "route-table")}


class Kubelet(NodeCase):
    def test_ready_is_said_before_the_node_has_its_pod_cidr(self):
        for source, config in POD_CIDR_FROM.items():
            with self.subTest(source):
                self.agent.configure(**settings(**config))
                begin = len(self.agent.log)
                self.agent.start_ready()
                self.agent.await_log("READY=1: .*; pods.node_cidr comes with the kubelet", since=begin)
                self.assertTrue(self.gates()["pods.node_cidr"].startswith("[-]pods.node_cidr failed"))
                self.assertEqual(self.agent.get("/readyz").status, 503)
                self.assertFalse(self.agent.ready_file.exists())
                self.assertEqual(self.agent.command("wait", "--timeout", "100ms").returncode, 1)
                self.agent.await_word("STATUS=waiting for pods.node_cidr: .*, which comes with the kubelet")
                self.await_routes([self.cluster_route()])
                self.agent.stop()

    def test_what_the_node_itself_needs_is_waited_for(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.configure(**settings(**POD_CIDR_FROM["kubernetes"]))
        self.agent.start()
        self.agent.await_word("STATUS=waiting for .*sysctl.ip_forward")
        self.assertNotIn("READY=1", self.agent.manager.heard.lines())
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.agent.await_word("READY=1")
        self.assertEqual(self.agent.get("/readyz").status, 503)
        # It has never been ready, so an edited configuration still takes effect by itself, and all is told.
        self.agent.file.write_text(toml(settings()), encoding="utf-8")
        self.agent.await_ready()
        eventually(self.agent.ready_file.exists, "the ready file")
        self.agent.await_log("ready$")


if __name__ == "__main__":
    unittest.main()
