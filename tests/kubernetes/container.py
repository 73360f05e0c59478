#!/usr/bin/env python3
"""Becomes a container's process, as far as its manifest decides: root file system, mounts, capabilities, user,
environment. Runs on a VM of a lab's, with mounts that are nobody else's; what to be comes as JSON:

    container.py '{"root": …, "mounts": [{"source", "target", "read_only"}], "user": 0, "group": 0,
                   "capabilities": ["NET_ADMIN"], "read_only_root": true, "environment": {…}, "command": […]}'

What a runtime does besides is missing: cgroups, seccomp's default profile, paths masked in /proc. A real one is in
tests/system/test_image.py."""

import ctypes
import json
import os
import pathlib
import sys

_BIND, _REMOUNT, _READ_ONLY, _RECURSIVE, _PRIVATE = 0x1000, 0x20, 0x1, 0x4000, 0x40000  # mount(2)
_NO_NEW_PRIVILEGES, _DROP_FROM_BOUNDING_SET = 38, 24  # prctl(2)
_CAPABILITIES = {"NET_BIND_SERVICE": 10, "NET_ADMIN": 12, "NET_RAW": 13, "SYS_ADMIN": 21}  # capabilities(7)
_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    if getattr(_libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}{arguments}: {os.strerror(error)}")


def _mount(source, target, flags):
    _call("mount", *(str(path).encode() if path else None for path in (source, target)), None,
          ctypes.c_ulong(flags), None)


def _bind(source, target, read_only):
    _mount(source, target, _BIND | _RECURSIVE)
    if read_only:
        _mount(None, target, _BIND | _REMOUNT | _READ_ONLY)


def _place(root, source, target):
    """Where in the root a mount goes, made where the image does not have it. Links in the image are relative."""
    place = pathlib.Path(root, target.lstrip("/"))
    if pathlib.Path(source).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return place


def become(container):
    root = container["root"]
    _mount(None, "/", _RECURSIVE | _PRIVATE)
    _bind(root, root, read_only=False)
    for each in container["mounts"]:
        _place(root, each["source"], each["target"])
    devices = [f"/dev/{name}" for name in ("null", "zero", "random", "urandom")]
    for device in devices:
        _place(root, device, device)
    if container["read_only_root"]:
        _mount(None, root, _BIND | _REMOUNT | _READ_ONLY)
    for each in container["mounts"]:
        _bind(each["source"], _place(root, each["source"], each["target"]), each["read_only"])
    for device in devices:
        _bind(device, f"{root}{device}", read_only=False)
    for name in ("proc", "sys"):
        _bind(f"/{name}", f"{root}/{name}", read_only=False)
    # A container that is not privileged has these read-only.
    _bind("/proc/sys", f"{root}/proc/sys", read_only=True)
    _mount(None, f"{root}/sys", _BIND | _REMOUNT | _READ_ONLY)
    kept = {_CAPABILITIES[name] for name in container["capabilities"]}
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="utf-8"))

    os.chroot(root)
    os.chdir("/")
    for capability in set(range(last + 1)) - kept:
        _call("prctl", _DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(container["group"])
    os.setuid(container["user"])
    os.execve(container["command"][0], container["command"], container["environment"])


if __name__ == "__main__":
    become(json.loads(sys.argv[1]))
