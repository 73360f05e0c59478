"""A network namespace with a NIC, for one contestant."""
import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
MAC = "00:0d:3a:f8:06:ec"


class Space:
    """Made new and taken away again, with everything that was started in it."""
    _count = 0

    def __init__(self):
        Space._count += 1
        self.name = f"caa-bench-{os.getpid()}-{Space._count}"
        self._folder = tempfile.TemporaryDirectory(prefix="caa-bench-", dir="/dev/shm")  # tmpfs, as /run is
        self.folder = Path(self._folder.name)
        self._started = []
        _run("ip", "netns", "add", self.name)
        self._handle = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        self._own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        for line in ("ip link set lo up",
                     f"ip link add eth0 address {MAC} type veth peer name fabric",
                     "ip link set fabric up", "ip link set eth0 up",
                     "ip address add 10.240.0.4/24 dev eth0", "ip address add fd01::4/64 dev eth0 nodad",
                     "ip address add 169.254.169.254/32 dev lo",
                     "ip route add default via 10.240.0.1 dev eth0",
                     "ip -6 route add default via fd01::1 dev eth0",
                     "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.eth0.accept_ra=2 net.ipv6.conf.all.forwarding=1"):
            self.run(*line.split())
        return self

    def __exit__(self, *_):
        for process in reversed(self._started):
            _end(process)
            if process.stdout:
                process.stdout.close()
        os.close(self._handle)
        os.close(self._own)
        _run("ip", "netns", "delete", self.name)
        self._folder.cleanup()

    @contextlib.contextmanager
    def _inside(self):
        """This thread: a child that had to enter by itself would be a copy of Python first, which takes milliseconds."""
        _enter(self._handle)
        try:
            yield
        finally:
            _enter(self._own)

    def run(self, *command, **options):
        """Runs to its end, which must be good; standard output as text."""
        with self._inside():
            done = subprocess.run([str(each) for each in command], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))[:200]}: {done.returncode}: {done.stderr[-500:]}")
        return done.stdout

    def start(self, *command, **options):
        """Runs until the end of the namespace."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        with self._inside():
            process = subprocess.Popen([str(each) for each in command], start_new_session=True, **options)
        self._started.append(process)
        return process

    def start_and_hear(self, *command, word):
        """Starts what says a word on its standard output when it is there."""
        process = self.start(*command, stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if word not in line:
            raise RuntimeError(f"{command[0]}: said '{line.strip()}', not '{word}'")
        return process


def _enter(namespace):
    if _LIBC.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _end(process):
    """With its children: a master's workers outlive it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _run(*command):
    subprocess.run(command, check=True)
