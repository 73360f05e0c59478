"""systemd-networkd, the machine's own, as a VM's network service: leases, router advertisements, and its habit of
removing routes that are not its own."""

import json
import signal
import subprocess
import time

_PROGRAM = "/lib/systemd/systemd-networkd"

# Its unit's RestartKillSignal: it ends and leaves the network as it is.
_STOP_TO_RESTART = signal.SIGUSR2

# udev's word on a link comes by a file, for no udevd watches this namespace; and a link that udev has told of is
# configured once all routes are known, as on a VM. Without it networkd begins before it knows of any route that it
# could remove.
_START = """set -e
for link in /sys/class/net/eth*; do echo I:1 >"/run/udev/data/n$(cat "$link/ifindex")"; done
exec env SYSTEMD_LOG_LEVEL=warning "$0" """

_LINKS = """[Match]
Name=eth*
[Network]
DHCP=yes
"""
# By the link's address in it the DHCPv6 server knows the NIC.
_IDENTITY = """[DHCPv6]
DUIDType=link-layer
"""


class Networkd:
    """One for the links eth* of a namespace with files of its own, where it keeps its state. Nobody has told it to
    leave the routes of others alone."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._process = None
        self.started = 0.0  # seconds since the epoch
        files = namespace.files
        files.remove("/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf")
        files.write("/etc/systemd/networkd.conf", _IDENTITY)
        files.write("/etc/systemd/network/azure.network", _LINKS)
        state = files.path_of("/run/systemd/netif")
        for part in ("leases", "links", "lldp"):
            (state / part).mkdir(parents=True)
        files.path_of("/run/udev/data").mkdir(parents=True)
        subprocess.run(["chown", "-R", "systemd-network:", state], check=True)

    def start(self):
        self.started = time.time()
        self._process = self._namespace.start("sh", "-c", _START, _PROGRAM)

    def restart(self):
        """What `systemctl restart systemd-networkd` does."""
        self._end(_STOP_TO_RESTART)
        self.start()

    def has_configured(self, link):
        """Since it was started."""
        index = json.loads(self._namespace.ip(f"link show {link}", options=["-json"]))[0]["ifindex"]
        state = self._namespace.files.path_of(f"/run/systemd/netif/links/{index}")
        return (state.exists() and state.stat().st_mtime > self.started
                and "ADMIN_STATE=configured\n" in state.read_text(encoding="ascii"))

    def stop(self):
        if self._process:
            self._end(signal.SIGKILL)
            self._process = None

    def _end(self, number):
        self._process.send_signal(number)
        self._process.wait()
