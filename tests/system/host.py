#!/usr/bin/env python3
"""A machine with systemd as its first process, in a network namespace of the lab: a Debian tree, an overlay on it, and
systemd-nspawn that boots it."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import eventually  # noqa: E402

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_MIRROR = "http://deb.debian.org/debian"
# What tests ask a machine with; ca-certificates bring OpenSSL, which the package depends on: the machine has no way to a
# mirror.
_BOOTED = "systemd-sysv,dbus,init-system-helpers,iproute2,iputils-ping,procps,python3-minimal,rpm,ca-certificates"
# Debian 11 is too old for the programs: it boots nowhere here, and has what its systemd verifies units with.
# What runs an image is unpacked alone, for nothing of it is a machine's. A browser brings no service, but configured fonts.
_PACKAGES = {"bullseye": "systemd,procps", "bookworm": _BOOTED, "trixie": _BOOTED,
             "podman": "podman,crun,catatonit",
             "chromium": "chromium-headless-shell,fonts-dejavu-core"}
# A suite's compiler and libraries: tests/run libraries.
_COMPILING = {"trixie-compiler": "trixie", "sid-compiler": "sid"}

# The version of systemd that each has.
RELEASES = {"bullseye": 247, "bookworm": 252, "trixie": 257}


def tree(release):
    """The folder of a release's tree, `podman`'s, `chromium`'s or a compiler's, made once from its list of packages; whoever comes
    meanwhile waits."""
    suite, variant, packages = _made_of(release)
    trees = _ROOT / "build" / "trees"
    trees.mkdir(parents=True, exist_ok=True)
    folder = trees / release
    made_of = trees / f"{release}.packages"
    with open(trees / f"{release}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists() or not made_of.exists() or made_of.read_text("ascii") != packages:
            unfinished = trees / f"{release}.unfinished"
            # What it mounts goes with it if it is killed: nobody is to remove files through a tree's /proc and /sys.
            command = ["unshare", "--mount", "--propagation=private",
                       "mmdebstrap", "--quiet", f"--variant={variant}", "--skip=check/qemu", f"--include={packages}",
                       suite, unfinished, f"deb {_MIRROR} {suite} main"]
            for last in (False, False, True):  # a mirror may be between two states
                shutil.rmtree(unfinished, ignore_errors=True)
                if subprocess.run(command, check=last).returncode == 0:
                    break
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
            made_of.write_text(packages, "ascii")
    return folder


def _made_of(release):
    """Suite, mmdebstrap's variant, packages."""
    if release == "podman":
        return "trixie", "extract", _PACKAGES[release]
    if release == "chromium":
        return "bookworm", "minbase", _PACKAGES[release]
    if release not in _COMPILING:
        return release, "minbase", _PACKAGES[release]
    listed = subprocess.run([_ROOT / "packaging" / "install-build-dependencies", "--print", "build"], check=True,
                            capture_output=True, text=True).stdout
    return _COMPILING[release], "minbase", ",".join(listed.split())


def _cgroups(name):
    """One of its own in every hierarchy that systemd or nspawn moves processes in: containers that are started from the
    same one would share what nspawn makes below it."""
    top = pathlib.Path("/sys/fs/cgroup")
    if (top / "cgroup.procs").exists():
        return [top / name]
    return [top / part / name for part in ("systemd", "unified", "pids", "memory") if (top / part).is_dir()]


