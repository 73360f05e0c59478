#!/usr/bin/env python3
"""The .rpm on a machine with systemd: rpm's own database and scriptlets, whatever its distribution is. And the
scriptlets alone in a root folder, with programs in the place of systemd's that write down what they are told."""

import unittest

from case import AGENT, CLOUD, NEXT, VERSION, MachineCase, eventually, package
from root import Root

_RPM = ("rpm", "--nodeps", "--dbpath", "/var/lib/rpm")  # its database does not know Debian's packages


class Rpm(MachineCase):
    def rpm(self, *words):
        return self.host.x(*_RPM, *words)

    def test_life_from_installation_to_erasure(self):
        # As on Fedora and its kin: nothing starts that nobody has asked for.
        self.host.write("/etc/systemd/system-preset/99-default.preset", "disable *\n")
        self.rpm("--install", self.host.bring(package(f"cpack/calico-azure-agent-{VERSION}-1.*.rpm")))
        self.assertEqual(self.enabled(), "disabled")
        self.assertEqual(self.host.show(AGENT, "ActiveState"), "inactive")
        self.configure()
        self.host.x("systemctl", "enable", "--now", AGENT)
        self.await_active()
        self.assertEqual(self.host.show(CLOUD, "ActiveState"), "active")
        self.assertEqual(self.routes(), self.wanted())

        since = (tape := self.lab.tape()).mark()
        pid = self.pid()
        self.rpm("--upgrade", self.host.bring(package(f"cpack/calico-azure-agent-{NEXT}-1.*.rpm")))
        self.await_other_pid(pid)
        self.assertIn(NEXT, self.host.x("calico-azure-agent", "version"))
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


class Scriptlets(unittest.TestCase):
    def setUp(self):
        self.root = Root()
        self.root.__enter__()
        self.addCleanup(self.root.__exit__, None, None, None)

    def listen(self, chroot=False):
        for path in ("/usr/bin/systemctl", "/usr/bin/systemd-tmpfiles", "/usr/lib/systemd/systemd-sysctl"):
            self.root.write(path, f'#!/bin/sh\necho "{path.rpartition("/")[2]} $*" >>/told\n', 0o755)
        self.root.write("/usr/bin/systemd-detect-virt", f"#!/bin/sh\nexit {0 if chroot else 1}\n", 0o755)
        self.root.write("/told", "")

    def rpm(self, *words):
        """What systemd's programs were told meanwhile."""
        done = self.root.run(*_RPM, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("scriptlet", done.stderr)
        told = (self.root.upper / "told").read_text("utf-8").splitlines()
        self.root.write("/told", "")
        return [each for each in told if not each.startswith("systemd-tmpfiles")]

    def life(self):
        first, second = (self.root.bring(package(f"cpack/calico-azure-agent-{version}-1.*.rpm")) for version in (VERSION, NEXT))
        return self.rpm("--install", first), self.rpm("--upgrade", second), self.rpm("--erase", "calico-azure-agent")

    def test_on_a_running_system_nothing_starts_by_itself_and_nobody_waits(self):
        self.listen()
        self.root.x("mkdir", "-p", "/run/systemd/system", "/run/calico-azure-agent", "/run/kept")
        self.root.x("ln", "-s", "/run/kept", "/run/calico-azure-agent/planted")
        installed, upgraded, erased = self.life()
        self.assertEqual(installed, [f"systemctl --no-reload preset {AGENT} {CLOUD}",
                                     "systemd-sysctl --prefix=net/ipv4/ip_forward", "systemctl daemon-reload"])
        self.assertEqual(upgraded, ["systemctl daemon-reload", "systemctl daemon-reload",
                                    f"systemctl --no-block try-restart {AGENT}"])
        self.assertEqual(erased, [f"systemctl --no-reload disable --now {AGENT} {CLOUD}",
                                  "systemctl stop calico-azure-agent-cloud@*.service", "systemctl daemon-reload"])
        self.assertIn("calico-azure-agent", self.root.x("getent", "passwd", "calico-azure-agent"))
        self.assertEqual(self.root.x("ls", "/run").split().count("calico-azure-agent"), 0)
        self.root.x("test", "-d", "/run/kept")

    def test_in_an_image_that_is_made_the_preset_alone_decides(self):
        self.listen()
        self.assertEqual(self.life(), ([f"systemctl --no-reload preset {AGENT} {CLOUD}"], [],
                                       [f"systemctl --no-reload disable --now {AGENT} {CLOUD}"]))

    def test_a_chroot_with_its_hosts_run_leaves_that_and_the_kernel_alone(self):
        self.listen(chroot=True)
        self.root.x("mkdir", "-p", "/run/systemd/system", "/run/calico-azure-agent")
        installed, upgraded, erased = self.life()
        self.assertEqual((installed, upgraded), ([f"systemctl --no-reload preset {AGENT} {CLOUD}"], []))
        # systemctl itself stops nothing there.
        self.assertEqual({each.split()[1] for each in erased}, {"--no-reload", "stop"})
        self.root.x("test", "-d", "/run/calico-azure-agent")

    def test_a_root_without_systemds_programs_takes_it(self):
        self.root.x("sh", "-c", "rm /bin/systemctl /bin/journalctl /bin/systemd-sysusers /bin/systemd-tmpfiles")
        self.root.write("/told", "")
        self.assertEqual(self.life(), ([], [], []))


if __name__ == "__main__":
    unittest.main()
