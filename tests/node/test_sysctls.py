#!/usr/bin/env python3
"""Kernel settings: judged by event, and put back where that is asked for."""

import time
import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, SANITIZED, eventually, settings

_DUAL = {"cluster_cidrs": [CLUSTER, CLUSTER6], "node_cidrs": [NODE, NODE6]}


class Check(NodeCase):
    def test_forwarding_switched_off_withdraws_readiness_by_event_and_its_remedy_fixes_it(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready(timeout=1)
        failed = self.agent.check("sysctl.ip_forward")
        self.assertEqual(failed["message"], "net.ipv4.ip_forward is 0")
        self.assertEqual(self.lab.vm.shell(failed["remedy"]).returncode, 0)
        self.agent.await_ready(timeout=1)

    def test_forwarding_of_the_nic_alone_is_a_gate_of_its_own(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.conf.eth0.forwarding", 0)
        self.agent.await_not_ready(timeout=1)
        gates = self.gates()
        self.assertEqual(gates["sysctl.ip_forward"], "[+]sysctl.ip_forward ok")
        self.assertIn("net.ipv4.conf.eth0.forwarding is 0", gates["sysctl.nic_forwarding"])

    def test_check_never_writes(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready(timeout=1)
        looks = self.agent.status()["counters"]["resyncs"]
        self.lab.vm.ip(f"route del {CLUSTER}")
        self.agent.await_resync(looks)
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.ip_forward"), "0")

    def test_a_loose_reverse_path_filter_is_what_ubuntu_has(self):
        self.lab.vm.sysctl("net.ipv4.conf.all.rp_filter", 2)
        self.agent.start_ready()
        told = self.agent.check("sysctl.rp_filter")
        self.assertEqual(told["status"], "pass")
        self.assertIn("net.ipv4.conf.all.rp_filter is 2", told["message"])

    def test_without_ipv6_cidrs_ipv6_is_of_no_concern(self):
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 0)
        self.agent.start_ready()
        self.assertEqual(self.agent.check("sysctl.ipv6_forwarding")["status"], "skip")
        self.assertEqual(self.agent.check("sysctl.accept_ra")["status"], "skip")

    def test_an_ignored_gate_only_warns(self):
        self.lab.vm.sysctl("net.ipv4.conf.eth0.forwarding", 0)
        self.agent.configure(**settings(readiness={"ignore": ["sysctl.nic_forwarding"]}))
        self.agent.start_ready()
        self.assertEqual(self.agent.check("sysctl.nic_forwarding")["gate"], False)

    def test_a_required_check_gates(self):
        self.lab.vm.ip("route del default")
        self.agent.configure(**settings(readiness={"require": ["nic.gateway"]}))
        self.agent.start()
        self.agent.await_word("STATUS=waiting for nic.gateway")


class DefaultRoute(NodeCase):
    def test_its_loss_warns_by_event_and_takes_no_pod_route_along(self):
        self.agent.start_ready()
        self.lab.vm.ip("route del default")
        warning = self.agent.await_check("nic.gateway", "fail", timeout=1)
        self.assertFalse(warning["gate"])
        self.assertIn("there is no IPv4 default route: using 10.240.0.1", warning["message"])
        self.assertTrue(self.agent.is_ready())
        self.await_routes(self.wanted())
        self.lab.give_address()
        self.agent.await_check("nic.gateway", "pass", timeout=1)


class TwoNics(NodeCase):
    def test_a_strict_primary_drops_what_pods_elsewhere_send_to_it_where_pods_leave_by_the_other(self):
        nic = self.lab.add_second_nic()
        self.lab.vm.sysctl("net.ipv4.conf.all.rp_filter", 1)
        self.agent.configure(**settings(nic={"select": f"name:{nic.name}"}))
        self.agent.start()
        warning = self.agent.await_check("sysctl.rp_filter", "fail")
        self.assertIn("net.ipv4.conf.eth0.rp_filter", warning["message"])
        self.assertEqual(self.lab.vm.shell(warning["remedy"].partition(" && ")[0]).returncode, 0)
        self.agent.await_check("sysctl.rp_filter", "pass")


class CheckIpv6(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": _DUAL}

    def test_ipv6_forwarding_is_a_gate_by_event(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 0)
        self.agent.await_not_ready(timeout=1)
        self.assertIn("net.ipv6.conf.all.forwarding is 0", self.gates()["sysctl.ipv6_forwarding"])
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.agent.await_ready(timeout=1)

    def test_the_nic_may_be_a_host_to_routers_for_the_kernel_forwards_all_the_same(self):
        self.lab.vm.sysctl("net.ipv6.conf.eth0.forwarding", 0)
        self.agent.start_ready()
        self.assertIn("net.ipv6.conf.eth0.forwarding is 0",
                      self.agent.await_check("sysctl.ipv6_forwarding", "pass")["message"])

    def test_ipv6_that_is_switched_off_is_named_by_its_key(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
        self.agent.await_not_ready(timeout=1)
        told = self.agent.await_check("nic.address", "fail")
        self.assertIn("net.ipv6.conf.eth0.disable_ipv6 is 1", told["message"])
        for others in ("nic.gateway", "routes.in_sync"):
            self.assertIn("see nic.address", self.agent.await_check(others, "unknown")["message"])
        self.assertEqual(self.lab.vm.shell(told["remedy"].partition(" && ")[0]).returncode, 0)
        self.lab.give_address()
        self.agent.await_ready()

    def test_router_advertisements_refused_is_a_gate_that_names_the_key(self):
        self.lab.vm.sysctl("net.ipv6.conf.eth0.accept_ra", 1)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.accept_ra")
        self.assertIn("net.ipv6.conf.eth0.accept_ra is 1", self.gates()["sysctl.accept_ra"])


class Enforce(NodeCase):
    config = {"sysctls": {"action": "enforce"}}

    def test_what_is_switched_off_is_back_within_a_second(self):
        self.agent.start_ready()
        for key in ("net.ipv4.ip_forward", "net.ipv4.conf.eth0.forwarding"):
            with self.subTest(key):
                begin = time.monotonic()
                self.lab.vm.sysctl(key, 0)
                eventually(lambda: self.lab.vm.sysctl(key) == "1", f"{key} is 1 again")
                if not SANITIZED:
                    self.assertLess(time.monotonic() - begin, 1)
        self.agent.await_ready()

    def test_what_was_off_before_is_set_at_start_and_logged(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start_ready()
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.ip_forward"), "1")
        self.agent.await_log(r"net\.ipv4\.ip_forward = 1")

    def test_reverse_path_filters_are_nobodys_to_enforce(self):
        self.lab.vm.sysctl("net.ipv4.conf.all.rp_filter", 2)
        self.agent.start_ready()
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.conf.all.rp_filter"), "2")


class EnforceIpv6(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": _DUAL, "sysctls": {"action": "enforce"}}

    def test_ipv6_forwarding_and_router_advertisements_are_set_without_losing_the_default_route(self):
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 0)
        self.lab.vm.sysctl("net.ipv6.conf.eth0.accept_ra", 1)
        self.agent.start_ready()
        self.assertEqual(self.lab.vm.sysctl("net.ipv6.conf.all.forwarding"), "1")
        self.assertEqual(self.lab.vm.sysctl("net.ipv6.conf.eth0.accept_ra"), "2")
        self.assertIn("default via fe80::1234:5678:9abc", "\n".join(self.lab.routes(None)))


if __name__ == "__main__":
    unittest.main()
