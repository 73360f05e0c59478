#!/usr/bin/env python3
"""A release's tree that has not booted, with a layer to throw away over it: what scripts and tools do to a root folder.
Its network namespace is its own, and lasts for a command."""

import pathlib
import shutil
import subprocess
import tempfile

from host import tree

# The command after it, by a process that has bound the name that each running agent binds (agent/daemon/instance_lock.cpp).
BESIDE_AN_AGENT = ("python3", "-c", """
import os, socket, sys
name = socket.socket(socket.AF_UNIX)
name.bind(b"\\0calico-azure-agent")
name.listen()
name.set_inheritable(True)
os.execvp(sys.argv[1], sys.argv[1:])
""")

_PATH = "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


class Root:
    """A context manager. `x` runs a command in the root; what it leaves there stays for the next one."""

    def __init__(self, release="bookworm"):
        self._release = release
        self._temporary = None
        self.folder = None

    def __enter__(self):
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._temporary.name)
        for part in ("upper", "work", "mounted"):
            (self.folder / part).mkdir()
        return self

    def __exit__(self, *_):
        self._temporary.cleanup()

    @property
    def upper(self):
        """What was written since: the layer."""
        return self.folder / "upper"

    def run(self, *words, user="root", environment=(), **options):
        layers = f"lowerdir={tree(self._release)},upperdir={self.upper},workdir={self.folder}/work"
        mounted = self.folder / "mounted"
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run(
            ["unshare", "--mount", "--net", "sh", "-ec",
             'mount -t overlay overlay -o "$1" "$2"; mount -t proc proc "$2/proc"; mount -t sysfs -o ro sysfs "$2/sys"; '
             'mount -t cgroup2 -o ro cgroup2 "$2/sys/fs/cgroup"; shift 2; '  # systemd-analyze wants one
             'exec chroot "$@"', "-", layers, mounted, f"--userspec={user}", mounted,
             "/usr/bin/env", "-i", _PATH, *environment, *map(str, words)],
            **{"check": False, **options})

    def x(self, *words, **options):
        """A command that must succeed; what it prints."""
        return self.run(*words, **{"check": True, **options}).stdout

    def write(self, path, text, mode=0o644):
        file = self.upper / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def bring(self, file):
        """Copies a file into the root; its path there."""
        (self.upper / "root").mkdir(exist_ok=True)
        shutil.copy(file, self.upper / "root")
        return f"/root/{pathlib.Path(file).name}"
