"""What a VM has on disk of its own: for whatever runs in it these folders are the VM's and not the machine's."""

import os
import pathlib

_ROOT = pathlib.Path(__file__).resolve().parents[2]

_OWN = ("/etc/NetworkManager", "/etc/cni", "/etc/iproute2/rt_protos.d", "/etc/sysctl.d", "/etc/systemd", "/opt/cni",
        "/run", "/usr/lib/sysctl.d", "/var/lib/calico", "/var/lib/cni")
# Not every machine has each of these, and a mount needs a place: read-only overlays of what is above make one.
_ABOVE = ("/etc", "/opt", "/var/lib")
_NAMESPACES = "/run/netns"  # the machine's also in here, for CNI plug-ins

# What the agent's package installs, beside the program.
_PACKAGE = {
    "/etc/iproute2/rt_protos.d/calico-azure-agent.conf": "packaging/rt_protos.d/calico-azure-agent.conf",
    "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf": "systemd/networkd.conf.d/10-calico-azure-agent.conf",
    "/usr/lib/sysctl.d/60-calico-azure-agent.conf": "systemd/60-calico-azure-agent.conf"}


class Filesystem:
    """A node's with the agent's package, in a folder, which must not be there."""

    def __init__(self, folder):
        self._folder = folder
        self._table = folder / "fstab"
        for path in (*_OWN, _NAMESPACES):
            self.path_of(path).mkdir(parents=True, exist_ok=True)
        for path, source in _PACKAGE.items():
            self.write(path, (_ROOT / source).read_text(encoding="utf-8"))
        self._table.write_text("\n".join(self._mounts()) + "\n", encoding="utf-8")

    def path_of(self, path):
        """Where the machine has a file of the VM's."""
        return self._folder / str(path).lstrip("/")

    def write(self, path, text, mode=0o644):
        """At once, as those write who want to be read: nobody sees half of it."""
        unfinished = self._folder / "unfinished"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(mode)
        self.path_of(path).parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(self.path_of(path))

    def link(self, path, target):
        """A symbolic link to one of the machine's programs."""
        self.path_of(path).parent.mkdir(parents=True, exist_ok=True)
        self.path_of(path).symlink_to(target)

    def read(self, path):
        return self.path_of(path).read_text(encoding="utf-8")

    def remove(self, path):
        self.path_of(path).unlink()

    def command(self, words):
        """Words that run those given where these files are. For `ip netns exec`, whose mounts are nobody else's; the
        process becomes the program's."""
        return ["sh", "-c", 'mount --no-mtab --all --fstab "$0" && exec "$@"', self._table, *words]

    def _mounts(self):
        for above in _ABOVE:
            yield f"overlay {above} overlay ro,lowerdir={self._word(above)}:{above}"
        yield f"{_NAMESPACES} {self._word(_NAMESPACES)} none rbind"
        for path in _OWN:
            yield f"{self._word(path)} {path} none rbind"

    def _word(self, path):
        return os.fspath(self.path_of(path)).replace(" ", r"\040")
