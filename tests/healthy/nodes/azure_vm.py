"""A virtual machine as Azure describes it: to itself (IMDS), and to who asks Azure Resource Manager."""

import dataclasses
import ipaddress

from lab import azure_resources
from lab.security import SecurityRule

SUBSCRIPTION = "8d10da13-8125-4ba9-a717-bf7490507b3d"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"

# Who makes the subnet gives it a group; scale sets have one in the model of their NICs, too. Beside Azure's own rules
# the cloud provider's for a service, and one for administrators.
_SUBNETS_GROUP, _NICS_GROUP = "subnet-nsg", "pool-nsg"
_RULES = [SecurityRule("k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93", 500, "Inbound", "Allow", "Tcp",
                       ["Internet"], ["20.8.128.1"], ["80", "443"]),
          SecurityRule("AllowSSH", 1000, "Inbound", "Allow", "Tcp", ["203.0.113.0/24"], ["*"], ["22"])]


@dataclasses.dataclass
class Nic:
    """`addresses`: of ipConfigurations, IPv4's primary one first."""
    mac: str
    addresses: list
    subnet: str
    prefixes: list  # of that subnet
    ip_forwarding: bool = False

    def network(self, version=4):
        return next((each for each in map(ipaddress.ip_network, self.prefixes) if each.version == version), None)

    def of_version(self, version):
        return [each for each in self.addresses if ipaddress.ip_address(each).version == version]


