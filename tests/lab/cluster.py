"""Several VMs in one virtual network of Azure, each with the agent, its own metadata service and pods."""

import itertools
import json
import shlex

from . import azure_resources, dhcp, documents, modes, wire_server
from .agent import Agent, simulator_binary
from .azure import Network, Nic, Route, Subnet, is_ipv6
from .cloud import Cloud, node
from .control import Control, imds_control
from .fabric import Fabric, imds_servers
from .modes import CLUSTER, CLUSTER6
from .networkd import Networkd
from .simulator import Simulator
from .stage import Stage
from .tape import Tape
from .traffic import Traffic
from .transcript import eventually

__all__ = ["CLUSTER", "CLUSTER6", "NODES", "PODS_ONLY", "ROUTE_TABLE", "SECURITY_GROUP", "Cluster", "Vm"]

NODES, PODS_ONLY = "nodes", "pods"  # subnets: of the first NICs, of the second ones
ROUTE_TABLE = "cluster-routes"
SECURITY_GROUP = "nodes-nsg"  # of the nodes' subnet, with nothing but Azure's own rules


class Vm:
    """A node: its namespace, and what is in it."""

    def __init__(self, cluster, number):
        self.name = f"vm{number}"
        self.number = number
        self.namespace = cluster.namespace(self.name, own_files=True)
        self.files = self.namespace.files
        self.mode = cluster.mode
        self.agent = None
        self.imds = None
        self.networkd = None
        self.pods = []
        self._cluster = cluster
        self._ipv6 = any(map(is_ipv6, self.nics[0].addresses))
        self.pod_cidrs = self.mode.node_cidrs(number, self._ipv6)

    @property
    def nics(self):
        """As Azure has them now."""
        return [nic for nic in self._cluster.network.nics.values() if nic.vm == self.name]

    @property
    def journal(self):
        """Where the agent's journal goes once nobody watches it any more."""
        return self._cluster.folder / f"{self.name}.journal"

    @property
    def address(self):
        return self.nics[0].addresses[0]

    def subnet(self, nic):
        """Of IPv4."""
        return self._cluster.network.subnet(nic.subnet).prefixes[0]

    def interface(self, nic):
        first, *others = nic.addresses
        ipv6 = [each for each in others if is_ipv6(each)]
        secondary = [each for each in others if not is_ipv6(each)]
        return documents.interface(nic.mac, first, self.subnet(nic), ipv6, secondary)

    def document(self):
        return documents.instance(*map(self.interface, self.nics), name=self.name)

    def give_addresses(self):
        """Links up, and a lease for each."""
        links = [f"eth{nic.number}" for nic in self.nics]
        self.namespace.ip(*(f"link set {name} up" for name in links))
        if self.networkd:
            eventually(self._has_all_addresses, f"leases of {self.name}")
        else:
            for name in links:
                dhcp.renew(self.namespace, name)

    def _has_all_addresses(self):
        lines = self.namespace.ip("addr show", options=["-oneline"]).splitlines()
        held = {line.split()[3].partition("/")[0] for line in lines if "tentative" not in line}
        return held.issuperset(address for nic in self.nics for address in nic.addresses)

    def plug(self, fabric, accelerated):
        """The NICs' links. Where networking is accelerated eth0 is a bridge that stands for the synthetic NIC, so that
        a VF with its MAC can be enslaved to it; packets go by a port of its own."""
        for nic in self.nics:
            name = f"eth{nic.number}"
            if accelerated:
                fabric.plug(self._cluster.network, nic, self.namespace, f"hv{nic.number}", mac=f"02:{nic.mac[3:]}")
                self.namespace.ip(f"link add {name} address {nic.mac} type bridge forward_delay 0",
                                  f"link set hv{nic.number} master {name}", f"link set hv{nic.number} up")
            else:
                fabric.plug(self._cluster.network, nic, self.namespace, name)
            self.namespace.sysctl(f"net.ipv6.conf.{name}.accept_ra", 2)

    def add_vf(self, name="vf0"):
        self.namespace.ip(f"link add {name} address {self.nics[0].mac} type veth peer name {name}-far",
                          f"link set {name} master eth0", f"link set {name} up", f"link set {name}-far up")

    def remove_vf(self, name="vf0"):
        self.namespace.ip(f"link del {name}")

    def add_pod(self):
        namespace = self._cluster.namespace(f"{self.name}-pod{len(self.pods)}")
        self.pods.append(self.mode.add_pod(self, namespace))
        return self.pods[-1]

    def tape(self):
        tape = Tape(self.namespace)
        self._cluster.finally_do(tape.close)
        return tape

    def config(self, **sections):
        """The least that a node of this cluster needs said."""
        told = {"mode": self.mode.agent, "imds": {"poll_interval": "10s", "read_timeout": "1s"},
                "pods": {"cluster_cidrs": self.mode.cluster_cidrs(self._ipv6), "node_cidrs": self.pod_cidrs}}
        if self._cluster.cloud:  # it tells the node's pod CIDRs
            del told["pods"]["node_cidrs"]
            told["kubernetes"] = {"node_name": self.name, "kubeconfig": str(self._file("kubeconfig"))}
            told["azure"] = {"cloud_config": str(self._file("azure.json")), "interval": "1m"}
        return {**told, **sections}

    def node(self):
        """Its object at the API server."""
        condition = ("False", "RouteCreated" if self.mode.uses_route_table else "CalicoIsUp")
        return node(self.name, self.pod_cidrs, condition, self.mode.annotations(self), self.nics[0].addresses[:1],
                    f"azure://{azure_resources.vm_id(self.name)}")

    def write_credentials(self, route_table=ROUTE_TABLE):
        """What a node of a Kubernetes cluster on Azure has on disk; JSON is YAML."""
        cloud = self._cluster.cloud
        for name, content in (("kubeconfig", cloud.kubeconfig()), ("azure.json", cloud.cloud_config(route_table))):
            self._file(name).write_text(json.dumps(content), encoding="utf-8")

    def _file(self, name):
        return self._cluster.folder / f"{self.name}-{name}"


