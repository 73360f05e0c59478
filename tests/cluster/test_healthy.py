#!/usr/bin/env python3
"""What works on Azure works here: pods and nodes talk, under their own addresses."""

import unittest

from case import ClusterCase, eventually, reaches
from lab.traffic import Traffic


class Healthy(ClusterCase):
    cluster_options = {"nodes": 3}

    def assert_talks(self, here, there, address, source):
        traffic = Traffic(here, there, address)
        try:
            eventually(lambda: traffic.answered > 2, f"answers of {address}")
        finally:
            count = traffic.stop()
        self.assertEqual(count.seen_from, {source})

    def test_pods_of_all_nodes_reach_each_other_under_their_own_addresses(self):
        for here in self.pods:
            for there in self.pods:
                if here is not there:
                    self.assert_talks(here.namespace, there.namespace, there.address, here.address)

    def test_a_pod_reaches_another_node_and_that_node_reaches_the_pod(self):
        pod, node = self.pods[0], self.vms[1]
        self.assert_talks(pod.namespace, node.namespace, node.address, pod.address)
        self.assert_talks(node.namespace, pod.namespace, pod.address, node.address)

    def test_a_pod_that_comes_later_is_reached_too(self):
        later = self.vms[2].add_pod()
        self.assert_reaches(self.pods[0], later)


class SecondaryNic(ClusterCase):
    """Pods whose packets go by eth1 (nic.select): Azure takes their sources there alone."""

    cluster_options = {"nodes": 2, "nics": 2}
    config = {"nic": {"select": "name:eth1"}}

    def test_pods_send_and_answer_by_the_second_nic(self):
        self.cluster.ask("subnet associate pods cluster-routes")
        for vm in self.vms:
            self.cluster.ask(f"nic {vm.name}:0 ip-forwarding off")
            next_hop = vm.nics[1].addresses[0]
            self.cluster.ask(f"route-table add cluster-routes {vm.pod_cidrs[0]} VirtualAppliance {next_hop}")
        here, there = self.pods
        self.assert_reaches(here, there)
        self.assert_reaches(there, here)
        # A node speaks under its first NIC's address; the pod's answer must not leave by that NIC.
        node = self.vms[0]
        self.assertTrue(reaches(node.namespace, there.namespace, there.address, within=5))


if __name__ == "__main__":
    unittest.main()
