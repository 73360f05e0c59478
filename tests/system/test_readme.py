#!/usr/bin/env python3
"""The README's commands to install, gate and remove, as they stand there."""

import pathlib
import re
import unittest

from case import AGENT, DROP_INS, MachineCase, package

_README = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def block(section, language="sh"):
    """The first block of a section, without its remarks and with root's rights, which the machine's shell has."""
    text = _README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]
    return re.sub(r"(?m)^sudo |\s+#.*$", "", lines) if language == "sh" else lines


class Readme(MachineCase):
    def commands(self, section):
        lines = block(section).splitlines()
        self.assertLessEqual(len(lines), 3, section)
        return self.host.shell("set -e; cd /root\n" + "\n".join(lines))

    def test_installs_gates_and_removes(self):
        self.host.bring(package("calico-azure-agent_0.1.0_*.deb"))
        self.host.write("/etc/calico-azure-agent/config.toml", block("Install on a node", "toml"))
        self.host.write("/etc/apt/apt.conf.d/90-kept", 'Dpkg::Options { "--force-confold"; };\n')
        self.assertIn("ready", self.commands("Install on a node"))
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


if __name__ == "__main__":
    unittest.main()
