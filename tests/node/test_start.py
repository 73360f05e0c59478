#!/usr/bin/env python3
"""Starting: the routes of the contract, and the moment of readiness."""

import re
import time
import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, eventually, settings

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n?")


class Routes(NodeCase):
    def assert_routes(self, expected, /, **config):
        self.agent.configure(**settings(**config))
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), sorted(expected))

    def test_a_cluster_cidr_goes_by_the_gateway_and_a_node_cidr_into_the_sink(self):
        self.assert_routes([self.cluster_route(), self.sink()])

    def test_every_cluster_cidr_and_every_node_cidr_has_its_route(self):
        self.assert_routes([self.cluster_route("10.244.0.0/17"), self.cluster_route("10.245.0.0/16"), self.sink(),
                            self.sink("10.245.7.0/25")],
                           pods={"cluster_cidrs": ["10.244.0.0/17", "10.245.0.0/16"],
                                 "node_cidrs": [NODE, "10.245.7.0/25"]})

    def test_a_node_cidr_that_is_the_cluster_cidr_is_the_sink_alone(self):
        self.assert_routes([self.sink(CLUSTER)], pods={"node_cidrs": [CLUSTER]})

    def test_without_a_node_cidr_there_is_no_sink(self):
        self.assert_routes([self.cluster_route()], pods={"node_cidrs": []})

    def test_the_sink_can_be_unreachable(self):
        self.assert_routes([self.cluster_route(), self.sink(kind="unreachable")],
                           routes={"local_sink": "unreachable"})

    def test_the_sink_can_be_left_out(self):
        self.assert_routes([self.cluster_route()], routes={"local_sink": "none"})

    def test_table_and_metric_are_the_configured_ones(self):
        self.assert_routes([f"{self.cluster_route(metric=77).replace('dev eth0', 'dev eth0 table 900')}",
                            self.sink().replace(" proto", " table 900 proto")],
                           routes={"table": 900, "metric": 77})

    def test_the_gateway_is_that_of_the_default_route_where_it_lies_in_the_subnet(self):
        self.lab.vm.ip("route replace default via 10.240.0.7 dev eth0 proto dhcp")
        self.assert_routes([self.cluster_route().replace("10.240.0.1", "10.240.0.7"), self.sink()])

    def test_without_a_default_route_the_gateway_is_the_first_address_of_the_subnet(self):
        self.lab.vm.ip("route del default")
        self.assert_routes([self.cluster_route(), self.sink()])

    def test_with_routes_disabled_none_is_made(self):
        self.assert_routes([], routes={"enabled": False})


class PodsThatComeAndGo(NodeCase):
    def test_links_that_change_while_it_starts_keep_no_agent_from_starting(self):
        self.lab.vm.ip(*(f"link add pod{n} type veth peer name peer{n}" for n in range(100)))  # a dump of several parts
        changing = self.lab.vm.start("sh", "-c", "while :; do ip link set pod0 up; ip link set pod0 down; done")
        self.addCleanup(changing.wait)
        self.addCleanup(changing.kill)
        for _ in range(5):
            self.agent.start_ready()
            self.assertEqual(self.lab.routes(), self.wanted())
            self.agent.stop()


class Ipv6Routes(NodeCase):
    lab_options = {"ipv6": True}

    def assert_routes(self, expected, /, **pods):
        self.agent.configure(**settings(pods=pods))
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), sorted(expected))

    def test_an_ipv6_cluster_goes_by_the_default_router(self):
        self.assert_routes([self.cluster_route(CLUSTER6), self.sink(NODE6)],
                           cluster_cidrs=[CLUSTER6], node_cidrs=[NODE6])

    def test_dual_stack_is_both(self):
        self.assert_routes([self.cluster_route(), self.sink(), self.cluster_route(CLUSTER6), self.sink(NODE6)],
                           cluster_cidrs=[CLUSTER, CLUSTER6], node_cidrs=[NODE, NODE6])

    def test_without_a_default_router_azures_own_is_used_with_a_warning(self):
        self.lab.vm.ip("route del default via fe80::1234:5678:9abc dev eth0")
        self.assert_routes([self.cluster_route(CLUSTER6), self.sink(NODE6)],
                           cluster_cidrs=[CLUSTER6], node_cidrs=[NODE6])
        gateway = self.agent.check("nic.gateway")
        self.assertEqual((gateway["status"], gateway["gate"]), ("fail", False))
        self.assertIn("fe80::1234:5678:9abc", gateway["message"])


