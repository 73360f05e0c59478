"""podman and crun, as Debian has them, on a lab's VM: in a tree of their own, with the VM's network and processes."""

import contextlib
import json
import pathlib
import shlex
import subprocess
import sys

from host import tree

_ENTER_TREE = pathlib.Path(__file__).with_name("enter_tree.py")
# What a package manager would have left, and what needs no service of the machine's.
_FILES = {
    "/etc/containers/containers.conf": """[containers]
pids_limit = 0
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
""",
    "/etc/containers/storage.conf": '[storage]\ndriver = "vfs"\nrunroot = "/run/storage"\ngraphroot = "/var/storage"\n',
    "/etc/containers/policy.json": '{"default": [{"type": "insecureAcceptAnything"}]}',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n",
    "/etc/hosts": "127.0.0.1 localhost\n", "/etc/resolv.conf": "", "/etc/machine-id": f"{0:032x}\n"}


class Engine:
    """A context manager. `bound`: {path of the node: folder that stands for it}."""

    def __init__(self, namespace, folder, bound):
        self._namespace = namespace
        self._folder = pathlib.Path(folder)
        self.exchange = self._folder / "exchange"  # at the same place inside and outside
        self._bound = {**bound, str(self.exchange): str(self.exchange)}
        self._process = None

    def __enter__(self):
        for part in ("upper", "work", "root", "exchange"):
            (self._folder / part).mkdir(parents=True)
        for path, text in _FILES.items():
            file = self._folder / "upper" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for name in ("bin", "lib", "lib64", "sbin"):  # base-files', which the tree has not
            (self._folder / "upper" / name).symlink_to(f"usr/{name}")
        what = {"name": self._namespace.name, "lower": str(tree("podman")), "bound": self._bound,
                **{part: str(self._folder / part) for part in ("upper", "work", "root")}}
        self._process = self._namespace.start("unshare", "--mount", sys.executable, _ENTER_TREE, json.dumps(what),
                                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None)
        if self._process.stdout.readline() != b"up\n":
            self.__exit__(None, None, None)
            raise OSError("the engine's tree does not come up")
        return self

    def __exit__(self, *_):
        """Whatever runs in it ends, and its cgroups with it."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.podman("rm", "--all", "--force", "--time", "0")
        self._process.stdin.close()
        self._process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()

    def run(self, *words, **options):
        options = {"timeout": 60, **options}
        return self._namespace.run("nsenter", f"--target={self._namespace.number_of(self._process)}", "--mount",
                                   "--cgroup", "--root", "--wd", "--", *words, **options)

    def podman(self, *words, **options):
        """What it prints; it must succeed."""
        done = self.run("podman", *words, **options)
        if done.returncode != 0:
            raise AssertionError(f"podman {shlex.join(map(str, words))}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout
