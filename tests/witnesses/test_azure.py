#!/usr/bin/env python3
"""Microsoft's clients against azure-simulator, at the addresses that they have built in: tokens of IMDS, the documents
of Azure Resource Manager as they read them, refusals as they name them, and what they try again."""

import copy
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab, azure_resources  # noqa: E402
from lab.azure import Network, Nic, Route, Subnet  # noqa: E402
from lab.azure_resources import GROUP, NETWORK, SUBSCRIPTION  # noqa: E402
from lab.cloud import Cloud  # noqa: E402
from healthy_machines import machines  # noqa: E402
from witness import Refused, Witness  # noqa: E402

# azure-simulator's identities (simulator/identity.h).
_USER_ASSIGNED = "0d46c104-a85f-49e2-9c96-ae58c6fa927b"
_NIC = "vm1-nic0"
_PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
_INSTANCE = f"{_PROVIDERS}/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/0"


def network():
    return Network(["10.240.0.0/12", "fd00:240::/56"],
                   {"nodes": Subnet(["10.240.0.0/24"], "table"), "bare": Subnet(["10.241.0.0/24", "fd00:240::/64"])},
                   {"table": {"10.244.1.0/24": Route("10.244.1.0/24", "VirtualAppliance", "10.240.0.4"),
                              "0.0.0.0/0": Route("0.0.0.0/0", "Internet")}},
                   {"vm1:0": Nic("vm1", 0, "00:0d:3a:f8:01:00", "nodes", ["10.240.0.4", "10.240.0.5"], True),
                    "vm1:1": Nic("vm1", 1, "00:0d:3a:f8:01:01", "bare", ["10.241.0.4", "fd00:240::4"])})


def documents():
    """The lab's, and a scale set's instance with its NIC."""
    made = azure_resources.documents(network())
    nic = f"{_INSTANCE}/networkInterfaces/pool"
    made[_INSTANCE] = azure_resources.resource(_INSTANCE, {"provisioningState": "Succeeded", "networkProfile": {
        "networkInterfaces": [{"id": nic, "properties": {"primary": True}}]}})
    made[nic] = azure_resources.resource(nic, {
        **made[azure_resources.nic_id(network().nics["vm1:0"])]["properties"], "virtualMachine": {"id": _INSTANCE}})
    return made


def setUpModule():
    """One lab and one process of Node.js for all tests: what a test has ordered ends with it."""
    lab = AzureCase.lab = Lab().__enter__()
    unittest.addModuleCleanup(lab.close)
    # Each test gets its tokens by itself: on a quick machine they were more in a second than Azure's 20.
    lab.simulator.limit(identity_per_second=0)
    AzureCase.cloud = Cloud(lab.fabric, lab.folder, control=8082)
    unittest.addModuleCleanup(AzureCase.cloud.stop)
    AzureCase.sdk = Witness(lab.vm, "azure.mjs", AzureCase.cloud.certificate)
    unittest.addModuleCleanup(AzureCase.sdk.close)


class AzureCase(unittest.TestCase):
    documents = documents()

    def setUp(self):
        self.cloud.serve_arm(self.documents)
        self.addCleanup(self.cloud.cloud_fault)
        self.addCleanup(self.lab.simulator.fault)

    def refusal(self, call, *arguments):
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        return caught.exception

    def network(self, operation, *arguments):
        return self.sdk.network(SUBSCRIPTION, operation, *arguments)

    def compute(self, operation, *arguments):
        return self.sdk.compute(SUBSCRIPTION, operation, *arguments)