class Ipv6WithoutAddress(NodeCase):
    def test_ipv6_pods_without_an_ipv6_address_fail_the_gate_by_name(self):
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.agent.configure(**settings(pods={"cluster_cidrs": [CLUSTER, CLUSTER6], "node_cidrs": [NODE]}))
        self.agent.start()
        self.await_routes(self.wanted())
        address = self.agent.check("nic.address")
        self.assertEqual((address["status"], address["gate"]), ("fail", True))
        self.assertIn("IPv6", address["message"])
        self.assertFalse(self.agent.is_ready())
        for others in ("nic.gateway", "routes.in_sync"):
            check = self.agent.check(others)
            self.assertEqual(check["status"], "unknown", check)
            self.assertIn("see nic.address", check["message"])


class Watchdog(NodeCase):
    def test_a_manager_that_asked_hears_it_in_time_however_much_there_is_to_do(self):
        seconds = 2
        self.agent.start_ready(WATCHDOG_USEC=str(seconds * 1000000))
        heard = self.agent.manager.heard
        for _ in range(3):
            begin, deadline = len(heard), time.monotonic() + seconds
            while not any("WATCHDOG=1" in line for line in heard.lines(begin)):
                self.assertLess(time.monotonic(), deadline, "the manager would have ended the agent")
                self.lab.vm.ip(f"route replace {CLUSTER} via 10.240.0.9 dev eth0 proto 169 metric 1024")
                self.await_routes(self.wanted())

    def test_nobody_else_hears_it(self):
        self.agent.start_ready()
        self.agent.stop()
        self.assertEqual([line for line in self.agent.manager.heard.lines() if "WATCHDOG=1" in line], [])


class Readiness(NodeCase):
    def test_ready_is_said_once(self):
        self.agent.start_ready()
        said = self.agent.manager.heard
        self.lab.vm.ip(f"route del {CLUSTER}")
        self.await_routes(self.wanted())
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        begin = len(said)
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.agent.await_word("STATUS=ready", since=begin)
        self.agent.stop()
        self.assertEqual([line for line in said.lines() if "READY=1" in line], ["READY=1"])

    def test_when_ready_is_said_the_routes_are_in_and_readyz_agrees(self):
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual(self.agent.get("/readyz").status, 200)

    def test_the_ready_file_is_there_exactly_while_ready(self):
        self.agent.ready_file.write_text("stale", encoding="ascii")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        self.assertFalse(self.agent.ready_file.exists())

        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.agent.await_word("READY=1")
        self.assertEqual(self.agent.ready_file.read_text(encoding="ascii").strip(),
                         self.agent.status()["ready_since"])
        self.assertRegex(self.agent.ready_file.read_text(encoding="ascii"), _TIME)

        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready()
        self.assertFalse(self.agent.ready_file.exists())

        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.agent.await_ready()
        self.agent.stop()
        self.assertFalse(self.agent.ready_file.exists())

    def test_stopping_is_told_and_leaves_the_routes(self):
        self.agent.start_ready()
        self.assertEqual(self.agent.stop(), 0)
        self.assertIn("STOPPING=1", self.agent.manager.heard.lines())
        self.assertEqual(self.lab.routes(), self.wanted())

    def test_waiting_is_told_with_its_reason(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word(r"STATUS=waiting for .*sysctl\.ip_forward: .*net\.ipv4\.ip_forward is 0")


class FullRuntimeFolder(NodeCase):
    """No room in /run at the moment of readiness."""

    def names(self):
        return self.lab.vm.run("ls", self.agent.runtime).stdout.split()

    def test_its_files_are_written_once_there_is_room(self):
        folder = self.agent.runtime
        self.lab.vm.run("mount", "-t", "tmpfs", "-o", "size=4k", "full", folder)
        self.addCleanup(self.lab.vm.run, "umount", "--lazy", folder)
        self.lab.vm.run("sh", "-c", f"echo > {folder}/room")
        self.agent.start_ready(WATCHDOG_USEC="500000")
        self.agent.await_log("ready.new: No space left on device; it is tried again with each beat")
        self.agent.await_log("listening.new: No space left on device")
        self.assertEqual(sorted({"ready", "listening"} & set(self.names())), [])
        self.agent.await_word("WATCHDOG=1", since=len(self.agent.manager.heard))
        self.lab.vm.run("rm", f"{folder}/room")  # for one of them
        eventually(lambda: {"ready", "listening"} & set(self.names()), "one of them")
        self.lab.vm.run("mount", "-o", "remount,size=1m", folder)
        eventually(lambda: {"ready", "listening"} <= set(self.names()), "both")
        self.assertEqual(len([line for line in self.agent.log.lines() if "ready.new" in line]), 1)
        self.assertEqual(self.agent.stop(), 0)
        self.assertEqual(sorted({"ready", "listening"} & set(self.names())), [])


if __name__ == "__main__":
    unittest.main()
