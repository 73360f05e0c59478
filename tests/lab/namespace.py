"""A network namespace of our own, and what one does in it without a process per question."""

import contextlib
import itertools
import os
import pathlib
import re
import socket
import subprocess

from .first_process import CLONE_NEWNET, FirstProcess, setns
from .patience import PATIENCE


# Those that are not 0.
_IPV4_DEFAULTS = {"accept_redirects": 1, "arp_evict_nocarrier": 1, "igmpv2_unsolicited_report_interval": 10000,
                  "igmpv3_unsolicited_report_interval": 1000, "secure_redirects": 1, "send_redirects": 1,
                  "shared_media": 1}
# Those that decide over addresses and routes.
_IPV6_DEFAULTS = {"accept_ra": 1, "accept_ra_defrtr": 1, "accept_ra_pinfo": 1, "addr_gen_mode": 0, "autoconf": 1,
                  "disable_ipv6": 0, "forwarding": 0, "keep_addr_on_down": 0, "use_tempaddr": 0}


def environment():
    """A node's, whatever service, pod, proxy or language the tests are run in. Sanitizers and coverage have their word."""
    kept = {key: value for key, value in os.environ.items()
            if key.endswith("SAN_OPTIONS") or key.startswith(("GCOV_", "LD_", "LLVM_"))}
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **kept}


def plain(line):
    """A line of ip(8) with single spaces, and our protocol as a number whether or not this machine names it."""
    return " ".join(line.split()).replace("proto azure-agent", "proto 169")


class CommandFailed(AssertionError):
    """A command that a test relies on failed; says which and how."""


class Namespace:
    """A handle on one that exists. `lasting`: the programs started in it outlive the process that starts them."""

    def __init__(self, name, lasting=False):
        self.name = name
        self.files = None
        self._first_process = None
        # A program that outlives the one that reads what it says must not hold that one's pipe open.
        self._output = subprocess.DEVNULL if lasting else None
        self._guard = ["setsid"] if lasting else ["setpriv", "--pdeathsig", "KILL"]
        self._path = f"/run/netns/{name}"

    @classmethod
    def make(cls, name, lasting=False):
        subprocess.run(["ip", "netns", "add", name], check=True)
        made = cls(name, lasting)
        made.forget_the_machine()
        made.ip("link set lo up")
        return made

    def become_a_machine(self, host_name, files):
        """From now on what runs in here has these files (a Filesystem), and sees no process but those of here."""
        self.files = files
        self._first_process = FirstProcess(self.name, host_name, files, self._guard, self._output)

    @property
    def line(self):
        """What people write before a command to run it in here."""
        return self._first_process.line() if self._first_process else f"ip netns exec {self.name}"

    def remove(self):
        if self._first_process:
            self._first_process.end()
        subprocess.run(["ip", "netns", "del", self.name], check=False, stderr=subprocess.DEVNULL)

    def start(self, *words, **options):
        """Starts a program in here. The process is its own; unless lasting, it dies with the thread that starts it,
        however that ends."""
        options = {"stdin": subprocess.DEVNULL, "stdout": self._output, "stderr": self._output, "env": environment(),
                   **options}
        with self._children():
            return subprocess.Popen(self._words(words, options.pop("cwd", "/")), **options)

    def run(self, *words, **options):
        """Runs a program in here to its end."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60,
                   "env": environment(), **options}
        with self._children():
            return subprocess.run(self._words(words, options.pop("cwd", "/")), check=False, **options)

    def number_of(self, process):
        """What a process that was started in here is called in here."""
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^NSpid:.*\t(\d+)$", status, re.MULTILINE)[1])

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
        words = [program] if self._first_process else [program, "-netns", self.name]
        with self._children():
            done = subprocess.run([*self._enter(), *words, *options, "-batch", "-"], input="\n".join(lines) + "\n",
                                  capture_output=True, text=True, check=False, timeout=60, env=environment())
        if done.returncode != 0:
            raise CommandFailed(f"{self.name}: {program} {'; '.join(lines)}: {done.stderr.strip()}")
        return done.stdout

    def _words(self, words, folder):
        enter = self._enter() or ["ip", "netns", "exec", self.name]
        return [*self._guard, *enter, "env", f"--chdir={folder}", *map(str, words)]

    def _enter(self):
        return self._first_process.words() if self._first_process else []

    def _children(self):
        return self._first_process.children() if self._first_process else contextlib.nullcontext()

    def forget_the_machine(self):
        """A new namespace has the sysctls of the machine's links (net.core.devconf_inherit_init_net); from now on it
        has those that the kernel starts with (net/ipv4/devinet.c, net/ipv6/addrconf.c)."""
        with self.entered():
            for scope in ("all", "default", "lo"):
                for file in pathlib.Path("/proc/sys/net/ipv4/conf", scope).iterdir():
                    _set(file, 1 if file.name == "accept_source_route" and scope != "all" else
                         _IPV4_DEFAULTS.get(file.name, 0))
            for scope, (name, value) in itertools.product(("all", "default"), _IPV6_DEFAULTS.items()):
                _set(pathlib.Path("/proc/sys/net/ipv6/conf", scope, name), value)

    def _shown(self, line):
        printed = "".join(self.ip(line, options=[family]) for family in ("-4", "-6"))
        return sorted(map(plain, printed.splitlines()))

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace; what it opens there (sockets, /proc/sys/net) stays there."""
        with open("/proc/thread-self/ns/net", "rb") as here, open(self._path, "rb") as there:
            setns(there.fileno(), CLONE_NEWNET)
            try:
                yield
            finally:
                setns(here.fileno(), CLONE_NEWNET)

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


def _set(sysctl, value):
    """Where it has another one, and can be set."""
    if sysctl.exists() and sysctl.read_text(encoding="ascii").strip() != str(value) and sysctl.stat().st_mode & 0o200:
        sysctl.write_text(f"{value}\n", encoding="ascii")
