"""A VM's first process. The VM's mounts, processes and host name are there as long as it is, and end with it."""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET, _CLONE_NEWPID = 0x40000000, 0x20000000  # setns(2), unshare(2)
_libc = ctypes.CDLL(None, use_errno=True)

# Mounts of `ip netns exec` are nobody else's. A first process has to reap those that lost their parents: the kernel does
# where it does not want to hear of them. /proc is mounted by itself, for `mount --all` thinks that it is there.
_BECOME = """set -e
cd /
mount --no-mtab --all --fstab "$1"
mount -t proc proc /proc
hostname "$2"
echo up
trap '' CHLD
exec sleep infinity >&-
"""


def setns(descriptor, kind):
    # os.setns exists from Python 3.12 on.
    if _libc.setns(descriptor, kind) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


class FirstProcess:
    """Up when it is made. `guard`: words that run others; `complaints`: where it writes what goes wrong."""

    def __init__(self, namespace, host_name, files, guard, complaints):
        words = [*guard, "ip", "netns", "exec", namespace, "unshare", "--uts", "sh", "-c", _BECOME, "sh", files.table(),
                 host_name]
        with _children(lambda: _libc.unshare(_CLONE_NEWPID)):
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints)
        with self._process.stdout as said:
            if said.readline() != b"up\n":
                self.end()
                raise OSError(f"{namespace} does not come up")
        self._processes = os.open(f"/proc/{self._process.pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def words(self):
        """Run others where the VM's links and files are; the process becomes theirs. For a child of children()."""
        return [*self._enter(), "--"]

    def line(self):
        """For people who want to run something in the VM."""
        return " ".join([*self._enter(), "--pid"])

    def _enter(self):
        return ["nsenter", f"--target={self._process.pid}", "--net", "--mount", "--uts", "--root", "--wd"]

    @contextlib.contextmanager
    def children(self):
        """What this thread starts meanwhile is a process of the VM. It cannot start threads."""
        with _children(lambda: setns(self._processes, _CLONE_NEWPID)):
            yield

    def end(self):
        """And all of the VM's processes with it."""
        self._process.kill()
        # It is there until those have been waited for that are children of ours.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)


@contextlib.contextmanager
def _children(leave):
    """Between leaving this process's own namespace of processes for a thread's children, and coming back."""
    with open("/proc/self/ns/pid", "rb") as own:
        leave()
        try:
            yield
        finally:
            setns(own.fileno(), _CLONE_NEWPID)
