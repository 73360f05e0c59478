"""Pods, made by the real CNI plug-ins ptp and host-local: a veth with a /32 route on the node, as Calico's are."""

import json

_PLUGINS = "/usr/lib/cni"


class PodFailed(AssertionError):
    """A CNI plug-in refused; says which and why."""


class Pod:
    """`node` and `namespace` are Namespaces: the VM's, and one for the pod alone. `cidrs`: the node's pod CIDRs."""

    def __init__(self, node, namespace, cidrs, folder):
        self.namespace = namespace
        self._node = node
        self._network = {
            "cniVersion": "0.4.0", "name": "pods", "type": "ptp", "ipMasq": False,
            "ipam": {"type": "host-local", "dataDir": str(folder / f"ipam-{node.name}"),
                     "ranges": [[{"subnet": cidr}] for cidr in cidrs],
                     "routes": [{"dst": "::/0" if ":" in cidr else "0.0.0.0/0"} for cidr in cidrs]}}
        made = self._call("ADD")
        self.addresses = [each["address"].partition("/")[0] for each in made["ips"]]

    @property
    def address(self):
        return self.addresses[0]

    def remove(self):
        self._call("DEL")

    def _call(self, command):
        name = self.namespace.name
        done = self._node.run(
            "env", f"CNI_COMMAND={command}", f"CNI_CONTAINERID={name}", f"CNI_NETNS=/run/netns/{name}",
            "CNI_IFNAME=eth0", f"CNI_PATH={_PLUGINS}", f"{_PLUGINS}/{self._network['type']}",
            input=json.dumps(self._network), stdin=None)
        if done.returncode != 0:
            raise PodFailed(f"CNI {command} for {name}: {done.stdout.strip()} {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}
