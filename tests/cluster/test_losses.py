#!/usr/bin/env python3
"""What Azure loses is lost here, and no agent withdraws a node for it: its own kernel is right."""

import json
import socket
import unittest

from case import ROUTE_TABLE, ClusterCase, eventually
from losses import LOSSES, ONE_WAY_LOSSES

_IPIP = 4


class Losses(ClusterCase):
    def assert_only_while(self, fault, remedy):
        """Both ways are lost from the fault on and back after the remedy; a datagram and its answer need both."""
        here, there = self.pods
        self.assert_reaches(here, there)
        self.cluster.ask(fault)
        self.assert_lost(here, there)
        self.assert_lost(there, here)
        self.assert_every_kernel_is_right()
        self.cluster.ask(remedy)
        self.assert_reaches(here, there)

    def test_ip_forwarding_off_on_one_nic(self):
        self.assert_only_while(*LOSSES["ip_forwarding"])

    def test_a_route_table_that_is_not_associated(self):
        self.assert_only_while(*LOSSES["no_table"])

    def test_a_missing_route_of_one_node(self):
        self.assert_only_while(*LOSSES["no_route"])

    def test_a_next_hop_that_a_node_made_anew_has_left_behind(self):
        self.assert_only_while(*LOSSES["next_hop_left_behind"])

    def test_a_route_to_none_that_is_longer_than_the_node_route(self):
        self.assert_only_while(*LOSSES["longer_route_to_none"])

    def test_a_security_rule_against_pods_lets_replies_pass(self):
        here, there = self.pods
        for rule, remedy in ONE_WAY_LOSSES.values():
            with self.subTest(rule):
                self.cluster.ask(rule)
                self.assert_lost(here, there)
                self.assert_reaches(there, here)
                self.cluster.ask(remedy)
                self.assert_reaches(here, there)

    def test_tunnels_by_ipip(self):
        with self._raw(self.vms[0], _IPIP) as near, self._raw(self.vms[1], _IPIP) as far, \
                self._raw(self.vms[0], 253) as near_other, self._raw(self.vms[1], 253) as far_other:
            # Protocol 253 is for experiments (RFC 3692): what it passes, the fabric does carry.
            near.sendto(b"inner packet", (self.vms[1].address, 0))
            near_other.sendto(b"experiment", (self.vms[1].address, 0))
            self.assertTrue(far_other.recv(2048).endswith(b"experiment"))
            far.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                far.recv(2048)

    @staticmethod
    def _raw(vm, protocol):
        with vm.namespace.entered():
            made = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        made.settimeout(5)
        return made


class OutsideTheNetwork(ClusterCase):
    """Pod CIDRs that the virtual network does not have: the system route to None is met unless a table says better."""

    def setUp(self):
        super().setUp()
        for vm in self.vms:
            vm.pod_cidrs = [f"172.20.{vm.number}.0/24"]
            config = vm.config()
            config["pods"]["cluster_cidrs"] = ["172.20.0.0/16"]
            vm.agent.reload(**config)
            vm.agent.await_ready()
        self.pods = [vm.add_pod() for vm in self.vms]

    def test_pods_are_lost_without_routes_and_reached_with_them(self):
        here, there = self.pods
        self.assert_lost(here, there)
        self.assert_every_kernel_is_right()
        for vm in self.vms:
            self.cluster.ask(f"route-table add {ROUTE_TABLE} {vm.pod_cidrs[0]} VirtualAppliance {vm.address}")
        self.assert_reaches(here, there)


class Loop(ClusterCase):
    """A packet to an address of a node's CIDR that no pod has: the node's way to it leads back into the fabric."""

    def setUp(self):
        super().setUp()
        done = self.vms[1].namespace.run("nft", "-f", "-", stdin=None, input="""table inet counting {
            counter into_the_node {}
            counter back_to_the_fabric {}
            chain in {
                type filter hook prerouting priority 0
                iifname "eth0" ip daddr 10.244.2.250 counter name into_the_node
            }
            chain out {
                type filter hook postrouting priority 0
                oifname "eth0" ip daddr 10.244.2.250 counter name back_to_the_fabric
            }
        }
        """)
        self.assertEqual(done.returncode, 0, done.stderr)

    def counted(self):
        """Of a packet from a pod of vm1 to an address that vm2's pods might have: [into vm2, back to the fabric]."""
        with self.pods[0].namespace.socket(kind=socket.SOCK_DGRAM) as near:
            near.sendto(b"nobody", ("10.244.2.250", 9))
        self.assert_reaches(*self.pods)  # what was under way before it has arrived
        done = self.vms[1].namespace.run("nft", "-j", "list", "counters")
        counters = [each["counter"] for each in json.loads(done.stdout)["nftables"] if "counter" in each]
        return [next(each["packets"] for each in counters if each["name"] == name)
                for name in ("into_the_node", "back_to_the_fabric")]

    def test_without_the_sink_it_bounces_until_its_time_to_live_ends(self):
        node = self.vms[1]
        config = node.config()
        config["routes"] = {"local_sink": "none"}
        node.agent.reload(**config)
        eventually(lambda: not any("blackhole" in line for line in node.namespace.routes()), "no sink")
        # 64 hops at first: one for each passage of a node, one for each of the fabric.
        self.assertEqual(self.counted(), [31, 31])

    def test_with_the_sink_it_ends_there(self):
        self.assertEqual(self.counted(), [1, 0])


if __name__ == "__main__":
    unittest.main()
