#!/usr/bin/env python3
"""Every mode with what it runs beside: pods of different nodes talk, and the agent makes that mode's routes and no
others."""

import itertools
import unittest

from case import CLUSTER, ClusterCase, eventually
from lab import cni, modes
from lab.traffic import Traffic


def sink(cidr):
    return f"blackhole {cidr} proto 169 metric 1000000"


class ModeCase:
    """What holds in each. The mode's name is the lab's (tests/lab/modes.py)."""

    def routes(self, vm):
        """Wanted of the agent."""
        return [sink(cidr) for cidr in vm.pod_cidrs]

    def test_pods_talk_under_their_own_addresses_by_the_modes_routes_and_a_restart_changes_nothing(self):
        for vm in self.vms:
            self.assertEqual(vm.namespace.routes(), sorted(self.routes(vm)))
            self.assertEqual(vm.namespace.rules(), [])
        for here, there in itertools.permutations(self.pods, 2):
            self.assert_talks(here, there)
        self.assert_silent_restart(self.vms[0])

    def assert_silent_restart(self, vm):
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


class AnotherMode(ClusterCase):
    """A node whose networking is exchanged under a running agent."""

    cluster_options = {"nodes": 2, "mode": "udr"}

    def setUp(self):
        super().setUp()
        self.vm = self.vms[0]
        self.tape = self.vm.tape()
        self.begin = self.tape.mark()
        self.mine = self.vm.namespace.routes()
        self.log = len(self.vm.agent.log)

    def assert_our_routes_went_and_nothing_else(self):
        eventually(lambda: not self.vm.namespace.routes(), "routes of udr go", timeout=60)
        self.assertEqual(sorted(self.tape.changes(self.begin)), sorted(f"Deleted {line}" for line in self.mine))
        self.vm.agent.await_ready()
        status = self.vm.agent.status()
        self.assertEqual((status["mode"], status["ready"], status["routes"]), ("azure-cni", True, []))

    def test_by_the_configuration_it_is_followed_at_once(self):
        self.vm.agent.reload(**self.vm.config(mode="azure-cni"))
        self.assert_our_routes_went_and_nothing_else()
        self.vm.agent.await_log(r"mode.in_force failed: the mode changes from udr to azure-cni", since=self.log)
        self.vm.agent.await_log(r"no longer ready: mode.in_force", since=self.log)

    def test_by_the_nodes_files_it_is_followed_once_they_have_held_for_half_a_minute(self):
        self.vm.agent.reload(**self.vm.config(mode="auto"))
        eventually(lambda: "calico with host-local" in self.vm.agent.status()["mode_reason"], "what auto finds")
        self.vm.files.write(f"{cni.NETWORKS}/10-azure.conflist", modes.AzureCni().configuration())
        self.vm.files.remove(self.vm.mode.conflist)
        self.assert_our_routes_went_and_nothing_else()
        self.assertIn("10-azure.conflist runs azure-vnet", self.vm.agent.status()["mode_reason"])
        # Calico's files alone are the same before an overlay is up: in a node's first minutes they are a guess.
        self.assertFalse([line for line in self.vm.agent.log.lines(self.log) if "no longer ready" in line])


if __name__ == "__main__":
    unittest.main()
