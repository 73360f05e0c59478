#!/usr/bin/env python3
"""Network security groups that drop what pods need: packets are lost, one check names the rule, its remedy admits them."""

import unittest

from case import eventually
from lab import azure_resources
from lab.cluster import NODES, SECURITY_GROUP
from truth import TruthCase


class SecurityGroupCase(TruthCase):
    check = "azure.security_groups"

    def assert_dropped_named_and_mended(self, fault, here, there, words):
        """By packets: they are lost from the fault on and back after the remedy, as it is printed."""
        self.assert_reaches(here, there)
        self.cluster.ask(fault)
        self.assert_lost(here, there)
        self.ask_again()
        self.await_failures([self.check])
        self.assertIn(words, self.vm.agent.check(self.check)["message"])
        self.assertTrue(self.vm.agent.is_ready(), "Azure's faults withdraw no node")
        remedy = self.vm.agent.check(self.check)["remedy"]
        self.cluster.mend(remedy)
        self.assert_reaches(here, there)
        self.ask_again()
        self.await_failures([])
        self.assert_in_table(f"Azure: {fault}", self.check, remedy)


class SecurityGroups(SecurityGroupCase):
    def test_of_the_subnet_against_what_comes_in(self):
        own, other = self.pods
        self.assert_dropped_named_and_mended(
            f"security-group rule {SECURITY_GROUP} DenyAll 200 Inbound Deny * * * *", other, own,
            f"rule DenyAll of network security group {SECURITY_GROUP} (priority 200, inbound), the subnet's, drops "
            "what pods of other nodes send to those of this node")
        self.assert_reaches(own, other)

    def test_of_the_nic_against_what_comes_in(self):
        own, other = self.pods
        self.assert_dropped_named_and_mended(
            "nic vm1 deny in *", other, own,
            "of network security group vm1-nic0-nsg (priority 1000, inbound), the NIC's")

    def test_of_the_nic_against_what_goes_out(self):
        own, other = self.pods
        self.assert_dropped_named_and_mended(
            "nic vm1 deny out 10.0.0.0/8", own, other, "(priority 1000, outbound), the NIC's, drops what pods of this "
            "node send to those of other nodes")

    def test_of_subnet_and_nic_in_both_directions_at_once(self):
        own, other = self.pods
        self.cluster.ask("nic vm1 deny in 10.0.0.0/8")
        self.cluster.ask("nic vm1 deny out 10.0.0.0/8")
        self.cluster.ask(f"security-group rule {SECURITY_GROUP} DenyAll 200 Inbound Deny * 10.0.0.0/8 * *")
        self.assert_lost(own, other)
        self.assert_lost(other, own)
        self.ask_again()
        self.await_failures([self.check])
        remedy = self.vm.agent.check(self.check)["remedy"]
        self.assertEqual(remedy.count("az network nsg rule create"), 3, remedy)
        self.cluster.mend(remedy)
        self.assert_reaches(own, other)
        self.assert_reaches(other, own)
        self.ask_again()
        self.await_failures([])
        self.assert_in_table("Azure: three rules in two groups, of both directions", self.check, remedy)

    def test_a_rule_for_one_port_is_somebodys_policy(self):
        for words in ("NoSmtp 200 Outbound Deny Tcp * * 25", "NoTelnet 200 Inbound Deny Tcp * * 23"):
            self.cluster.ask(f"security-group rule {SECURITY_GROUP} {words}")
        self.ask_again()
        self.await_failures([])
        self.assertIn("admits what pods send", self.vm.agent.check(self.check)["message"])

    def test_without_a_group_there_is_nothing_to_judge(self):
        self.cluster.ask(f"subnet open {NODES}")
        self.ask_again()
        none = "neither subnet nodes nor this node's NIC"
        eventually(lambda: self.vm.agent.check(self.check)["message"].startswith(none), "no group is seen", timeout=20)
        self.await_failures([])

    def test_without_the_right_to_read_them_it_is_not_known_and_nothing_else_changes(self):
        def others():
            return [(check["id"], check["status"]) for check in self.vm.agent.status()["checks"] if check["id"] != self.check]

        before = others()
        self.cluster.cloud.cloud_fault(kind="status", code=403, path=azure_resources.security_group_id(SECURITY_GROUP))
        self.ask_again()
        self.vm.agent.await_check(self.check, "unknown", timeout=20)
        self.assertIn("Microsoft.Network/networkSecurityGroups/read", self.vm.agent.check(self.check)["message"])
        self.assertEqual(others(), before)
        self.cluster.cloud.cloud_fault()
        self.ask_again()
        self.await_failures([])


class SecurityGroupsOfAnOverlay(SecurityGroupCase):
    cluster_options = {"nodes": 2, "cloud": True, "mode": "canal"}

    def test_against_its_port(self):
        config = self.vm.config()
        self.vm.agent.reload(**{**config, "azure": {**config["azure"], "verify": "on"}})
        self.vm.agent.await_check(self.check, "pass", timeout=20)
        own, other = self.pods
        self.assert_dropped_named_and_mended(
            f"security-group rule {SECURITY_GROUP} NoVxlan 200 Inbound Deny Udp * * 8472", other, own,
            "drops what nodes send to this node by the overlay: UDP port 8472")


if __name__ == "__main__":
    unittest.main()
