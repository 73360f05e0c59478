"""systemd-networkd, the machine's own, as a VM's network service: leases, router advertisements, and its habit of
removing routes that are not its own."""

import signal
import subprocess

_PROGRAM = "/lib/systemd/systemd-networkd"

# Its unit's RestartKillSignal: it ends and leaves the network as it is.
_STOP_TO_RESTART = signal.SIGUSR2

# In mounts of its own, which `ip netns exec` has made. udev's word on a link comes by a file, for no udevd watches this
# namespace; and a link that udev has told of is configured once all routes are known, as on a VM. Without it networkd
# begins before it knows of any route that it could remove.
_START = """set -e
mount -t tmpfs none /etc/systemd
cp -r "$1/etc/." /etc/systemd
mount --bind "$1/run" /run
for link in /sys/class/net/eth*; do echo I:1 >"/run/udev/data/n$(cat "$link/ifindex")"; done
exec env SYSTEMD_LOG_LEVEL=warning "$2" """

_LINKS = """[Match]
Name=eth*
[Network]
DHCP=yes
"""
# VMs have one /etc/machine-id here, from which the identity would be made otherwise.
_IDENTITY = """[DHCPv6]
DUIDType=link-layer
"""


class Networkd:
    """One for the links eth* of a namespace. The folder, which must not be there, keeps its state."""

    def __init__(self, namespace, folder):
        self._namespace = namespace
        self._folder = folder
        self._state = folder / "run" / "systemd" / "netif"
        self._process = None
        (folder / "etc" / "network").mkdir(parents=True)
        (folder / "etc" / "networkd.conf").write_text(_IDENTITY, encoding="ascii")
        (folder / "etc" / "network" / "azure.network").write_text(_LINKS, encoding="ascii")
        for part in ("leases", "links", "lldp"):
            (self._state / part).mkdir(parents=True)
        (folder / "run" / "udev" / "data").mkdir(parents=True)
        subprocess.run(["chown", "-R", "systemd-network:", self._state], check=True)

    def start(self):
        self._process = subprocess.Popen(self._namespace.command("sh", "-c", _START, "sh", self._folder, _PROGRAM),
                                         stdin=subprocess.DEVNULL, stderr=self._namespace.complaints)

    def restart(self):
        """What `systemctl restart systemd-networkd` does."""
        self._end(_STOP_TO_RESTART)
        self.start()

    def stop(self):
        if self._process:
            self._end(signal.SIGKILL)
            self._process = None

    def _end(self, number):
        self._process.send_signal(number)
        self._process.wait()
