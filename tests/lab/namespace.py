"""A network namespace of our own, and what one does in it without a process per question."""

import contextlib
import ctypes
import os
import pathlib
import re
import socket
import subprocess

from .patience import PATIENCE

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(descriptor):
    # os.setns exists from Python 3.12 on.
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


def plain(line):
    """A line of ip(8) with single spaces, and our protocol as a number whether or not this machine names it."""
    return " ".join(line.split()).replace("proto azure-agent", "proto 169")


class CommandFailed(AssertionError):
    """A command that a test relies on failed; says which and how."""



class Namespace:
    """A handle on one that exists. `lasting`: the programs started in it outlive the process that starts them. `files`:
    a Filesystem, for whatever is run in it."""

    def __init__(self, name, lasting=False, files=None):
        self.name = name
        self.files = files
        # A program that outlives the one that reads its complaints must not hold that one's pipe open.
        self.complaints = subprocess.DEVNULL if lasting else None
        self._guard = ["setsid"] if lasting else ["setpriv", "--pdeathsig", "KILL"]
        self._path = f"/run/netns/{name}"

    @classmethod
    def make(cls, name, lasting=False, files=None):
        subprocess.run(["ip", "netns", "add", name], check=True)
        made = cls(name, lasting, files)
        made.ip("link set lo up")
        return made

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False, stderr=subprocess.DEVNULL)

    def command(self, *words):
        """Words that run those given in here. The program takes the place of `ip`, so the process is its own; unless
        lasting, it dies with the thread that starts it, however that ends."""
        words = self.files.command(words) if self.files else words
        return [*self._guard, "ip", "netns", "exec", self.name, *map(str, words)]

    def run(self, *words, **options):
        """Runs a program in here to its end."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60, **options}
        return subprocess.run(self.command(*words), check=False, **options)

    def shell(self, line):
        """Runs a line of shell in here."""
        return self.run("sh", "-c", line)

    def ip(self, *lines, options=()):
        """Lines for ip(8), each without the leading `ip` and its options; returns what they print."""
        return self._batch("ip", lines, options)

    def bridge(self, *lines):
        """The same for bridge(8)."""
        return self._batch("bridge", lines)

    def routes(self, protocol=169):
        """Routes of a protocol (None: of all) in every table, as ip(8) prints them."""
        return [line for line in self._shown("route show table all")
                if protocol is None or f" proto {protocol} " in f"{line} "]

    def rules(self):
        """Rules that are not the kernel's own."""
        return [line for line in self._shown("rule show") if not re.match(r"(0|32766|32767):", line)]

    def _batch(self, program, lines, options=()):
        done = subprocess.run([program, "-netns", self.name, *options, "-batch", "-"],
                              input="\n".join(lines) + "\n", capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise CommandFailed(f"{self.name}: {program} {'; '.join(lines)}: {done.stderr.strip()}")
        return done.stdout

    def _shown(self, line):
        printed = "".join(self.ip(line, options=[family]) for family in ("-4", "-6"))
        return sorted(map(plain, printed.splitlines()))

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace; what it opens there (sockets, /proc/sys/net) stays there."""
        with open("/proc/thread-self/ns/net", "rb") as here, open(self._path, "rb") as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(here.fileno())

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        with self.entered():
            return socket.socket(family, kind)

    def connection(self, address, port, timeout=PATIENCE):
        """A TCP connection from within."""
        stream = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        stream.settimeout(timeout)
        try:
            stream.connect((address, port))
        except OSError:
            stream.close()
            raise
        return stream

    def sysctl(self, key, value=None):
        """Reads net.… in here, or writes it. Slashes may divide the key, where a link's name has a dot."""
        path = pathlib.Path("/proc/sys", *key.split("/" if "/" in key else "."))
        with self.entered():
            if value is not None:
                path.write_text(f"{value}\n", encoding="ascii")
            return path.read_text(encoding="ascii").strip()
