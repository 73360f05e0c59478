#!/usr/bin/env python3
"""The .rpm on a machine with systemd: rpm's own database and scriptlets, whatever its distribution is."""

import unittest

from case import AGENT, CLOUD, MachineCase, eventually, package

_RPM = ("rpm", "--nodeps", "--dbpath", "/var/lib/rpm")  # its database does not know Debian's packages


class Rpm(MachineCase):
    def rpm(self, *words):
        return self.host.x(*_RPM, *words)

    def test_life_from_installation_to_erasure(self):
        # As on Fedora and its kin: nothing starts that nobody has asked for.
        self.host.write("/etc/systemd/system-preset/99-default.preset", "disable *\n")
        self.rpm("--install", self.host.bring(package("cpack/calico-azure-agent-0.1.0-1.*.rpm")))
        self.assertEqual(self.enabled(), "disabled")
        self.assertEqual(self.host.show(AGENT, "ActiveState"), "inactive")
        self.configure()
        self.host.x("systemctl", "enable", "--now", AGENT)
        self.await_active()
        self.assertEqual(self.host.show(CLOUD, "ActiveState"), "active")
        self.assertEqual(self.routes(), self.wanted())

        since = (tape := self.lab.tape()).mark()
        pid = self.pid()
        self.rpm("--upgrade", self.host.bring(package("cpack/calico-azure-agent-0.1.1-1.*.rpm")))
        self.await_other_pid(pid)
        self.assertIn("0.1.1", self.host.x("calico-azure-agent", "version"))
        self.assertIn("cluster_cidrs", self.host.x("cat", "/etc/calico-azure-agent/config.toml"))
        # The configuration is as the administrator left it, all else as the package has it.
        verified = self.host.run(*_RPM, "--verify", "calico-azure-agent").stdout.split("\n")
        changed = [line for line in verified if line and not line.startswith(("missing", "........."))]
        self.assertEqual([line.split()[-1] for line in changed], ["/etc/calico-azure-agent/config.toml"])

        self.rpm("--erase", "calico-azure-agent")
        eventually(lambda: self.host.show(AGENT, "ActiveState") == "inactive", "its end")
        self.assertFalse((self.host.root / "usr/bin/calico-azure-agent").exists())
        self.assertTrue((self.host.root / "etc/calico-azure-agent/config.toml.rpmsave").exists())
        self.assertEqual(self.routes(), self.wanted())
        self.assertEqual(tape.changes(since), [])

    def enabled(self):
        return self.host.run("systemctl", "is-enabled", AGENT).stdout.strip()


if __name__ == "__main__":
    unittest.main()