class Tokens(AzureCase):
    def test_the_vms_own_identity_and_a_user_assigned_one_get_tokens(self):
        own = self.sdk.token()
        self.assertIn("/virtualMachines/", own["xms_mirid"])
        self.assertEqual(own["aud"], "https://management.azure.com")
        self.assertGreater(own["seconds_left"], 3600)
        other = self.sdk.token({"clientId": _USER_ASSIGNED})
        self.assertEqual(other["appid"], _USER_ASSIGNED)
        self.assertEqual(self.sdk.token({"resourceId": other["xms_mirid"]})["appid"], _USER_ASSIGNED)
        self.assertEqual(self.sdk.token({"objectId": other["oid"]})["appid"], _USER_ASSIGNED)

    def test_the_default_chain_finds_imds(self):
        self.assertIn("/virtualMachines/", self.sdk.default_token()["xms_mirid"])
        self.assertEqual(self.sdk.default_token({"managedIdentityClientId": _USER_ASSIGNED})["appid"], _USER_ASSIGNED)

    def test_an_identity_that_the_vm_does_not_have_is_named_as_unavailable(self):
        refused = self.refusal(self.sdk.token, {"clientId": "11111111-2222-3333-4444-555555555555"})
        self.assertIn("Identity not found", str(refused))
        self.assertIn(refused.name, ("AuthenticationRequiredError", "CredentialUnavailableError"))


class Reading(AzureCase):
    def test_a_nic_and_its_lists(self):
        nic = self.network("networkInterfaces.get", GROUP, _NIC)
        self.assertEqual((nic["name"], nic["enableIPForwarding"], nic["macAddress"]),
                         (_NIC, True, "00-0D-3A-F8-01-00"))
        self.assertEqual([each["privateIPAddress"] for each in nic["ipConfigurations"]], ["10.240.0.4", "10.240.0.5"])
        self.assertEqual(nic["ipConfigurations"][0]["subnet"]["id"], azure_resources.subnet_id("nodes"))
        for listed in (self.network("networkInterfaces.list", GROUP), self.network("networkInterfaces.listAll")):
            self.assertEqual([each["name"] for each in listed], [_NIC, "vm1-nic1"])

    def test_a_virtual_network_and_its_subnets(self):
        vnet = self.network("virtualNetworks.get", GROUP, NETWORK)
        self.assertEqual(vnet["addressSpace"]["addressPrefixes"], ["10.240.0.0/12", "fd00:240::/56"])
        self.assertEqual([each["name"] for each in vnet["subnets"]], ["nodes", "bare"])
        subnet = self.network("subnets.get", GROUP, NETWORK, "nodes")
        self.assertEqual((subnet["addressPrefix"], subnet["routeTable"]["id"]),
                         ("10.240.0.0/24", azure_resources.route_table_id("table")))
        several = self.network("subnets.get", GROUP, NETWORK, "bare")
        self.assertEqual((several["addressPrefixes"], several.get("routeTable")),
                         (["10.241.0.0/24", "fd00:240::/64"], None))
        self.assertEqual({each["name"] for each in self.network("subnets.list", GROUP, NETWORK)}, {"nodes", "bare"})

    def test_a_route_table_and_its_routes(self):
        table = self.network("routeTables.get", GROUP, "table")
        routes = self.network("routes.list", GROUP, "table")
        self.assertEqual(table["routes"], routes)
        self.assertEqual({route["addressPrefix"]: (route["nextHopType"], route.get("nextHopIpAddress"))
                          for route in routes},
                         {"10.244.1.0/24": ("VirtualAppliance", "10.240.0.4"), "0.0.0.0/0": ("Internet", None)})
        self.assertEqual(self.network("routes.get", GROUP, "table", routes[0]["name"]), routes[0])

    def test_a_virtual_machine(self):
        vm = self.compute("virtualMachines.get", GROUP, "vm1")
        self.assertEqual([(each["id"], each["primary"]) for each in vm["networkProfile"]["networkInterfaces"]],
                         [(azure_resources.nic_id(nic), nic.number == 0) for nic in network().nics.values()])
        self.assertEqual([each["name"] for each in self.compute("virtualMachines.list", GROUP)], ["vm1"])

    def test_an_instance_of_a_scale_set_and_its_nics(self):
        nic = self.network("networkInterfaces.getVirtualMachineScaleSetNetworkInterface", GROUP, "pool", "0", "pool")
        listed = self.network("networkInterfaces.listVirtualMachineScaleSetVMNetworkInterfaces", GROUP, "pool", "0")
        self.assertEqual((nic["enableIPForwarding"], listed), (True, [nic]))
        instance = self.compute("virtualMachineScaleSetVMs.get", GROUP, "pool", "0")
        self.assertEqual(instance["networkProfile"]["networkInterfaces"][0]["id"], nic["id"])

    def test_a_list_in_pages_is_followed_to_its_end(self):
        path = f"{_PROVIDERS}/Microsoft.Network/routeTables"
        self.cloud.serve_arm({path: {"page_size": 2, "value": [
            azure_resources.resource(f"{path}/t{number}", {}) for number in range(5)]}})
        pages = self.sdk.network_pages(SUBSCRIPTION, "routeTables.list", GROUP)
        self.assertEqual([[each["name"] for each in page] for page in pages], [["t0", "t1"], ["t2", "t3"], ["t4"]])


