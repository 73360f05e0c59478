#!/usr/bin/env python3
"""Pod networks that touch the NIC's own subnet."""

import unittest

from case import CLUSTER, NODE, NodeCase, settings


class Overlap(NodeCase):
    def test_a_cluster_cidr_inside_the_subnet_fails_the_gate_and_only_its_route_is_not_made(self):
        for inside in ("10.240.0.0/24", "10.240.0.128/25"):
            with self.subTest(inside):
                self.agent.configure(**settings(pods={"cluster_cidrs": [CLUSTER, inside]}))
                self.agent.start()
                overlap = self.agent.await_check("pods.overlap", "fail")
                self.assertTrue(overlap["gate"])
                self.assertIn(inside, overlap["message"])
                self.await_routes(self.wanted())
                self.assertFalse(self.agent.is_ready())
                self.assertEqual(self.agent.get("/livez").status, 200)
                self.assertEqual(self.agent.stop(), 0)

    def test_a_node_cidr_inside_the_subnet_has_no_sink(self):
        self.agent.configure(**settings(pods={"cluster_cidrs": [CLUSTER, "10.240.0.0/24"],
                                              "node_cidrs": [NODE, "10.240.0.64/26"]}))
        self.agent.start()
        self.agent.await_check("pods.overlap", "fail")
        self.await_routes(self.wanted())

    def test_a_cluster_cidr_around_the_subnet_only_warns(self):
        around = "10.240.0.0/13"
        self.agent.configure(**settings(pods={"cluster_cidrs": [around]}))
        self.agent.start_ready()
        overlap = self.agent.check("pods.overlap")
        self.assertEqual(overlap["status"], "fail")
        self.assertFalse(overlap["gate"])
        self.assertEqual(self.lab.routes(), sorted([self.cluster_route(around), self.sink()]))

    def test_the_node_still_reaches_its_subnet(self):
        self.agent.configure(**settings(pods={"cluster_cidrs": ["10.240.0.0/24"], "node_cidrs": []}))
        self.agent.start()
        self.agent.await_check("pods.overlap", "fail")
        self.assertEqual(self.lab.vm.run("ping", "-n", "-c1", "-W2", "10.240.0.1").returncode, 0)


class NodeCidr(NodeCase):
    def test_unknown_it_is_no_gate_by_default(self):
        self.agent.configure(**settings(pods={"node_cidrs": []}))
        self.agent.start_ready()
        self.assertEqual(self.agent.check("pods.node_cidr")["status"], "unknown")

    def test_demanded_and_missing_it_gates(self):
        self.agent.configure(**settings(pods={"node_cidrs": [], "node_cidr_source": "static"}))
        self.agent.start()
        self.agent.await_word("STATUS=waiting for pods.node_cidr")
        self.await_routes([self.cluster_route()])


class OtherModes(NodeCase):
    def test_in_the_modes_that_encapsulate_only_the_sink_is_made(self):
        for mode in ("flannel", "calico-vxlan"):
            with self.subTest(mode):
                self.agent.configure(**settings(mode=mode))
                self.agent.start_ready()
                self.assertEqual(self.lab.routes(), [self.sink()])
                self.agent.stop()

    def test_with_azure_cni_no_route_is_made(self):
        self.agent.configure(**settings(mode="azure-cni"))
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), [])


if __name__ == "__main__":
    unittest.main()
