#!/usr/bin/env python3
"""What is taken away from the agent's routes comes back."""

import ipaddress
import re
import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, eventually


class Repair(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()

    def test_a_deleted_route_comes_back(self):
        for route in (CLUSTER, f"blackhole {NODE}"):
            with self.subTest(route):
                self.lab.vm.ip(f"route del {route} proto 169")
                self.await_routes(self.wanted())

    def test_a_repair_is_counted_and_logged_with_the_route(self):
        begin = len(self.agent.log)
        self.lab.vm.ip(f"route del {CLUSTER}")
        self.agent.await_log(rf"restored.*{CLUSTER}", since=begin)
        self.assertEqual(self.agent.status()["counters"]["routes_repaired"], 1)

    def test_who_reads_of_repairs_finds_them_counted_amid_more_of_them(self):
        said, told = len(self.agent.log), 0
        for _ in range(3):
            while not (amounts := re.findall(r"restored (\d+) route", "\n".join(self.agent.log.lines(said)))):
                self.lab.vm.ip(f"route del {CLUSTER}")
                self.await_routes(self.wanted())
            counted = self.agent.status()["counters"]["routes_repaired"]
            said = len(self.agent.log)
            told += sum(map(int, amounts))
            self.assertGreaterEqual(counted, told)

    def test_a_route_altered_under_our_protocol_is_set_right(self):
        for alteration in ("via 10.240.0.9 dev eth0 src 10.240.0.4", "via 10.240.0.1 dev eth0"):
            with self.subTest(alteration):
                self.lab.vm.ip(f"route replace {CLUSTER} {alteration} proto 169 metric 1024")
                self.await_routes(self.wanted())

    def test_an_unwanted_route_of_our_protocol_goes_in_any_table(self):
        for extra in ("10.99.0.0/16 via 10.240.0.1", "10.99.0.0/16 via 10.240.0.1 table 777",
                      f"{CLUSTER} via 10.240.0.1 metric 5", "blackhole 10.98.0.0/16 table 888"):
            with self.subTest(extra):
                self.lab.vm.ip(f"route add {extra} proto 169")
                self.await_routes(self.wanted())

    def test_a_foreign_route_that_takes_our_key_over_is_named_and_its_end_is_seen(self):
        self.lab.vm.ip(f"route replace {CLUSTER} via 10.240.0.9 dev eth0 proto 77 metric 1024")
        self.agent.await_not_ready()
        self.lab.vm.ip(f"route del {CLUSTER} proto 77")
        self.await_routes(self.wanted())
        self.agent.await_ready()

    def test_after_link_down_and_up_the_routes_are_back(self):
        self.lab.vm.ip("link set eth0 down")
        self.agent.await_check("nic.up", "fail")
        self.assertFalse(self.agent.is_ready())
        for others in ("nic.gateway", "routes.in_sync"):
            self.assertIn("see nic.up", self.agent.await_check(others, "unknown")["message"])
        self.lab.give_address()
        self.await_routes(self.wanted())
        self.agent.await_ready()

    def test_a_flap_within_a_moment_is_healed(self):
        for _ in range(5):
            self.lab.vm.ip("link set eth0 down", "link set eth0 up")
        self.lab.give_address()
        self.await_routes(self.wanted())
        self.agent.await_ready()

    def test_after_the_address_was_away_the_routes_are_back(self):
        self.lab.vm.ip("addr del 10.240.0.4/24 dev eth0")
        self.agent.await_check("nic.address", "fail")
        self.lab.give_address()
        self.await_routes(self.wanted())
        self.agent.await_ready()

    def test_a_nic_made_anew_has_its_routes_by_the_new_index(self):
        before = self.agent.status()["nic"]["index"]
        self.lab.vm.ip("link del eth0")
        self.agent.await_check("nic.found", "fail")
        self.lab.connect()
        self.agent.await_ready()
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertNotEqual(self.agent.status()["nic"]["index"], before)

    def test_a_renamed_nic_keeps_its_routes(self):
        # Azure's images rename NICs by udev after the kernel has found them.
        self.lab.vm.ip("link set eth0 down", "link set eth0 name enP1s0")
        self.lab.nic.name = "enP1s0"
        self.lab.give_address()
        self.await_routes(self.wanted())
        self.agent.await_ready()
        self.assertEqual(self.agent.status()["nic"]["name"], "enP1s0")


class Ipv6Repair(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER6], "node_cidrs": [NODE6]}}

    def wanted(self):
        return sorted([self.cluster_route(CLUSTER6), self.sink(NODE6)])

    def setUp(self):
        super().setUp()
        self.agent.start_ready()

    def test_a_deleted_route_comes_back(self):
        self.lab.vm.ip(f"route del {CLUSTER6} proto 169", f"route del {NODE6} proto 169")
        self.await_routes(self.wanted())

    def test_an_appended_sibling_of_our_route_goes(self):
        self.lab.vm.ip(f"route append {CLUSTER6} via fe80::99 dev eth0 proto 169 metric 1024")
        self.await_routes(self.wanted())

    def test_after_link_down_and_up_the_routes_are_back(self):
        self.lab.vm.ip("link set eth0 down")
        self.agent.await_check("nic.up", "fail")
        self.lab.give_address()
        self.await_routes(self.wanted())
        self.agent.await_ready()


class ManyRoutes(NodeCase):
    cidrs = [str(each) for each in ipaddress.ip_network("10.244.0.0/15").subnets(new_prefix=24)][:400]
    config = {"pods": {"cluster_cidrs": ["10.244.0.0/15"], "node_cidrs": cidrs}}

    def test_400_routes_flushed_at_once_are_all_back(self):
        self.agent.start_ready()
        wanted = self.lab.routes()
        self.assertEqual(len(wanted), 401)
        self.lab.vm.ip("route flush proto 169")
        eventually(lambda: len(self.lab.routes()) == 401, "401 routes")
        self.assertEqual(self.lab.routes(), wanted)
        self.agent.await_ready()


class ForeignStorm(NodeCase):
    def test_a_loss_amid_ten_thousand_foreign_changes_is_seen(self):
        self.agent.start_ready()
        storm = [f"route {verb} 172.16.{i // 250}.{i % 250}/32 dev lo proto 77"
                 for i in range(5000) for verb in ("add", "del")]
        storm.insert(5000, f"route del {CLUSTER} proto 169")
        self.lab.vm.ip(*storm)
        self.await_routes(self.wanted())
        self.agent.await_ready()


if __name__ == "__main__":
    unittest.main()
