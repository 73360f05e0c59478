#!/usr/bin/env python3
"""Every mode with what it runs beside: pods of different nodes talk, and the agent makes that mode's routes and no
others."""

import unittest

from case import CLUSTER, ClusterCase, eventually
from lab.traffic import Traffic


def sink(cidr):
    return f"blackhole {cidr} proto 169 metric 1000000"


class ModeCase:
    """What holds in each. The mode's name is the lab's (tests/lab/modes.py)."""

    def routes(self, vm):
        """Wanted of the agent."""
        return [sink(cidr) for cidr in vm.pod_cidrs]

    def test_pods_talk_under_their_own_addresses_and_the_routes_are_the_modes(self):
        for vm in self.vms:
            self.assertEqual(vm.namespace.routes(), sorted(self.routes(vm)))
            self.assertEqual(vm.namespace.rules(), [])
        for here in self.pods:
            for there in self.pods:
                if here is not there:
                    self.assert_talks(here, there)

    def test_a_restart_changes_nothing(self):
        vm = self.vms[0]
        tape = vm.tape()
        begin = tape.mark()
        vm.agent.stop()
        vm.agent.start_ready()
        eventually(lambda: vm.agent.status()["imds"]["source"] == "live", "an answer of IMDS")
        self.assertEqual(tape.changes(begin), [])

    def assert_talks(self, here, there):
        traffic = Traffic(here.namespace, there.namespace, there.address)
        try:
            eventually(lambda: traffic.answered > 2, f"answers of {there.address}")
        finally:
            count = traffic.stop()
        self.assertEqual(count.seen_from, {here.address})


class Udr(ModeCase, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr"}

    def routes(self, vm):
        return [f"{CLUSTER} via 10.240.0.1 dev eth0 proto 169 src {vm.address} metric 1024", *super().routes(vm)]


class Canal(ModeCase, ClusterCase):
    cluster_options = {"nodes": 3, "mode": "canal"}


class Flannel(ModeCase, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "flannel"}


class CalicoVxlan(ModeCase, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "calico-vxlan"}


class AzureCni(ModeCase, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "azure-cni"}

    def routes(self, vm):
        return []


if __name__ == "__main__":
    unittest.main()
