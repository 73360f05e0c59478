"""A node as whatever runs in it sees it: network, files, processes and host name, all of them its own."""

import os
import re
import shutil
import subprocess
import time

from lab.namespace import Namespace

# Beside what the lab's nodes have of their own. Not every machine has each, so a read-only overlay makes the places.
_OWN = ("/usr/lib/NetworkManager", "/usr/lib/sysctl.d", "/usr/lib/systemd/network", "/usr/lib/systemd/networkd.conf.d",
        "/etc/cloud", "/etc/kubernetes", "/etc/netplan", "/var/lib/calico-azure-agent", "/var/lib/kubelet")
_ABOVE = "/usr/lib"

_LONG_AGO = time.time() - 9 * 86400

_ENTER = """set -e
hostname "$1"; shift
if [ "$1" = processes ]; then mount -t proc proc /proc; fi; shift
mount -t overlay overlay -o "ro,lowerdir=$1{above}:{above}" {above}
for folder in {own}; do mount --bind "$1$folder" "$folder"; done; shift
exec "$@"
""".format(above=_ABOVE, own=" ".join(_OWN))


def filled(file, words):
    """The text of a file, with a value for each `$WORD` that has one."""
    return re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda word: str(words.get(word[1], word[0])),
                  file.read_text(encoding="utf-8"))


class Machine(Namespace):
    """`namespace`: one of the lab's with files of its own."""

    def __init__(self, namespace, host_name, processes):
        super().__init__(namespace.name, files=namespace.files)
        self.host_name = host_name
        self.processes = processes
        for folder in _OWN:
            self.files.path_of(folder).mkdir(parents=True, exist_ok=True)
        for path in self.files.path_of("/").rglob("*.conf"):  # the agent's package was there before the boot
            os.utime(path, (_LONG_AGO, _LONG_AGO))

    def command(self, *words):
        marker = "processes" if self.processes.are_ours else "none"
        root = os.fspath(self.files.path_of("/")).rstrip("/")
        return super().command("unshare", "--uts", "sh", "-c", _ENTER, "sh", self.host_name, marker, root, *words)

    def start(self, *words, **options):
        """A process of the node's, by subprocess.Popen."""
        with self.processes.entered():
            return subprocess.Popen(self.command(*words), **options)

    def run(self, *words, input=None, timeout=60, **options):  # pylint: disable=redefined-builtin
        options.pop("stdin", None)
        options = {"stdin": subprocess.DEVNULL if input is None else subprocess.PIPE, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "text": True, **options}
        with self.start(*words, **options) as process:
            try:
                printed, complaints = process.communicate(input, timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(words, process.returncode, printed, complaints)

    def lay(self, tree, **words):
        """All files of a tree, at their places, as if they had been there for long; `$WORD` in them is replaced. One
        whose name ends in .symlink holds where it leads; one that ends in .secret is root's alone."""
        for source in sorted(path for path in tree.rglob("*") if path.is_file()):
            place = "/" + str(source.relative_to(tree))
            text = filled(source, words)
            if place.endswith(".symlink"):
                self.files.link(place.removesuffix(".symlink"), text.strip())
            else:
                path = place.removesuffix(".secret")
                self.files.write(path, text, mode=0o644 if path == place else 0o600)
                os.utime(self.files.path_of(path), (_LONG_AGO, _LONG_AGO))

    def give(self, path, user):
        """The folder is this user's from now on."""
        folder = self.files.path_of(path)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, user, user)
        return folder


