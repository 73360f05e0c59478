#!/usr/bin/env python3
"""Has a tree as its root directory, with mounts that are nobody else's, until standard input ends. Runs on a VM of a
lab's; what to be comes as JSON:

    enter_tree.py '{"name": CGROUP, "lower": TREE, "upper": …, "work": …, "root": …, "bound": {"/run/x": SOURCE}}'"""

import ctypes
import json
import os
import pathlib
import sys

_BIND, _RECURSIVE, _PRIVATE, _DETACH = 0x1000, 0x4000, 0x40000, 0x2  # mount(2), umount2(2)
_NEW_CGROUPS = 0x02000000  # unshare(2)
_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    if getattr(_libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}{arguments}: {os.strerror(error)}")


def _mount(source, target, kind=None, flags=0, options=None):
    source, target, kind, options = (None if each is None else str(each).encode()
                                     for each in (source, target, kind, options))
    _call("mount", source, target, kind, ctypes.c_ulong(flags), options)


class Cgroup:
    """One of its own in the hierarchy of version 2, whatever the machine's version is; what runs in the tree takes it
    for the top."""

    def __init__(self, place, name):
        self._name = name
        _mount("cgroup2", place, "cgroup2")
        self._top = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        os.mkdir(name, dir_fd=self._top)
        self._move_to(f"{name}/cgroup.procs")
        _call("unshare", _NEW_CGROUPS)
        _call("umount2", str(place).encode(), _DETACH)
        _mount("cgroup2", place, "cgroup2")

    def _move_to(self, file):
        with open(os.open(file, os.O_WRONLY, dir_fd=self._top), "w", encoding="ascii") as processes:
            processes.write("0")

    def remove(self):
        """With those that were made in it, once nothing runs there."""
        self._move_to("cgroup.procs")
        for _, folders, _, parent in os.fwalk(self._name, topdown=False, dir_fd=self._top):
            for each in folders:
                os.rmdir(each, dir_fd=parent)
        os.rmdir(self._name, dir_fd=self._top)


def become(what):
    root = pathlib.Path(what["root"])
    _mount(None, "/", flags=_RECURSIVE | _PRIVATE)
    _mount("overlay", root, "overlay", options="lowerdir={lower},upperdir={upper},workdir={work}".format(**what))
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "var/tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    _mount("proc", root / "proc", "proc")
    _mount("sysfs", root / "sys", "sysfs")
    cgroup = Cgroup(root / "sys/fs/cgroup", what["name"])
    _mount("/dev", root / "dev", flags=_BIND | _RECURSIVE)
    _mount("tmpfs", root / "run", "tmpfs")
    for target, source in what["bound"].items():
        place = root / target.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        _mount(source, place, flags=_BIND | _RECURSIVE)
    os.chdir(root)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", _DETACH)
    os.chdir("/")
    return cgroup


if __name__ == "__main__":
    own = become(json.loads(sys.argv[1]))
    print("up", flush=True)
    sys.stdin.read()
    own.remove()
