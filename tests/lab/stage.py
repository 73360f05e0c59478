"""What labs are built on: namespaces and a folder that nobody else uses, and that are gone afterwards."""

import atexit
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from .agent import build_folder
from .filesystem import Filesystem
from .namespace import Namespace

KEPT = "caa-demo"  # the one that the demo leaves standing

_NAME = re.compile(r"(caa-(\d+)-\d+)(-.+)?")
_NAMESPACES = pathlib.Path("/run/netns")
_numbers = itertools.count()


class Stage:
    """A context manager; everything in it is gone when it closes, and on SIGINT, SIGTERM or an exception. What a killed
    one leaves is removed by the next.

    name: makes it one that can be left standing; see leave() and remove().
    """

    def __init__(self, name=None):
        self.name = name or f"caa-{os.getpid()}-{next(_numbers)}"
        self._lasting = name is not None
        self._open = contextlib.ExitStack()
        self.folder = folder_of(self.name)

    def build(self):
        """What the lab puts on the stage."""
        raise NotImplementedError

    def __enter__(self):
        _end_in_order_on_sigterm()
        remove_leftovers()
        os.umask(0o022)  # of a VM's files, for whom it matters that others can read them
        atexit.register(self.close)
        try:
            self.folder.mkdir(mode=0o700)
            self._open.callback(shutil.rmtree, self.folder)
            self.build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        atexit.unregister(self.close)
        self._open.close()

    def leave(self):
        """Everything stays as it is when the lab closes, for remove(name) to take away."""
        self._open.pop_all()

    def finally_do(self, deed, *arguments):
        self._open.callback(deed, *arguments)

    def namespace(self, part, own_files=False):
        """own_files: what runs in it sees files and processes of its own, and what the lab has in its folder."""
        namespace = Namespace.make(f"{self.name}-{part}", self._lasting)
        self.finally_do(namespace.remove)
        if own_files:
            namespace.become_a_machine(part, Filesystem(self.folder / f"{part}-files", [self.folder, build_folder()]))
        return namespace


def folder_of(name):
    return pathlib.Path(tempfile.gettempdir(), name)


def namespaces_of(name):
    return sorted(path.name for path in _NAMESPACES.glob(f"{name}-*"))


def remove_leftovers():
    """Labs whose process does not exist any more. Their programs died with it."""
    places = [*_NAMESPACES.glob("caa-*"), *pathlib.Path(tempfile.gettempdir()).glob("caa-*")]
    found = (_NAME.fullmatch(place.name) for place in places)
    for name, process in {match[1]: match[2] for match in found if match}.items():
        if not pathlib.Path("/proc", process).exists():
            remove(name)


def exists(name):
    return bool(namespaces_of(name))


def remove(name):
    """Takes away a lab by its name: the programs in its namespaces, these, and its folder."""
    for namespace in namespaces_of(name):
        listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
        for process in map(int, listed.stdout.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", namespace], check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(folder_of(name), ignore_errors=True)


def _end_in_order_on_sigterm():
    """SIGTERM unwinds like SIGINT does, so that context managers close."""

    def end(number, _frame):
        raise SystemExit(128 + number)

    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)
