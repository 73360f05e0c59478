"""How pods of different nodes reach each other: what Azure, the CNI and its daemons have set up for each mode of the
agent. Calico's, flannel's and Azure's programs are not here; the lab leaves what they leave."""

import json

from . import azure_cni, cni, overlay, pod

CLUSTER, CLUSTER6 = "10.244.0.0/16", "fd00:244::/48"


class Mode:
    """What the modes have to say, and what most of them say."""

    agent = ""  # the agent's name for it
    uses_route_table = False  # and IP forwarding of the NIC
    conflist = f"{cni.NETWORKS}/10-calico.conflist"
    mtu = 1500

    def cluster_cidrs(self, ipv6):
        return [CLUSTER, CLUSTER6] if ipv6 else [CLUSTER]

    def node_cidrs(self, number, ipv6):
        return [f"10.244.{number}.0/24", *([f"fd00:244:0:{number}::/64"] if ipv6 else [])]

    def secondary_addresses(self, _number):
        """Of the NIC, for pods."""
        return []

    def annotations(self, _vm):
        """Of the Node object."""
        return {}

    def set_up(self, vm):
        """The node's files and links; it has its addresses."""
        raise NotImplementedError

    def introduce(self, vm, peer):
        """Tells the node of another one."""

    def add_pod(self, vm, namespace):
        raise NotImplementedError


class Udr(Mode):
    """Calico for policy alone: Azure's route table leads to the nodes."""

    agent = "udr"
    uses_route_table = True

    def set_up(self, vm):
        ipam = {"type": "host-local", "subnet": "usePodCidr"}
        if len(vm.pod_cidrs) > 1:
            ipam = {"type": "host-local", "ranges": [[{"subnet": "usePodCidr"}], [{"subnet": "usePodCidrIPv6"}]]}
        _set_up_calico(vm, self, ipam)

    def add_pod(self, vm, namespace):
        addresses = cni.host_local(vm.namespace, namespace, "k8s-pod-network", vm.pod_cidrs)
        return pod.calico(vm.namespace, namespace, addresses, self.mtu)


class Canal(Udr):
    """Calico's links and policy, flannel's network: Azure knows of VMs alone, and carries UDP between them."""

    agent = "flannel"
    uses_route_table = False
    mtu = overlay.MTU
    conflist = f"{cni.NETWORKS}/10-canal.conflist"

    def vtep(self, vm):
        network = vm.pod_cidrs[0].partition("/")[0]
        return overlay.Vtep("flannel.1", 1, 8472, f"a2:f1:00:00:00:{vm.number:02x}", network, vm.address)

    def annotations(self, vm):
        vtep = self.vtep(vm)
        flannel = "flannel.alpha.coreos.com"
        return {f"{flannel}/backend-type": "vxlan", f"{flannel}/kube-subnet-manager": "true",
                f"{flannel}/backend-data": json.dumps({"VNI": vtep.vni, "VtepMAC": vtep.mac}),
                f"{flannel}/public-ip": vtep.node}

    def set_up(self, vm):
        super().set_up(vm)
        self._start_flannel(vm)

    def introduce(self, vm, peer):
        overlay.reach(vm.namespace, self.vtep(vm), self.vtep(peer), peer.pod_cidrs[0])

    def _start_flannel(self, vm):
        _set_up_udev(vm)
        overlay.make(vm.namespace, self.vtep(vm))


