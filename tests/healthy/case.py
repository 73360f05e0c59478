"""What is asked of every healthy node: an agent that is installed as its package does it, with the configuration that
the README begins with, finds the right mode, is ready, and has nothing to say."""

import concurrent.futures
import contextlib
import dataclasses
import ipaddress
import os
import re
import sys
import time
import unittest

from nodes.node import Node  # first: this package knows where the lab is
from lab import SANITIZED, TimeIsUp, eventually
from lab.bundle import failures_replayed

__all__ = ["VERIFIED", "HealthyNodes", "Variant"]

_PATIENCE = 40 if SANITIZED else 15
_UNTIL_AZURE_IS_ASKED = 8  # a tenth of azure.interval, at most
_UNTIL_ANOTHER_MODE = 30 + _PATIENCE  # it counts once it has shown for so long
_JUDGED = ("pass", "fail")

# What was not looked at on any of these would be no sign of health.
_OF_EVERY_NODE = frozenset("""
    imds.reachable nic.found nic.address nic.up nic.gateway sysctl.ip_forward sysctl.nic_forwarding sysctl.rp_filter
    sysctl.persistence netfilter.forward netfilter.backends conntrack.room networkd.foreign_routes
    routes.main_rules cni.mode""".split())
_WITH_CNI = frozenset("cni.winner cni.plugins pods.mtu".split())
_WITH_CALICO = frozenset("calico.node_name calico.felix calico.interface_prefix".split())
_OF_MODE = {
    "udr": frozenset("routes.in_sync routes.shadowed pods.node_cidr pods.overlap azure.ip_forwarding azure.route_table "
                     "azure.node_route azure.stale_routes azure.security_groups kubernetes.node_cidr "
                     "kubernetes.route_created".split()),
    "flannel": frozenset("overlay.device overlay.vtep overlay.peers overlay.backend udev.mac_policy pods.node_cidr "
                         "pods.overlap routes.in_sync".split()),
    "calico-vxlan": frozenset("overlay.device overlay.peers overlay.backend udev.mac_policy pods.overlap "
                              "routes.in_sync".split()),
    "azure-cni": frozenset("azure_cni.configuration azure_cni.state udev.mac_policy".split())}


# Where no pod depends on Azure's routes an administrator has to want it: Variant(…, **VERIFIED).
VERIFIED = {"config": {"azure": {"verify": "on"}}, "judged": ("azure.route_table", "azure.security_groups")}


@dataclasses.dataclass
class Variant:
    """A healthy node.

    set_up: called with the booted Node; it leaves it as the product does. cidrs: what the administrator names as the
    cluster's pod subnets. later: called while the agent runs, where the node is seconds old when it starts.
    config: what else he says. reads_roots_files: he has installed the drop-in of that name. azure_answers: the machine
    has an identity. kubernetes_answers: the kubelet's kubeconfig is where it is looked for. judged, not_judged: check
    ids that doctor, as root, must (or need not) have come to a verdict on, beside (or of) those of every such node.
    """
    name: str
    vm: object
    image: object
    mode: str
    cidrs: list
    set_up: object
    judged: tuple = ()
    not_judged: tuple = ()
    config: dict = dataclasses.field(default_factory=dict)
    calico: bool = True
    network_manager: bool = False
    reads_roots_files: bool = False
    azure_answers: bool = True
    kubernetes_answers: bool = True
    vf: str = ""
    later: object = None

    def must_be_judged(self):
        must = _OF_EVERY_NODE | _OF_MODE[self.mode] | _WITH_CNI
        if not self.azure_answers:
            must = frozenset(each for each in must if not each.startswith("azure."))
        if self.calico:
            must |= _WITH_CALICO - ({"calico.node_name"} if self.mode == "azure-cni" else set())
        if self.network_manager:
            must = must - {"networkd.foreign_routes"} | {"networkmanager.unmanaged"}
        return (must | set(self.judged)) - set(self.not_judged)


