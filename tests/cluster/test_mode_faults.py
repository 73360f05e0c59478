#!/usr/bin/env python3
"""What can be wrong around the agent in each mode, one thing at a time: one check names it, and nothing else fails. And
what looks like it and is in order: no check fails."""

import contextlib
import dataclasses
import json
import time
import unittest

from case import ClusterCase, eventually
from faults import Fault, Faults, done, ip, shell, file, health, process, felix, old_felix
from lab import azure_cni, cni, overlay
from lab.modes import CLUSTER

_OTHER = cni.conflist("other", {"type": "cilium-cni"})
_DROP_IN = "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf"
_LEAVES_OTHERS_ALONE = "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n"
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
# As libcalico-go/lib/health/health.go of https://github.com/projectcalico/calico writes it.
_WAITS_FOR_THE_DATASTORE = "| CalculationGraph | 30s | reporting live | reporting non-ready | |\n"


class Udr(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr"}

    def faults(self, vm):
        yield from self.faults_of_cni(vm)
        yield from self.faults_of_calico(vm)
        yield from self.faults_of_pods(vm)

    def faults_of_cni(self, vm):
        conflist = vm.mode.conflist
        text = vm.files.read(conflist)
        calico = f"{cni.PROGRAMS}/calico"
        first = f"{cni.NETWORKS}/05-other.conflist"
        yield Fault("cni.winner", "a file of another plug-in comes first", file(vm, first, _OTHER),
                    "by its mv, as it is left over")
        yield Fault("cni.winner", "half a file comes first", file(vm, first, _OTHER[:40]))
        yield Fault("cni.winner", "loopback comes first", file(vm, f"{cni.NETWORKS}/00-loopback.conf", _LOOPBACK))
        yield Fault("cni.plugins", "the plug-in's program is not there",
                    done(lambda: vm.files.remove(calico), lambda: cni.install(vm.files, "calico")), "installed")
        yield Fault("cni.ipam", "calico-ipam beside user-defined routes",
                    file(vm, conflist, text.replace("host-local", "calico-ipam")), "edited")
        yield Fault("cni.ipam", "host-local's range is not this node's",
                    file(vm, conflist, text.replace("usePodCidr", "10.244.77.0/24")), "edited")
        yield Fault("cni.mode", "there is another overlay's link", self.another_overlay(vm), "by a reboot")
        yield Fault("cni.mode", "the file is Azure CNI's", self.another_cni(vm), "edited")
        yield Fault("cni.host_local", "every address is reserved", self.no_address_left(vm), "emptied")

    def faults_of_calico(self, vm):
        folder = self.cluster.folder
        yield Fault("calico.node_name", "calico/node has another node's name", file(vm, _NODE_NAME, "another\n"), "edited")
        felix_s_own = "by Felix itself"
        yield Fault("calico.felix", "Felix is not ready", health(vm, 9099, 503), felix_s_own)
        yield Fault("calico.felix", "Felix on OpenShift is not ready", health(vm, 9199, 503), felix_s_own)
        yield Fault("calico.felix", "Felix waits for the datastore", health(vm, 9099, 503, _WAITS_FOR_THE_DATASTORE), felix_s_own)
        yield Fault("calico.felix", "Felix waits for Typha", self.without_typha(vm), "by Typha itself")
        yield Fault("calico.felix", "Felix at another port is not ready", self.elsewhere(vm), felix_s_own)
        for program, start in (("", felix), (" before 3.33", old_felix)):
            yield Fault("calico.interface_prefix", f"Felix{program} looks at azv*",
                        start(vm, folder, FELIX_INTERFACEPREFIX="azv"), "in Kubernetes")
        yield Fault("calico.residue", "a BIRD that is gone has left a route",
                    ip(vm, "route add 10.244.9.0/26 via 10.240.0.1 proto bird", "route del 10.244.9.0/26 proto bird"),
                    "by its route del")
        yield Fault("calico.wireguard", "WireGuard's MTU is above what the NIC carries", self.wireguard(vm), "in Kubernetes")

    def faults_of_pods(self, vm):
        link = vm.pods[0].link
        yield Fault("pods.addresses", "a pod has an address of another range",
                    ip(vm, f"route add 192.168.77.1/32 dev {link}", "route del 192.168.77.1/32"), "in Kubernetes")
        yield Fault("pods.links", "a pod's link does not answer for the gateway",
                    done(lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 0),
                         lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 1)))
        yield Fault("pods.links", "a pod's link does not forward",
                    done(lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/forwarding", 0),
                         lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/forwarding", 1)))
        yield Fault("pods.links", "a pod's route is gone",
                    ip(vm, f"route del {vm.pods[0].address} dev {link}",
                       f"route add {vm.pods[0].address} dev {link} scope link"), "in Kubernetes")
        yield Fault("pods.mtu", "a pod's link sends more than the NIC carries",
                    ip(vm, f"link set {link} mtu 2000", f"link set {link} mtu 1500"), "edited")
        yield Fault("pods.mtu", "the NIC is below what Azure carries",
                    ip(vm, "link set eth0 mtu 1400", "link set eth0 mtu 1500"))

    @contextlib.contextmanager
    def without_typha(self, vm):
        with felix(vm, self.cluster.folder, FELIX_TYPHAK8SSERVICENAME="calico-typha"), \
             health(vm, 9099, 503, _WAITS_FOR_THE_DATASTORE):
            yield

    def wireguard(self, vm):
        return shell(vm, "ip link add other-end type veth peer name wireguard.cali && ip link set wireguard.cali mtu 1460",
                     "ip link del other-end")

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
        yield Fault("networkd.foreign_routes", "systemd-networkd manages what is not its own", file(vm, _DROP_IN, None),
                    "the file is written, and read at a restart")

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
        yield Fault("overlay.device", "flannel.1 is bound to an address that the node had", self.bound_elsewhere(vm),
                    "made anew")
        yield Fault("overlay.device", "flannel.1 is down", self.down(vm), "by flanneld")
        yield Fault("overlay.peers", "another node was forgotten",
                    done(lambda: overlay.forget(vm.namespace, own, peer),
                         lambda: overlay.reach(vm.namespace, own, peer, self.vms[1].pod_cidrs[0])), "by flanneld")
        yield Fault("overlay.peers", "another node's neighbour entry is gone",
                    ip(vm, f"neigh del {peer.address} dev flannel.1",
                       f"neigh replace {peer.address} lladdr {peer.mac} dev flannel.1 nud permanent"), "by flanneld")
        yield Fault("overlay.backend", "host-gw leads to another node",
                    ip(vm, "route add 10.244.9.0/24 via 10.240.0.5 dev eth0", "route del 10.244.9.0/24"), "in Kubernetes")
        yield Fault("overlay.vtep", "the Node tells another MAC than flannel.1 has", self.another_vtep(vm), "by flanneld")
        yield Fault("udev.mac_policy", "udev changes flannel.1's MAC", self.drawn_mac(vm),
                    "the file is written, and the link made anew")

    def down(self, vm):
        own = vm.mode.vtep(vm)

        def make():
            vm.namespace.ip(f"link del {own.link}")
            overlay.make(vm.namespace, own)
            vm.mode.introduce(vm, self.vms[1])

        return done(lambda: vm.namespace.ip(f"link set {own.link} down"), make)

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
        lease = "/run/flannel/subnet.env"
        yield Fault("flannel.subnet_env", "there is no lease", file(vm, lease, None), "by flanneld")
        yield Fault("flannel.subnet_env", "the lease is of another cluster", file(vm, lease, env.replace(CLUSTER, "10.100.0.0/16")),
                    "by flanneld")


class CalicoVxlan(Overlay, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "calico-vxlan"}

    def faults(self, vm):
        own, peer = vm.mode.vtep(vm), vm.mode.vtep(self.vms[1])
        yield Fault("overlay.device", "vxlan.calico is bound to an address that the node had", self.bound_elsewhere(vm),
                    "made anew")
        yield Fault("overlay.peers", "another node was forgotten",
                    done(lambda: overlay.forget(vm.namespace, own, peer), lambda: vm.mode.introduce(vm, self.vms[1])),
                    "by Felix")
        yield Fault("calico.residue", "a BIRD that is gone has left a route",
                    ip(vm, "route add 10.244.9.0/26 via 10.240.0.1 proto bird", "route del 10.244.9.0/26 proto bird"),
                    "by its route del")


class AzureCni(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "azure-cni"}

    def faults(self, vm):
        conflist, link = vm.mode.conflist, vm.pods[0].link
        pool = vm.files.read(azure_cni.IPAM)
        yield Fault("azure_cni.configuration", "azure-vnet makes bridges beside Felix", self.bridge_beside_felix(vm), "edited")
        yield Fault("azure_cni.addresses", "every address of the NIC is in use",
                    file(vm, azure_cni.IPAM, pool.replace('"InUse": false', '"InUse": true')), "in Azure")
        yield Fault("azure_cni.state", "azure-vnet's state is half a file",
                    file(vm, azure_cni.VNET, vm.files.read(azure_cni.VNET)[:80]), "by a reboot")
        yield Fault("azure_cni.cns", "Azure CNS does not run", file(vm, conflist, vm.mode.configuration(ipam="azure-cns")),
                    "in Kubernetes")
        yield Fault("azure_cni.wire_server", "a route to the WireServer leads nowhere",
                    ip(vm, "route add unreachable 168.63.129.16 metric 0", "route del unreachable 168.63.129.16 metric 0"),
                    "by its route del")
        yield Fault("pods.links", "a pod's link has another MAC than azure-vnet gave it",
                    ip(vm, f"link set {link} address 02:00:00:00:00:01", f"link set {link} address aa:aa:aa:aa:aa:aa"))

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