class Flannel(Canal):
    """flannel alone: pods behind a bridge."""

    conflist = f"{cni.NETWORKS}/10-flannel.conflist"

    def set_up(self, vm):
        delegate = {"hairpinMode": True, "isDefaultGateway": True}
        vm.files.write(self.conflist, cni.conflist("cbr0", {"type": "flannel", "delegate": delegate}))
        cni.install(vm.files, "flannel", "bridge", "host-local", "loopback", "portmap")
        self._start_flannel(vm)
        gateway = vm.pod_cidrs[0].replace(".0/", ".1/")
        vm.files.write("/run/flannel/subnet.env", f"FLANNEL_NETWORK={CLUSTER}\nFLANNEL_SUBNET={gateway}\n"
                                                  f"FLANNEL_MTU={self.mtu}\nFLANNEL_IPMASQ=false\n")

    def add_pod(self, vm, namespace):
        """flannel's plug-in writes this for the plug-in `bridge`, from subnet.env."""
        return pod.bridged(vm.namespace, namespace, {
            "cniVersion": "0.3.1", "name": "cbr0", "type": "bridge", "bridge": "cni0", "mtu": self.mtu,
            "hairpinMode": True, "isGateway": True, "isDefaultGateway": True, "ipMasq": False,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": vm.pod_cidrs[0]}]], "routes": [{"dst": CLUSTER}]}})


class CalicoVxlan(Mode):
    """Calico's own overlay; calico-ipam gives each node a block."""

    agent = "calico-vxlan"
    mtu = overlay.MTU

    def node_cidrs(self, number, ipv6):
        return [f"10.244.{number}.64/26"]

    def vtep(self, vm):
        first = vm.pod_cidrs[0].partition("/")[0]
        return overlay.Vtep("vxlan.calico", 4096, 4789, f"66:ca:11:00:00:{vm.number:02x}", first, vm.address)

    def set_up(self, vm):
        _set_up_calico(vm, self, {"type": "calico-ipam"})
        _set_up_udev(vm)
        overlay.make(vm.namespace, self.vtep(vm))
        vm.namespace.ip(f"route add blackhole {vm.pod_cidrs[0]} proto 80")

    def introduce(self, vm, peer):
        overlay.reach(vm.namespace, self.vtep(vm), self.vtep(peer), peer.pod_cidrs[0], protocol=80)

    def add_pod(self, vm, namespace):
        first = vm.pod_cidrs[0].partition("/")[0]
        network, _, last = first.rpartition(".")
        address = f"{network}.{int(last) + 1 + len(vm.pods)}"
        return pod.calico(vm.namespace, namespace, [address], self.mtu)


class AzureCni(Mode):
    """Pods have addresses of the virtual network: further ones of the NIC."""

    agent = "azure-cni"
    conflist = f"{cni.NETWORKS}/10-azure.conflist"

    def cluster_cidrs(self, ipv6):
        return []

    def node_cidrs(self, number, ipv6):
        return []

    def secondary_addresses(self, number):
        return [f"10.240.0.{100 + 10 * number + each}" for each in range(8)]

    def set_up(self, vm):
        vm.files.write(self.conflist, self.configuration())
        cni.install(vm.files, "azure-vnet", "azure-vnet-ipam", "loopback", "portmap")
        _set_up_udev(vm)
        self._write_state(vm, [])

    def configuration(self, mode="transparent", ipam="azure-vnet-ipam"):
        plugin = {"type": "azure-vnet", "mode": mode, "ipsToRouteViaHost": ["169.254.20.10"], "ipam": {"type": ipam}}
        return cni.conflist("azure", plugin, version="0.3.0")

    def add_pod(self, vm, namespace):
        address = vm.nics[0].addresses[1 + len(vm.pods)]
        made = pod.azure(vm.namespace, namespace, address, self.mtu)
        self._write_state(vm, [*vm.pods, made])
        return made

    def _write_state(self, vm, pods):
        nic = vm.nics[0]
        azure_cni.write(vm.files, nic, vm.subnet(nic), pods)


def _set_up_udev(vm):
    """What systemd and every distribution with it ship in /usr/lib/systemd/network: udev gives a link another MAC where
    the kernel has drawn it, and leaves alone what its maker has set."""
    vm.files.write("/etc/systemd/network/99-default.link",
                   "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n"
                   "AlternativeNamesPolicy=database onboard slot path\nMACAddressPolicy=persistent\n")


def _set_up_calico(vm, mode, ipam):
    plugin = cni.calico(vm.name, ipam, mode.mtu)
    vm.files.write(mode.conflist, cni.conflist("k8s-pod-network", plugin))
    vm.files.write("/var/lib/calico/nodename", vm.name)
    cni.install(vm.files, "calico", "calico-ipam", "host-local", "loopback", "portmap")


BY_NAME = {"udr": Udr, "canal": Canal, "flannel": Flannel, "calico-vxlan": CalicoVxlan, "azure-cni": AzureCni}
