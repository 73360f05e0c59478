#!/usr/bin/env python3
"""`explain A to B` and real packets agree: what is lost is dropped at the hop that loses it, named on the node that can
see it, and on healthy nodes of every mode nothing is said to be dropped."""

import itertools
import json
import unittest

import test_azure_truth
import test_forward
import test_mode_faults
from case import ClusterCase, eventually, reaches
from lab import TimeIsUp
from lab.cluster import SECURITY_GROUP
from losses import LOSSES, ONE_WAY_LOSSES

_PEER = "peer's NIC"


class ExplainCase(ClusterCase):
    def explained(self, vm, here, there, port=""):
        """`here` and `there` are addresses, or "node"."""
        done = vm.agent.command("explain", "--json", here, "to", there + port)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["schema"], "calico-azure-agent/explain/v1")
        self.assertEqual(done.returncode == 1, report["outcome"] == "dropped", report)
        return report

    def dropped(self, vm, here, there, port=""):
        """The title of the hop that drops it, and the check that it names; None: none does."""
        report = self.explained(vm, here, there, port)
        if report["outcome"] != "dropped":
            return None
        last = report["hops"][-1]
        self.assertEqual(last["verdict"], "dropped", report)
        return last["title"], last["check"]

    def assert_said(self, look, wanted):
        """Azure is asked each time: where it is too slow for the command, a hop is uncertain until it answers."""
        said = []

        def agrees():
            said[:] = [look()]
            return said[0] == wanted

        try:
            eventually(agrees, f"{wanted}", timeout=20, pause=0.2)
        except TimeIsUp:
            self.assertEqual(said[0], wanted)

    def assert_dropped(self, vm, here, there, title, check):
        self.assert_said(lambda: self.dropped(vm, here.address, there.address), (title, check))

    def assert_not_dropped(self, vm, here, there):
        report = self.explained(vm, here, there)
        self.assertNotEqual(report["outcome"], "dropped", report)


class HealthyModeCase(ExplainCase):
    """What holds in each mode."""

    def unsure(self, vm, here, there):
        """The hops that neither carry it nor are left out."""
        return [hop["title"] for hop in self.explained(vm, here, there)["hops"]
                if hop["verdict"] not in ("carried", "not asked")]

    def test_nothing_is_dropped_and_the_rest_is_uncertain_behind_the_peers_door_alone(self):
        for (near, here), (far, there) in itertools.permutations(zip(self.vms, self.pods), 2):
            for one, other in zip(here.addresses, there.addresses):
                self.assertTrue(reaches(here.namespace, there.namespace, other, within=5))
                for sender in (one, "node"):
                    self.assert_said(lambda s=sender: self.unsure(near, s, other), [_PEER])
                    hops = self.explained(near, sender, other)["hops"]
                    where = next(hop["next_step"] for hop in hops if hop["title"] == _PEER)
                    self.assertIn(f" to {other}   # on ", where)
                self.assert_said(lambda: self.unsure(far, one, other), [])

    def test_pods_of_one_node_reach_each_other(self):
        vm, here = self.vms[0], self.pods[0]
        beside = vm.add_pod()
        for sender in (here.address, "node"):
            report = self.explained(vm, sender, beside.address)
            self.assertEqual(report["outcome"], "arrives", report)
        self.assertEqual(self.explained(vm, here.address, vm.address)["outcome"], "arrives")

    def test_what_is_no_pods_is_never_said_to_be_dropped(self):
        vm, here = self.vms[0], self.pods[0]
        for there in ("203.0.113.7", "10.0.0.10", self.vms[1].address):
            for sender in (here.address, "node"):
                self.assert_not_dropped(vm, sender, there)


class Udr(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "udr", "cloud": True}

    def test_a_question_about_other_nodes_says_where_to_ask_it(self):
        done = self.vms[0].agent.command("explain", self.pods[1].address, "to", "10.244.3.9")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn(f"{self.pods[1].address} to 10.240.0.5", done.stdout)
        self.assertIn(f"calico-azure-agent explain {self.pods[1].address} to 10.244.3.9   # on node 10.240.0.5\n",
                      done.stdout)

    def test_what_cannot_be_asked_is_bad_usage(self):
        for words in (["nobody", "to", "10.244.2.9"], ["10.244.1.2", "to", "10.244.2.9:0"], ["10.244.1.2", "to"],
                      ["--at", "1h", "10.244.1.2", "to", "10.244.2.9"], ["--json", "10.244.2.0/24"]):
            done = self.vms[0].agent.command("explain", *words)
            self.assertEqual((done.returncode, done.stdout), (64, ""), words)
            self.assertRegex(done.stderr, "^explain: ")

    def test_in_a_bundle_what_the_kernel_was_not_asked_is_uncertain(self):
        bundle = self.cluster.folder / "bundle.tar.gz"
        vm, (here, there) = self.vms[0], self.pods
        self.assertEqual(vm.agent.command("support-bundle", "--output", str(bundle)).returncode, 0)
        done = vm.agent.command("explain", "--bundle", str(bundle), here.address, "to", there.address)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "(?m)^  uncertain  route .*not known")


