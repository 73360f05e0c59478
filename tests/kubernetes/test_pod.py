#!/usr/bin/env python3
"""The pod of the manifests, from the image's files, on the VM of a lab: with the mounts, the one capability and the
account that they give it, and no more."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from kustomize import KUBERNETES, PACKAGING, ROOT, documents, find, render  # noqa: E402
from lab import Lab, agent_binary, eventually  # noqa: E402
from lab.cloud import NODE_TOKEN, Cloud, node  # noqa: E402
from pod import Container, assemble_image  # noqa: E402

CLUSTER, NODE = "10.244.0.0/16", "10.244.1.0/24"
# Of the lab, not of a cluster: where the manifests would be overlaid with the cluster's own configuration.
_SETTINGS = {"CALICO_AZURE_AGENT_PODS_CLUSTER_CIDRS": CLUSTER, "CALICO_AZURE_AGENT_AZURE_VERIFY": "off"}
_CALICO_NODE = ROOT / "tests" / "data" / "kubernetes" / "calico" / "v3.0-policy-only.yaml"


# 200 for whoever asks, as an agent says it that is ready.
_SQUATTER = """
import socket
listener = socket.create_server(("127.0.0.1", 16925))
print("listens", flush=True)
while True:
    client, _ = listener.accept()
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n")
    client.recv(1)
