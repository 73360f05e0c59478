#!/usr/bin/env python3
"""The lab's documents of Azure Resource Manager have what real ones have (tests/data/arm)."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import azure_resources  # noqa: E402
from lab.azure import Network, Nic, Route, Subnet  # noqa: E402

_RECORDED = pathlib.Path(__file__).resolve().parents[1] / "data" / "arm"
_ALWAYS = {"id", "name", "type", "location", "etag"}
# Recorded with an API younger than the agent's: virtual machines have had an etag since 2024.
_YOUNGER = {"Microsoft.Compute/virtualMachines": {"etag"}}


def recorded(name):
    return json.loads((_RECORDED / name).read_text(encoding="utf-8"))["body"]


class Documents(unittest.TestCase):
    def setUp(self):
        self.network = Network(["10.240.0.0/12"], {"nodes": Subnet(["10.240.0.0/24"], "table")},
                               {"table": {"10.244.1.0/24": Route("10.244.1.0/24", "VirtualAppliance", "10.240.0.4")}},
                               {"vm1:0": Nic("vm1", 0, "00:0d:3a:f8:01:00", "nodes", ["10.240.0.4"], True)})
        self.made = azure_resources.documents(self.network)

    def of_type(self, kind):
        document, = (each for each in self.made.values() if each["type"] == kind)
        return document

    def test_they_have_what_azure_resource_manager_always_sends(self):
        for name in ("nic_unattached.json", "routetable_empty.json", "subnet_no_routetable.json", "vm_standalone.json",
                     "vnet.json"):
            real = recorded(name)
            with self.subTest(real["type"]):
                mine = self.of_type(real["type"])
                self.assertEqual(_ALWAYS & set(mine), (_ALWAYS & set(real)) - _YOUNGER.get(real["type"], set()))
                self.assertIn("provisioningState", mine["properties"])
        parts = (self.of_type("Microsoft.Network/networkInterfaces")["properties"]["ipConfigurations"],
                 self.of_type("Microsoft.Network/routeTables")["properties"]["routes"])
        configuration = recorded("nic_unattached.json")["properties"]["ipConfigurations"][0]
        for part, in parts:
            self.assertEqual(_ALWAYS & set(part), _ALWAYS & set(configuration))

    def test_a_part_is_shown_by_what_it_is_a_part_of_too(self):
        subnet = self.of_type("Microsoft.Network/virtualNetworks/subnets")
        self.assertEqual(self.of_type("Microsoft.Network/virtualNetworks")["properties"]["subnets"], [subnet])

    def test_an_etag_changes_with_its_document_alone(self):
        self.network.nics["vm1:0"].ip_forwarding = False
        after = azure_resources.documents(self.network)
        self.assertEqual([name for name in after if after[name].get("etag") != self.made[name].get("etag")],
                         [azure_resources.nic_id(self.network.nics["vm1:0"])])

    def test_a_subnet_has_one_prefix_or_a_list_of_them(self):
        name = azure_resources.subnet_id("nodes")
        self.assertEqual(self.made[name]["properties"]["addressPrefix"], "10.240.0.0/24")
        self.network.subnets["nodes"].listed = True
        listed = azure_resources.documents(self.network)[name]["properties"]
        self.assertEqual((listed["addressPrefixes"], "addressPrefix" in listed), (["10.240.0.0/24"], False))


if __name__ == "__main__":
    unittest.main()
