"""What a VM has on disk of its own: of the places where machines are set up, whatever runs in it sees what the lab has
written, and nothing of the machine that the lab runs on."""

import os
import pathlib
import sys

_ROOT = pathlib.Path(__file__).resolve().parents[2]

_LIBRARIES = ("/usr/lib", "/usr/local/lib")
_SET_UP = ("NetworkManager", "sysctl.d", "systemd/network", "systemd/networkd.conf.d")
OWN = ("/etc", "/opt/cni", "/run", "/var", *(f"{each}/{part}" for each in _LIBRARIES for part in _SET_UP))
OWN_FILES = tuple(f"{each}/systemd/networkd.conf" for each in _LIBRARIES)

# Of the machine's /etc: what programs need to run at all, and what says nothing of how the machine is set up.
BORROWED = ("alternatives", "ca-certificates", "crypto-policies", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
            "nsswitch.conf", "passwd", "pki", "protocols", "services", "ssl")
_NAMESPACES = "/run/netns"  # the machine's also in here, for CNI plug-ins

# What every node has, and nothing is in.
_EMPTY = ("/etc/cni/net.d", "/etc/kubernetes", "/etc/sysctl.d", "/etc/systemd/network", "/etc/systemd/system",
          "/opt/cni/bin", "/run/lock", "/var/lib", "/var/log", "/var/tmp")

# What the agent's package installs, beside the program.
_PACKAGE = {
    "/etc/iproute2/rt_protos.d/calico-azure-agent.conf": "packaging/rt_protos.d/calico-azure-agent.conf",
    "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf": "systemd/networkd.conf.d/10-calico-azure-agent.conf",
    "/usr/lib/sysctl.d/60-calico-azure-agent.conf": "systemd/60-calico-azure-agent.conf"}


class Filesystem:
    """A node's with the agent's package, in a folder, which must not be there. `needed`: folders of the machine's that
    programs in the VM have to find wherever they are."""

    def __init__(self, folder, needed=()):
        self._folder = folder
        self._needed = {_ROOT, *map(pathlib.Path, (*needed, sys.prefix, sys.base_prefix))}
        for path in (*OWN, *_EMPTY, _NAMESPACES):
            self.path_of(path).mkdir(parents=True, exist_ok=True)
        self.path_of("/var/run").symlink_to("/run")
        self.path_of("/var/tmp").chmod(0o1777)
        for path in OWN_FILES:
            self.path_of(path).touch()
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")  # where nobody listens: /etc/hosts has all names
        self.write("/etc/machine-id", f"{os.urandom(16).hex()}\n")
        for path, source in _PACKAGE.items():
            self.write(path, (_ROOT / source).read_text(encoding="utf-8"))

    def path_of(self, path):
        """Where the machine has a file of the VM's."""
        return self._folder / str(path).lstrip("/")

    def write(self, path, text, mode=0o644):
        """At once, as those write who want to be read: nobody sees half of it."""
        self._place(path)
        unfinished = self._folder / "unfinished"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(mode)
        unfinished.rename(self.path_of(path))

    def link(self, path, target):
        """A symbolic link to one of the machine's programs."""
        self._place(path)
        self.path_of(path).symlink_to(target)

    def read(self, path):
        return self.path_of(path).read_text(encoding="utf-8")

    def remove(self, path):
        self.path_of(path).unlink()

    def table(self):
        """What to mount, and in this order, for the VM's first process: a file as fstab(5)."""
        file = self._folder / "fstab"
        file.write_text("".join(f"{line}\n" for line in self._mounts()), encoding="utf-8")
        return file

    def _place(self, path):
        if not any(pathlib.Path(path).is_relative_to(own) for own in OWN):
            raise ValueError(f"{path}: there a VM sees what the machine has")
        self.path_of(path).parent.mkdir(parents=True, exist_ok=True)

    def _mounts(self):
        yield f"{_NAMESPACES} {self._word(_NAMESPACES)} none rbind"
        for path in (pathlib.Path("/etc", name) for name in BORROWED):
            if path.is_dir():
                self.path_of(path).mkdir(exist_ok=True)
            elif path.exists():
                self.path_of(path).touch()
            else:
                continue
            yield f"{path} {self._word(path)} none rbind"
        for path in self._needed:
            if any(path.is_relative_to(own) for own in OWN):
                self.path_of(path).mkdir(parents=True, exist_ok=True)
                yield f"{_word(path)} {self._word(path)} none rbind"
        for above in sorted(_places_to_make()):
            yield f"overlay {above} overlay ro,lowerdir={self._word(above)}:{above}"
        for path in (*OWN, *filter(os.path.exists, OWN_FILES)):
            yield f"{self._word(path)} {path} none rbind"

    def _word(self, path):
        return _word(self.path_of(path))


def _places_to_make():
    """A mount needs a place, and not every machine has each. A read-only overlay of what is above makes it."""
    places = set()
    for path in map(pathlib.Path, OWN):
        if not path.is_dir():
            above = next(each for each in path.parents if each.is_dir())
            if not any(above.is_relative_to(place) for place in places):
                places = {place for place in places if not place.is_relative_to(above)} | {above}
    return places


def _word(path):
    """As fstab(5) has it."""
    return os.fspath(path).replace(" ", r"\040")
