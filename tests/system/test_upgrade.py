#!/usr/bin/env python3
"""An upgrade on a node at work: pods of two VMs talk all the while."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab.cluster import Cluster  # noqa: E402

from case import AGENT, NEXT, VERSION, eventually, package, toml  # noqa: E402
from host import Host  # noqa: E402


class Upgrade(unittest.TestCase):
    def test_loses_no_packet_and_changes_no_route(self):
        with Cluster(nodes=2) as cluster:
            here, there = cluster.vms
            with Host(here.namespace, cluster.folder / "host") as host:
                host.x("dpkg", "--install", host.bring(package(f"calico-azure-agent_{VERSION}_*.deb")))
                host.write("/etc/calico-azure-agent/config.toml", toml(here.config()))
                host.x("systemctl", "restart", AGENT)
                there.agent.configure(**there.config())
                there.agent.start_ready()
                pods = [here.add_pod(), there.add_pod()]
                self.upgrade(host, here, cluster.traffic(*pods))

    def upgrade(self, host, vm, traffic):
        eventually(lambda: traffic.answered > 20, "packets both ways")
        tape = vm.tape()
        since = tape.mark()
        before = host.show(AGENT, "MainPID")
        host.x("dpkg", "--force-confold", "--install", host.bring(package(f"calico-azure-agent_{NEXT}_*.deb")))
        eventually(lambda: host.show(AGENT, "MainPID") not in ("0", before), "its successor", timeout=30)
        host.await_shown(AGENT, ActiveState="active")
        answered = traffic.answered
        eventually(lambda: traffic.answered > answered + 20, "packets both ways, still")
        count = traffic.stop()
        self.assertEqual(count.lost, 0, str(count))
        self.assertEqual(tape.changes(since), [])


if __name__ == "__main__":
    unittest.main()
