#!/usr/bin/env python3
"""The installed units, by each systemd from the oldest on that they are for: not a word about any of them."""

import subprocess
import unittest

from case import DROP_INS, VERSION, package
from host import RELEASES
from root import Root

_UNITS = ("calico-azure-agent.service", "calico-azure-agent-cloud.socket", "calico-azure-agent-cloud@.service",
          "kubelet.service", "calico-node.service")
_DROP_INS = {"kubelet": "kubelet.service", "calico-node": "calico-node.service",
             **dict.fromkeys(("enforce-sysctls", "read-roots-files", "other-addresses"), "calico-azure-agent.service")}


def unpacked(root):
    """The package's files in a root, though its programs may not run there; and the units that it has drop-ins for."""
    subprocess.run(["dpkg-deb", "--extract", package(f"calico-azure-agent_{VERSION}_*.deb"), root.upper], check=True)
    for unit in ("kubelet.service", "calico-node.service"):
        root.write(f"/etc/systemd/system/{unit}", "[Service]\nExecStart=/bin/sleep infinity\n")


class Units(unittest.TestCase):
    def verified(self, root):
        """What systemd says of them; others' units are the distribution's."""
        said = root.run("systemd-analyze", "verify", "--man=no", *_UNITS)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout + said.stderr

    def test_are_taken_without_a_word_with_every_drop_in_and_without(self):
        for release, version in RELEASES.items():
            with self.subTest(release), Root(release) as root:
                self.assertIn(f"systemd {version} ", root.x("systemd-analyze", "--version"))
                unpacked(root)
                self.assertEqual(self.verified(root), "")
                for name, unit in _DROP_INS.items():
                    root.x("install", "-D", "-m", "644", f"{DROP_INS}/{name}.conf", f"/etc/systemd/system/{unit}.d/{name}.conf")
                self.assertEqual(self.verified(root), "")

    def test_would_be_told_of_what_a_systemd_does_not_know(self):
        """By Debian 11's, the oldest: what is tested above can be seen here."""
        with Root("bullseye") as root:
            unpacked(root)
            root.write(f"/etc/systemd/system/{_UNITS[0]}.d/young.conf",
                       "[Service]\nType=notify-reload\nRestartSteps=6\n")
            said = root.run("systemd-analyze", "verify", "--man=no", *_UNITS)
            self.assertIn("RestartSteps", said.stderr)
            self.assertIn("notify-reload", said.stderr)


if __name__ == "__main__":
    unittest.main()