class UdrInDualStack(HealthyModeCase):
    cluster_options = {"nodes": 2, "ipv6": True, "cloud": True}


class Canal(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "canal"}


class CanalWithAzureAsked(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "canal", "cloud": True}

    def setUp(self):
        super().setUp()
        for vm in self.vms:
            config = vm.config()
            vm.agent.reload(**{**config, "azure": {**config["azure"], "verify": "on"}})

    def test_a_rule_against_its_port_is_named_on_both_nodes(self):
        here, there = self.pods
        self.cluster.ask(f"security-group rule {SECURITY_GROUP} NoVxlan 200 Inbound Deny Udp * * 8472")
        self.assert_lost(here, there)
        self.assert_dropped(self.vms[0], here, there, _PEER, "azure.security_groups")
        self.assert_dropped(self.vms[1], here, there, "security groups in", "azure.security_groups")


class Flannel(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "flannel"}


class CalicoVxlan(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "calico-vxlan"}


class AzureCni(HealthyModeCase):
    cluster_options = {"nodes": 2, "mode": "azure-cni"}


class Losses(ExplainCase):
    cluster_options = {"nodes": 2, "cloud": True}

    # What each node says of a packet from vm1's pod to vm2's; None: it sees no drop.
    seen = {
        "ip_forwarding": (None, ("Azure's NIC", "azure.ip_forwarding")),
        "no_table": (("route table", "azure.route_table"), ("route table", "azure.route_table")),
        "no_route": (("route table", ""), ("route table", "azure.node_route")),
        "next_hop_left_behind": (None, ("route table", "azure.node_route")),
        "longer_route_to_none": (("route table", ""), ("route table", "azure.stale_routes")),
        "into_vm2": (None, ("security groups in", "azure.security_groups")),
        "out_of_vm1": (("security groups out", "azure.security_groups"), None),
    }

    def test_each_is_named_by_the_node_that_sees_it(self):
        here, there = self.pods
        for name, (fault, remedy) in {**LOSSES, **ONE_WAY_LOSSES}.items():
            with self.subTest(name):
                self.cluster.ask(fault)
                self.assert_lost(here, there)
                self.assert_said(lambda: tuple(self.dropped(vm, here.address, there.address) for vm in self.vms),
                                 self.seen[name])
                self.cluster.ask(remedy)
                self.assert_reaches(here, there)
                for vm in self.vms:
                    self.assert_not_dropped(vm, here.address, there.address)

    def test_its_remedy_mends_it(self):
        vm, (own, other) = self.vms[0], self.pods
        for fault, check in test_azure_truth.FORGOTTEN:
            with self.subTest(fault):
                self.cluster.ask(fault)
                self.assert_lost(own, other)
                self.assert_said(lambda: (self.dropped(vm, own.address, other.address) or ("", ""))[1], check)
                self.cluster.mend(self.explained(vm, own.address, other.address)["hops"][-1]["remedy"])
                self.assert_reaches(own, other)
                self.assert_not_dropped(vm, own.address, other.address)

    def test_the_subnets_group_is_the_peers_too(self):
        own, other = self.pods
        self.cluster.ask(f"security-group rule {SECURITY_GROUP} DenyAll 200 Inbound Deny * * * *")
        self.assert_lost(own, other)
        self.assert_dropped(self.vms[0], own, other, _PEER, "azure.security_groups")
        self.assert_dropped(self.vms[1], own, other, "security groups in", "azure.security_groups")

    def test_a_rule_for_one_port_drops_that_alone(self):
        own, other = self.pods
        self.cluster.ask(f"security-group rule {SECURITY_GROUP} NoTelnet 200 Outbound Deny Tcp * * 23")
        vm = self.vms[0]
        self.assert_said(lambda: self.dropped(vm, own.address, other.address, ":23"), ("security groups out", ""))
        for port in (":23/udp", ":24"):
            self.assertIsNone(self.dropped(vm, own.address, other.address, port), port)


