#!/usr/bin/env python3
"""The platform's services as a VM meets them: by its first NIC alone, and good enough for clients that others wrote."""

import unittest
import xml.etree.ElementTree as xml

from case import ClusterCase
from lab.fabric import IMDS, WIRE_SERVER

import imds_clients


class Witnesses(ClusterCase):
    cluster_options = {"nodes": 1, "nics": 2}

    def test_cloud_init_makes_a_network_configuration_of_it(self):
        vm, = self.vms
        seen = imds_clients.cloud_init(vm.namespace)
        self.assertEqual(seen["document"]["network"]["interface"][0]["macAddress"],
                         vm.nics[0].mac.replace(":", "").upper())
        self.assertEqual({each["match"]["macaddress"] for each in seen["netplan"]["ethernets"].values()},
                         {nic.mac for nic in vm.nics})

    def test_the_azure_linux_agent_finds_it_healthy(self):
        vm, = self.vms
        seen = imds_clients.azure_linux_agent(vm.namespace)
        self.assertEqual(seen["verdict"], [True, ""])
        self.assertEqual(seen["vmId"], vm.document()["compute"]["vmId"])


class FirstNicAlone(ClusterCase):
    cluster_options = {"nodes": 2, "nics": 2}

    def answers(self, source, server):
        with self.vms[0].namespace.socket() as stream:
            stream.settimeout(0.3)
            stream.bind((source, 0))
            try:
                stream.connect((server, 80))
            except TimeoutError:
                return False
            return True

    def test_other_addresses_and_other_nics_are_left_without_an_answer(self):
        vm = self.vms[0]
        first, second = (nic.addresses[0] for nic in vm.nics)
        vm.namespace.ip("addr add 10.240.0.44/24 dev eth0", "rule add from 10.241.0.0/24 lookup 77",
                        "route add default via 10.241.0.1 dev eth1 table 77")
        self.cluster.ask(f"nic {vm.name} address {first},10.240.0.44")
        for server in (IMDS, WIRE_SERVER):
            with self.subTest(server):
                self.assertTrue(self.answers(first, server))
                self.assertFalse(self.answers("10.240.0.44", server))
                self.assertFalse(self.answers(second, server))

    def test_the_wire_server_tells_each_vm_of_its_own_nics(self):
        for vm in self.vms:
            done = vm.namespace.run("curl", "-sSf", f"http://{WIRE_SERVER}/machine/plugins?comp=nmagent"
                                                    "&type=getinterfaceinfov1")
            self.assertEqual(done.returncode, 0, done.stderr)
            told = [(each.get("MacAddress"), each.get("IsPrimary"), each.find("IPSubnet/IPAddress").get("Address"))
                    for each in xml.fromstring(done.stdout)]
            self.assertEqual(told, [(nic.mac.replace(":", "").upper(), "false" if nic.number else "true",
                                     nic.addresses[0]) for nic in vm.nics])


if __name__ == "__main__":
    unittest.main()
