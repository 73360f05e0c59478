#!/usr/bin/env python3
"""The README's commands to install, gate and remove, as they stand there."""

import pathlib
import re
import unittest

from case import AGENT, DROP_INS, VERSION, MachineCase, make_loop_devices, package

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
