#!/usr/bin/env python3
"""plan: the exact difference, and nothing changed."""

import json
import unittest

from case import CLUSTER, NODE, NodeCase


class Plan(NodeCase):
    def plan(self):
        done = self.agent.command("plan", "--json")
        return done.returncode, json.loads(done.stdout)

    def test_before_the_first_start_it_lists_what_will_be_added_and_adds_nothing(self):
        tape = self.lab.tape()
        begin = tape.mark()
        code, plan = self.plan()
        self.assertEqual((code, plan["schema"], plan["source"], plan["in_sync"], plan["sysctls"]),
                         (1, "calico-azure-agent/plan/v1", "live", False, []))
        state = {"table": 254, "protocol": 169, "state": "pending", "error": ""}
        unicast = {"action": "add", "destination": CLUSTER, "type": "unicast", "gateway": self.lab.nic.gateway,
                   "device": "eth0", "source": self.lab.nic.address, "metric": 1024, **state}
        sink = {"action": "add", "destination": NODE, "type": "blackhole", "gateway": "", "device": "",
                "source": "", "metric": 1000000, **state}
        self.assertEqual(sorted(plan["routes"], key=lambda route: route["metric"]), [unicast, sink])
        self.assertEqual(tape.changes(begin), [])

    def test_with_everything_in_place_it_is_0(self):
        self.agent.start_ready()
        code, plan = self.plan()
        self.assertEqual((code, plan["in_sync"], plan["routes"], plan["sysctls"]), (0, True, [], []))

    def test_replacements_removals_and_sysctls_are_told_apart(self):
        self.agent.start_ready()
        self.agent.stop()
        self.lab.vm.ip(f"route replace {CLUSTER} via 10.240.0.9 dev eth0 proto 169 metric 1024",
                       "route add 10.99.0.0/16 via 10.240.0.1 proto 169")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        code, plan = self.plan()
        self.assertEqual(code, 1)
        self.assertEqual({(route["action"], route["destination"]) for route in plan["routes"]},
                         {("replace", CLUSTER), ("remove", "10.99.0.0/16")})
        self.assertIn({"key": "net.ipv4.ip_forward", "have": "0", "want": "1"}, plan["sysctls"])

    def test_what_it_announces_is_what_the_daemon_does(self):
        self.lab.vm.ip("route add 10.99.0.0/16 via 10.240.0.1 proto 169")
        _, plan = self.plan()
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.start_ready()
        tape.await_change("Deleted 10.99.0.0/16", since=begin, timeout=20)  # once a second answer agrees
        self.assertEqual(len(tape.changes(begin)), len(plan["routes"]))
        self.assertEqual(self.plan()[0], 0)

    def test_with_imds_down_the_cache_decides_and_that_is_said(self):
        self.agent.start_ready()
        self.agent.stop()
        self.lab.simulator.stop()
        code, plan = self.plan()
        self.assertEqual((code, plan["source"], plan["in_sync"]), (0, "cache", True))
        self.assertIn("IMDS", self.agent.command("plan").stdout)

    def test_with_neither_it_is_2(self):
        self.lab.simulator.stop()
        done = self.agent.command("plan")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("IMDS", done.stderr)

    def test_a_route_that_cannot_be_made_is_not_in_sync(self):
        self.agent.start_ready()
        done = self.agent.command("plan", "--set", f'pods.cluster_cidrs=["{CLUSTER}", "fd44::/48"]')
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("fd44::/48 cannot be routed: eth0 has no IPv6 address in IMDS", done.stdout)
        self.assertNotIn("in sync", done.stdout)

    def test_people_are_shown_each_change_on_a_line(self):
        done = self.agent.command("plan")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, rf"(?m)^add +.*{CLUSTER} via 10\.240\.0\.1 dev eth0")
        self.assertRegex(done.stdout, rf"(?m)^add +blackhole {NODE}")


if __name__ == "__main__":
    unittest.main()
