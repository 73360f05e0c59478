"""Process 1 of a node: the node's processes are nobody else's, and those that are started here stand for programs that
the lab does not have. Run as a program in the node, it starts what it reads, a line each, and says the number."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys

_CLONE_NEWPID = 0x20000000
_libc = ctypes.CDLL(None, use_errno=True)


class Processes:
    """`namespace`: a lab's, in whose process namespace they are, if it has one of its own; else they get one here.
    Whatever is in it dies with this process and with stop()."""

    def __init__(self, namespace):
        self._entrance = None
        words = [sys.executable, __file__]
        if _process_namespace(namespace) == os.readlink("/proc/self/ns/pid"):
            words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *words]
        self._first = subprocess.Popen(namespace.command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self._first.stdout.readline()  # it runs
        if words[0] == "unshare":
            first = self._first.pid
            children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
            self._entrance = os.open(f"/proc/{children.split()[0]}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def stop(self):
        self._first.kill()
        self._first.communicate()
        if self._entrance is not None:
            os.close(self._entrance)

    @property
    def are_ours(self):
        """A process that is to be among them has to be started in `entered()`, and needs a /proc that shows them."""
        return self._entrance is not None

    @contextlib.contextmanager
    def entered(self):
        """What this thread starts meanwhile is one of them. It cannot start threads then."""
        if self._entrance is None:
            yield
            return
        with open("/proc/self/ns/pid", "rb") as here:
            _setns(self._entrance)
            try:
                yield
            finally:
                _setns(here.fileno())

    def start(self, program, words, environment):
        """A process that is called as `program`, a path in the node, is; returns when it is there."""
        self._first.stdin.write(json.dumps([program, words, environment]) + "\n")
        self._first.stdin.flush()
        self._first.stdout.readline()


def _process_namespace(namespace):
    return namespace.run("readlink", "/proc/self/ns/pid").stdout.strip()


def _setns(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWPID) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


def _be_the_first():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whose parent has gone is nobody's to wait for
    print(os.getpid(), flush=True)
    for line in sys.stdin:
        program, words, environment = json.loads(line)
        started = subprocess.Popen(words, executable=program, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(started.pid, flush=True)


if __name__ == "__main__":
    _be_the_first()
