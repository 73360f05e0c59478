#!/usr/bin/env python3
"""The DaemonSet's pod, from the image that packaging/build-image makes, by podman and crun on a lab's VM: what a real
engine makes of its rights is enough for a ready node."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS / "kubernetes")]

from engine import Engine  # noqa: E402
from kustomize import KUBERNETES, PACKAGING, find, render  # noqa: E402
from lab import Lab, eventually  # noqa: E402
from lab.agent import build_folder  # noqa: E402

CLUSTER, NODE = "10.244.0.0/16", "10.244.1.0/24"
_CONTAINER = "calico-azure-agent-pod-calico-azure-agent"
_OWN = ("/run/calico-azure-agent", "/var/lib/calico-azure-agent")


def objects(image):
    """The base's, as podman takes them: it has no node whose name it could fill in, runs probes in the container, where
    there is no curl, and here has no cgroup to limit. Of the cluster's own, its pod subnets."""
    base = render(KUBERNETES / "base")
    daemonset = find(base, "DaemonSet")
    container, = daemonset["spec"]["template"]["spec"]["containers"]
    for each in ("livenessProbe", "readinessProbe", "resources"):
        del container[each]
    container["env"] = [{"name": name, "value": value} for name, value in {
        "NODE_NAME": "node-0", "CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS": CLUSTER,
        "CALICO_AZURE_AGENT_PODS_NODE_CIDRS": NODE, "CALICO_AZURE_AGENT_AZURE_VERIFY": "off"}.items()]
    assert image.endswith(f"/{container['image']}"), image
    container["image"] = image  # with the registry that podman has put before it
    return [find(base, "ConfigMap"), daemonset]


class Image(unittest.TestCase):
    """The image is built and loaded once, into one VM's engine."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab().__enter__()
        cls.addClassCleanup(cls.lab.close)
        cls.host = cls.lab.agent()  # its folders, and its questions over HTTP
        volumes = find(render(KUBERNETES / "base"), "DaemonSet")["spec"]["template"]["spec"]["volumes"]
        bound = {path: path for path in (each["hostPath"]["path"] for each in volumes if "hostPath" in each)}
        bound.update(zip(_OWN, map(str, (cls.host.runtime, cls.host.state))))
        for path in bound:
            cls.lab.vm.run("mkdir", "-p", path)
        engine = Engine(cls.lab.vm, cls.lab.folder / "engine", bound)
        cls.engine = engine.__enter__()
        cls.addClassCleanup(engine.__exit__, None, None, None)
        archive = cls.engine.exchange / "agent.tar"
        subprocess.run([PACKAGING / "build-image", archive], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "AGENT_BUILD": str(build_folder())})
        loaded = cls.engine.podman("load", "--quiet", "--input", archive)
        cls.image = loaded.removeprefix("Loaded image: ").strip()

    def setUp(self):
        self.objects = objects(self.image)

    def play(self):
        manifest = self.engine.exchange / "pod.yaml"
        manifest.write_text(yaml.safe_dump_all(self.objects), encoding="utf-8")
        self.addCleanup(self.engine.podman, "pod", "rm", "--all", "--force", "--time", "0")
        self.engine.podman("kube", "play", manifest)

    def inspected(self, what):
        return self.engine.podman("inspect", "--format", f"{{{{{what}}}}}", _CONTAINER).strip()

    def of_process(self, file):
        """/proc/PID/… of the container's first process."""
        return self.lab.vm.run("cat", f"/proc/{self.inspected('.State.Pid')}/{file}").stdout

    def test_what_an_engine_makes_of_its_rights_is_enough_for_a_ready_node(self):
        self.play()
        self.host.await_ready()
        self.assertEqual([route.split()[0:2] for route in self.lab.routes()],
                         [[CLUSTER, "via"], ["blackhole", NODE]])
        self.assertEqual(self.host.check("imds.reachable")["status"], "pass")
        self.assertEqual(self.host.get("/livez").status, 200)

        status = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", self.of_process("status")))
        for each in ("CapEff", "CapPrm", "CapBnd"):
            self.assertEqual(int(status[each], 16), 1 << 12, each)  # CAP_NET_ADMIN is number 12
        # The engine's own profile, whatever the manifest says: podman has no seccompProfile.
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        mounts = {line.split()[4]: line.split()[5].split(",") for line in self.of_process("mountinfo").splitlines()}
        self.assertIn("ro", mounts["/"])
        self.assertEqual(sorted(path for path in mounts if path in _OWN and "rw" in mounts[path]), sorted(_OWN))
        self.assertIn("ro", mounts["/proc/sys"])

        doctor = self.engine.podman("exec", _CONTAINER, "/usr/bin/calico-azure-agent", "doctor", "--npd")
        self.assertEqual(doctor, "no check failed\n")

        self.engine.podman("stop", _CONTAINER)
        self.assertEqual(self.inspected(".State.ExitCode"), "0")
        self.assertFalse(self.host.ready_file.exists())
        self.assertEqual(len(self.lab.routes()), 2, "routes stay")

    def test_without_its_one_capability_it_says_what_it_lacks(self):
        container, = self.objects[1]["spec"]["template"]["spec"]["containers"]
        del container["securityContext"]["capabilities"]["add"]
        self.lab.vm.ip("route flush table all proto 169")
        self.play()
        eventually(lambda: "CAP_NET_ADMIN" in self.logs(), "what it lacks", timeout=30)

    def logs(self):
        done = self.engine.run("podman", "logs", _CONTAINER)
        return done.stdout + done.stderr


if __name__ == "__main__":
    unittest.main()