class Host:
    """A context manager. `namespace` is the lab's; `x` runs a command in the machine, of whose folders some may be
    read-only."""

    def __init__(self, namespace, folder, release="bookworm", read_only=()):
        self.name = namespace.name
        self._folder = pathlib.Path(folder)
        self._release = release
        self._read_only = read_only
        self._process = None
        self._leader = None

    def __enter__(self):
        for part in ("upper", "work", "mounted"):
            (self._folder / part).mkdir(parents=True)
        self.write("/etc/machine-id", "")
        self.write("/etc/hostname", f"{self.name}\n")
        try:
            self._boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self._process:
            if self._leader and self._process.poll() is None:
                os.kill(self._leader, signal.SIGRTMIN + 3)  # halt, systemd(1)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(20)
            self._process.kill()
            self._process.wait()
        for group in _cgroups(self.name):
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)

    @property
    def root(self):
        """The machine's files: those that it boots with, or as it sees them."""
        return pathlib.Path("/proc", str(self._leader), "root") if self._leader else self._folder / "upper"

    def _boot(self):
        groups = _cgroups(self.name)
        for group in groups:
            group.mkdir(exist_ok=True)

        def move_into_them():
            for group in groups:
                (group / "cgroup.procs").write_text("0", encoding="ascii")

        layers = f"lowerdir={tree(self._release)},upperdir={self._folder}/upper,workdir={self._folder}/work"
        machine = [
            "systemd-nspawn", "--quiet", f"--directory={self._folder}/mounted", f"--machine={self.name}", "--boot",
            "--register=no", "--keep-unit", f"--network-namespace-path=/run/netns/{self.name}",
            # BPF: without it IPAddressDeny= would be a word.
            "--capability=CAP_NET_ADMIN,CAP_BPF", "--system-call-filter=bpf", "--resolv-conf=off", "--timezone=off",
            "--link-journal=no", "--console=read-only", *(f"--bind-ro=+{each}:{each}" for each in self._read_only)]
        # The mount is in a namespace of its own, and the machine dies with who made it: nothing is left of either.
        with open(self._folder / "console", "wb") as console:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c",
                 'mount -t overlay overlay -o "$1" "$2" && shift 2 && exec "$@"', "-", layers,
                 self._folder / "mounted", *machine],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=move_into_them,
                env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",  # /proc/sys/net, as on a machine
                     "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        children = pathlib.Path("/proc", str(self._process.pid), "task", str(self._process.pid), "children")
        try:
            self._leader = eventually(lambda: self._booting(children), "the machine's first process", timeout=20)
            eventually(self._is_up, "a system that is up", timeout=60)
        except AssertionError as late:
            console = (self._folder / "console").read_text("utf-8", "replace")
            raise AssertionError(f"{late}\n{console[-4000:]}") from None

    @staticmethod
    def _booting(children):
        """The first process of the container, once it is systemd."""
        for each in children.read_text("ascii").split():
            with contextlib.suppress(OSError):
                if pathlib.Path("/proc", each, "comm").read_text("ascii").strip() == "systemd":
                    return int(each)
        return None

    def _is_up(self):
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    # What one does in it

    def run(self, *words, **options):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 120, **options}
        return subprocess.run(["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--",
                               *map(str, words)], check=False, **options)

    def x(self, *words, **options):
        """Runs a command that must succeed; what it prints."""
        done = self.run(*words, **options)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def shell(self, line, **options):
        return self.x("sh", "-c", line, **options)

    def write(self, path, text, mode=0o644):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def bring(self, file):
        """Copies a file into the machine; its path there."""
        shutil.copy(file, self.root / "root")
        return f"/root/{pathlib.Path(file).name}"

    def show(self, unit, *properties):
        """systemctl show: a property's value, or several as a list."""
        lines = self.x("systemctl", "show", unit, *(f"--property={each}" for each in properties)).splitlines()
        values = dict(line.partition("=")[::2] for line in lines)
        found = [values.get(each, "") for each in properties]
        return found[0] if len(found) == 1 else found

    def journal(self, *words):
        """Entries as objects, oldest first."""
        printed = self.x("journalctl", "--boot", "--no-pager", "--output=json", *words)
        return [json.loads(line) for line in printed.splitlines()]

    def await_shown(self, unit, timeout=30, **wanted):
        """Until systemctl shows these values: await_shown(UNIT, ActiveState="active")."""
        deadline = time.monotonic() + timeout
        while True:
            shown = self.show(unit, *wanted)
            shown = shown if isinstance(shown, list) else [shown]
            if shown == list(wanted.values()):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{unit}: {dict(zip(wanted, shown))}, not {wanted}\n"
                                     + self.x("journalctl", "--boot", "--no-pager", "-n", "40"))
            time.sleep(0.02)


if __name__ == "__main__":
    # Ahead of the tests: host.py bullseye bookworm trixie podman
    for each in sys.argv[1:]:
        tree(each)