@dataclasses.dataclass
class AzureVm:
    """`scale_set` and `instance`: of Uniform orchestration; without, it is a machine of its own (CAPZ, Gardener,
    Karpenter, Flexible orchestration).

    routes: of the route table, prefix -> next hop, in the form of the cloud provider.
    """
    host_name: str
    nics: list
    group: str
    space: list  # of the virtual network
    network: str = "vnet"
    network_group: str = ""  # the same as the machine's, unless it says so
    scale_set: str = ""
    instance: str = "0"
    route_table: str = ""
    route_table_group: str = ""
    routes: dict = dataclasses.field(default_factory=dict)

    @property
    def node_name(self):
        """The kubelet's, which lower-cases what the kernel says."""
        return self.host_name.lower()

    @property
    def nic(self):
        return self.nics[0]

    @property
    def vm_id(self):
        """As IMDS has it, and the machine's firmware."""
        digits = "".join(f"{ord(letter):02x}" for letter in self.host_name).ljust(32, "0")[-32:]
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    # Ids

    def _in(self, group, provider):
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.{provider}"

    @property
    def id(self):
        if self.scale_set:
            instance = f"virtualMachineScaleSets/{self.scale_set}/virtualMachines/{self.instance}"
            return self._in(self.group, f"Compute/{instance}")
        return self._in(self.group, f"Compute/virtualMachines/{self.host_name}")

    def _nic_id(self, number):
        if self.scale_set:
            name = self.scale_set if number == 0 else f"{self.scale_set}-{number}"
            return f"{self.id}/networkInterfaces/{name}"
        return self._in(self.group, f"Network/networkInterfaces/{self.host_name}-nic-{number}")

    @property
    def _network_id(self):
        return self._in(self.network_group or self.group, f"Network/virtualNetworks/{self.network}")

    @property
    def _route_table_id(self):
        return self._in(self.route_table_group or self.group, f"Network/routeTables/{self.route_table}")

    def _security_group_id(self, name):
        return self._in(self.group, f"Network/networkSecurityGroups/{name}")

    # Documents

    def imds(self):
        """/metadata/instance, as far as anybody here reads it."""
        compute = {"azEnvironment": "AzurePublicCloud", "location": azure_resources.LOCATION,
                   "resourceGroupName": self.group,
                   "name": f"{self.scale_set}_{self.instance}" if self.scale_set else self.host_name,
                   "osProfile": {"computerName": self.host_name}, "osType": "Linux", "provider": "Microsoft.Compute",
                   "resourceId": self.id, "subscriptionId": SUBSCRIPTION, "vmId": self.vm_id,
                   "vmScaleSetName": self.scale_set}
        return {"compute": compute, "network": {"interface": list(map(_interface, self.nics))}}

    def resources(self):
        """What ARM has, by id, in the form of GET."""
        nics = {self._nic_id(number): self._nic(number) for number in range(len(self.nics))}
        made = {self._network_id: azure_resources.resource(self._network_id, {
            "addressSpace": {"addressPrefixes": self.space}, "provisioningState": "Succeeded"}), **nics}
        for each in self.nics:
            subnet = {"provisioningState": "Succeeded",
                      "networkSecurityGroup": {"id": self._security_group_id(_SUBNETS_GROUP)}}
            if len(each.prefixes) == 1:
                subnet["addressPrefix"] = each.prefixes[0]
            else:
                subnet["addressPrefixes"] = each.prefixes
            if self.route_table and each is self.nic:
                subnet["routeTable"] = {"id": self._route_table_id}
            name = f"{self._network_id}/subnets/{each.subnet}"
            made[name] = azure_resources.resource(name, subnet)
        if self.route_table:
            made[self._route_table_id] = azure_resources.resource(self._route_table_id, {
                "provisioningState": "Succeeded", "disableBgpRoutePropagation": False,
                "routes": [self._route(*route) for route in self.routes.items()]})
        for name in (_SUBNETS_GROUP, *([_NICS_GROUP] if self.scale_set else [])):
            identity = self._security_group_id(name)
            made[identity] = azure_resources.security_group(identity, _RULES)
        if self.scale_set:
            made[f"{self.id}/networkInterfaces"] = {"value": list(nics.values())}
        else:
            made[self.id] = azure_resources.resource(self.id, {"networkProfile": {"networkInterfaces": [
                {"id": name, "properties": {"primary": nic["properties"]["primary"]}} for name, nic in nics.items()]}})
        return made

    def _nic(self, number):
        nic = self.nics[number]
        configurations = [{"name": f"ipconfig{place + 1}", "properties": {
            "privateIPAddress": address, "primary": place == 0, "provisioningState": "Succeeded",
            "privateIPAddressVersion": f"IPv{ipaddress.ip_address(address).version}",
            "subnet": {"id": f"{self._network_id}/subnets/{nic.subnet}"}}}
            for place, address in enumerate(nic.addresses)]
        secured = {"networkSecurityGroup": {"id": self._security_group_id(_NICS_GROUP)}} if self.scale_set else {}
        return azure_resources.resource(self._nic_id(number), {
            **secured,
            "provisioningState": "Succeeded", "primary": number == 0, "enableIPForwarding": nic.ip_forwarding,
            "enableAcceleratedNetworking": True, "macAddress": nic.mac.replace(":", "-").upper(),
            "virtualMachine": {"id": self.id}, "ipConfigurations": configurations})

    def _route(self, prefix, hop):
        """Its name is the node's, of which a cluster with two families has two routes (cloud-provider-azure)."""
        name = self.node_name if hop in self.nic.addresses else f"node-{hop}"
        if len({ipaddress.ip_network(each).version for each in self.routes}) > 1:
            name += "____" + prefix.translate(str.maketrans("", "", ".:/"))
        return azure_resources.resource(f"{self._route_table_id}/routes/{name}", {
            "provisioningState": "Succeeded", "addressPrefix": prefix, "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": hop, "hasBgpOverride": False})


def _interface(nic):
    network = nic.network()
    return {"macAddress": nic.mac.replace(":", "").upper(),
            "ipv4": {"ipAddress": [{"privateIpAddress": each, "publicIpAddress": ""} for each in nic.of_version(4)],
                     "subnet": [{"address": str(network.network_address), "prefix": str(network.prefixlen)}]},
            "ipv6": {"ipAddress": [{"privateIpAddress": each} for each in nic.of_version(6)]}}
