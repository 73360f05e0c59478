#!/usr/bin/env python3
"""Both families: addresses by DHCPv6, the router by its advertisements, one route table for both."""

import re
import unittest

from case import ClusterCase
from lab.fabric import IPV6_ROUTER


class DualStack(ClusterCase):
    cluster_options = {"nodes": 2, "ipv6": True}

    def test_pods_reach_each_other_by_both_families(self):
        here, there = self.pods
        self.assertEqual(len(there.addresses), 2)
        for address in there.addresses:
            with self.subTest(address):
                self.assert_reaches(here, there, address)
                self.assert_reaches(there, here, here.addresses[there.addresses.index(address)])

    def test_without_its_ipv6_route_only_that_family_is_lost(self):
        here, there = self.pods
        self.assert_reaches(here, there, there.addresses[1])
        self.cluster.ask("route-table remove cluster-routes fd00:244:0:2::/64")
        self.assert_reaches(here, there, there.addresses[0])
        self.assert_lost(here, there, there.addresses[1])

    def test_a_security_rule_of_one_family_leaves_the_other_alone(self):
        here, there = self.pods
        self.cluster.ask("nic vm2 deny in fd00:244::/48")
        self.assert_lost(here, there, there.addresses[1])
        self.assert_reaches(here, there, there.addresses[0])
        self.assert_reaches(there, here, here.addresses[1])

    def test_the_way_out_is_the_advertised_router(self):
        for vm in self.vms:
            router, = (line for line in vm.namespace.routes(protocol="ra") if line.startswith("default"))
            self.assertIn(f"via {IPV6_ROUTER} dev eth0", router)
            lifetime = int(re.search(r"expires (\d+)sec", router)[1])
            self.assertGreater(lifetime, 8900)
            self.assertLessEqual(lifetime, 9000)


if __name__ == "__main__":
    unittest.main()
