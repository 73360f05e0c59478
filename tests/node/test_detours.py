#!/usr/bin/env python3
"""Routes that are there and do not lead: the kernel itself is asked where it sends pods' packets."""

import json
import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, eventually, settings

_POD_TABLE = 16925


class Detours(NodeCase):
    def plan(self):
        done = self.agent.command("plan", "--json")
        return done.returncode, json.loads(done.stdout)

    def doctor(self):
        report = json.loads(self.agent.command("doctor", "--json").stdout)
        return {check["id"]: check for check in report["checks"]}

    def assert_named(self, check, *words):
        for word in words:
            self.assertIn(word, check["message"])
        code, plan = self.plan()
        self.assertEqual((code, plan["in_sync"]), (1, False))
        text = self.agent.command("plan").stdout
        for word in words:
            self.assertIn(word, text)

    def test_a_route_that_is_prepended_under_our_key_fails_the_gate(self):
        self.agent.start_ready()
        foreign = f"{CLUSTER} via 10.240.0.99 dev eth0 metric 1024 proto static"
        self.lab.vm.ip(f"route prepend {foreign}")
        self.assert_named(self.agent.await_check("routes.in_sync", "fail"), "10.240.0.99", "protocol 4")
        self.assertFalse(self.agent.is_ready())
        self.lab.vm.ip(f"route del {foreign}")
        self.agent.await_ready()
        self.assertEqual(self.plan()[0], 0)

    def test_a_blackhole_that_is_prepended_is_named_too(self):
        self.agent.start_ready()
        self.lab.vm.ip(f"route prepend blackhole {CLUSTER} metric 1024 proto static")
        check = self.agent.await_check("routes.in_sync", "fail")
        self.assert_named(check, "blackhole", "protocol 4")

    def test_a_rule_and_table_before_main_as_vpn_agents_make_them(self):
        self.agent.start_ready()
        self.lab.vm.ip("rule add pref 5270 lookup 52", f"route add {CLUSTER} via 10.240.0.99 dev eth0 table 52")
        self.assert_named(self.agent.await_check("routes.shadowed", "fail"), "table 52", "10.240.0.99")
        self.assertEqual(self.agent.check("routes.in_sync")["status"], "unknown")
        self.assertTrue(self.agent.is_ready())
        shown = self.lab.vm.run("sh", "-c", self.agent.check("routes.shadowed")["remedy"]).stdout
        self.assertIn("via 10.240.0.99 dev eth0 table 52", shown)
        self.assertIn("5270:\tfrom all lookup 52", shown)
        self.lab.vm.ip("rule del pref 5270")
        self.agent.await_check("routes.shadowed", "pass")
        self.agent.await_check("routes.in_sync", "pass")

    def test_of_a_longer_prefix_that_drops_the_remedy_shows_it(self):
        self.lab.vm.ip("route add prohibit 10.244.0.0/17 proto static",
                       "route add prohibit 10.244.128.0/17 proto static")
        self.agent.start()
        in_sync = self.agent.await_check("routes.in_sync", "fail")
        self.assertRegex(in_sync["message"], r"drops packets to 10\.244\.\d+\.\d+ ")
        self.assertRegex(self.lab.vm.run("sh", "-c", in_sync["remedy"]).stdout, r"prohibit 10\.244\.(0|128)\.0/17 ")
        self.assertFalse(self.agent.is_ready())
        self.lab.vm.ip("route del prohibit 10.244.0.0/17", "route del prohibit 10.244.128.0/17")
        self.agent.await_ready(timeout=20)

    def test_half_of_the_pods_dropped_or_led_into_a_tunnel_is_a_shadow(self):
        self.agent.start_ready()
        self.lab.vm.ip("link add tun0 type veth peer name tun0-peer", "link set tun0 up", "link set tun0-peer up")
        for half in ("blackhole 10.244.0.0/17", "10.244.128.0/17 dev tun0", "10.244.64.0/18 dev tun0"):
            with self.subTest(half):
                self.lab.vm.ip(f"route add {half} proto static")
                check = self.doctor()["routes.shadowed"]
                self.assertEqual(check["status"], "fail", check)
                self.assertIn("10.244.", check["message"])
                self.lab.vm.ip(f"route del {half} proto static")
                self.assertEqual(self.doctor()["routes.shadowed"]["status"], "pass")

    def test_without_the_rule_to_table_main_nothing_goes_anywhere(self):
        self.agent.start_ready()
        self.lab.vm.ip("rule del pref 32766")
        self.agent.await_check("routes.in_sync", "fail", timeout=20)
        self.assertFalse(self.agent.is_ready())
        self.lab.vm.ip("rule add pref 32766 lookup main")
        self.agent.await_ready(timeout=20)

    def test_a_rule_for_packets_of_pods_alone_is_named_and_rules_by_mark_are_not(self):
        self.agent.start_ready()
        self.lab.vm.ip("rule add fwmark 0x1/0x1 lookup 77 pref 90",
                       "rule add not fwmark 0x100000/0x100000 lookup 1 pref 91")
        shadowed = self.doctor()["routes.shadowed"]
        self.assertEqual(shadowed["status"], "pass", shadowed)
        for selector in (f"from {NODE}", "from all iif eth0"):
            with self.subTest(selector):
                self.lab.vm.ip(f"rule add {selector} lookup 77 pref 100")
                shadowed = self.doctor()["routes.shadowed"]
                self.assertEqual(shadowed["status"], "unknown", shadowed)
                self.assertIn(f'rule 100 "{selector} lookup 77"', shadowed["message"])
                self.lab.vm.ip("rule del pref 100")

    def test_a_rule_that_takes_the_packets_of_a_pod_that_is_here(self):
        vm = self.lab.vm
        vm.ip("link add cali1 type veth peer name cali1-pod",
              "link set cali1 up", "link set cali1-pod up", "route add 10.244.1.5/32 dev cali1 scope link",
              "link add ib0 type veth peer name ib0-other", "link set ib0 up", "link set ib0-other up",
              "route add blackhole default table 78",
              "route add default dev ib0 table 77")
        self.agent.start_ready()
        for rule in (f"from {NODE} lookup 78", "iif cali1 lookup 78", "ipproto tcp lookup 78",
                     "ipproto tcp dport 80 lookup 77", f"from {CLUSTER} lookup 77", "iif eth0 lookup 78"):
            with self.subTest(rule):
                vm.ip(f"rule add {rule} pref 100")
                checks = self.doctor()
                whole = rule.startswith(f"from {NODE}") or rule.startswith("iif eth0")
                self.assertEqual(checks["routes.in_sync"]["status"], "fail" if whole else "unknown", checks)
                teller = checks["routes.in_sync" if whole else "routes.shadowed"]
                self.assertIn("rule 100", teller["message"])
                self.assertIn("10.244.1.5", teller["message"])
                shown = vm.run("sh", "-c", teller["remedy"]).stdout
                self.assertIn("100:", shown)
                self.assertIn("default", shown)
                vm.ip("rule del pref 100")
        vm.ip(f"rule add from {NODE} lookup 76 pref 100")
        checks = self.doctor()
        self.assertEqual(checks["routes.shadowed"]["status"], "unknown", "table 76 is empty: nothing is proven")
        self.assertEqual(checks["routes.in_sync"]["status"], "pass", checks)
        self.assertIn("is not known", checks["routes.in_sync"]["message"])

    def test_a_route_that_drops_and_has_the_lower_metric_fails_the_gate(self):
        self.agent.start_ready()
        self.lab.vm.ip(f"route add unreachable {CLUSTER} metric 5")
        check = self.agent.await_check("routes.in_sync", "fail")
        self.assertIn("lower metric and drops", check["message"])
        self.assertFalse(self.agent.is_ready())
        self.lab.vm.ip(f"route del unreachable {CLUSTER} metric 5", f"route add {CLUSTER} tos 0x10 dev lo")
        self.agent.await_ready()
        self.assertEqual(self.doctor()["routes.shadowed"]["status"], "pass", "other packets bear no TOS")

    def test_a_default_route_in_the_pods_own_table(self):
        self.lab.add_second_nic()
        self.agent.configure(**settings(nic={"select": "name:eth1"}))
        self.agent.start_ready()
        self.lab.vm.ip(f"route add default via 10.240.0.1 dev eth0 table {_POD_TABLE} metric 5")
        check = self.agent.await_check("routes.shadowed", "fail")
        self.assert_named(check, f"table {_POD_TABLE}")

    def test_the_holder_of_our_key_in_the_pods_own_table_is_named(self):
        self.lab.add_second_nic()
        self.agent.configure(**settings(nic={"select": "name:eth1"}))
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.1 dev eth0 table {_POD_TABLE} metric 1024 proto 77")
        self.agent.start()
        check = self.agent.await_check("routes.in_sync", "fail")
        self.assertIn("protocol 77", check["message"])

    def test_routes_of_ours_that_somebody_gave_more_are_put_right(self):
        self.agent.start_ready()
        for more in ("mtu lock 296", "realm 3", "onlink"):
            with self.subTest(more):
                tape = self.lab.tape()
                begin = tape.mark()
                self.lab.vm.ip(f"route replace {CLUSTER} via 10.240.0.1 dev eth0 src 10.240.0.4 metric 1024 "
                               f"proto 169 {more}")
                eventually(lambda: len(tape.changes(begin)) == 2, "a repair", 5)
                self.assertEqual(self.lab.routes(), self.wanted())


