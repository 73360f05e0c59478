"""What Azure CNI keeps of a node below /run, in the form of azure-vnet and azure-vnet-ipam
(https://github.com/Azure/azure-container-networking)."""

import base64
import ipaddress
import json

VNET, IPAM = "/run/azure-vnet.json", "/run/azure-vnet-ipam.json"
_WRITTEN = {"Version": "v1.5.44", "TimeStamp": "2026-01-01T00:00:00Z"}


def write(files, nic, subnet, pods):
    """`pods`: those of the node; the NIC's addresses beyond the first are for them."""
    files.write(VNET, _text({"Network": {**_WRITTEN, "ExternalInterfaces": {"eth0": _external(nic, subnet, pods)}}}))
    pools = {subnet: _pool(nic, subnet, {pod.address for pod in pods})}
    files.write(IPAM, _text({"IPAM": {**_WRITTEN, "AddressSpaces": {
        "local": {"Id": "local", "Scope": 0, "Pools": pools}}}}))


def _external(nic, subnet, pods):
    endpoints = {f"{pod.namespace.name}-eth0": {
        "Id": f"{pod.namespace.name}-eth0", "IfName": "eth0", "HostIfName": pod.link,
        "IPAddresses": [_net(f"{pod.address}/{_length(subnet)}")], "Gateways": [_gateway(subnet)]} for pod in pods}
    network = {"Id": "azure", "Mode": "transparent", "VlanId": 0, "Endpoints": endpoints,
               "Subnets": [{"Family": 2, "Prefix": _net(subnet), "Gateway": _gateway(subnet), "PrimaryIP": ""}]}
    return {"Name": "eth0", "Networks": {"azure": network}, "Subnets": [subnet], "BridgeName": "",
            "MacAddress": base64.b64encode(bytes.fromhex(nic.mac.replace(":", ""))).decode(),
            "IPAddresses": [_net(f"{nic.addresses[0]}/{_length(subnet)}")], "IPv4Gateway": "0.0.0.0"}


def _pool(nic, subnet, used):
    records = {each: {"ID": "", "Addr": each, "InUse": each in used} for each in nic.addresses[1:]}
    return {"Id": subnet, "IfName": "eth0", "Subnet": _net(subnet), "Gateway": _gateway(subnet),
            "Addresses": records, "Priority": 0, "RefCount": 1}


def _net(text):
    """net.IPNet as Go writes it."""
    interface = ipaddress.ip_interface(text)
    return {"IP": str(interface.ip), "Mask": base64.b64encode(interface.netmask.packed).decode()}


def _length(subnet):
    return ipaddress.ip_network(subnet).prefixlen


def _gateway(subnet):
    return str(ipaddress.ip_network(subnet)[1])


def _text(value):
    return json.dumps(value, indent=1) + "\n"
