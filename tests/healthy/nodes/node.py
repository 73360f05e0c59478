"""One node of a cluster on Azure, with as much of it as a lab can have: what the image, the product that manages the
cluster and the network plug-in have put there, and what Azure and Kubernetes say of it."""

import http.server
import json
import pathlib
import threading

from lab import cni, pod
from lab.agent import program, simulator_binary
from lab.fabric import FABRIC_MAC, IMDS, IPV6_ROUTER, WIRE_SERVER
from lab.simulator import Simulator
from lab.stage import Stage
from lab.tape import Tape

from .control_plane import ControlPlane
from .files import age, filled, lay
from .processes import Processes
from .service import Service

_HERE = pathlib.Path(__file__).resolve().parents[1]
FILES, RULES = _HERE / "files", _HERE / "rules"
_STAND_INS = "/run/stand-ins"
_IMDS_CONTROL = 8082

# What the kernel starts with; a new namespace has those of the machine.
_KERNEL = {"ipv4": {"ip_forward": 0, "conf/all/rp_filter": 0, "conf/default/rp_filter": 0, "conf/all/forwarding": 0,
                    "conf/default/forwarding": 0},
           "ipv6": {"conf/all/forwarding": 0, "conf/default/forwarding": 0, "conf/all/accept_ra": 1,
                    "conf/default/accept_ra": 1, "conf/default/dad_transmits": 0}}


