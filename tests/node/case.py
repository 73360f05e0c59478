"""What every end-to-end test of a node starts from: a fresh lab and an agent configured for it."""

import contextlib
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab, SANITIZED, documents, eventually  # noqa: E402

__all__ = ["CLUSTER", "CLUSTER6", "Lab", "NODE", "NODE6", "NodeCase", "SANITIZED", "documents", "eventually", "settings"]

CLUSTER, NODE = "10.244.0.0/16", "10.244.1.0/24"
CLUSTER6, NODE6 = "fd00:244::/48", "fd00:244:0:1::/64"


def settings(**sections):
    """The configuration of a node in mode udr, changed key by key: settings(routes={"metric": 7})."""
    config = {"mode": "udr",
              "imds": {"poll_interval": "10s", "read_timeout": "1s"},
              "pods": {"cluster_cidrs": [CLUSTER], "node_cidrs": [NODE]},
              "azure": {"verify": "off"}}  # a token is a request to IMDS too, and these are counted
    for name, keys in sections.items():
        config[name] = {**config.get(name, {}), **keys} if isinstance(keys, dict) else keys
    return config


class NodeCase(unittest.TestCase):
    """A lab for each test: it is up in 60 ms, and no test sees what another has left."""

    lab_options = {}
    config = {}

    def setUp(self):
        self.lab = self.enter(Lab(**self.lab_options))
        self.agent = self.lab.agent(**settings(**self.config))

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def run(self, result=None):
        faults = _faults(result)
        super().run(result)
        if _faults(result) > faults and hasattr(self, "agent"):
            print(f"\n-- the agent's journal in {self.id()}:", *self.agent.log.lines(), sep="\n   ", file=sys.stderr)

    # What is wanted of the kernel

    def cluster_route(self, destination=CLUSTER, metric=1024):
        nic = self.lab.nic
        if ":" in destination:
            return (f"{destination} via fe80::1234:5678:9abc dev {nic.name} proto 169 src {nic.ipv6} "
                    f"metric {metric} pref medium")
        return f"{destination} via {nic.gateway} dev {nic.name} proto 169 src {nic.address} metric {metric}"

    def sink(self, destination=NODE, kind="blackhole"):
        if ":" in destination:
            return f"{kind} {destination} dev lo proto 169 metric 1000000 pref medium"
        return f"{kind} {destination} proto 169 metric 1000000"

    def wanted(self):
        return sorted([self.cluster_route(), self.sink()])

    def await_routes(self, routes, timeout=5.0):
        with contextlib.suppress(AssertionError):
            eventually(lambda: self.lab.routes() == sorted(routes), "the routes", timeout)
        self.assertEqual(self.lab.routes(), sorted(routes))

    def gates(self):
        """The lines of /readyz?verbose by check id."""
        lines = self.agent.get("/readyz?verbose").body.splitlines()
        return {line[3:].split()[0]: line for line in lines if line.startswith("[")}


def _faults(result):
    return 0 if result is None else len(result.failures) + len(result.errors)