class Kernel(ExplainCase):
    """The node's own: forwarding, routes, links."""

    cluster_options = {"nodes": 2, "mode": "udr"}
    config = {"azure": {"verify": "off"}}

    def faults(self, vm, pod):
        own = vm.namespace
        forwarding = f"net/ipv4/conf/{pod.link}/forwarding"
        yield (lambda: own.sysctl("net/ipv4/ip_forward", 0), lambda: own.sysctl("net/ipv4/ip_forward", 1),
               ("forwarding", "sysctl.ip_forward"))
        yield (lambda: own.sysctl(forwarding, 0), lambda: own.sysctl(forwarding, 1), ("forwarding", "pods.links"))
        yield (lambda: own.sysctl("net/ipv4/conf/eth0/forwarding", 0),
               lambda: own.sysctl("net/ipv4/conf/eth0/forwarding", 1), ("answer", "sysctl.nic_forwarding"))
        yield (lambda: own.ip("route add unreachable 10.244.2.0/24"),
               lambda: own.ip("route del unreachable 10.244.2.0/24"), ("route", ""))
        yield (lambda: own.ip("route add prohibit 10.244.0.0/16 metric 1"),
               lambda: own.ip("route del prohibit 10.244.0.0/16 metric 1"), ("route", "routes.in_sync"))

    def test_each_is_named_where_packets_are_lost(self):
        vm, (here, there) = self.vms[0], self.pods
        for fault, undo, wanted in self.faults(vm, here):
            with self.subTest(wanted):
                fault()
                self.assert_lost(here, there)
                said = self.dropped(vm, here.address, there.address)
                self.assertEqual(said, wanted, self.explained(vm, here.address, there.address))
                undo()
                self.assert_reaches(here, there)
                self.assert_not_dropped(vm, here.address, there.address)


class Forward(ExplainCase):
    """The rules of test_forward.py."""

    cluster_options = {"nodes": 2, "mode": "udr"}
    config = {"azure": {"verify": "off"}}

    def restore(self, text):
        done = self.vms[0].namespace.run("iptables-nft-restore", input=text, stdin=None)
        self.assertEqual(done.returncode, 0, f"{done.stderr}{text}")

    def said(self):
        """Of packets in both directions, for an answer is needed: the verdicts that name netfilter."""
        here, there = self.pods
        hops = []
        for one, other in ((here, there), (there, here)):
            hops += self.explained(self.vms[0], one.address, other.address, ":9/udp")["hops"]
        return {hop["verdict"] for hop in hops if hop["check"] == "netfilter.forward" or (
            hop["title"] == "netfilter" and hop["verdict"] != "carried")}

    def test_drops_are_named_and_what_passes_is_never_dropped(self):
        here, there = self.pods
        for who, policy, rules, passes in test_forward.CASES:
            with self.subTest(who):
                self.restore(test_forward.table(policy, rules.format(link=here.link, own=self.vms[0].pod_cidrs[0])))
                reached = reaches(here.namespace, there.namespace, there.address, within=3 if passes else 0.3)
                self.assertEqual(reached, passes, "the packet itself")
                said = self.said()
                self.assertEqual("dropped" in said, not passes, said)
        self.restore(test_forward.NOTHING)

    def test_chains_of_nftables_own_too(self):
        here, there = self.pods
        for text in test_forward.NFTABLES:
            _, family, table, *_ = text.split()
            with self.subTest(table):
                done = self.vms[0].namespace.run("nft", "-f", "-", input=text, stdin=None)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_lost(here, there)
                self.assertIn("dropped", self.said())
                self.vms[0].namespace.run("nft", "delete", "table", family, table)

    def test_a_rule_about_this_pod_alone_is_found_though_no_check_fails(self):
        here, there = self.pods
        self.restore(test_forward.table("ACCEPT", f"-A FORWARD -s {here.address} -j DROP\n"))
        self.assert_lost(here, there)
        self.assertEqual(self.dropped(self.vms[0], here.address, there.address), ("netfilter", ""))
        self.restore(test_forward.NOTHING)


class OverlayFaultsCase(ExplainCase):
    """The faults of test_mode_faults.py that lose packets."""

    test_what_is_in_order_fails_no_check = None
    test_each_is_named_by_one_check_and_passes_with_it = None

    def test_each_that_loses_packets_is_named_with_its_check(self):
        vm, (here, there) = self.vms[0], self.pods
        lost = 0
        for fault in self.faults(vm):
            if not fault.check.startswith("overlay."):
                continue  # what only the peer's programs would know
            with self.subTest(fault.what), fault.there:
                if reaches(here.namespace, there.namespace, there.address, within=0.3):
                    self.assert_not_dropped(vm, here.address, there.address)
                    continue
                lost += 1
                said = self.dropped(vm, here.address, there.address)
                self.assertEqual(said and said[1], fault.check, self.explained(vm, here.address, there.address))
        self.assertGreater(lost, 0)


class CalicoVxlanFaults(OverlayFaultsCase, test_mode_faults.CalicoVxlan):
    pass


class CanalFaults(OverlayFaultsCase, test_mode_faults.Canal):
    pass


if __name__ == "__main__":
    unittest.main()
