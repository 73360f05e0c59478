"""The lab: one VM and Azure's side of it, in two namespaces that nobody else uses."""

import itertools

from . import documents
from .agent import Agent, simulator_binary
from .fabric import FABRIC_MAC, IMDS, IPV6_ROUTER, WIRE_SERVER
from .simulator import Simulator
from .stage import Stage
from .tape import Tape
from .transcript import eventually


class Nic:
    """A network interface as Azure describes it. `number` tells the NICs of a VM apart."""

    def __init__(self, number, ipv6):
        self.name = f"eth{number}"
        self.far_end = f"fab{number}"
        self.mac = f"00:0d:3a:f8:06:{0xec + number:02x}"
        self.address = f"10.{240 + number}.0.4"
        self.subnet = f"10.{240 + number}.0.0/24"
        self.gateway = f"10.{240 + number}.0.1"
        self.ipv6 = f"fd00:{240 + number}::4" if ipv6 else None

    def interface(self):
        return documents.interface(self.mac, self.address, self.subnet, [self.ipv6] if self.ipv6 else [])


class Lab(Stage):
    """ipv6: the NIC has an IPv6 address, and the fabric the router that Azure's has.
    accelerated: eth0 is a bridge that stands for the synthetic NIC, so that a VF with its MAC can be enslaved.
    """

    def __init__(self, ipv6=False, accelerated=False, name=None):
        super().__init__(name)
        self.nic = Nic(0, ipv6)
        self.second_nic = None
        self.vm = self.fabric = self.simulator = None
        self._ipv6 = ipv6
        self._accelerated = accelerated
        self._agents = itertools.count()

    def build(self):
        self.fabric = self.namespace("fabric")
        self.vm = self.namespace("vm", own_files=True)
        self.fabric.ip(f"addr add {IMDS}/32 dev lo", f"addr add {WIRE_SERVER}/32 dev lo")
        self.vm.sysctl("net.ipv4.ip_forward", 1)
        if self._ipv6:
            self.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.connect()
        self.simulator = Simulator(simulator_binary(), self.fabric, self.document())
        self.finally_do(self.simulator.stop)

    # Links

    def connect(self):
        """eth0, as the platform and DHCP leave it."""
        nic = self.nic
        if self._accelerated:
            # Packets go by a port of their own: only the VF comes and goes.
            self._plug(nic, name="hv0", mac="02:00:00:00:00:01")
            self.vm.ip(f"link add {nic.name} address {nic.mac} type bridge forward_delay 0",
                       f"link set hv0 master {nic.name}", "link set hv0 up")
        else:
            self._plug(nic)
        self.give_address()
        if nic.ipv6:
            self.vm.sysctl(f"net.ipv6.conf.{nic.name}.accept_ra", 2)
        # A bridge learns of its port's carrier a little later.
        eventually(lambda: "LOWER_UP" in self.vm.ip(f"link show {nic.name}"), f"carrier of {nic.name}")

    def _plug(self, nic, name=None, mac=None):
        self.fabric.ip(f"link add {nic.far_end} address {FABRIC_MAC} type veth "
                       f"peer name {name or nic.name} address {mac or nic.mac} netns {self.vm.name}",
                       f"addr add {nic.gateway}/24 dev {nic.far_end}", f"link set {nic.far_end} up")
        if nic.ipv6:
            self.fabric.ip(f"addr add {IPV6_ROUTER}/64 dev {nic.far_end} nodad")

    def give_address(self):
        """What DHCP does: address and routes, with the link up."""
        nic = self.nic
        self.vm.ip(f"addr replace {nic.address}/24 dev {nic.name}", f"link set {nic.name} up",
                   *(f"route replace {to} via {nic.gateway} dev {nic.name} proto dhcp"
                     for to in ("default", f"{IMDS}/32", f"{WIRE_SERVER}/32")))
        if nic.ipv6:
            self.vm.ip(f"addr replace {nic.ipv6}/64 dev {nic.name} nodad",
                       f"route replace default via {IPV6_ROUTER} dev {nic.name} proto ra metric 100")

    def add_second_nic(self):
        """eth1 with an address in a subnet of its own; no default route, as DHCP leaves it."""
        self.second_nic = nic = Nic(1, ipv6=False)
        self._plug(nic)
        self.vm.ip(f"addr add {nic.address}/24 dev {nic.name}", f"link set {nic.name} up")
        self.simulator.document(self.document())
        return nic

    def add_vf(self, name="vf0"):
        """The virtual function of accelerated networking: the NIC's MAC, enslaved to it."""
        self.vm.ip(f"link add {name} address {self.nic.mac} type veth peer name {name}-far",
                   f"link set {name} master {self.nic.name}", f"link set {name} up", f"link set {name}-far up")

    # What is in it

    def document(self):
        """What IMDS truthfully says about this VM."""
        return documents.instance(*(nic.interface() for nic in (self.nic, self.second_nic) if nic))

    def agent(self, **config):
        """An agent of the VM, not yet started."""
        agent = Agent(self.vm, self.folder / f"agent-{next(self._agents)}", config)
        self.finally_do(agent.close)
        return agent

    def tape(self):
        tape = Tape(self.vm)
        self.finally_do(tape.close)
        return tape

    def routes(self, protocol=169):
        return self.vm.routes(protocol)

    def rules(self):
        return self.vm.rules()