class Schema(AzureCase):
    """What is served is Microsoft's schema of the api-versions that the agent asks for, no more and no less."""

    def version_of(self, path):
        """As arm/kinds.h has them."""
        if "/Microsoft.Network/" in path:
            return "2020-11-01"
        return "2018-10-01" if "/networkInterfaces" in path else "2021-07-01"

    def complaints(self, paths):
        found = {path: self.sdk.complaints(path, self.version_of(path)) for path in paths}
        return {path: each for path, each in found.items() if each}

    def test_every_document_of_the_lab_its_parts_and_its_lists(self):
        paths = set(self.documents)
        for path, document in self.documents.items():
            if "virtualMachineScaleSets" not in path:  # there is no document of the scale set itself
                paths.add(path.rpartition("/")[0])
            for part in ("ipConfigurations", "routes", "subnets"):
                if part in document["properties"]:
                    paths.add(f"{path}/{part}")
                    paths |= {each["id"] for each in document["properties"][part]}
        self.assertGreater(len(paths), 20)
        self.assertEqual(self.complaints(sorted(paths)), {})

    def test_every_document_of_the_healthy_nodes(self):
        distinct = {json.dumps(machine.resources(), sort_keys=True) for machine in machines()}
        self.assertGreater(len(distinct), 10)
        for made in map(json.loads, distinct):
            self.cloud.serve_arm(made)
            self.assertEqual(self.complaints(made), {})

    def test_what_is_wrong_is_seen(self):
        nic = azure_resources.nic_id(network().nics["vm1:0"])
        wrong = copy.deepcopy(self.documents)
        wrong[nic]["properties"].update(enableIPForwarding="true", primry=True)
        wrong[nic]["properties"]["ipConfigurations"][0]["properties"]["primary"] = 1
        vm = azure_resources.vm_id("vm1")
        del wrong[vm]["location"]
        self.cloud.serve_arm(wrong)
        self.assertEqual(self.complaints([nic, vm]), {nic: [
            "NetworkInterface.properties.enableIPForwarding: string, not boolean",
            "NetworkInterface.properties.ipConfigurations[0].properties.primary: number, not boolean",
            "NetworkInterface.properties.primry: unknown"], vm: ["VirtualMachine.location: required, and missing"]})


