"""What every scenario starts from: a fresh virtual network with its VMs, each with a ready agent and a pod."""

import contextlib
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import eventually, reaches  # noqa: E402
from lab.cluster import CLUSTER, CLUSTER6, ROUTE_TABLE, Cluster  # noqa: E402

__all__ = ["CLUSTER", "CLUSTER6", "ROUTE_TABLE", "ClusterCase", "eventually", "reaches"]


class ClusterCase(unittest.TestCase):
    """A cluster for each test: it is up in half a second, and no test sees what another has left."""

    cluster_options = {"nodes": 2}
    config = {}

    def setUp(self):
        self.cluster = Cluster(**self.cluster_options)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__, None, None, None)
        self.vms = self.cluster.vms
        for vm in self.vms:
            vm.agent.configure(**vm.config(**self.config))
        self.cluster.start_agents()
        self.pods = [vm.add_pod() for vm in self.vms]

    def run(self, result=None):
        before = _faults(result)
        super().run(result)
        if _faults(result) > before:
            for vm in getattr(self, "vms", ()):
                print(f"\n-- {vm.name}'s journal in {self.id()}:", *vm.agent.log.lines(), sep="\n   ", file=sys.stderr)

    def assert_reaches(self, here, there, address=None):
        self.assertTrue(reaches(here.namespace, there.namespace, address or there.address, within=5), "no answer")

    def assert_lost(self, here, there, address=None):
        self.assertFalse(reaches(here.namespace, there.namespace, address or there.address, within=0.3), "an answer")

    def make_agents_routes_matter(self):
        """A VPN or a peering that wants all private addresses: without the agents' routes pods take it."""
        for vm in self.vms:
            vm.namespace.ip("route add unreachable 10.0.0.0/8 metric 50")

    def stop_imds(self):
        for vm in self.vms:
            vm.imds.stop()

    def assert_every_kernel_is_right(self):
        """The fault is Azure's: what an agent sees of its own kernel is as it should be."""
        for vm in self.vms:
            self.assertTrue(vm.agent.is_ready(), vm.name)
            self.assertEqual(vm.agent.check("routes.in_sync")["status"], "pass", vm.name)

    @contextlib.contextmanager
    def traffic(self, here, there):
        """Runs while the block does; the count is there afterwards."""
        running = self.cluster.traffic(here, there)
        eventually(lambda: running.answered, "the first answer")
        outcome = []
        try:
            yield outcome
        finally:
            outcome.append(running.stop())


def _faults(result):
    return 0 if result is None else len(result.failures) + len(result.errors)
