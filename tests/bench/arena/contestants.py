"""Who takes part: the agent, and what people use today for the same work."""
import ipaddress
import json
import os
import shutil
import signal
import socket
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "dev"
BENCH = BUILD / "tests" / "bench"
AGENT = "agent/cli/calico-azure-agent"  # below a build folder
SIMULATOR = BUILD / "simulator" / "azure-simulator"

_DOCUMENT = {"compute": {"name": "vm1", "vmId": "0b6f4a5e-0000-4000-8000-000000000001"},
             "network": {"interface": [{
                 "ipv4": {"ipAddress": [{"privateIpAddress": "10.240.0.4"}],
                          "subnet": [{"address": "10.240.0.0", "prefix": "24"}]},
                 "ipv6": {"ipAddress": [{"privateIpAddress": "fd01::4"}]},
                 "macAddress": "000D3AF806EC"}]}}


def destinations(family, count):
    """The same as contestants/rtnetlink.h makes."""
    if family == 4:
        return [f"{ipaddress.IPv4Address(0x0a400000 + n * 16)}/28" for n in range(count)]
    return [f"fd00:0:{n >> 16:x}:{n & 0xffff:x}::/64" for n in range(count)]


def gateway(family):
    return "10.240.0.1" if family == 4 else "fd01::1"


def source(family):
    return "10.240.0.4" if family == 4 else "fd01::4"


class Agent:
    """The daemon of a build folder, with a metadata service that answers at once."""

    def __init__(self, space, build=BUILD):
        self._space = space
        self._build = build
        self._config = space.folder / "config.toml"
        document = space.folder / "document.json"
        document.write_text(json.dumps(_DOCUMENT))
        space.start_and_hear(SIMULATOR, "--listen", "169.254.169.254:80", "--control", "127.0.0.1:8081", "--document",
                             document, "--rate-limit", "0", word="listening")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(space.folder / "notify"))
        self._notify.settimeout(120)
        self._environment = dict(os.environ, NOTIFY_SOCKET=str(space.folder / "notify"),
                                 RUNTIME_DIRECTORY=str(space.folder), STATE_DIRECTORY=str(space.folder))
        self.process = None

    def configure(self, cidrs):
        listed = ",\n".join(f'"{each}"' for each in cidrs)
        self._config.write_text(f"[pods]\ncluster_cidrs = [{listed}]\n[log]\nlevel = \"warn\"\n"
                                '[sysctls]\naction = "enforce"\n')  # which the next boot of a node has anyway

    def start(self, build=None):
        program = (build or self._build) / AGENT
        self.process = self._space.start(program, "run", "--config", self._config, env=self._environment)

    def await_ready(self):
        while "READY=1" not in self._notify.recv(4096).decode():
            pass

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def pids(self):
        """The daemon, and the program that asks Azure and Kubernetes for it, which it starts last."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        _until(children.read_text)
        return [self.process.pid, *map(int, children.read_text().split())]


class Bird:
    """BIRD 2: static routes, and the kernel protocol that exports them."""

    def __init__(self, space, scan_seconds=30):
        self._space = space
        self._scan = scan_seconds
        self._config = space.folder / "bird.conf"
        self._control = space.folder / "bird.ctl"
        self.configure(4, [])
        self._daemon = space.start("bird", "-f", "-c", self._config, "-s", self._control)
        _until(self._control.exists)

    def configure(self, family, cidrs):
        ways = "\n".join(f"route {each} via {gateway(family)};" for each in cidrs)
        self._config.write_text(
            "router id 10.240.0.4;\nprotocol device {}\n"
            f"protocol kernel {{ ipv{family} {{\n"
            f"  export filter {{ krt_prefsrc = {source(family)}; accept; }};\n  import none;\n}}; "
            f"scan time {self._scan}; metric 1024; }}\n"
            f"protocol static {{ ipv{family};\n{ways}\n}}\n")

    def reload(self):
        self._space.run("birdc", "-s", self._control, "configure")

    def pids(self):
        return [self._daemon.pid]


class Frr:
    """FRR: zebra and staticd."""

    def __init__(self, space):
        self._space = space
        self._config = space.folder / "static.conf"
        empty = space.folder / "empty.conf"
        empty.write_text("")
        self._daemons = []
        shutil.chown(space.folder, "frr", "frrvty")  # it gives up its rights before it opens its sockets
        for name in ("zebra", "staticd"):
            self._daemons.append(space.start(
                f"/usr/lib/frr/{name}", "-f", empty, "-i", space.folder / f"{name}.pid", "-z", space.folder / "zserv",
                "--vty_socket", space.folder, "-u", "frr", "-g", "frr", "-P", "0"))
            _until((space.folder / f"{name}.vty").exists)

    def configure(self, family, cidrs):
        word = "ip" if family == 4 else "ipv6"
        self._config.write_text("\n".join(f"{word} route {each} {gateway(family)}" for each in cidrs) + "\n")

    def reload(self):
        self._space.run("vtysh", "--vty_socket", self._space.folder, "-f", self._config)

    def pids(self):
        return [each.pid for each in self._daemons]


class IpBatch:
    """ip-route(8) with a file of commands."""

    def __init__(self, space):
        self._space = space
        self._file = space.folder / "batch"
        self._family = 4

    def configure(self, family, cidrs):
        self._family = family
        self._file.write_text("".join(
            f"route add {each} via {gateway(family)} dev eth0 src {source(family)} metric 1024 proto 169\n"
            for each in cidrs))

    def reload(self):
        self._space.run("ip", f"-{self._family}", "-batch", self._file)


def _until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("a contestant did not start")
        time.sleep(0.01)
