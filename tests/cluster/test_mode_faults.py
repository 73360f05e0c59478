#!/usr/bin/env python3
"""What can be wrong around the agent in each mode, one thing at a time: one check names it, and nothing else fails. And
what looks like it and is in order: no check fails."""

import contextlib
import dataclasses
import json
import time
import unittest

from case import ClusterCase, eventually
from faults import Faults, done, ip, shell, file, health, process, felix, old_felix
from lab import azure_cni, cni, overlay
from lab.modes import CLUSTER

_OTHER = cni.conflist("other", {"type": "cilium-cni"})
_DROP_IN = "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf"
_LEAVES_OTHERS_ALONE = "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n"
_SYSCTLS = "/etc/sysctl.d/99-site.conf"
_LOOPBACK = '{"cniVersion": "0.3.1", "name": "lo", "type": "loopback"}\n'
# Files of engines whose containers are no pods, and of no network at all.
_OF_OTHERS = {
    "10-containerd-net.conflist": cni.conflist("containerd-net", {"type": "bridge", "bridge": "cni0"}),
    "87-podman-bridge.conflist": cni.conflist("podman", {"type": "bridge", "bridge": "cni-podman0"}),
    "100-crio-bridge.conflist": cni.conflist("crio", {"type": "bridge", "bridge": "cni0"}),
    "99-loopback.conf": _LOOPBACK}
# azurelinuxagent/ga/firewall_manager.py of https://github.com/Azure/WALinuxAgent
_WAAGENT = ("iptables-nft -t security -A OUTPUT -d 168.63.129.16 -p tcp -m owner --uid-owner 0 -j ACCEPT && "
            "iptables-nft -t security -A OUTPUT -d 168.63.129.16 -p tcp -m conntrack --ctstate INVALID,NEW -j DROP")
_NODE_NAME = "/var/lib/calico/nodename"


def host_wide(vm):
    """What no mode has to do with."""
    yield "sysctl.persistence", file(vm, _SYSCTLS, "net.ipv4.ip_forward = 0\n")
    yield "netfilter.forward", shell(vm, "iptables-nft -P FORWARD DROP", "iptables-nft -P FORWARD ACCEPT")
    yield "routes.main_rules", ip(vm, "rule del pref 32767", "rule add pref 32767 lookup default")


class Udr(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr"}

    def faults(self, vm):
        yield from host_wide(vm)
        conflist, link = vm.mode.conflist, vm.pods[0].link
        text = vm.files.read(conflist)
        calico = f"{cni.PROGRAMS}/calico"
        yield "cni.winner", file(vm, f"{cni.NETWORKS}/05-other.conflist", _OTHER)
        yield "cni.winner", file(vm, f"{cni.NETWORKS}/05-other.conflist", _OTHER[:40])
        yield "cni.winner", file(vm, f"{cni.NETWORKS}/00-loopback.conf", _LOOPBACK)
        yield "cni.plugins", done(lambda: vm.files.remove(calico), lambda: cni.install(vm.files, "calico"))
        yield "cni.ipam", file(vm, conflist, text.replace("host-local", "calico-ipam"))
        yield "cni.mode", self.another_overlay(vm)
        yield "cni.mode", self.another_cni(vm)
        yield "cni.host_local", self.no_address_left(vm)
        yield "calico.node_name", file(vm, _NODE_NAME, "another\n")
        yield "calico.felix", health(vm, 9099, 503)
        yield "calico.felix", health(vm, 9199, 503)
        yield "calico.felix", self.elsewhere(vm)
        yield "calico.interface_prefix", felix(vm, self.cluster.folder, FELIX_INTERFACEPREFIX="azv")
        yield "calico.interface_prefix", old_felix(vm, self.cluster.folder, FELIX_INTERFACEPREFIX="azv")
        yield "calico.residue", ip(vm, "route add 10.244.9.0/26 via 10.240.0.1 proto bird",
                                   "route del 10.244.9.0/26 proto bird")
        yield "pods.addresses", ip(vm, f"route add 192.168.77.1/32 dev {link}", "route del 192.168.77.1/32")
        yield "pods.links", done(lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 0),
                                 lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 1))
        yield "pods.links", ip(vm, f"route del {vm.pods[0].address} dev {link}",
                               f"route add {vm.pods[0].address} dev {link} scope link")
        yield "pods.mtu", ip(vm, f"link set {link} mtu 2000", f"link set {link} mtu 1500")
        yield "pods.mtu", ip(vm, "link set eth0 mtu 1400", "link set eth0 mtu 1500")

    def healthy_changes(self, vm):
        for name, text in _OF_OTHERS.items():
            yield name, file(vm, f"{cni.NETWORKS}/{name}", text)
        yield "BIRD with Azure Route Server", self.bird(vm)
        yield "Calico's tunnel with an address of no pod's", self.tunnel(vm)

    @contextlib.contextmanager
    def bird(self, vm):
        with process(vm, self.cluster.folder / "bird", "script"), \
             ip(vm, "route add 10.100.0.0/16 via 10.240.0.1 proto bird", "route del 10.100.0.0/16 proto bird"):
            yield

    @contextlib.contextmanager
    def tunnel(self, vm):
        with ip(vm, "link add other-end type veth peer name tunl0", "link del other-end"), \
             ip(vm, "addr add 10.200.0.1/32 dev tunl0", "addr del 10.200.0.1/32 dev tunl0"):
            yield

    @contextlib.contextmanager
    def elsewhere(self, vm):
        """Felix listens where its environment says."""
        with felix(vm, self.cluster.folder, FELIX_HEALTHPORT="9555"), health(vm, 9555, 503):
            yield

    def another_overlay(self, vm):
        vtep = overlay.Vtep("flannel.1", 1, 8472, "a2:f1:00:00:00:99", "10.244.1.0", vm.address)
        return done(lambda: overlay.make(vm.namespace, vtep), lambda: vm.namespace.ip("link del flannel.1"))

    @contextlib.contextmanager
    def another_cni(self, vm):
        cni.install(vm.files, "azure-vnet", "azure-vnet-ipam")
        plugin = {"type": "azure-vnet", "mode": "transparent", "ipam": {"type": "azure-vnet-ipam"}}
        with file(vm, vm.mode.conflist, None), file(vm, f"{cni.NETWORKS}/10-azure.conflist",
                                                    cni.conflist("azure", plugin)):
            yield

    @contextlib.contextmanager
    def no_address_left(self, vm):
        folder = "/var/lib/cni/networks/k8s-pod-network"
        mine = [path for path in (f"{folder}/10.244.1.{number}" for number in range(1, 255))
                if not vm.files.path_of(path).exists()]
        for path in mine:
            vm.files.write(path, "gone\neth0")
        try:
            yield
        finally:
            for path in mine:
                vm.files.remove(path)


class Overlay(Faults):
    def bound_elsewhere(self, vm):
        """The node had another address when the overlay was made."""
        own = vm.mode.vtep(vm)

        def make(vtep):
            vm.namespace.ip(f"link del {vtep.link}")
            overlay.make(vm.namespace, vtep)
            vm.mode.introduce(vm, self.vms[1])

        return done(lambda: make(dataclasses.replace(own, node="10.240.0.99")), lambda: make(own))


class NetworkService(Faults, ClusterCase):
    """systemd-networkd runs, and may take foreign routes away."""

    cluster_options = {"nodes": 1, "mode": "udr", "networkd": True}

    def setUp(self):
        super().setUp()
        self.vms[0].files.write(_DROP_IN, _LEAVES_OTHERS_ALONE)
        self.restart_networkd(self.vms[0])

    def restart_networkd(self, vm):
        """It gets its lease anew, and the agent puts back what went meanwhile."""
        vm.networkd.restart()
        eventually(lambda: vm.networkd.has_configured("eth0"), "a link that is configured")
        eventually(lambda: not self.failures(vm), "the routes are back")

    def faults(self, vm):
        yield "networkd.foreign_routes", file(vm, _DROP_IN, None)

    def said_of_it(self, vm):
        return next(check["status"] for check in self.checks(vm) if check["id"] == "networkd.foreign_routes")

    def test_what_a_running_networkd_has_read_is_not_known_until_it_is_started_again(self):
        """The package is installed, or upgraded, beside it."""
        vm = self.vms[0]
        self.assertEqual(self.said_of_it(vm), "pass")
        # A file that comes within the 2 s to which a start is known may have been read; nobody can set its ctime.
        eventually(lambda: time.time() > vm.networkd.started + 4, "a later time than that of networkd's start")
        vm.files.write(_DROP_IN, _LEAVES_OTHERS_ALONE)
        self.assertEqual(self.failures(vm), [])
        self.assertEqual(self.said_of_it(vm), "unknown")
        self.restart_networkd(vm)
        self.assertEqual(self.said_of_it(vm), "pass")


