"""Documents that IMDS serves in the lab."""

import pathlib

from . import azure_resources

_OTHER_VM = "11111111-2222-3333-4444-555555555555"


def this_machine():
    """vmId as IMDS would give it for the machine that the lab runs on, as far as DMI can be read."""
    try:
        return pathlib.Path("/sys/class/dmi/id/product_uuid").read_text(encoding="ascii").strip().lower()
    except OSError:
        return "02aab8a4-74ef-476e-8182-f6d2ba4166a6"


def interface(mac, address, subnet, ipv6=(), secondary=()):
    network, _, length = subnet.partition("/")
    ipv4 = [{"privateIpAddress": each, "publicIpAddress": ""} for each in (address, *secondary)]
    return {"macAddress": mac.replace(":", "").upper(),
            "ipv4": {"ipAddress": ipv4,
                     "subnet": [{"address": network, "prefix": length}]},
            "ipv6": {"ipAddress": [{"privateIpAddress": each} for each in ipv6]}}


def instance(*interfaces, vm_id=None, name="node-0"):
    return {"compute": {"location": azure_resources.LOCATION, "name": name, "resourceId": azure_resources.vm_id(name),
                        "osProfile": {"computerName": name}, "resourceGroupName": azure_resources.GROUP,
                        "subscriptionId": azure_resources.SUBSCRIPTION,
                        "vmId": vm_id or this_machine(), "vmScaleSetName": ""},
            "network": {"interface": list(interfaces)}}


def another_vm(document):
    """The same document, of a VM that is not this one: other vmId, other MACs, other addresses."""
    interfaces = [interface("00:0d:3a:aa:bb:cc", "10.240.0.99", "10.240.0.0/24")
                  for _ in document["network"]["interface"]]
    return instance(*interfaces, vm_id=_OTHER_VM)
