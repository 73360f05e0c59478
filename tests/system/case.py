#!/usr/bin/env python3
"""What every test of a machine with systemd starts from: a lab's VM that has booted, and the packages."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab, eventually  # noqa: E402
from lab.agent import toml  # noqa: E402

from host import Host  # noqa: E402

__all__ = ["AGENT", "CLUSTER", "CLOUD", "DROP_INS", "MachineCase", "NEXT", "NODE", "PACKAGES", "VERSION", "eventually",
           "make_loop_devices", "package", "toml"]

_ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ.get("CAA_PACKAGES") or _ROOT / "build" / "packages")
# This tree's, and the one that build/packages has for upgrades.
VERSION, NEXT = (subprocess.run([_ROOT / "packaging" / "version", *option], capture_output=True, text=True,
                                check=True).stdout.strip() for option in ((), ("--next",)))
AGENT, CLOUD = "calico-azure-agent.service", "calico-azure-agent-cloud.socket"
CLUSTER, NODE = "10.244.0.0/16", "10.244.1.0/24"
DROP_INS = "/usr/share/calico-azure-agent/drop-ins"


def package(pattern):
    """The one file of the build's that fits."""
    found = sorted(PACKAGES.glob(pattern))
    assert len(found) == 1, f"{pattern} in {PACKAGES}: {found}; packaging/build-packages makes them"
    return found[0]


def make_loop_devices(host):
    """For systemd-sysext, which attaches an image; the kernel takes back what is attached when the machine ends."""
    host.shell("mknod /dev/loop-control c 10 237; for each in $(seq 0 63); do mknod /dev/loop$each b 7 $each; done")


class MachineCase(unittest.TestCase):
    """`lab` is Azure's side, `host` the machine in its VM's namespace."""

    release = "bookworm"
    read_only = ()
    # Where the network is set up by the lab, and the machine's own services leave it alone.
    config = {"imds": {"poll_interval": "10s", "read_timeout": "1s"},
              "pods": {"cluster_cidrs": [CLUSTER], "node_cidrs": [NODE]}}

    def setUp(self):
        self.lab = self.enter(Lab())
        self.host = self.enter(Host(self.lab.vm, self.lab.folder / "host", self.release, self.read_only))
        self.addCleanup(self.takes_every_file_without_a_word)

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def takes_every_file_without_a_word(self):
        """"/usr/lib/systemd/system/calico-azure-agent.service:7: Unknown key …", and what sysusers, tmpfiles, sysctl,
        modules-load and networkd say of theirs."""
        said = [each["MESSAGE"] for each in self.host.journal()
                if re.search(r"/\S*calico-azure-agent\S*\.(service|socket|conf)\S*:\d+: ", str(each.get("MESSAGE")))]
        self.assertEqual(said, [])

    # The package and its service

    def install(self, version=VERSION):
        file = self.host.bring(package(f"calico-azure-agent_{version}_*.deb"))
        return self.host.x("dpkg", "--force-confold", "--install", file)

    def configure(self, **sections):
        self.host.write("/etc/calico-azure-agent/config.toml", toml({**self.config, **sections}))

    def install_ready(self):
        self.install()
        self.configure()
        self.host.x("systemctl", "restart", AGENT)

    def drop_in(self, name, unit=AGENT, text=None):
        """One of the package's, or text, in its place."""
        text = text or self.host.x("cat", f"{DROP_INS}/{name}.conf")
        self.host.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
        self.host.x("systemctl", "daemon-reload")

    def pid(self):
        return int(self.host.show(AGENT, "MainPID"))

    def process(self, pid):
        """/proc/PID/status of the machine's process."""
        return dict(re.findall(r"(?m)^(\w+):\s*(.*)$", self.host.x("cat", f"/proc/{pid}/status")))

    def await_active(self, unit=AGENT, timeout=30):
        self.host.await_shown(unit, timeout, ActiveState="active")

    def await_other_pid(self, before):
        """The service runs again, and is ready."""
        eventually(lambda: self.pid() not in (0, before), "another process", timeout=30, pause=0.02)
        self.await_active()

    # What is in the kernel

    def routes(self):
        return self.lab.routes()

    def wanted(self, cluster=CLUSTER):
        nic = self.lab.nic
        return sorted([f"{cluster} via {nic.gateway} dev {nic.name} proto 169 src {nic.address} metric 1024",
                       f"blackhole {NODE} proto 169 metric 1000000"])