class Siblings(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER6], "node_cidrs": [NODE6]}}

    def test_a_rule_that_drops_what_a_pod_sends(self):
        pod = NODE6.replace("::/64", "::5")
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.lab.vm.ip("link add cali1 type veth peer name cali1-pod", "link set cali1 up", "link set cali1-pod up",
                       f"route add {pod}/128 dev cali1", "route add unreachable ::/0 table 78")
        self.agent.start_ready()
        self.lab.vm.run("ip", "-6", "rule", "add", "from", NODE6, "lookup", "78", "pref", "100")
        report = json.loads(self.agent.command("doctor", "--json").stdout)
        check = next(each for each in report["checks"] if each["id"] == "routes.in_sync")
        self.assertEqual(check["status"], "fail", check)
        self.assertIn(f"packets from {pod} to", check["message"])

    def test_a_route_for_certain_sources_is_told(self):
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.agent.start_ready()
        self.lab.vm.run("ip", "-6", "route", "add", CLUSTER6, "from", NODE6, "dev", "lo", "metric", "1024")
        check = self.agent.await_check("routes.shadowed", "fail")
        self.assertIn('"from PREFIX"', check["message"])
        self.assertIn(f"from {NODE6}", self.lab.vm.run("sh", "-c", check["remedy"]).stdout)
        self.assertEqual(self.agent.check("routes.in_sync")["status"], "unknown")

    def test_next_hops_of_others_survive_healing_flush_and_are_named(self):
        self.lab.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.agent.start_ready()
        self.lab.vm.ip(f"route append {CLUSTER6} via fe80::99 dev eth0 metric 1024 proto static")
        check = self.agent.await_check("routes.in_sync", "fail")
        self.assertIn("fe80::99", check["message"])
        self.assertIn("fe80::99", self.lab.vm.run("ip", "-6", "route", "show", CLUSTER6).stdout)
        self.agent.stop()
        done = self.agent.command("flush")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        left = self.lab.vm.run("ip", "-6", "route", "show", CLUSTER6).stdout
        self.assertIn("fe80::99", left)
        self.assertNotIn("fe80::1234:5678:9abc", left)
        self.assertEqual(self.lab.routes(), [])