class _Life:
    """One node from its boot to its end, and what there is to complain about."""

    def __init__(self, variant):
        self._variant = variant
        self._asked_before = 0
        self._in_vain = False
        self.complaints = []
        self.seconds = 0.0

    def live(self):
        begin = time.monotonic()
        try:
            with Node(self._variant.vm, self._variant.image, self._variant.vf) as node:
                self._variant.set_up(node)
                node.install_agent(self._variant.cidrs, self._variant.config, self._variant.reads_roots_files)
                self._start(node)
                if self._variant.later:
                    self._variant.later(node)
                    self._await_mode(node, _UNTIL_ANOTHER_MODE)
                    self._look_at_daemon(node, "once its pods' network is there")
                self._look_at_commands(node)
                if not self._in_vain:  # it would take the test's patience again
                    self._restart_and_reload(node)
                self.complaints += [f"journal: {each}" for each in node.service.warnings()]
        except BaseException as error:  # pylint: disable=broad-except  # told as the test's
            self.complaints.append(f"{type(error).__name__}: {error}")
        self.seconds = time.monotonic() - begin
        return self

    def _start(self, node):
        service = node.service
        service.start()
        with self._complaining("start"):
            service.await_ready(_PATIENCE)
        if self._variant.later:
            # Whether Azure is asked before the mode is known is the agent's matter.
            with contextlib.suppress(TimeIsUp):
                eventually(lambda: self._azure_is_judged(node), "Azure's answer", _UNTIL_AZURE_IS_ASKED, pause=0.1)
        else:
            self._await_mode(node)
        self._look_at_daemon(node, "after its start", is_complete=not self._variant.later)

    def _await_mode(self, node, timeout=_PATIENCE):
        with self._complaining("mode"):
            self._in_vain = True
            eventually(lambda: node.service.status()["mode"] == self._variant.mode, f"mode {self._variant.mode}",
                       timeout, pause=0.2)
            node.service.await_ready(_PATIENCE)
            self._in_vain = False

    def _azure_is_judged(self, node):
        return node.service.check("azure.ip_forwarding")["status"] in _JUDGED

    def _settle(self, node, is_complete):
        """Everybody who is asked has answered."""
        asks_azure = is_complete and self._variant.mode == "udr" and self._variant.azure_answers

        def settled():
            asked = node.control_plane.times_asked_for_node() > self._asked_before
            return ((asked or not self._variant.kubernetes_answers)
                    and (self._azure_is_judged(node) or not asks_azure)
                    and node.service.check("conntrack.room")["status"] in _JUDGED)

        eventually(settled, "everybody's answer", _PATIENCE, pause=0.1)

    def _look_at_daemon(self, node, when, is_complete=True):
        with self._complaining(f"settle {when}"):
            self._settle(node, is_complete)
        for name, check in node.service.checks().items():
            if check["status"] == "fail":
                self.complaints.append(f"daemon {when}: {name}: {check['message']}")
        if node.service.get("/readyz").status != 200:
            self.complaints.append(f"daemon {when}: not ready: {node.service.get('/readyz?verbose').body}")

    def _look_at_commands(self, node):
        with self._complaining("doctor"):
            code, checks = node.service.doctor()
            for name, check in checks.items():
                if check["status"] == "fail":
                    self.complaints.append(f"doctor: {name}: {check['message']}")
            for name in sorted(self._variant.must_be_judged()):
                check = checks.get(name, {"status": "not there", "message": ""})
                if check["status"] not in _JUDGED:
                    self.complaints.append(f"doctor: {name} is {check['status']}: {check['message']}")
            if code != 0:
                self.complaints.append(f"doctor: exit {code}")
        with self._complaining("plan"):
            done = node.service.command("plan")
            if done.returncode != 0:
                self.complaints.append(f"plan: exit {done.returncode}: {done.stdout}{done.stderr}")

        with self._complaining("explain"):
            self._look_at_explain(node)
        with self._complaining("support-bundle"):
            bundle = node.service.command("support-bundle", "--output", "-", text=False).stdout
            for name in failures_replayed(bundle, f"healthy-{self._variant.name}"):
                self.complaints.append(f"support-bundle: {name} fails")

    def _look_at_explain(self, node):
        """No packet is said to be dropped: between a pod here and one of another node, or what is no pod's."""
        if "azure.node_route" in self._variant.not_judged:
            return  # until Azure has the node's route, it does drop them
        lines = [line.split() for line in node.machine.routes(None)]
        overlay = [words[0] for words in lines if "via" in words and re.search("dev (flannel|vxlan)", " ".join(words))]
        networks = [ipaddress.ip_network(each) for each in [*node.vm.routes, *overlay] if "/" in each]
        for address in (address for pod in node.pods[:1] for address in pod.addresses):
            own = ipaddress.ip_address(address)
            others = [str(each[9]) for each in networks if each.version == own.version and own not in each and
                      each.num_addresses > 9]
            beyond = "203.0.113.7" if own.version == 4 else "2001:db8::7"
            for words in ([address, "to", beyond], ["node", "to", address],
                          *([address, "to", each] for each in others[:1]), *([each, "to", address] for each in others[:1])):
                done = node.service.command("explain", *words)
                if done.returncode != 0:
                    self.complaints.append(f"explain {' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}")

    def _restart_and_reload(self, node):
        service, tape = node.service, node.tape()
        begin = tape.mark()
        with self._complaining("restart"):
            service.stop()
            self._asked_before = node.control_plane.times_asked_for_node()
            service.start_ready(_PATIENCE)
            self._await_mode(node)
        self._look_at_daemon(node, "after a restart")
        with self._complaining("reload"):
            service.reload()
            service.await_ready(_PATIENCE)
        for change in tape.changes(begin):
            self.complaints.append(f"restart and reload: {change}")

    @contextlib.contextmanager
    def _complaining(self, about):
        try:
            yield
        except (AssertionError, OSError, KeyError, ValueError) as error:
            self.complaints.append(f"{about}: {type(error).__name__}: {error}")


class HealthyNodes(unittest.TestCase):
    """A test for each of the `variants`. They live side by side: a healthy node waits most of the time. With a sanitizer it
    keeps a processor busy, and of each processor one is asked for, or doctor's four seconds would be over for all."""

    variants = ()
    _lives = {}

    def __init_subclass__(cls):
        for variant in cls.variants:
            setattr(cls, f"test_{variant.name}", _test_of(variant))

    @classmethod
    def setUpClass(cls):
        chosen = [each for each in cls.variants if _is_wanted(each.name)]
        at_once = os.cpu_count() if SANITIZED else len(chosen)
        with concurrent.futures.ThreadPoolExecutor(max_workers=at_once) as pool:
            lives = pool.map(lambda each: _Life(each).live(), chosen)
            cls._lives = {variant.name: life for variant, life in zip(chosen, lives)}


def _test_of(variant):
    def test(self):
        life = self._lives[variant.name]  # pylint: disable=protected-access
        if life.complaints:
            self.fail(f"{variant.name} ({life.seconds:.0f} s):\n  " + "\n  ".join(dict.fromkeys(life.complaints)))
    return test


def _is_wanted(name):
    """All, unless the command line names some."""
    named = [each.rpartition(".")[2] for each in sys.argv[1:] if ".test_" in each]
    return not named or f"test_{name}" in named