class Canal(Overlay, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "canal", "cloud": True}

    def faults(self, vm):
        own, peer = vm.mode.vtep(vm), vm.mode.vtep(self.vms[1])
        yield "overlay.device", self.bound_elsewhere(vm)
        yield "overlay.peers", done(lambda: overlay.forget(vm.namespace, own, peer),
                                    lambda: overlay.reach(vm.namespace, own, peer, self.vms[1].pod_cidrs[0]))
        yield "overlay.peers", ip(vm, f"neigh del {peer.address} dev flannel.1",
                                  f"neigh replace {peer.address} lladdr {peer.mac} dev flannel.1 nud permanent")
        yield "overlay.backend", ip(vm, "route add 10.244.9.0/24 via 10.240.0.5 dev eth0",
                                    "route del 10.244.9.0/24")
        yield "overlay.vtep", self.another_vtep(vm)
        yield "udev.mac_policy", self.drawn_mac(vm)

    @contextlib.contextmanager
    def drawn_mac(self, vm):
        """flannel before its #1485: the kernel drew the MAC, and flanneld told the others."""
        own = vm.mode.vtep(vm)
        vm.namespace.ip(f"link del {own.link}")
        overlay.make(vm.namespace, own, with_mac=False)
        vm.mode.introduce(vm, self.vms[1])
        drawn = json.loads(vm.namespace.ip(f"link show {own.link}", options=["-json"]))[0]["address"]
        told = json.dumps(vm.node()).replace(own.mac, drawn)
        self.cluster.tell_nodes(**{vm.name: json.loads(told)})
        try:
            yield
        finally:
            vm.namespace.ip(f"link del {own.link}")
            overlay.make(vm.namespace, own)
            vm.mode.introduce(vm, self.vms[1])
            self.cluster.tell_nodes()

    @contextlib.contextmanager
    def another_vtep(self, vm):
        told = json.dumps(vm.node()).replace(vm.mode.vtep(vm).mac, "a2:f1:00:00:00:77")
        self.cluster.tell_nodes(**{vm.name: json.loads(told)})
        try:
            yield
        finally:
            self.cluster.tell_nodes()


class Flannel(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "flannel"}

    def faults(self, vm):
        env = vm.files.read("/run/flannel/subnet.env")
        yield "flannel.subnet_env", file(vm, "/run/flannel/subnet.env", None)
        yield "flannel.subnet_env", file(vm, "/run/flannel/subnet.env", env.replace(CLUSTER, "10.100.0.0/16"))


class CalicoVxlan(Overlay, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "calico-vxlan"}

    def faults(self, vm):
        own, peer = vm.mode.vtep(vm), vm.mode.vtep(self.vms[1])
        yield "overlay.device", self.bound_elsewhere(vm)
        yield "overlay.peers", done(lambda: overlay.forget(vm.namespace, own, peer),
                                    lambda: vm.mode.introduce(vm, self.vms[1]))
        yield "calico.residue", ip(vm, "route add 10.244.9.0/26 via 10.240.0.1 proto bird",
                                   "route del 10.244.9.0/26 proto bird")


