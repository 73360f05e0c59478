#!/usr/bin/env python3
"""Routes of others: never touched, and named where they stand before ours."""

import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, settings

_STRANGE = "proto 77"


class ForeignRoutes(NodeCase):
    def route(self, destination=CLUSTER):
        return next(each for each in self.agent.status()["routes"] if each["destination"] == destination)

    def others(self):
        return [line for line in self.lab.routes(None) if _STRANGE in line]

    def test_a_foreign_route_on_our_key_that_leads_elsewhere_stays_and_fails_the_gate_by_its_name(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.9 dev eth0 {_STRANGE} metric 1024")
        before = self.others()
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.start()
        gate = self.agent.await_check("routes.in_sync", "fail")
        self.await_routes([self.sink()])
        self.assertEqual(self.others(), before)
        self.assertEqual([line for line in tape.changes(begin) if CLUSTER in line], [])
        self.assertEqual(self.route()["state"], "failed")
        self.assertIn("protocol 77", self.route()["error"])
        self.assertIn("protocol 77", gate["message"])
        self.assertFalse(self.agent.is_ready())

    def test_a_foreign_route_on_our_key_that_leads_the_same_way_serves_instead(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.1 dev eth0 {_STRANGE} metric 1024")
        before = self.others()
        self.agent.start_ready()
        self.assertEqual(self.others(), before)
        self.assertEqual(self.lab.routes(), [self.sink()])
        self.assertEqual(self.route()["state"], "shadowed")
        self.assertIn("77", self.route()["error"])

    def test_when_the_foreign_route_on_our_key_goes_ours_takes_its_place(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.9 dev eth0 {_STRANGE} metric 1024")
        self.agent.start()
        self.agent.await_check("routes.in_sync", "fail")
        self.lab.vm.ip(f"route del {CLUSTER} {_STRANGE}")
        self.await_routes(self.wanted())
        self.agent.await_ready()

    def test_a_foreign_sink_on_our_sinks_key_serves_instead(self):
        self.lab.vm.ip(f"route add blackhole {NODE} {_STRANGE} metric 1000000")
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), [self.cluster_route()])
        self.assertEqual(self.route(NODE)["state"], "shadowed")

    def test_a_foreign_route_of_lower_metric_shadows_ours_which_is_a_warning_and_no_gate(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.9 dev eth0 {_STRANGE} metric 10")
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual(self.route()["state"], "shadowed")
        self.assertEqual(self.agent.get("/readyz").status, 200)
        self.assertEqual(self.agent.get("/healthz").status, 503)

    def test_a_foreign_route_that_comes_later_is_seen_and_seen_to_go(self):
        self.agent.start_ready()
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.9 dev eth0 {_STRANGE} metric 10")
        self.agent.await_check("routes.shadowed", "fail")
        self.lab.vm.ip(f"route del {CLUSTER} {_STRANGE} metric 10")
        self.agent.await_check("routes.shadowed", "pass")
        self.assertTrue(self.agent.is_ready())

    def test_a_foreign_route_of_higher_metric_is_of_no_concern(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.9 dev eth0 {_STRANGE} metric 2000")
        self.agent.start_ready()
        self.assertEqual(self.route()["state"], "in_sync")

    def test_a_connected_route_of_a_pod_bridge_wins_over_the_sink_and_nothing_is_said(self):
        self.agent.start_ready()
        self.lab.vm.ip("link add cni0 type bridge", "addr add 10.244.1.1/24 dev cni0", "link set cni0 up",
                       f"route add 10.244.1.7/32 dev cni0 {_STRANGE}")
        self.lab.vm.ip(f"route del blackhole {NODE} proto 169")  # something to do, so that it has looked again
        self.await_routes(self.wanted())
        self.assertEqual(self.route(NODE)["state"], "in_sync")
        self.assertEqual(self.agent.check("routes.shadowed")["status"], "pass")
        self.assertIn("dev cni0", self.lab.vm.ip("route get 10.244.1.9"))

    def test_routes_and_rules_of_others_survive_repair_reload_restart_and_flush(self):
        self.lab.vm.ip(f"route add 10.244.3.0/24 via 10.240.0.1 dev eth0 {_STRANGE}",
                       f"route add {CLUSTER} via 10.240.0.1 dev eth0 {_STRANGE} metric 2000",
                       f"route add 10.99.0.0/16 via 10.240.0.1 dev eth0 table 16925 {_STRANGE}",
                       "rule add from 10.99.0.0/16 lookup 900 priority 16925 protocol 77")
        routes, rules = self.others(), self.lab.rules()
        self.assertEqual((len(routes), len(rules)), (3, 1))
        self.agent.start_ready()
        self.lab.vm.ip(f"route del {CLUSTER} proto 169")
        self.await_routes(self.wanted())
        self.agent.reload(**settings(routes={"table": 900, "protocol": 170}))
        self.await_routes([])
        self.agent.reload(**settings())
        self.await_routes(self.wanted())
        self.agent.kill()
        self.agent.start_ready()
        self.agent.stop()
        self.assertEqual(self.agent.command("flush").returncode, 0)
        self.assertEqual(self.lab.routes(), [])
        self.assertEqual((self.others(), self.lab.rules()), (routes, rules))


class Ipv6ForeignRoutes(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER6], "node_cidrs": [NODE6]}}

    def test_a_foreign_ipv6_route_on_our_key_stays_and_fails_the_gate_by_its_name(self):
        foreign = f"{CLUSTER6} via fe80::99 dev eth0 {_STRANGE} metric 1024 pref medium"
        self.lab.vm.ip(f"route add {CLUSTER6} via fe80::99 dev eth0 {_STRANGE} metric 1024")
        self.agent.start()
        gate = self.agent.await_check("routes.in_sync", "fail")
        self.assertIn("protocol 77", gate["message"])
        self.assertEqual([line for line in self.lab.routes(None) if CLUSTER6 in line], [foreign])


if __name__ == "__main__":
    unittest.main()