class Refusals(AzureCase):
    """By the package of the agent's api-versions, and by today's pipeline."""

    def setUp(self):
        super().setUp()
        self.nic = azure_resources.nic_id(network().nics["vm1:0"])

    def codes(self, group=GROUP, name=_NIC, version="2020-11-01"):
        """Status and code of a NIC, as both say it."""
        path = self.nic.replace(f"/{GROUP}/", f"/{group}/").replace(_NIC, name)
        both = (self.refusal(self.network, "networkInterfaces.get", group, name),
                self.refusal(self.sdk.get, path, version))
        for each in both:
            self.assertEqual(each.name, "RestError")
        self.assertEqual(both[0].code, both[1].code)
        self.assertEqual(both[0].status, both[1].status)
        return both[0].status, both[0].code

    def test_what_is_not_there(self):
        self.assertEqual(self.codes(name="nobody"), (404, "ResourceNotFound"))
        self.assertEqual(self.codes(group="nowhere"), (404, "ResourceGroupNotFound"))
        self.assertEqual(self.refusal(self.network, "subnets.get", GROUP, NETWORK, "none").code, "NotFound")

    def test_what_is_not_allowed(self):
        self.cloud.cloud_fault(kind="status", code=403)
        self.assertEqual(self.codes(), (403, "AuthorizationFailed"))
        self.cloud.cloud_fault()
        refused = self.refusal(self.network, "routeTables.beginCreateOrUpdate", GROUP, "table", {"location": "here"})
        self.assertEqual((refused.status, refused.code), (403, "AuthorizationFailed"))
        self.assertIn("Microsoft.Network/routeTables/write", str(refused))

    def test_tokens_that_are_not_accepted(self):
        self.cloud.cloud_fault(kind="status", code=401)
        self.assertEqual(self.codes(), (401, "InvalidAuthenticationToken"))
        self.cloud.cloud_fault(kind="expired_token")
        self.assertEqual(self.codes(), (401, "ExpiredAuthenticationToken"))

    def test_a_version_that_azure_does_not_have(self):
        refused = self.refusal(self.sdk.get, self.nic, "1999-01-01")
        self.assertEqual((refused.status, refused.code), (400, "NoRegisteredProviderFound"))


class Again(AzureCase):
    """What is tried again, and when: by today's pipeline, for that of the older packages never sees a 429."""

    def statuses(self, **fault):
        """Of what was asked for one NIC."""
        nic = azure_resources.nic_id(network().nics["vm1:0"])
        self.sdk.get(nic, "2020-11-01")  # the token is there
        self.cloud.cloud_fault(count=1, **fault)
        self.cloud.forget_cloud_requests()
        self.assertEqual(self.sdk.get(nic, "2020-11-01")["name"], _NIC)
        return [request["status"] for request in self.cloud.cloud_requests()["recent"]]

    def test_too_many_requests_are_held_back_for_as_long_as_is_said(self):
        for headers, seconds in (({"Retry-After": "1"}, 1), ({"retry-after-ms": "300"}, 0.3)):
            with self.subTest(headers):
                begin = time.monotonic()
                self.assertEqual(self.statuses(kind="status", code=429, headers=headers), [429, 200])
                self.assertGreaterEqual(time.monotonic() - begin, seconds)

    def test_without_a_faults_own_header_it_is_ten_seconds(self):
        self.cloud.cloud_fault(kind="status", code=429, count=1)
        refused = self.refusal(self.network, "networkInterfaces.get", GROUP, _NIC)
        self.assertEqual((refused.status, refused.code, refused.retry_after),
                         (429, "SubscriptionRequestsThrottled", "10"))

    def test_a_server_that_fails_once_and_a_connection_that_breaks(self):
        self.assertEqual(self.statuses(kind="status", code=503, headers={"Retry-After": "0"}), [503, 200])
        self.assertEqual(self.statuses(kind="reset")[-1], 200)

    def test_imds_that_is_being_updated_is_asked_again(self):
        self.lab.simulator.forget()
        self.lab.simulator.fault(kind="status", code=410, count=1)
        other = Witness(self.lab.vm, "azure.mjs", self.cloud.certificate)  # MSAL keeps tokens for its process
        self.addCleanup(other.close)
        other.token()
        self.assertEqual([request["status"] for request in self.lab.simulator.requests()["recent"]], [410, 200])


if __name__ == "__main__":
    unittest.main()
