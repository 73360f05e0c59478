"""A node's CNI: the network configuration, the plug-ins' programs, and calls of those that are real."""

import json
import pathlib

NETWORKS = "/etc/cni/net.d"
PROGRAMS = "/opt/cni/bin"
_REAL = pathlib.Path("/usr/lib/cni")  # the package containernetworking-plugins

_STAND_IN = """#!/bin/sh
# Stands for the plug-in of this name, whose work the lab does.
exit 1
"""


class PluginFailed(AssertionError):
    """A CNI plug-in refused; says which and why."""


def conflist(name, plugin, version="0.3.1"):
    """The text of a network configuration list: a plug-in that makes pods' links, and portmap."""
    portmap = {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}}
    return json.dumps({"name": name, "cniVersion": version, "plugins": [plugin, portmap]}, indent=2) + "\n"


def calico(node_name, ipam, mtu):
    """Calico's plug-in as its manifests have it, for the Kubernetes datastore."""
    return {"type": "calico", "log_level": "info", "datastore_type": "kubernetes", "nodename": node_name, "mtu": mtu,
            "ipam": ipam, "policy": {"type": "k8s"},
            "kubernetes": {"kubeconfig": f"{NETWORKS}/calico-kubeconfig"}}


def multus_shim(conflist):
    """Multus' thick plug-in: its daemon sees the node's files in /host, and writes this
    (https://github.com/k8snetworkplumbingwg/multus-cni, pkg/server/config/generator.go)."""
    return json.dumps({"cniVersion": "0.3.1", "logToStderr": True, "name": "multus-cni-network",
                       "clusterNetwork": f"/host{conflist}", "type": "multus-shim"}) + "\n"


def multus(delegate):
    """The thin one: its delegate's configuration stands in its own."""
    return json.dumps({"cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus",
                       "kubeconfig": f"{NETWORKS}/multus.d/multus.kubeconfig", "delegates": [delegate]}) + "\n"


def install(files, *names):
    """Programs of plug-ins: the machine's, or what stands for them."""
    for name in names:
        path = f"{PROGRAMS}/{name}"
        if (_REAL / name).exists():
            files.link(path, _REAL / name)
        else:
            files.write(path, _STAND_IN, mode=0o755)


def call(node, program, command, pod, network):
    """What a runtime does: a plug-in with its configuration on standard input. `node` and `pod` are Namespaces."""
    done = node.run("env", f"CNI_COMMAND={command}", f"CNI_CONTAINERID={pod.name}", f"CNI_NETNS=/run/netns/{pod.name}",
                    "CNI_IFNAME=eth0", f"CNI_PATH={PROGRAMS}", f"{PROGRAMS}/{program}",
                    input=json.dumps(network), stdin=None)
    if done.returncode != 0:
        raise PluginFailed(f"{program} {command} for {pod.name}: {done.stdout.strip()} {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def addresses(result):
    return [each["address"].partition("/")[0] for each in result["ips"]]


def host_local(node, pod, name, cidrs):
    """Addresses of the node's pod CIDRs, given by the real plug-in; it writes them down in /var/lib/cni/networks."""
    ranges = [[{"subnet": cidr}] for cidr in cidrs]
    return addresses(call(node, "host-local", "ADD", pod, {"cniVersion": "0.4.0", "name": name,
                                                          "ipam": {"type": "host-local", "ranges": ranges}}))
