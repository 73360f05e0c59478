"""A manifest's container on the VM of a lab: what kubelet and runtime would make of it there."""

import contextlib
import json
import pathlib
import subprocess
import sys

from lab.transcript import Transcript

_CONTAINER = pathlib.Path(__file__).with_name("container.py")
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Container:
    """`folders`: {path of the host: folder that stands for it}; of other paths the VM has its own. `configs`:
    {ConfigMap's name: folder of its files}. `account`: the folder of the service account's token."""

    def __init__(self, namespace, image, pod, container, node_name, folders=None, configs=None, account=None,
                 host_ip="10.240.0.4"):
        self._namespace = namespace
        self._pod = pod
        self.manifest = container
        self._folders = folders or {}
        self._configs = configs or {}
        self.log = Transcript()
        self.process = None
        context = container["securityContext"]
        capabilities = context["capabilities"]
        assert capabilities["drop"] == ["ALL"] and not context["privileged"]
        assert pod["hostNetwork"], "the lab has no other network"
        self._what = {
            "root": str(image), "user": context["runAsUser"], "group": context.get("runAsGroup", 0),
            "capabilities": capabilities.get("add", []), "read_only_root": context["readOnlyRootFilesystem"],
            "mounts": [*self._mounts(), *([{"source": str(account), "target": _SERVICE_ACCOUNT, "read_only": True}]
                                          if account else [])],
            "environment": {"PATH": "/usr/bin:/bin", **self._environment(node_name, host_ip)}}

    def _environment(self, node_name, host_ip):
        """$(NAME) stands for a variable before it."""
        fields = {"spec.nodeName": node_name, "status.hostIP": host_ip}
        made = {}
        for each in self.manifest.get("env", []):
            value = each.get("value") or fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
            for name, known in made.items():
                value = value.replace(f"$({name})", known)
            made[each["name"]] = value
        return made

    def _mounts(self):
        volumes = {volume["name"]: volume for volume in self._pod.get("volumes", [])}
        for mount in self.manifest.get("volumeMounts", []):
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                source = self._configs[volume["configMap"]["name"]]
            else:
                source = self._folders.get(volume["hostPath"]["path"]) or self._on_host(**volume["hostPath"])
            yield {"source": str(source), "target": mount["mountPath"], "read_only": mount.get("readOnly", False)}

    def _on_host(self, path, type):
        """As the kubelet checks it, or makes it, on the VM."""
        make = {"DirectoryOrCreate": "mkdir -p", "Directory": "test -d", "File": "test -f"}[type]
        done = self._namespace.shell(f"{make} {path}")
        assert done.returncode == 0, f"hostPath {path}: {type}: {done.stderr}"
        return path

    def _words(self, command=()):
        """What runs a command in a container like this on the VM; without one, the container's own."""
        own = [*self.manifest["command"], *self.manifest.get("args", [])]
        what = {**self._what, "command": list(command) or own}
        return ["unshare", "--mount", sys.executable, _CONTAINER, json.dumps(what)]

    def run(self, *command):
        return self._namespace.run(*self._words(command))

    def start(self):
        self.process = self._namespace.start(*self._words(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.log.follow(self.process.stdout)
        return self

    def stop(self):
        """Within the pod's grace period; returns the exit code."""
        self.process.terminate()
        return self.process.wait(self._pod["terminationGracePeriodSeconds"])

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def processes(self):
        """The container's process and its children."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(FileNotFoundError):
            return [self.process.pid, *map(int, children.read_text(encoding="ascii").split())]
        return [self.process.pid]


def assemble_image(assemble, agent, folder):
    """The image's files from the programs of a build. Who builds it may have a umask that leaves others nothing."""
    subprocess.run([assemble, agent, agent.with_name(f"{agent.name}-cloud"), folder], check=True, umask=0o077,
                   stderr=subprocess.DEVNULL)