class Node(Stage):
    """`image`: an images.Image, the distribution. `vm`: an AzureVm. `vf`: the name of eth0's virtual function, where
    networking is accelerated; a bridge stands for the synthetic NIC then, so that it can have one with its MAC."""

    def __init__(self, vm, image, vf=None):
        super().__init__()
        self.vm = vm
        self.image = image
        self._vf = vf
        self.machine = self.fabric = self.imds = self.control_plane = self.service = self._processes = None
        self.pods = []

    @property
    def files(self):
        return self.machine.files

    # What is there before the product's first program runs

    def build(self):
        self.fabric = self.namespace("fabric")
        self.machine = self.namespace("node", own_files=True)
        self.machine.run("hostname", self.vm.host_name)
        age(self.files)
        self._processes = Processes(self.machine)
        self.finally_do(self._processes.stop)
        for family, keys in _KERNEL.items():
            for key, value in keys.items():
                self.machine.sysctl(f"net/{family}/{key}", value)
        self.fabric.ip(f"addr add {IMDS}/32 dev lo", f"addr add {WIRE_SERVER}/32 dev lo")
        for number in range(len(self.vm.nics)):
            self._plug(number)
        self.control_plane = ControlPlane(self.fabric, self.folder, self.vm)
        self.finally_do(self.control_plane.stop)
        self.files.write("/etc/hosts", self.control_plane.hosts())
        self.files.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.imds = Simulator(simulator_binary(), self.fabric, self.vm.imds(), control=_IMDS_CONTROL)
        self.finally_do(self.imds.stop)
        self.image.install(self)

    def _plug(self, number):
        nic, link = self.vm.nics[number], f"eth{number}"
        network = nic.network()
        accelerated = number == 0 and self._vf
        name, mac = ("hv0", f"02:{nic.mac[3:]}") if accelerated else (link, nic.mac)
        self.fabric.ip(f"link add fab{number} address {FABRIC_MAC} type veth "
                       f"peer name {name} address {mac} netns {self.machine.name}",
                       f"addr add {network[1]}/{network.prefixlen} dev fab{number}", f"link set fab{number} up")
        if nic.of_version(6):
            self.fabric.ip(f"addr add {IPV6_ROUTER}/64 dev fab{number} nodad")
        if accelerated:
            self.machine.ip(f"link add {link} address {nic.mac} type bridge forward_delay 0",
                            f"link set hv0 master {link}", "link set hv0 addrgenmode none up",
                            f"link add {self._vf} address {nic.mac} type veth peer name vf-host",
                            f"link set {self._vf} master {link}", f"link set {self._vf} up", "link set vf-host up")

    def boot(self):
        """systemd-sysctl, for what a namespace has of its own."""
        self.machine.run("/lib/systemd/systemd-sysctl", "--prefix=/net")

    def lay(self, *trees, **words):
        """Files of these trees, with what is this node's own in them."""
        mine = {"NODE": self.vm.node_name, "MAC": self.vm.nic.mac, "GROUP": self.vm.group, "VNET": self.vm.network,
                "SUBNET": self.vm.nic.subnet, "ROUTE_TABLE": self.vm.route_table, "SCALE_SET": self.vm.scale_set}
        for tree in trees:
            lay(self.files, FILES / tree, {**mine, **words})

    # What runs

    def start(self, *words, **environment):
        """A process of that name and with those words, as others see it."""
        name = words[0].rpartition("/")[2]
        stand_in = f"{_STAND_INS}/{name}"
        if not self.files.path_of(stand_in).is_symlink():
            self.files.link(stand_in, program("tests", "healthy", "stand_in"))
        self._processes.start(stand_in, list(words), environment)

    def answer(self, port, **paths):
        """HTTP on loopback: answer(9099, readiness=200)."""
        listening = self.machine.socket()
        listening.bind(("127.0.0.1", port))
        server = _Answers(listening, {f"/{path}": status for path, status in paths.items()})
        self.finally_do(server.stop)

    def wire_server(self):
        """Says that it is there; nobody here reads more."""
        listening = self.fabric.socket()
        listening.bind((WIRE_SERVER, 80))
        server = _Answers(listening, {"/?comp=versions": 200})
        self.finally_do(server.stop)

    def iptables(self, rules, backend="nft", family="", **words):
        """Rules in the form of iptables-save, added to those that are there."""
        text = filled(RULES / rules, {"ADDRESS": self.vm.nic.addresses[0], **words})
        self._load(f"ip{family}tables-{backend}-restore", "--noflush", text=text)

    def nft(self, rules):
        self._load("nft", "-f", "-", text=(RULES / rules).read_text(encoding="utf-8"))

    def _load(self, *words, text):
        done = self.machine.run(*words, input=text, stdin=None)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: {done.stderr}\n{text}")

    # Pods

    def pod_namespace(self):
        namespace = self.namespace(f"pod{len(self.pods)}")
        namespace.sysctl("net.ipv6.conf.default.dad_transmits", 0)
        return namespace

    def pod_of_calico(self, cidrs, mtu, network="k8s-pod-network", addresses=None):
        """By host-local out of these CIDRs, unless calico-ipam gave the addresses."""
        namespace = self.pod_namespace()
        addresses = addresses or cni.host_local(self.machine, namespace, network, cidrs)
        self.pods.append(pod.calico(self.machine, namespace, addresses, mtu))

    def pod_on_bridge(self, network):
        self.pods.append(pod.bridged(self.machine, self.pod_namespace(), network))

    def pod_of_azure(self, address, mtu=1500):
        self.pods.append(pod.azure(self.machine, self.pod_namespace(), address, mtu))

    # Kubernetes and the agent

    def register(self, node):
        """The API server has this Node."""
        self.control_plane.nodes({node["metadata"]["name"]: node})

    def kubelet(self, kubeconfig, authority=""):
        if authority:
            self.files.write(authority, self.control_plane.certificate.read_text(encoding="utf-8"))
        self.files.write(kubeconfig, self.control_plane.kubeconfig(authority), mode=0o600)
        self.start("/usr/bin/kubelet", f"--kubeconfig={kubeconfig}")
        self.start("/usr/bin/containerd")

    def install_agent(self, cluster_cidrs, config, reads_roots_files):
        config = {**({"pods": {"cluster_cidrs": cluster_cidrs}} if cluster_cidrs else {}), **config}
        self.service = Service(self.machine, config, self.vm.vm_id, self.control_plane.certificate, reads_roots_files)
        self.finally_do(self.service.close)

    def tape(self):
        tape = Tape(self.machine)
        self.finally_do(tape.close)
        return tape

    def write_json(self, path, value, mode=0o644):
        self.files.write(path, json.dumps(value, indent=2) + "\n", mode)


class _Answers:
    """HTTP on a socket that listens in a node."""

    def __init__(self, listening, statuses):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(statuses.get(self.path, 404))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nobody reads a log of this."""

        self._server = http.server.ThreadingHTTPServer(listening.getsockname(), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        listening.listen()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
