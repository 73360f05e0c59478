#!/usr/bin/env python3
"""Which link is the NIC: with accelerated networking, among several, and by selection."""

import unittest

from case import CLUSTER, NODE, NodeCase, settings

_POD_TABLE = 16925


class AcceleratedNetworking(NodeCase):
    lab_options = {"accelerated": True}

    def assert_no_change(self, change):
        tape = self.lab.tape()
        begin = tape.mark()
        index = self.agent.status()["nic"]["index"]
        looks = self.agent.status()["counters"]["resyncs"]
        change()
        self.agent.await_resync(looks)
        self.assertEqual(tape.changes(begin), [])
        self.assertEqual(self.lab.routes(), self.wanted())
        nic = self.agent.status()["nic"]
        self.assertEqual((nic["name"], nic["index"]), ("eth0", index))
        self.assertTrue(self.agent.is_ready())

    def test_a_vf_that_comes_changes_nothing(self):
        self.agent.start_ready()
        self.assert_no_change(self.lab.add_vf)

    def test_a_vf_that_goes_for_servicing_and_returns_changes_nothing(self):
        self.lab.add_vf()
        self.agent.start_ready()
        self.assert_no_change(lambda: self.lab.vm.ip("link set vf0 nomaster"))
        self.assert_no_change(lambda: self.lab.vm.ip("link del vf0"))
        self.assert_no_change(lambda: self.lab.add_vf("vf1"))

    def test_without_its_address_the_nic_is_still_the_one_that_bears_the_vf(self):
        self.lab.add_vf()
        self.agent.start_ready()
        self.lab.vm.ip("addr del 10.240.0.4/24 dev eth0")
        self.agent.await_check("nic.address", "fail")
        self.assertEqual(self.agent.check("nic.found")["status"], "pass")
        self.assertEqual(self.agent.status()["nic"]["name"], "eth0")

    def test_a_vf_that_was_there_first_is_not_the_nic(self):
        # Its index is the lower one: whoever takes the first link with the MAC takes the wrong one.
        self.lab.vm.ip("link del eth0", "link del hv0")
        self.lab.vm.ip(f"link add vf0 address {self.lab.nic.mac} type veth peer name vf0-far", "link set vf0-far up")
        self.lab.connect()
        self.lab.vm.ip("link set vf0 master eth0", "link set vf0 up")
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), self.wanted())


class AmbiguousMac(NodeCase):
    def test_of_two_free_links_with_the_mac_the_one_with_the_address_is_it(self):
        self.lab.vm.ip(f"link add twin address {self.lab.nic.mac} type veth peer name twin-far")
        self.agent.start_ready()
        self.assertEqual(self.agent.status()["nic"]["name"], "eth0")

    def test_two_free_links_with_the_mac_and_no_address_are_refused_by_name(self):
        self.lab.vm.ip(f"link add twin address {self.lab.nic.mac} type veth peer name twin-far")
        self.lab.vm.ip("addr del 10.240.0.4/24 dev eth0")
        self.lab.vm.ip("addr add 10.99.0.1/24 dev eth0", "route add 169.254.169.254/32 dev eth0 src 10.99.0.1")
        self.lab.fabric.ip("route add 10.99.0.0/24 dev fab0")
        self.agent.start()
        found = self.agent.await_check("nic.found", "fail")
        self.assertIn("eth0", found["message"])
        self.assertIn("twin", found["message"])
        self.await_routes([self.sink()])  # needs no NIC


class SecondNic(NodeCase):
    def setUp(self):
        super().setUp()
        self.second = self.lab.add_second_nic()

    def by_second(self, destination, table=None):
        place = f"dev eth1 table {table}" if table else "dev eth1"
        return f"{destination} via {self.second.gateway} {place} proto 169 src {self.second.address} metric 1024"

    def secondary(self):
        return [self.by_second(CLUSTER), self.sink(), self.by_second(CLUSTER, _POD_TABLE),
                self.by_second("default", _POD_TABLE), f"throw {NODE} table {_POD_TABLE} proto 169 metric 1024"]

    def assert_secondary(self):
        self.assertEqual(self.lab.routes(), sorted(self.secondary()))
        self.assertEqual(self.lab.rules(), [f"{_POD_TABLE}: from {NODE} lookup {_POD_TABLE} proto 169"])

    def test_the_primary_is_the_one_that_leads_to_imds_whatever_azures_order(self):
        document = self.lab.document()
        document["network"]["interface"].reverse()
        self.lab.simulator.document(document)
        self.agent.start_ready()
        self.assertEqual(self.agent.status()["nic"]["name"], "eth0")
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual(self.lab.rules(), [])

    def test_a_second_nic_has_a_table_and_a_rule_of_its_own_whichever_way_it_is_selected(self):
        for select in ("name:eth1", f"mac:{self.second.mac}", f"subnet:{self.second.subnet}"):
            with self.subTest(select):
                self.agent.configure(**settings(nic={"select": select}))
                self.agent.start_ready()
                self.assert_secondary()
                self.assertEqual(self.agent.status()["nic"]["name"], "eth1")
                self.agent.stop()
                self.agent.command("flush")

    def test_the_selection_changes_and_changes_back_by_reload(self):
        self.agent.start_ready()
        self.agent.reload(**settings(nic={"select": "name:eth1"}))
        self.await_routes(self.secondary())
        self.assert_secondary()
        self.agent.reload(**settings())
        self.await_routes(self.wanted())
        self.assertEqual(self.lab.rules(), [])
        self.assertTrue(self.agent.is_ready())

    def test_a_deleted_rule_comes_back(self):
        self.agent.configure(**settings(nic={"select": "name:eth1"}))
        self.agent.start_ready()
        looks = self.agent.status()["counters"]["resyncs"]
        self.lab.vm.ip(f"rule del from {NODE} lookup {_POD_TABLE} priority {_POD_TABLE}")
        self.agent.await_resync(looks)
        self.assert_secondary()
        self.assertTrue(self.agent.is_ready())

    def test_packets_of_pods_leave_by_the_selected_nic_and_stay_on_the_node_where_they_belong(self):
        self.agent.configure(**settings(nic={"select": "name:eth1"}))
        self.agent.start_ready()
        self.lab.vm.ip("link add cni0 type bridge", "addr add 10.244.1.1/24 dev cni0", "link set cni0 up")

        def way(to):
            return self.lab.vm.ip(f"route get {to} from 10.244.1.5 iif cni0")

        self.assertIn("dev eth1", way("8.8.8.8"))
        self.assertIn("dev eth1", way("10.244.9.9"))
        self.assertIn("dev cni0", way("10.244.1.6"))

    def test_a_selector_that_fits_no_nic_fails_the_gate_and_names_the_selector(self):
        self.agent.configure(**settings(nic={"select": "name:eth7"}))
        self.agent.start()
        found = self.agent.await_check("nic.found", "fail")
        self.assertIn("name:eth7", found["message"])


if __name__ == "__main__":
    unittest.main()
