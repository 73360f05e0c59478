#!/usr/bin/env python3
"""What can be wrong around the agent in each mode, one thing at a time: one check names it, and nothing else fails."""

import contextlib
import dataclasses
import http.server
import json
import pathlib
import shutil
import threading
import unittest

from case import ClusterCase, eventually
from lab import azure_cni, cni, overlay
from lab.modes import CLUSTER

_OTHER = cni.conflist("other", {"type": "cilium-cni"})
_DROP_IN = "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf"
_SYSCTLS = "/etc/sysctl.d/99-site.conf"
_NODE_NAME = "/var/lib/calico/nodename"


class Faults:
    """`faults()` yields, for each: the check that names it, and a context in which it is there."""

    config = {"azure": {"verify": "off"}}

    def failures(self, vm):
        done = vm.agent.command("doctor", "--json")
        return [(check["id"], check["message"]) for check in json.loads(done.stdout)["checks"]
                if check["status"] == "fail"]

    def test_each_is_named_by_one_check_and_passes_with_it(self):
        vm = self.vms[0]
        self.assertEqual(self.failures(vm), [], "before anything is broken")
        for check, fault in self.faults(vm):
            with self.subTest(check):
                with fault:
                    failures = self.failures(vm)
                    self.assertEqual([name for name, _ in failures], [check], failures)
                self.assertEqual(self.failures(vm), [], "mended")


@contextlib.contextmanager
def done(here, undone):
    """Two calls: what breaks it, and what mends it."""
    here()
    try:
        yield
    finally:
        undone()


def ip(vm, line, undone):
    return done(lambda: vm.namespace.ip(line), lambda: vm.namespace.ip(undone))


def shell(vm, line, undone):
    def run(words):
        outcome = vm.namespace.shell(words)
        if outcome.returncode != 0:
            raise AssertionError(f"{words}: {outcome.stderr}")

    return done(lambda: run(line), lambda: run(undone))


@contextlib.contextmanager
def file(vm, path, text):
    """A file of the VM's has another text, or none."""
    before = vm.files.read(path) if vm.files.path_of(path).exists() else None
    vm.files.write(path, text) if text is not None else vm.files.remove(path)
    try:
        yield
    finally:
        vm.files.write(path, before) if before is not None else vm.files.remove(path)


@contextlib.contextmanager
def health(vm, port, status):
    """A service on loopback that answers everything so."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(status)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", port), Answers, bind_and_activate=False)
    server.socket.close()
    server.socket = vm.namespace.socket()
    server.allow_reuse_address = True
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def felix(vm, folder, **environment):
    """A process that is called calico-felix."""
    program = folder / "calico-felix"
    shutil.copy("/bin/sleep", program)
    process = vm.namespace.start(program, "1000", env=environment)
    comm = pathlib.Path(f"/proc/{process.pid}/comm")
    eventually(lambda: comm.read_text(encoding="ascii").strip() == program.name, "its name")
    try:
        yield
    finally:
        process.kill()
        process.wait()


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
        yield "cni.plugins", done(lambda: vm.files.remove(calico), lambda: cni.install(vm.files, "calico"))
        yield "cni.ipam", file(vm, conflist, text.replace("host-local", "calico-ipam"))
        yield "cni.mode", self.another_overlay(vm)
        yield "cni.mode", self.another_cni(vm)
        yield "cni.host_local", self.no_address_left(vm)
        yield "calico.node_name", file(vm, _NODE_NAME, "another\n")
        yield "calico.felix", health(vm, 9099, 503)
        yield "calico.interface_prefix", felix(vm, self.cluster.folder, FELIX_INTERFACEPREFIX="azv")
        yield "calico.residue", ip(vm, "route add 10.244.9.0/26 via 10.240.0.1 proto bird",
                                   "route del 10.244.9.0/26 proto bird")
        yield "pods.addresses", ip(vm, f"route add 192.168.77.1/32 dev {link}", "route del 192.168.77.1/32")
        yield "pods.links", done(lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 0),
                                 lambda: vm.namespace.sysctl(f"net/ipv4/conf/{link}/proxy_arp", 1))
        yield "pods.links", ip(vm, f"route del {vm.pods[0].address} dev {link}",
                               f"route add {vm.pods[0].address} dev {link} scope link")
        yield "pods.mtu", ip(vm, f"link set {link} mtu 2000", f"link set {link} mtu 1500")

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
        self.vms[0].files.write(_DROP_IN, "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n")

    def faults(self, vm):
        yield "networkd.foreign_routes", file(vm, _DROP_IN, None)


class Canal(Overlay, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "canal", "cloud": True}

    def faults(self, vm):
        own, peer = vm.mode.vtep(vm), vm.mode.vtep(self.vms[1])
        yield "overlay.device", self.bound_elsewhere(vm)
        yield "overlay.peers", done(lambda: overlay.forget(vm.namespace, own, peer),
                                    lambda: overlay.reach(vm.namespace, own, peer, self.vms[1].pod_cidrs[0]))
        yield "overlay.peers", ip(vm, f"neigh del {peer.address} dev flannel.1",
                                  f"neigh add {peer.address} lladdr {peer.mac} dev flannel.1 nud permanent")
        yield "overlay.backend", ip(vm, "route add 10.244.9.0/24 via 10.240.0.5 dev eth0",
                                    "route del 10.244.9.0/24")
        yield "overlay.vtep", self.another_vtep(vm)
        yield "udev.mac_policy", file(vm, "/etc/systemd/network/50-flannel.link",
                                      "[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=persistent\n")

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

    @contextlib.contextmanager
    def bridge_beside_felix(self, vm):
        with file(vm, vm.mode.conflist, vm.mode.configuration(mode="bridge")), \
             felix(vm, self.cluster.folder, FELIX_INTERFACEPREFIX="azv"):
            yield


if __name__ == "__main__":
    unittest.main()
