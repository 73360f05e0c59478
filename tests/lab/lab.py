"""The lab: one VM and Azure's side of it, in two namespaces that nobody else uses."""

import atexit
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import documents
from .agent import Agent, simulator_binary
from .namespace import Namespace
from .simulator import Simulator
from .tape import Tape, plain
from .transcript import eventually

FABRIC_MAC = "12:34:56:78:9a:bc"
IMDS = "169.254.169.254"
WIRE_SERVER = "168.63.129.16"
IPV6_ROUTER = "fe80::1234:5678:9abc"

_PARTS = ("vm", "fabric")
_NAME = re.compile(r"(caa-(\d+)-\d+)(-vm|-fabric)?")
_numbers = itertools.count()


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


class Lab:
    """A context manager; everything in it is gone when it closes, and on SIGINT, SIGTERM or an exception. What a killed
    one leaves is removed by the next.

    ipv6: the NIC has an IPv6 address, and the fabric the router that Azure's has.
    accelerated: eth0 is a bridge that stands for the synthetic NIC, so that a VF with its MAC can be enslaved.
    name: makes it a lab that can be left standing; see leave() and remove().
    """

    def __init__(self, ipv6=False, accelerated=False, name=None):
        self.name = name or f"caa-{os.getpid()}-{next(_numbers)}"
        self._lasting = name is not None
        self.nic = Nic(0, ipv6)
        self.second_nic = None
        self.vm = self.fabric = self.simulator = None
        self._ipv6 = ipv6
        self._accelerated = accelerated
        self._open = contextlib.ExitStack()
        self._agents = itertools.count()
        self._folder = pathlib.Path(tempfile.gettempdir(), self.name)

    def __enter__(self):
        _end_in_order_on_sigterm()
        remove_leftovers()
        atexit.register(self.close)
        try:
            self._folder.mkdir(mode=0o700)
            self._open.callback(shutil.rmtree, self._folder)
            self.fabric = self._namespace("fabric")
            self.vm = self._namespace("vm")
            self.fabric.ip(f"addr add {IMDS}/32 dev lo", f"addr add {WIRE_SERVER}/32 dev lo")
            self.vm.sysctl("net.ipv4.ip_forward", 1)
            if self._ipv6:
                self.vm.sysctl("net.ipv6.conf.all.forwarding", 1)
            self.connect()
            self.simulator = Simulator(simulator_binary(), self.fabric, self.document())
            self._open.callback(self.simulator.stop)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        atexit.unregister(self.close)
        self._open.close()

    def leave(self):
        """Everything stays as it is when the lab closes, for remove(name) to take away."""
        self._open.pop_all()

    def _namespace(self, part):
        namespace = Namespace(f"{self.name}-{part}", self._lasting)
        self._open.callback(namespace.remove)
        for scope in ("all", "default"):  # a new namespace has those of the machine
            namespace.sysctl(f"net.ipv4.conf.{scope}.rp_filter", 0)
        return namespace

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
        agent = Agent(self.vm, self._folder / f"agent-{next(self._agents)}", config)
        self._open.callback(agent.close)
        return agent

    def tape(self):
        tape = Tape(self.vm)
        self._open.callback(tape.close)
        return tape

    def routes(self, protocol=169):
        """Routes of a protocol (None: of all) in every table of the VM, as ip(8) prints them."""
        return [line for line in self._shown("route show table all")
                if protocol is None or f" proto {protocol} " in f"{line} "]

    def rules(self):
        """Rules of the VM that are not the kernel's own."""
        return [line for line in self._shown("rule show") if not re.match(r"(0|32766|32767):", line)]

    def _shown(self, line):
        printed = "".join(self.vm.ip(line, options=[family]) for family in ("-4", "-6"))
        return sorted(map(plain, printed.splitlines()))


def _end_in_order_on_sigterm():
    """SIGTERM unwinds like SIGINT does, so that context managers close."""

    def end(number, _frame):
        raise SystemExit(128 + number)

    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


def remove_leftovers():
    """Labs whose process does not exist any more. Their programs died with it."""
    places = [*pathlib.Path("/run/netns").glob("caa-*"), *pathlib.Path(tempfile.gettempdir()).glob("caa-*")]
    found = (_NAME.fullmatch(place.name) for place in places)
    for name, process in {match[1]: match[2] for match in found if match}.items():
        if not pathlib.Path("/proc", process).exists():
            remove(name)


def exists(name):
    return any(pathlib.Path("/run/netns", f"{name}-{part}").exists() for part in _PARTS)


def remove(name):
    """Takes away a lab by its name: the programs in its namespaces, these, and its folder."""
    for namespace in (f"{name}-{part}" for part in _PARTS):
        if not pathlib.Path("/run/netns", namespace).exists():
            continue
        listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
        for process in map(int, listed.stdout.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", namespace], check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(pathlib.Path(tempfile.gettempdir(), name), ignore_errors=True)