class Cluster(Stage):
    """A context manager: nodes vm1, vm2, … as an administrator should have set them up for the mode: for udr with IP
    forwarding on each NIC, a route table with each node's pod CIDR, associated with the nodes' subnet. ask() changes
    any of it while it runs.

    mode: udr, canal, flannel, calico-vxlan, azure-cni (modes.py). nics: of each VM. ipv6: dual stack. accelerated: VMs
    may have a VF under eth0. networkd: is their network service; else a DHCP client that knows IPv4 alone. cloud: Azure
    Resource Manager and an API server can be asked.
    """

    def __init__(self, nodes=3, nics=1, ipv6=False, accelerated=False, networkd=False, cloud=False, mode="udr",
                 name=None):
        super().__init__(name)
        self.mode = modes.BY_NAME[mode]()
        self._with_cloud = cloud
        self.cloud = None
        self._accelerated = accelerated
        self._networkd = networkd or ipv6
        self.network = Network(["10.240.0.0/12", *(["fd00:240::/28"] if ipv6 else [])])
        table = ROUTE_TABLE if self.mode.uses_route_table else ""
        self.network.subnets = {NODES: Subnet(["10.240.0.0/24", *(["fd00:240::/64"] if ipv6 else [])], table,
                                              SECURITY_GROUP),
                                PODS_ONLY: Subnet(["10.241.0.0/24"])}
        self.network.route_tables = {ROUTE_TABLE: {}}
        self.network.security_groups = {SECURITY_GROUP: []}
        for number, nic in itertools.product(range(1, nodes + 1), range(nics)):
            addresses = [f"10.{240 + nic}.0.{3 + number}"]
            if nic == 0:
                addresses += self.mode.secondary_addresses(number)
                addresses += [f"fd00:240::{3 + number:x}"] if ipv6 else []
            made = Nic(f"vm{number}", nic, f"00:0d:3a:f8:{number:02x}:{nic:02x}",
                       PODS_ONLY if nic else NODES, addresses, ip_forwarding=self.mode.uses_route_table)
            self.network.nics[made.name] = made
        self._nodes = nodes
        self.vms = []

    def build(self):
        fabric = Fabric(self.namespace("fabric"))
        fabric.build(self.network)
        self.vms = [Vm(self, number) for number in range(1, self._nodes + 1)]
        for vm in self.vms:
            for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
                vm.namespace.sysctl(key, 1)
            vm.plug(fabric, self._accelerated)
            for cidr in vm.pod_cidrs if self.mode.uses_route_table else ():
                address = next(each for each in vm.nics[0].addresses if is_ipv6(each) == is_ipv6(cidr))
                self.network.route_tables[ROUTE_TABLE][cidr] = Route(cidr, "VirtualAppliance", address)
        fabric.apply(None, self.network)
        self.finally_do(dhcp.stop, self.folder)
        dhcp.serve(fabric.namespace, self.folder, self.network)
        for vm in self.vms:
            if self._networkd:
                vm.networkd = Networkd(vm.namespace)
                self.finally_do(vm.networkd.stop)
                vm.networkd.start()
        for vm in self.vms:
            vm.give_addresses()
            self.mode.set_up(vm)
        for vm, peer in itertools.permutations(self.vms, 2):
            self.mode.introduce(vm, peer)
        self._control = Control(fabric, self.folder)
        self._control.keep(self.network)
        self.finally_do(wire_server.stop, wire_server.start(fabric.namespace, self._control.file))
        if self._with_cloud:
            self.cloud = Cloud(fabric.namespace, self.folder)
            self.finally_do(self.cloud.stop)
            self.cloud.follow(self.network)
            self.tell_nodes()
        servers = imds_servers(self.network)
        for vm in self.vms:
            vm.imds = Simulator(simulator_binary(), fabric.namespace, vm.document(), servers[vm.nics[0].port],
                                control=imds_control(vm.name))
            self.finally_do(vm.imds.stop)
            if self.cloud:
                vm.write_credentials()
            trust = {"SSL_CERT_FILE": str(self.cloud.certificate)} if self.cloud else {}
            vm.agent = Agent(vm.namespace, self.folder / vm.name, vm.config(), {"NODE_NAME": vm.name, **trust})
            self.finally_do(vm.agent.close)

    def namespace(self, part, own_files=False):
        made = super().namespace(part, own_files)
        # Nobody else can have an address here; looking for him would cost each pod a second.
        made.sysctl("net.ipv6.conf.default.dad_transmits", 0)
        return made

    def tell_nodes(self, **changed):
        """The API server's Node objects: as the controllers make them, but for those given by name."""
        self.cloud.nodes({**{vm.name: vm.node() for vm in self.vms}, **changed})

    def mend(self, remedy):
        """Carries out the `az` commands of the agent's, joined by &&."""
        words = shlex.split(remedy, comments=True)
        for joined, command in itertools.groupby(words, lambda word: word == "&&"):
            if not joined:
                self._control.do(list(command))
        self.network = self._control.network

    def ask(self, words):
        """The words of the control command, tests/azure-lab: ask("nic vm2 ip-forwarding off")."""
        self._control.do(words.split())
        self.network = self._control.network

    def leave(self):
        """Stays, with agents that nobody watches; their journals are files in the lab's folder."""
        for vm in self.vms:
            vm.agent.stop()
            with open(vm.journal, "ab") as journal:
                vm.agent.start_detached(journal)
        for vm in self.vms:
            vm.agent.await_ready()
        super().leave()

    def start_agents(self):
        for vm in self.vms:
            vm.agent.start()
        for vm in self.vms:
            vm.agent.await_ready()

    def traffic(self, here, there):
        """From a pod to a pod; each is a Pod."""
        return Traffic(here.namespace, there.namespace, there.address)
