#!/usr/bin/env python3
"""The primary NIC stays the primary NIC, whatever happens to its link, its lease and IMDS's answers."""

import unittest

from case import CLUSTER, NODE, NodeCase, eventually, settings


class TwoNics(NodeCase):
    """eth1 has a default route of its own: whoever follows the routing table ends there when eth0 is gone."""

    def setUp(self):
        super().setUp()
        self.second = self.lab.add_second_nic()
        self.lab.vm.ip(f"route add default via {self.second.gateway} dev eth1 proto dhcp metric 200")
        self.lab.fabric.ip("route add 169.254.169.254/32 dev lo")

    def by_second(self):
        return [line for line in self.lab.routes() if "eth1" in line]

    def assert_waits_for_the_primary(self, gate):
        check = self.agent.await_check(gate, "fail")
        self.assertIn("eth0", check["message"])
        self.assertFalse(self.agent.is_ready())
        self.assertEqual(self.agent.status()["nic"]["name"], "eth0")
        self.assertEqual(self.by_second(), [])

    def test_its_link_goes_down(self):
        self.agent.start_ready()
        tape = self.lab.tape()
        begin = tape.mark()
        self.lab.vm.ip("link set eth0 down")
        self.assert_waits_for_the_primary("nic.up")
        self.lab.vm.ip("link set eth0 up")  # and DHCP has not brought the platform's routes back yet
        self.await_routes(self.wanted())
        self.agent.await_ready()
        self.assertEqual([line for line in tape.changes(begin) if CLUSTER in line and "eth1" in line], [])

    def test_its_lease_is_withdrawn(self):
        self.agent.start_ready()
        self.lab.vm.ip("addr del 10.240.0.4/24 dev eth0")
        self.assert_waits_for_the_primary("nic.address")

    def test_after_a_boot_the_other_nic_has_its_lease_first(self):
        self.agent.start_ready()
        self.agent.stop()
        self.lab.simulator.stop()
        self.lab.vm.ip("link set eth0 down", "addr flush dev eth0", "route flush table all proto 169")
        self.agent.start()
        self.assert_waits_for_the_primary("nic.up")
        self.assertEqual(self.agent.status()["imds"]["source"], "cache")
        self.lab.give_address()
        self.agent.await_ready()
        self.await_routes(self.wanted())

    def test_it_moves_where_the_platforms_routes_say_so(self):
        self.agent.start_ready()
        self.lab.vm.ip("route del 169.254.169.254/32", "route del 168.63.129.16/32",
                       f"route add 168.63.129.16/32 via {self.second.gateway} dev eth1 proto dhcp")
        eventually(lambda: self.agent.status()["nic"]["name"] == "eth1", "the other NIC")


class ReplacedNic(NodeCase):
    def test_another_nic_without_platform_routes_is_taken_once_the_remembered_one_is_nowhere(self):
        self.agent.start_ready()
        self.agent.stop()
        vm = self.lab.vm
        vm.ip("link set eth0 down", "link set eth0 address 00:0d:3a:00:00:77", "link set eth0 up")
        self.lab.give_address()
        vm.ip("route del 169.254.169.254/32", "route del 168.63.129.16/32")
        document = self.lab.document()
        document["network"]["interface"][0]["macAddress"] = "000D3A000077"
        self.lab.simulator.document(document)
        self.agent.start()
        self.agent.await_ready()
        self.assertIn("00:0d:3a:00:00:77", self.agent.check("nic.found")["message"])
        self.await_routes(self.wanted())


class IncompleteAnswers(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER, "fd00:244::/48"], "node_cidrs": [NODE]}}

    def setUp(self):
        super().setUp()
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.agent.start_ready()

    def serve_for_one_answer(self, change):
        """Returns when an answer with the change has come and the next one is whole again."""
        whole = self.lab.document()
        incomplete = self.lab.document()
        change(incomplete["network"]["interface"])
        self.lab.simulator.document(incomplete)
        begin = len(self.agent.log)
        self.agent.await_log("IMDS leaves out|no link has a MAC", since=begin, timeout=20)
        self.lab.simulator.document(whole)
        self.agent.await_log("IMDS answers again", since=begin, timeout=20)

    def test_a_nic_without_its_address_takes_no_route_away(self):
        tape = self.lab.tape()
        begin = tape.mark()
        words = len(self.agent.manager.heard)

        def leave_out_ipv4(interfaces):
            interfaces[0]["ipv4"]["ipAddress"] = []

        self.serve_for_one_answer(leave_out_ipv4)
        self.assertEqual(tape.changes(begin), [])
        self.assertTrue(self.agent.is_ready())
        self.assertEqual([word for word in self.agent.manager.heard.lines(words) if "waiting" in word], [])

    def test_three_agreeing_answers_are_believed(self):
        document = self.lab.document()
        document["network"]["interface"][0]["ipv4"]["ipAddress"] = []
        self.lab.simulator.document(document)
        self.agent.await_check("nic.address", "fail", timeout=40)


class SelectedNic(NodeCase):
    def test_one_answer_without_it_withdraws_nothing(self):
        self.lab.add_second_nic()
        self.agent.configure(**settings(nic={"select": "name:eth1"}))
        self.agent.start_ready()
        words = len(self.agent.manager.heard)
        begin = len(self.agent.log)
        whole = self.lab.document()
        without = self.lab.document()
        del without["network"]["interface"][1]
        self.lab.simulator.document(without)
        self.agent.await_log("IMDS leaves out the NIC of eth1", since=begin, timeout=20)
        self.lab.simulator.document(whole)
        self.agent.await_log("IMDS answers again", since=begin, timeout=20)
        self.assertTrue(self.agent.is_ready())
        self.assertEqual([word for word in self.agent.manager.heard.lines(words) if "waiting" in word], [])


class NoNicOfIt(NodeCase):
    def test_the_macs_of_both_are_named_and_a_link_that_comes_is_taken_at_once(self):
        other = self.lab.document()
        other["network"]["interface"][0]["macAddress"] = "000D3AF806FF"
        self.lab.simulator.document(other)
        self.agent.configure(**settings(imds={"poll_interval": "1h"}))
        self.agent.start()
        check = self.agent.await_check("imds.reachable", "fail")
        check = eventually(lambda: self.agent.check("imds.reachable")
                           if "MAC" in self.agent.check("imds.reachable")["message"] else None, "the MACs")
        self.assertIn("00:0d:3a:f8:06:ff", check["message"])
        self.assertIn("eth0 (00:0d:3a:f8:06:ec)", check["message"])
        asked = self.lab.simulator.requests()["count"]
        self.lab.vm.ip("link set eth0 address 00:0d:3a:f8:06:ff")
        self.agent.await_ready()
        self.assertLessEqual(self.lab.simulator.requests()["count"], asked + 1)


if __name__ == "__main__":
    unittest.main()
