#!/usr/bin/env python3
"""The package's own scripts alone, in a root folder to throw away, with programs in the place of systemctl and ip that
write down what they are told. What dpkg makes of them on a booted machine is in test_service.py."""

import pathlib
import subprocess
import unittest

from root import BESIDE_AN_AGENT, Root

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_STATE = "/var/lib/calico-azure-agent"
# $STATE is what systemctl says of the agent, $CONFIG what the agent says of its configuration, $CHROOT whether it is one.
_STAND_INS = {
    "systemctl": 'echo "systemctl $*" >>/told\n'
                 'case $1 in show) echo "$STATE" ;; is-active) exit 1 ;; stop) touch /stopped ;; esac',
    "ip": 'echo "ip $*" >>/told',
    "systemd-detect-virt": 'exit "$CHROOT"',
    "calico-azure-agent": 'printf "%s\\n" "$CONFIG"',
    "journalctl": ":",
    "deb-systemd-helper": ":",
}


class MaintainerScripts(unittest.TestCase):
    def setUp(self):
        self.tree = Root()
        self.tree.__enter__()
        self.addCleanup(self.tree.__exit__, None, None, None)
        self.root = self.tree.upper
        (self.root / "run/systemd/system").mkdir(parents=True)
        for name, text in _STAND_INS.items():
            self.write(f"usr/local/sbin/{name}", f"#!/bin/sh\n{text}\n", 0o755)
        for kind in ("sysusers", "tmpfiles"):
            text = (_ROOT / f"systemd/calico-azure-agent.{kind}").read_text(encoding="utf-8")
            self.write(f"usr/lib/{kind}.d/calico-azure-agent.conf", text)
        for script in ("preinst", "prerm", "postrm", "postinst"):
            text = (_ROOT / f"packaging/debian/calico-azure-agent.{script}").read_text(encoding="utf-8")
            self.write(f"scripts/{script}", text)
        for script in ("pre", "postun"):
            text = (_ROOT / f"packaging/rpm/{script}").read_text(encoding="utf-8")
            self.write(f"scripts/rpm-{script}", text)
        self.script("postinst", "configure")  # the service's user and folder
        self.write("etc/victim", "root's own\n", 0o600)
        self.write("told", "")

    def write(self, path, text, mode=0o644):
        self.tree.write(path, text, mode)

    def inside(self, *words, **options):
        return self.tree.x(*words, **options)

    def script(self, name, *words, state="active", config="169", chroot=False, beside_an_agent=False, **options):
        environment = (f"STATE={state}", f"CONFIG={config}", f"CHROOT={0 if chroot else 1}")
        return self.inside(*(BESIDE_AN_AGENT if beside_an_agent else ()), "sh", f"/scripts/{name}", *words,
                           environment=environment, **options)

    def as_the_service(self, line):
        return self.inside("sh", "-c", line, user="calico-azure-agent")

    def told(self, word):
        """What systemctl or ip was told since the last time."""
        lines = (self.root / "told").read_text("utf-8").splitlines()
        self.write("told", "")
        return [line for line in lines if word in line]

    # What the service's user may plant

    def test_what_the_services_user_planted_is_neither_followed_nor_believed(self):
        # Whatever name the scripts might use in its folder leads to root's file.
        names = "removed protocol removed.new .removed state kept.json imds.json"
        self.as_the_service(f"cd {_STATE} && for name in {names}; do ln -s /etc/victim $name; done")
        self.as_the_service(f"cd {_STATE} && mkdir -p folder && ln -s /etc folder/etc && ln -s / root")
        self.script("prerm", "remove", config="170\n171")
        self.script("postrm", "remove")
        self.as_the_service(f"cd {_STATE} && rm -f removed protocol && echo kernel >removed && echo kernel >protocol")
        self.told("")
        self.script("postrm", "purge")
        self.assertEqual((self.root / "etc/victim").read_text("utf-8"), "root's own\n")
        self.assertEqual(self.told("flush"), [f"ip {family} {kind} protocol {protocol}" for protocol in (170, 171)
                                              for family in ("-4", "-6")
                                              for kind in ("route flush table all", "rule flush")])
        self.assertEqual(self.inside("sh", "-c", f"ls -d {_STATE}* /run/calico-azure-agent* 2>/dev/null || true"), "")
        self.assertIn("passwd", self.inside("ls", "/etc"))

    def test_it_is_stopped_before_anything_is_written(self):
        self.write("usr/local/sbin/calico-azure-agent", "#!/bin/sh\n[ -e /stopped ] && echo 170\n", 0o755)
        self.script("prerm", "remove")
        self.script("postrm", "purge")
        self.assertIn("ip -4 route flush table all protocol 170", self.told("flush"))

    def test_purge_believes_a_number_alone(self):
        for config in ("kernel", "2x", " ", "", "-1", "170\nnonsense"):
            self.script("prerm", "remove", config=config)
            self.script("postrm", "purge")
            self.assertEqual({line.rpartition(" ")[2] for line in self.told("flush")}, {"169"}, config)
        for planted in ("kernel", "2 3", "170\nkernel", "$(reboot)", "-4", "1 || reboot", ""):
            self.write("var/lib/calico-azure-agent.removed", planted)
            self.script("postrm", "purge")
            self.assertEqual({line.partition("protocol ")[2] for line in self.told("flush")}, {"169"}, planted)

    def test_purge_leaves_what_came_later_by_the_tarball(self):
        self.script("prerm", "remove")
        self.script("postrm", "remove")
        self.write("opt/calico-azure-agent/bin/calico-azure-agent", "", 0o755)
        self.as_the_service(f"touch {_STATE}/imds.json")
        self.told("")
        said = self.script("postrm", "purge", stderr=subprocess.STDOUT, capture_output=False, stdout=subprocess.PIPE)
        self.assertIn("dpkg has removed /etc/calico-azure-agent/config.toml and "
                      "/etc/iproute2/rt_protos.d/calico-azure-agent.conf, which another installation reads", said)
        self.assertEqual(self.told("flush") + self.told("disable"), [])
        self.assertTrue((self.root / _STATE.lstrip("/") / "imds.json").exists())

    def test_purge_leaves_what_a_system_extension_has(self):
        self.script("prerm", "remove")
        self.script("postrm", "remove")
        self.write("usr/bin/calico-azure-agent", "")
        self.inside("touch", f"{_STATE}/imds.json")
        self.told("")
        self.script("postrm", "purge")
        self.assertEqual(self.told("flush"), [])
        self.inside("test", "-e", f"{_STATE}/imds.json")

    def test_another_agent_that_runs_keeps_its_folders_and_its_routes(self):
        """A DaemonSet's, whose hostPath folders these are."""
        kept = ("/run/calico-azure-agent/ready", f"{_STATE}/imds.json")
        for file in kept:
            self.write(file, "")
        for script in (("prerm", "remove"), ("postrm", "remove"), ("postrm", "purge"), ("rpm-postun", "0")):
            self.script(*script, beside_an_agent=True)
            self.assertEqual(self.inside("sh", "-c", f"ls {' '.join(kept)} || true").split(), list(kept), script)
        self.assertEqual(self.told("flush"), [])
        self.assertFalse((self.root / "var/lib/calico-azure-agent.removed").exists())

    def test_an_agent_that_runs_no_more_keeps_nothing(self):
        """What a DaemonSet's has left in the folders that were its own."""
        for scripts in ((("prerm", "remove"), ("postrm", "remove"), ("postrm", "purge")), (("rpm-postun", "0"),)):
            self.write("run/calico-azure-agent/listening", "")
            for script in scripts:
                self.script(*script)
            self.assertFalse((self.root / "run/calico-azure-agent").exists(), scripts)
        self.assertIn("ip -4 route flush table all protocol 169", self.told("flush"))

    # Whose kernel it is

    def test_a_chroot_leaves_its_hosts_kernel_and_run_alone(self):
        self.write("usr/lib/systemd/systemd-sysctl", '#!/bin/sh\necho "sysctl $*" >>/told\n', 0o755)
        self.write("run/calico-azure-agent/ready", "")
        for run in ("the host's", "its own"):
            with self.subTest(run=run):
                if run == "its own":
                    self.inside("rm", "-r", "/run/systemd")
                self.told("")
                for script in (("prerm", "remove"), ("postrm", "remove"), ("postrm", "purge"), ("postinst", "configure"),
                               ("postinst", "abort-remove")):
                    self.script(*script, chroot=run == "the host's")
                self.assertEqual(self.told(""), [])
                self.assertTrue((self.root / "run/calico-azure-agent/ready").exists())

    def test_the_services_folder_is_made_over_what_stands_there_without_following_it(self):
        for planted in ("ln -s /etc", "ln -s /etc/victim", "touch"):
            self.inside("sh", "-c", f"rm -rf {_STATE} && {planted} {_STATE}")
            self.script("postinst", "configure")
            self.assertEqual(self.inside("stat", "--format=%U %a", "/etc/victim"), "root 600\n", planted)
            self.assertEqual(self.inside("stat", "--format=%U %a", "/etc"), "root 755\n", planted)

    def test_a_run_that_is_full_keeps_nobody_from_removing(self):
        self.inside("sh", "-c", "rm -rf /run/calico-azure-agent.stopped; ln -s /dev/full/none /run/calico-azure-agent.stopped")
        self.script("prerm", "remove")
        self.assertTrue((self.root / "var/lib/calico-azure-agent.removed").exists())

    # What dpkg asks for, Debian Policy 6.6 to 6.10

    def starts(self):
        return self.told(" start ") + self.told("restart")

    def test_a_removal_that_fails_leaves_the_agent_as_it_was(self):
        for state, again in (("active", 1), ("activating", 1), ("inactive", 0), ("failed", 0)):
            self.script("prerm", "remove", state=state)
            self.told("")
            self.script("postinst", "abort-remove")
            self.assertEqual(len(self.starts()), again, state)
            # An upgrade after it is no installation after a removal.
            self.script("postinst", "configure", "0.1.0")
            self.assertIn("try-restart", "".join(self.told("restart")), state)

    def test_an_upgrade_leaves_an_agent_alone_whose_successor_could_not_read_its_configuration(self):
        self.write("usr/local/sbin/calico-azure-agent", '#!/bin/sh\n[ "$1" != config ] || exit 78\n', 0o755)
        said = self.script("postinst", "configure", "0.1.0")
        self.assertEqual(self.starts(), [])
        self.assertIn("not restarted, for its configuration is invalid", said)

    def test_beside_a_tarball_whose_units_would_stay_in_force_nothing_is_unpacked(self):
        self.inside("sh", "/scripts/preinst", "install")
        self.write("opt/calico-azure-agent/uninstall.sh", "")
        done = self.tree.run("sh", "/scripts/preinst", "install")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run /opt/calico-azure-agent/uninstall.sh first", done.stderr)

    def test_an_edited_unit_that_a_tarball_has_left_is_named_and_nothing_is_unpacked(self):
        socket, service = (f"/etc/systemd/system/calico-azure-agent{kind}" for kind in ("-cloud.socket", ".service"))
        self.write(socket, "[Socket]\nListenStream=/run/calico-azure-agent-cloud.socket\n")
        self.write(service, "[Service]\n# ExecStart=/opt/calico-azure-agent/bin/\nExecStart=/usr/bin/calico-azure-agent run\n")
        for script in ("preinst", "rpm-pre"):
            self.script(script, "install")  # an administrator's own
        for each in (service, "/etc/systemd/system/calico-azure-agent-cloud@.service"):
            self.write(each, "[Service]\nExecStart=-/opt/calico-azure-agent/bin/calico-azure-agent run\n")
            for script in ("preinst", "rpm-pre"):
                done = self.tree.run("sh", f"/scripts/{script}", "install")
                self.assertEqual(done.returncode, 1, script)
                self.assertRegex(done.stderr, f"is not installed: {each}, .*move that file away")
            self.script("preinst", "abort-upgrade")
            self.inside("ln", "-sf", "/dev/null", each)  # masked
        for script in ("preinst", "rpm-pre"):
            self.script(script, "install")

    def test_what_was_not_stopped_is_not_started(self):
        for prerm, abort in (("upgrade", "abort-upgrade"), ("deconfigure", "abort-deconfigure")):
            self.script("prerm", prerm, "0.1.1")
            self.assertEqual(self.told("stop"), [])
            self.script("postinst", abort, "0.1.1")
            self.assertEqual(self.starts(), [])

    def test_a_conflicting_package_that_fails_to_come_starts_it_again(self):
        self.script("prerm", "remove", "in-favour", "another", "1.0")
        self.told("")
        self.script("postinst", "abort-remove", "in-favour", "another", "1.0")
        self.assertEqual(len(self.starts()), 1)

    def test_a_removal_leaves_no_word_that_it_ran(self):
        self.script("prerm", "remove")
        self.script("postrm", "remove")
        self.assertFalse((self.root / "run/calico-azure-agent.stopped").exists())


if __name__ == "__main__":
    unittest.main()