class AzureCni(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "azure-cni"}

    def faults(self, vm):
        conflist, link = vm.mode.conflist, vm.pods[0].link
        pool = vm.files.read(azure_cni.IPAM)
        yield "azure_cni.configuration", self.bridge_beside_felix(vm)
        yield "azure_cni.addresses", file(vm, azure_cni.IPAM, pool.replace('"InUse": false', '"InUse": true'))
        yield "azure_cni.state", file(vm, azure_cni.VNET, vm.files.read(azure_cni.VNET)[:80])
        yield "azure_cni.cns", file(vm, conflist, vm.mode.configuration(ipam="azure-cns"))
        yield "azure_cni.wire_server", ip(vm, "route add unreachable 168.63.129.16 metric 0",
                                          "route del unreachable 168.63.129.16 metric 0")
        yield "pods.links", ip(vm, f"link set {link} address 02:00:00:00:00:01",
                               f"link set {link} address aa:aa:aa:aa:aa:aa")

    def healthy_changes(self, vm):
        yield "FelixConfiguration says interfacePrefix", self.prefix_in_felix_rules(vm)
        yield "waagent's firewall", shell(vm, _WAAGENT, _WAAGENT.replace(" -A ", " -D "))
        yield "a leftover behind", file(vm, f"{cni.NETWORKS}/20-flannel.conflist",
                                        cni.conflist("cbr0", {"type": "flannel"}))

    @contextlib.contextmanager
    def prefix_in_felix_rules(self, vm):
        rules = ("iptables-nft -N cali-FORWARD",
                 "iptables-nft -A FORWARD -m comment --comment cali:a -j cali-FORWARD",
                 "iptables-nft -A cali-FORWARD -i azv+ -m comment --comment cali:b -j RETURN")
        with felix(vm, self.cluster.folder, CALICO_NETWORKING_BACKEND="none"), \
             shell(vm, " && ".join(rules), "iptables-nft -F && iptables-nft -X"):
            yield

    def test_the_wire_server_says_nothing_to_nobody_and_that_is_no_fault(self):
        """Azure's agent lets root alone through: the daemon, who is nobody, cannot tell."""
        vm = self.vms[0]
        with shell(vm, _WAAGENT, _WAAGENT.replace(" -A ", " -D ")):
            words = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_admin",
                     "--ambient-caps=+net_admin", *vm.agent.words("doctor", "--json"))
            vm.agent.file.chmod(0o644)
            for folder in (vm.agent.file.parent, self.cluster.folder):
                folder.chmod(0o755)
            checks = json.loads(vm.namespace.run(*words, env=vm.agent.environment).stdout)["checks"]
            said = {check["id"]: check["status"] for check in checks}
            self.assertEqual(said["azure_cni.wire_server"], "unknown")
            self.assertNotIn("fail", said.values())

    @contextlib.contextmanager
    def bridge_beside_felix(self, vm):
        with file(vm, vm.mode.conflist, vm.mode.configuration(mode="bridge")), \
             felix(vm, self.cluster.folder, FELIX_INTERFACEPREFIX="azv"):
            yield


class MetaPlugin:
    """Multus stands before what makes pods' first interfaces: nothing is wrong, and the mode is found behind it."""

    config = {"azure": {"verify": "off"}, "mode": "auto"}

    def test_nothing_fails_and_the_mode_is_its_delegates(self):
        vm = self.vms[0]
        conflist = vm.mode.conflist
        cni.install(vm.files, "multus", "multus-shim")
        for text in (cni.multus_shim(conflist), cni.multus(json.loads(vm.files.read(conflist)))):
            vm.files.write(f"{cni.NETWORKS}/00-multus.conf", text)
            with self.subTest(text):
                checks = json.loads(vm.agent.command("doctor", "--json").stdout)["checks"]
                said = {check["id"]: check["message"] for check in checks}
                self.assertEqual([check["id"] for check in checks if check["status"] == "fail"], [])
                self.assertIn("00-multus.conf wins", said["cni.winner"])
                self.assertIn(f"{vm.mode.agent}: mode = \"auto\": {cni.NETWORKS}/00-multus.conf", said["mode.in_force"])


class UdrBehindMultus(MetaPlugin, ClusterCase):
    cluster_options = {"nodes": 1, "mode": "udr"}


class AzureCniBehindMultus(MetaPlugin, ClusterCase):
    cluster_options = {"nodes": 1, "mode": "azure-cni"}


if __name__ == "__main__":
    unittest.main()
