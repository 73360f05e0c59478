"""A namespace of the lab's that has files of its own, as a whole machine: with processes and a host name of its own too,
and with all the files that a node is set up with."""

import contextlib
import ctypes
import os
import subprocess

from lab.namespace import CommandFailed, Namespace

_CLONE_NEWPID = 0x20000000  # setns(2), unshare(2)
_libc = ctypes.CDLL(None, use_errno=True)

# Beside what the lab's nodes have of their own. Not every machine has each, so a read-only overlay makes the places.
_OWN = ("/usr/lib/NetworkManager", "/usr/lib/sysctl.d", "/usr/lib/systemd/network", "/usr/lib/systemd/networkd.conf.d",
        "/etc/cloud", "/etc/kubernetes", "/etc/netplan", "/var/lib/calico-azure-agent", "/var/lib/kubelet")

# A first process has to reap those that lost their parents: the kernel does where it does not want to hear of them.
_BECOME = """set -e
mount -t proc proc /proc
mount -t overlay overlay -o "ro,lowerdir=$1/usr/lib:/usr/lib" /usr/lib
for folder in {own}; do mount --bind "$1$folder" "$folder"; done
echo up
trap '' CHLD
exec sleep infinity
""".format(own=" ".join(_OWN))


class Vm(Namespace):
    """Of a namespace that has files of its own; its mounts, processes and host name end with end()."""

    def __init__(self, namespace):
        super().__init__(namespace.name, files=namespace.files)
        for folder in _OWN:
            self.files.path_of(folder).mkdir(parents=True, exist_ok=True)
        root = os.fspath(self.files.path_of("/")).rstrip("/")
        words = super().command("unshare", "--uts", "sh", "-c", _BECOME, "sh", root)
        with _children(lambda: _libc.unshare(_CLONE_NEWPID)):
            self._first = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with self._first.stdout as said:
            if said.readline() != b"up\n":
                raise OSError(f"{self.name} does not come up")
        self._processes = os.open(f"/proc/{self._first.pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def end(self):
        self._first.kill()
        os.close(self._processes)
        # It is there until those have been waited for that are children of ours.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._first.wait(timeout=1)

    def command(self, *words):
        """Its process is the machine's where a child of _inside() runs it."""
        return [*self._guard, "nsenter", f"--target={self._first.pid}", "--net", "--mount", "--uts", "--",
                *map(str, words)]

    def start(self, *words, **options):
        with self._inside():
            return subprocess.Popen(self.command(*words), **{"stdin": subprocess.DEVNULL, **options})

    def run(self, *words, **options):
        with self._inside():
            return super().run(*words, **options)

    def _batch(self, program, lines, options=()):
        done = self.run(program, *options, "-batch", "-", input="\n".join(lines) + "\n", stdin=None)
        if done.returncode != 0:
            raise CommandFailed(f"{self.name}: {program} {'; '.join(lines)}: {done.stderr.strip()}")
        return done.stdout

    def _inside(self):
        return _children(lambda: _setns(self._processes))


@contextlib.contextmanager
def _children(leave):
    """Between leaving this process's own namespace of processes for a thread's children, and coming back. The thread
    cannot start threads meanwhile."""
    with open("/proc/self/ns/pid", "rb") as own:
        leave()
        try:
            yield
        finally:
            _setns(own.fileno())


def _setns(descriptor):
    # os.setns exists from Python 3.12 on.
    if _libc.setns(descriptor, _CLONE_NEWPID) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")