class WhatDoesNotApply(NodeCase):
    def test_in_mode_azure_cni_pods_are_in_the_nics_subnet(self):
        self.agent.configure(**settings(mode="azure-cni", pods={"cluster_cidrs": ["10.240.0.0/24"], "node_cidrs": []}))
        self.agent.start_ready()
        self.assertEqual(self.agent.check("pods.overlap")["status"], "skip")

    def test_a_cidr_in_the_primarys_subnet_is_not_routed_by_the_other_nic(self):
        self.lab.add_second_nic()
        self.agent.configure(**settings(nic={"select": "name:eth1"},
                                        pods={"cluster_cidrs": ["10.240.0.128/25"], "node_cidrs": []}))
        self.agent.start()
        self.agent.await_check("pods.overlap", "fail")
        self.assertEqual(self.lab.routes(), [])
        self.assertIn("dev eth0", self.lab.vm.ip("route get 10.240.0.200"))

    def test_a_mode_is_in_force_though_a_sink_that_may_be_ours_stays(self):
        self.lab.vm.ip(f"route add blackhole {NODE} metric 1000000 proto 169")
        kubeconfig = self.lab.folder / "kubeconfig"
        kubeconfig.write_text("{", encoding="utf-8")
        self.agent.configure(**settings(mode="auto", pods={"node_cidrs": []},
                                        kubernetes={"kubeconfig": str(kubeconfig)}))
        self.agent.start_ready()
        self.lab.vm.ip("link add flannel.1 type vxlan id 1 dstport 8472 dev eth0", "link set flannel.1 up")
        self.agent.await_log("mode flannel is in force", timeout=50)
        self.agent.await_ready()
        self.assertEqual(self.lab.routes(), [self.sink()])


if __name__ == "__main__":
    unittest.main()