"""


def setUpModule():
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    PodCase.image = pathlib.Path(folder.name, "image")
    assemble_image(PACKAGING / "assemble-image-root", agent_binary(), PodCase.image)


class PodCase(unittest.TestCase):
    image = None

    def setUp(self):
        self.lab = self.enter(Lab())
        self.host = self.lab.agent()  # its folders, and its questions over HTTP
        self.base = render(KUBERNETES / "base")

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def agent(self, account=None, **environment):
        config = find(self.base, "ConfigMap")
        folder = self.lab.folder / "config"
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(config["data"]["config.toml"], encoding="utf-8")
        pod = find(self.base, "DaemonSet")["spec"]["template"]["spec"]
        container, = pod["containers"]
        container["env"] += [{"name": name, "value": value} for name, value in {**_SETTINGS, **environment}.items()]
        return self.made(Container(self.lab.vm, self.image, pod, container, "node-0", account=account,
                                   configs={config["metadata"]["name"]: folder},
                                   folders={"/run/calico-azure-agent": self.host.runtime,
                                            "/var/lib/calico-azure-agent": self.host.state}))

    def wait_container(self, component, root):
        daemonset, = render(KUBERNETES / component, documents(_CALICO_NODE.read_text(encoding="utf-8")))
        pod = daemonset["spec"]["template"]["spec"]
        return self.made(Container(self.lab.vm, root, pod, pod["initContainers"][0], "node-0",
                                   folders={"/run/calico-azure-agent": self.host.runtime}))

    def made(self, container):
        self.containers.append(container)
        self.addCleanup(container.close)
        return container

    def run(self, result=None):
        faults = _faults(result)
        self.containers = []
        super().run(result)
        if _faults(result) > faults:
            for each in self.containers:
                print(f"\n-- a container's log in {self.id()}:", *each.log.lines(), sep="\n   ", file=sys.stderr)


def _faults(result):
    return 0 if result is None else len(result.failures) + len(result.errors)


class Image(unittest.TestCase):
    def test_it_trusts_who_debian_trusts_and_says_where_its_files_are_from(self):
        def has(path):
            return (PodCase.image / path).stat().st_size > 0

        self.assertTrue(has("etc/ssl/certs/ca-certificates.crt"))
        self.assertEqual((PodCase.image / "usr/lib/ssl/cert.pem").readlink(),
                         pathlib.Path("/etc/ssl/certs/ca-certificates.crt"))
        for package in ("libc6", "libssl3", "ca-certificates"):
            self.assertTrue(has(f"var/lib/dpkg/status.d/{package}"))
        self.assertTrue(has("usr/share/doc/calico-azure-agent/copyright"))

    def test_there_is_nothing_to_run_but_the_agent(self):
        self.assertEqual([path.name for path in (PodCase.image / "usr" / "bin").iterdir()], ["calico-azure-agent"])
        self.assertEqual([path.name for path in PodCase.image.iterdir() if path.name in ("bin", "sbin")], [])


class Pod(PodCase):
    def test_it_makes_its_node_ready_with_the_rights_that_it_has(self):
        agent = self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.host.await_ready()
        self.assertEqual([route.split()[0:2] for route in self.lab.routes()],
                         [[CLUSTER, "via"], ["blackhole", NODE]])
        status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text(encoding="ascii")
        self.assertRegex(status, r"CapBnd:\s0000000000001000\n")  # CAP_NET_ADMIN is number 12
        self.assertRegex(status, r"NoNewPrivs:\s1\n")
        # What outlives the pod is on the host.
        self.assertTrue(self.host.ready_file.exists())
        eventually((self.host.state / "imds.json").exists, "the document that is kept")
        self.assertEqual(agent.stop(), 0)
        self.assertFalse(self.host.ready_file.exists())
        self.assertEqual(len(self.lab.routes()), 2, "routes stay")

    def test_it_sees_the_nodes_own_files(self):
        files = self.lab.vm.files
        files.write("/etc/cni/net.d/10-calico.conflist", json.dumps(
            {"cniVersion": "0.3.1", "name": "k8s-pod-network",
             "plugins": [{"type": "calico", "ipam": {"type": "host-local", "subnet": "usePodCidr"}}]}))
        files.write("/etc/sysctl.d/99-off.conf", "net.ipv4.ip_forward = 0\n")
        self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.host.await_ready()
        self.assertIn("10-calico.conflist", self.host.await_check("cni.winner", "pass", timeout=20)["message"])
        self.assertIn("99-off.conf", self.host.await_check("sysctl.persistence", "fail")["message"])

    def test_its_memory_is_far_below_the_limit_with_a_doctor_beside_it(self):
        agent = self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.host.await_ready()
        eventually(lambda: len(agent.processes()) == 2, "the cloud program runs beside the daemon")
        limit = int(re.fullmatch(r"(\d+)Mi", agent.manifest["resources"]["limits"]["memory"])[1])
        peak = sum(peak_memory(process) for process in agent.processes())
        self.assertLess(2 * peak, limit / 2)  # doctor is as much again for a moment

    def test_doctor_can_be_execd(self):
        agent = self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.host.await_ready()
        done = agent.run("/usr/bin/calico-azure-agent", "doctor", "--npd")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_enforcing_sysctls_fails_in_words(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        agent = self.agent(CALICO_AZURE_AGENT_SYSCTLS_ACTION="enforce").start()
        agent.log.wait_for(lambda line: "sysctls.action is enforce" in line, "why it cannot")
        self.assertFalse(self.host.is_ready())


class Metrics(PodCase):
    def test_with_their_component_they_are_served_on_the_nodes_address_alone(self):
        self.base = render(KUBERNETES / "metrics", self.base)
        self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.host.await_ready()
        told = self.lab.fabric.run("curl", "-sS", "http://10.240.0.4:16926/metrics")
        self.assertIn("\ncalico_azure_agent_ready 1\n", told.stdout, told.stderr)
        self.assertEqual(self.lab.fabric.run("curl", "-sS", "http://10.240.0.4:16925/metrics").returncode, 7)


class Account(PodCase):
    def test_the_role_grants_what_is_asked_and_nothing_else(self):
        before = self.agent().start()
        self.host.await_ready()
        before.stop()
        self.lab.simulator.stop()  # the cloud's takes its port; the document that was kept serves
        cloud = Cloud(self.lab.fabric, self.lab.folder)
        self.addCleanup(cloud.stop)
        cloud.nodes({"node-0": node("node-0", [NODE])})
        account = self.lab.folder / "account"
        account.mkdir()
        (account / "token").write_text(NODE_TOKEN, encoding="ascii")
        (account / "ca.crt").write_bytes(cloud.certificate.read_bytes())
        self.agent(account, KUBERNETES_SERVICE_HOST="203.0.113.10", KUBERNETES_SERVICE_PORT="443").start()
        self.host.await_ready()
        self.host.await_check("kubernetes.node_cidr", "pass", timeout=20)

        def asked():
            return {verb_and_resource(request) for request in cloud.cloud_requests()["recent"]}

        eventually(lambda: ("watch", "nodes") in asked(), "it watches its node")
        rule, = find(self.base, "ClusterRole")["rules"]
        self.assertEqual(asked(), {(verb, resource) for verb in rule["verbs"] for resource in rule["resources"]})


class Waiting(PodCase):
    def test_calico_node_waits_for_a_node_that_can_route_and_says_for_what(self):
        wait = self.wait_container("wait-component", self.image).start()
        wait.log.wait_for(lambda line: "waiting for the agent" in line, "that the agent is not there")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        wait.log.wait_for(lambda line: "sysctl.ip_forward" in line, "the gate that holds")
        self.assertIsNone(wait.process.poll())
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.assertEqual(wait.process.wait(20), 0)

    def test_it_finds_an_agent_that_listens_elsewhere(self):
        self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE, CALICO_AZURE_AGENT_HTTP_LISTEN="127.0.0.1:18000").start()
        wait = self.wait_container("wait-component", self.image).start()
        self.assertEqual(wait.process.wait(20), 0)

    def test_it_does_not_believe_another_user_of_the_node(self):
        squatter = self.lab.vm.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c",
                                     _SQUATTER, stdout=subprocess.PIPE)
        self.addCleanup(squatter.stdout.close)
        self.addCleanup(squatter.wait)
        self.addCleanup(squatter.kill)
        squatter.stdout.readline()
        wait = self.wait_container("wait-component", self.image).start()
        wait.log.wait_for(lambda line: "held by user 65534" in line, "who listens there")
        self.assertIsNone(wait.process.poll())

    def test_busyboxs_shell_waits_as_well(self):
        # busybox stands for the Alpine image of calico/node v3.0.
        root = self.lab.folder / "alpine"
        for name in ("bin", "dev", "proc", "sys"):
            (root / name).mkdir(parents=True)
        box = self.lab.vm.shell("command -v busybox").stdout.strip()
        assemble_busybox(box, root)
        wait = self.wait_container("wait-component-v3.0", root).start()
        wait.log.wait_for(lambda line: "no /run/calico-azure-agent/ready yet" in line, "what it waits for")
        self.assertIsNone(wait.process.poll())
        self.agent(CALICO_AZURE_AGENT_PODS_NODE_CIDRS=NODE).start()
        self.assertEqual(wait.process.wait(20), 0)


def peak_memory(process):
    """The most that was ever resident, in MiB."""
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def verb_and_resource(request):
    """What RBAC calls a request (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go)."""
    path, _, query = request["target"].partition("?")
    match = re.fullmatch(r"/api/v1/(\w+)(/[^/]+)?", path)
    assert request["method"] == "GET" and match, request
    return "watch" if "watch=true" in query else "get" if match[2] else "list", match[1]


def assemble_busybox(program, root):
    printed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout  # Debian's is static
    for library in re.findall(r"(/\S+) \(0x", printed):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    shutil.copy(program, root / "bin" / "busybox")
    for name in ("sh", "sleep"):
        (root / "bin" / name).symlink_to("busybox")


if __name__ == "__main__":
    unittest.main()
