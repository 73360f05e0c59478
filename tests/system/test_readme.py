#!/usr/bin/env python3
"""The README's commands to install, gate and remove, as they stand there."""

import ast
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kubernetes"))

from case import AGENT, CLUSTER, DROP_INS, VERSION, MachineCase, make_loop_devices, package  # noqa: E402
from helm import MAJORS  # noqa: E402
from kustomize import PACKAGING, ROOT, documents, find, render  # noqa: E402
from tools import tool  # noqa: E402

_README = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(section, language="sh"):
    """A section's blocks, without remarks and with root's rights, which the machine's shell has."""
    text = _README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"(?m)^sudo |\s+#.*$", "", lines) if language == "sh" else lines for lines in found]


class ReadmeCase(MachineCase):
    def setUp(self):
        super().setUp()
        self.host.write("/etc/calico-azure-agent/config.toml", blocks("Install on a node", "toml")[0])

    def commands(self, section, word=""):
        """Runs the section's block that has this word: three lines at most."""
        lines = next(each for each in blocks(section) if word in each).splitlines()
        self.assertLessEqual(len(lines), 3, section)
        return self.host.shell("set -e; cd /root\n" + "\n".join(lines))

    def await_ready(self):
        """Blocks that do not end by it: `calico-azure-agent wait`."""
        self.await_active()
        self.assertEqual(self.routes(), self.wanted()[:1])


class Readme(ReadmeCase):
    def test_installs_gates_and_removes(self):
        self.host.bring(package(f"calico-azure-agent_{VERSION}_*.deb"))
        self.host.write("/etc/apt/apt.conf.d/90-kept", 'Dpkg::Options { "--force-confold"; };\n')
        self.assertIn("ready", self.commands("Install on a node", "apt-get"))
        self.assertEqual(self.routes(), self.wanted()[:1])

        self.commands("Wire calico/node to it")
        for unit in ("kubelet.service", "calico-node.service"):
            self.host.write(f"/etc/systemd/system/{unit}", "[Service]\nExecStart=/bin/sleep infinity\n")
        self.host.x("systemctl", "daemon-reload")
        self.assertIn(AGENT, self.host.show("calico-node.service", "After").split())
        self.assertIn("systemctl start", self.host.show("kubelet.service", "ExecStartPre"))
        self.assertIn("wait", self.host.show("calico-node.service", "ExecStartPre"))

        self.commands("Remove")
        self.assertEqual(self.routes(), [])
        self.assertFalse((self.host.root / DROP_INS.lstrip("/")).exists())

    def test_installs_by_dnf(self):
        """Which is rpm here: no database of Debian's knows the libraries that dnf would ask for."""
        self.host.write("/usr/local/bin/dnf", '#!/bin/sh\nexec rpm --nodeps --dbpath /var/lib/rpm "--$@"\n', 0o755)
        self.host.bring(package(f"cpack/calico-azure-agent-{VERSION}-1.*.rpm"))
        self.assertIn("ready", self.commands("Install on a node", "dnf"))
        self.await_ready()


def filled_in(language, word):
    """The block for who sets up nodes or clusters that has this word."""
    text = next(each for each in blocks("Install on a node", language) if word in each)
    return text.replace("VERSION", VERSION).replace("REGISTRY", "registry.example")


def unpacked(package_name):
    """Python's modules of a package that is on no machine."""
    folder = subprocess.run([ROOT / "tests" / "support" / "unpacked", package_name], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.strip()
    return pathlib.Path(folder, "usr/lib/python3/dist-packages")


class ReadmeOfProvisioning(ReadmeCase):
    """Documents that other programs carry out: by their own schema, and as commands on a machine."""

    def setUp(self):
        super().setUp()
        # No way to a server: what is asked for is there.
        self.host.write("/usr/local/bin/curl", '#!/bin/sh\n[ "$1" = -fsSLo ] && cp "/root/${3##*/}" "$2"\n', 0o755)
        self.host.bring(package(f"calico-azure-agent_{VERSION}_*.deb"))
        self.host.x("rm", "/etc/calico-azure-agent/config.toml")

    def carry_out(self, files, commands):
        """As cloud-init does, which Cluster API has its bootstrap data done by."""
        for each in files:
            self.host.write(each["path"], each["content"])
        self.host.shell("\n".join(["set -e", *(each if isinstance(each, str) else shlex.join(each) for each in commands)]))
        self.await_ready()
        self.assertIn(CLUSTER, self.host.x("calico-azure-agent", "config", "show"))

    def test_cloud_init_installs_it(self):
        text = filled_in("yaml", "#cloud-config")
        self.assertTrue(text.startswith("#cloud-config\n"))
        document = yaml.safe_load(text)
        schema = json.loads((unpacked("cloud-init") / "cloudinit/config/schemas/schema-cloud-config-v1.json").read_text("utf-8"))
        jsonschema.validate(document, schema)
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({**document, "runcmd": "curl"}, schema)
        self.carry_out(document["write_files"], document["runcmd"])

    def test_cluster_api_installs_it(self):
        document = yaml.safe_load(filled_in("yaml", "preKubeadmCommands"))
        self.assertEqual({key: {type(each) for each in value} for key, value in document.items()},
                         {"files": {dict}, "preKubeadmCommands": {str}})
        self.carry_out(document["files"], document["preKubeadmCommands"])

    def test_ansible_installs_it(self):
        """Its modules by ansible-playbook, their arguments by their documentation; what they do is done by hand."""
        tasks = yaml.safe_load(filled_in("yaml", "ansible.builtin"))
        modules = unpacked("ansible-core")
        with tempfile.TemporaryDirectory() as folder:
            playbook = pathlib.Path(folder, "playbook.yaml")
            playbook.write_text(yaml.safe_dump([{"hosts": "all", "tasks": tasks}]), encoding="utf-8")
            # The distribution's Python, for the modules that it needs are installed for that one.
            done = subprocess.run(["/usr/bin/python3", modules.parents[2] / "bin/ansible-playbook", "--syntax-check",
                                   "--inventory", "localhost,", playbook], capture_output=True, text=True, check=False,
                                  env={"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": str(modules), "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr)
        commands, files = [], []
        for task in tasks:
            (name, arguments), = task.items()
            short = name.removeprefix("ansible.builtin.")
            tree = ast.parse((modules / "ansible/modules" / f"{short}.py").read_text("utf-8"))
            documented, = (yaml.safe_load(each.value.value) for each in tree.body if isinstance(each, ast.Assign)
                           and each.targets[0].id == "DOCUMENTATION")
            for key, value in arguments.items():
                self.assertIn(key, documented["options"], name)
                self.assertIn(value, documented["options"][key].get("choices", [value]), name)
            if short == "apt":  # downloads it; force-confdef and force-confold are its defaults
                commands += [f"curl -fsSLo /tmp/deb {arguments['deb']}", "dpkg --force-confdef --force-confold -i /tmp/deb"]
            elif short == "copy":
                files.append({"path": arguments["dest"], "content": arguments["content"]})
            else:
                self.assertEqual(arguments, {"name": "calico-azure-agent", "state": "restarted", "enabled": True})
                commands += ["systemctl enable calico-azure-agent", "systemctl restart calico-azure-agent"]
        self.host.shell("; ".join(["set -e", *commands[:2]]))
        self.carry_out(files, commands[2:])


class ReadmeOfKubernetes(unittest.TestCase):
    """By the real tools, short of a cluster: what they would send."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=ROOT / "build")  # Kustomize takes relative paths alone
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "config.toml").write_text(blocks("Install on a node", "toml")[0], encoding="utf-8")

    def assert_installs(self, objects):
        container, = find(objects, "DaemonSet")["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["image"], f"registry.example/calico-azure-agent:{VERSION}")
        self.assertIn(CLUSTER, find(objects, "ConfigMap")["data"]["config.toml"])

    def test_helm_installs_it(self):
        command = filled_in("sh", "helm install")
        subprocess.run(["tar", "-czf", self.folder / f"calico-azure-agent-{VERSION}.tgz", "-C", PACKAGING / "helm",
                        "calico-azure-agent"], check=True)
        for major in MAJORS:
            rendered = subprocess.run(["sh", "-c", command.replace("helm install", f"{tool(major)} template")],
                                      cwd=self.folder, capture_output=True, text=True, check=True,
                                      env={"PATH": os.environ["PATH"], "HOME": str(self.folder)}).stdout
            self.assert_installs(documents(rendered))

    def test_kubectl_applies_it(self):
        self.assertIn("kubectl apply -k .\n", filled_in("sh", "kubectl apply"))
        (self.folder / "kustomization.yaml").write_text(filled_in("yaml", "configMapGenerator"), encoding="utf-8")
        (self.folder / f"calico-azure-agent-{VERSION}-kustomize").symlink_to(PACKAGING / "kubernetes")
        self.assert_installs(render(self.folder))


class ReadmeOfFlatcar(ReadmeCase):
    """A read-only /usr, and loop devices for systemd-sysext."""

    release = "trixie"
    read_only = ("/usr",)

    @unittest.skipUnless(pathlib.Path("/dev/loop-control").exists(), "no loop device to be had on this machine")
    def test_merges_the_extension(self):
        make_loop_devices(self.host)
        self.host.bring(package(f"archives/calico-azure-agent-{VERSION}-*.raw"))
        self.commands("Install on a node", "systemd-sysext")
        self.await_ready()

    def test_unpacks_the_tarball(self):
        self.host.bring(package(f"archives/calico-azure-agent-{VERSION}-linux-*.tar.gz"))
        self.commands("Install on a node", "tar -xzf")
        self.await_ready()


if __name__ == "__main__":
    unittest.main()
