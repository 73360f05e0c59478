#!/usr/bin/env python3
"""The .tar.gz and the image for systemd-sysext, on machines whose /usr is read-only; and whom the first one refuses."""

import pathlib
import subprocess
import unittest

from case import AGENT, CLOUD, NEXT, VERSION, MachineCase, eventually, make_loop_devices, package
from root import BESIDE_AN_AGENT, Root

_TARBALL = "archives/calico-azure-agent-{}-linux-*.tar.gz"
_ETC = ("systemd/system/calico-azure-agent.service", "systemd/system/calico-azure-agent-cloud.socket",
        "systemd/system/calico-azure-agent-cloud@.service", "sysctl.d/60-calico-azure-agent.conf",
        "sysusers.d/calico-azure-agent.conf", "tmpfiles.d/calico-azure-agent.conf",
        "modules-load.d/calico-azure-agent.conf", "systemd/networkd.conf.d/10-calico-azure-agent.conf")
_KEPT = ("calico-azure-agent/config.toml", "iproute2/rt_protos.d/calico-azure-agent.conf")
_PROTOCOLS = f"/etc/{_KEPT[1]}"


class ReadOnlyCase(MachineCase):
    read_only = ("/usr",)

    def setUp(self):
        super().setUp()
        self.assertNotEqual(self.host.run("touch", "/usr/written").returncode, 0)
        self.configure()

    def there(self, files):
        return [each for each in files if (self.host.root / "etc" / each).exists()]

    def asks_for_the_cloud(self):
        """By the socket's service, not by a child of the daemon's."""
        eventually(lambda: self.host.x("systemctl", "list-units", "--plain", "--no-legend", "--state=active",
                                       "calico-azure-agent-cloud@*"), "the program that asks Azure")
        self.assertEqual(self.host.show(CLOUD, "ActiveState"), "active")


class Tarball(ReadOnlyCase):
    def install_tarball(self, version=VERSION):
        file = package(_TARBALL.format(version))
        self.host.x("tar", "-xzf", self.host.bring(file), "-C", "/root")
        return self.host.x(f"/root/{file.name.removesuffix('.tar.gz')}/install.sh")

    def uninstall(self, *words):
        self.host.x("/opt/calico-azure-agent/uninstall.sh", *words)
        self.assertEqual(self.host.show(AGENT, "ActiveState", "LoadState"), ["inactive", "not-found"])
        self.assertEqual((self.there(_ETC), self.host.x("ls", "/opt/bin"), self.host.run("ls", "/opt/calico-azure-agent").stdout),
                         ([], "", ""))
        self.assertEqual(self.host.x("sh", "-c", "find /etc/systemd -name '*calico*'"), "")

    def test_life_from_installation_to_purge(self):
        self.install_tarball()
        self.await_active()
        self.assertEqual(self.routes(), self.wanted())
        self.asks_for_the_cloud()
        self.assertEqual(self.host.show(AGENT, "UnitFileState"), "enabled")
        self.assertIn("ready", self.host.x("/opt/bin/calico-azure-agent", "wait", "--timeout", "10s"))
        self.assertEqual(self.host.shell("grep -rl /usr/bin/calico /etc/systemd /opt/calico-azure-agent/share || true"), "")
        self.drop_in_of_the_tarball_names_its_program()

        since = (tape := self.lab.tape()).mark()
        pid = self.pid()
        self.install_tarball(NEXT)
        self.await_other_pid(pid)
        self.assertIn(NEXT, self.host.x("/opt/bin/calico-azure-agent", "version"))
        self.assertIn("cluster_cidrs", self.host.x("cat", "/etc/calico-azure-agent/config.toml"))

        self.uninstall()
        self.assertEqual(self.routes(), self.wanted())
        self.assertEqual(tape.changes(since), [])
        self.assertEqual(self.there(_KEPT), list(_KEPT))

        self.install_tarball()
        self.await_active()
        self.assertEqual(tape.changes(since), [])
        self.uninstall("--purge")
        self.assertEqual((self.routes(), self.there(_KEPT)), ([], []))
        self.assertNotEqual(self.host.run("ls", "/var/lib/calico-azure-agent").returncode, 0)

    def test_where_the_program_does_not_run_ip_removes_what_it_has_left(self):
        self.install_tarball()
        self.await_active()
        self.lab.vm.ip("route add 198.51.100.0/24 via 10.240.0.1 proto static", "rule add from 198.51.100.1 lookup 7",
                       "route add blackhole 203.0.113.0/24 table 7 proto 169",
                       "rule add from 203.0.113.1 lookup 7 protocol 169")
        others = [each for each in self.lab.vm.routes(None) if "proto 169" not in each]
        self.host.x("mv", "/opt/calico-azure-agent/bin/calico-azure-agent", "/root/gone")
        self.uninstall("--purge")
        self.assertEqual((self.lab.vm.routes(None), self.lab.vm.rules()), (others, ["32765: from 198.51.100.1 lookup 7"]))
        # And where there is no unit either, for the installation has ended before it wrote one.
        self.host.shell("cd /root/calico-azure-agent-*/opt; mkdir /opt/calico-azure-agent; cp uninstall.sh /opt/calico-azure-agent")
        self.uninstall("--purge")

    def test_what_ended_before_the_service_was_started_is_no_upgrade_the_next_time(self):
        self.install_tarball()
        self.await_active()
        pid = self.pid()
        self.host.x("rm", "/opt/calico-azure-agent/share/calico-azure-agent/enabled")
        self.install_tarball(NEXT)
        self.await_other_pid(pid)

    def drop_in_of_the_tarball_names_its_program(self):
        text = self.host.x("cat", "/opt/calico-azure-agent/share/calico-azure-agent/drop-ins/calico-node.conf")
        self.assertIn("ExecStartPre=/opt/calico-azure-agent/bin/calico-azure-agent wait", text)


class Extension(ReadOnlyCase):
    release = "trixie"

    def bring_extension(self):
        """The image where the machine may have loop devices, else what is in it."""
        image = package(f"archives/calico-azure-agent-{VERSION}-*.raw")
        self.host.x("mkdir", "-p", "/etc/extensions")
        if pathlib.Path("/dev/loop-control").exists():
            make_loop_devices(self.host)
            self.host.x("mv", self.host.bring(image), "/etc/extensions/calico-azure-agent.raw")
        else:
            subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-dest",
                            self.host.root / "etc/extensions/calico-azure-agent", image], check=True)

    def test_life_from_refresh_to_removal(self):
        self.bring_extension()
        self.host.x("systemd-sysext", "refresh")
        self.host.x("systemd-sysusers")
        self.host.x("systemctl", "daemon-reload")
        self.host.x("systemctl", "enable", "--now", "--no-block", AGENT)
        self.await_active()
        self.assertEqual(self.routes(), self.wanted())
        self.asks_for_the_cloud()
        self.assertIn("ready", self.host.x("calico-azure-agent", "wait", "--timeout", "10s"))
        self.assertIn("cluster_cidrs", self.host.x("cat", "/usr/share/calico-azure-agent/config.toml"))
        # All that the extension has is below /usr, and it hides nothing of the system's.
        self.assertEqual(self.host.run("systemctl", "--version").returncode, 0)

        self.host.x("systemctl", "disable", "--now", AGENT, CLOUD)
        self.host.x("sh", "-c", "rm -r /etc/extensions/calico-azure-agent*")
        self.host.x("systemd-sysext", "refresh")
        self.host.x("systemctl", "daemon-reload")
        self.assertFalse((self.host.root / "usr/bin/calico-azure-agent").exists())
        self.assertEqual(self.host.show(AGENT, "LoadState"), "not-found")
        self.assertEqual(self.routes(), self.wanted())


class ExtensionOfSystemd252(Extension):
    release = "bookworm"


class Refusals(unittest.TestCase):
    """A root folder that has not booted: an image in the making, and systems that are too old."""

    def unpack(self, root):
        file = package(_TARBALL.format(VERSION))
        root.bring(file)
        subprocess.run(["tar", "-xzf", file, "-C", root.upper / "root"], check=True)
        return f"/root/{file.name.removesuffix('.tar.gz')}/install.sh"

    def refused(self, root):
        done = root.run(self.unpack(root))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        for each in ("opt/calico-azure-agent", "opt/bin", "etc/systemd/system/calico-azure-agent.service"):
            self.assertFalse((root.upper / each).exists(), each)
        self.assertRegex(done.stderr, r"\Acalico-azure-agent is not installed: .+\n\Z")
        return done.stderr

    def test_a_system_that_is_too_old_is_told_so_and_left_as_it_was(self):
        with Root("bullseye") as root:
            self.assertIn("need glibc 2.34 or later (Debian 12, Ubuntu 22.04, RHEL 9), and this system has 2.31",
                          self.refused(root))
        with Root() as root:
            root.write("/usr/local/sbin/systemctl", "#!/bin/sh\necho 'systemd 245 (245.4-4ubuntu3.24)'\n", 0o755)
            self.assertIn("need systemd 247 or later, and this system has 245", self.refused(root))
        with Root() as root:
            root.write("/usr/local/sbin/getconf", "#!/bin/sh\nexit 1\n", 0o755)
            root.write("/usr/local/sbin/ldd", "#!/bin/sh\necho 'musl libc (x86_64)'\n", 0o755)
            self.assertIn("and this system has another libc", self.refused(root))
        with Root() as root:
            root.x("sh", "-c", "rm -f /usr/lib/*/libssl.so.3")
            self.assertIn("libssl.so.3", self.refused(root))
        with Root() as root:
            root.x("rm", "/usr/bin/cmp")
            self.assertIn("takes cmp (diffutils)", self.refused(root))

    def test_beside_a_package_it_does_not_install(self):
        with Root() as root:
            root.write("/usr/bin/calico-azure-agent", "#!/bin/sh\n", 0o755)
            self.assertIn("/usr/bin has it already", self.refused(root))

    def test_somebodys_program_stays_where_the_link_would_be(self):
        for made in ("echo mine >{}", "ln -s /etc/hostname {}", "ln -s /nowhere {}", "mkdir {}"):
            with self.subTest(made=made), Root() as root:
                link = "/usr/local/bin/calico-azure-agent"
                root.x("sh", "-c", made.format(link))
                before = root.x("stat", "--format=%F %N %s", link)
                self.assertIn(f"{link} is there and not a link of this program's: move it away", self.refused(root))
                self.assertEqual(root.x("stat", "--format=%F %N %s", link), before)

    def test_a_package_that_is_removed_and_not_purged_is_told(self):
        with Root() as root:
            root.x("dpkg", "--install", root.bring(package(f"calico-azure-agent_{VERSION}_*.deb")))
            root.x("dpkg", "--remove", "calico-azure-agent")
            self.assertIn("'dpkg --purge calico-azure-agent' will take /etc/calico-azure-agent/config.toml along",
                          root.x(self.unpack(root)))
            done = root.run("dpkg", "--purge", "calico-azure-agent")
            self.assertIn("dpkg has removed /etc/calico-azure-agent/config.toml", done.stderr)
            self.assertEqual(root.x(self.unpack(root)), "")

    def test_in_an_image_that_is_made_it_is_enabled_and_its_user_is_there(self):
        for sysusers in (True, False):
            with self.subTest(sysusers=sysusers), Root() as root:
                if not sysusers:
                    root.x("rm", "/bin/systemd-sysusers")
                root.x(self.unpack(root))
                self.assertEqual(root.x("systemctl", "is-enabled", AGENT, CLOUD), "enabled\nenabled\n")
                passwd = root.x("getent", "passwd", "calico-azure-agent")
                self.assertRegex(passwd, r":/var/lib/calico-azure-agent:/usr/sbin/nologin$")
                self.assertEqual(root.x("readlink", "/usr/local/bin/calico-azure-agent"),
                                 "/opt/calico-azure-agent/bin/calico-azure-agent\n")

    def test_what_was_edited_or_masked_since_stays(self):
        sysctls, unit = "/etc/sysctl.d/60-calico-azure-agent.conf", f"/etc/systemd/system/{AGENT}"
        with Root() as root:
            install = self.unpack(root)
            root.x(install)
            root.x("sh", "-c", f"echo 'net.ipv6.conf.all.forwarding = 1' >>{sysctls}; ln -sf /dev/null {unit}")
            said = root.x(install)
            self.assertIn("net.ipv6.conf.all.forwarding = 1\n", root.x("cat", sysctls))
            self.assertEqual(root.x("readlink", unit), "/dev/null\n")
            self.assertEqual([line.partition(" ")[0] for line in said.splitlines()], [sysctls, unit, AGENT])

    def test_removed_it_leaves_what_was_edited_and_what_was_masked(self):
        config, sysctls = "/etc/calico-azure-agent/config.toml", "/etc/sysctl.d/60-calico-azure-agent.conf"
        linked, masked = "/etc/tmpfiles.d/calico-azure-agent.conf", f"/etc/systemd/system/{CLOUD}"
        unit = f"/etc/systemd/system/{AGENT}"
        with Root() as root:
            install = self.unpack(root)
            root.x(install)
            root.x("sh", "-c", f"echo '# edited' | tee -a {config} {unit} >>{sysctls}; mv {linked} /root; ln -s /root/*.conf {linked}; "
                   f"ln -sf /dev/null {masked}")
            said = root.x("/opt/calico-azure-agent/uninstall.sh")
            self.assertEqual(said, f"{sysctls} stays: it is not as it was installed\n"
                                   f"{unit} is renamed to {AGENT}.save: it is not as it was installed\n"
                                   f"{linked} stays: it is not as it was installed\n")
            self.assertEqual(self.left(root), sorted([config, sysctls, linked, masked, _PROTOCOLS, f"{unit}.save"]))
            for each in (config, sysctls, f"{unit}.save"):
                self.assertIn("# edited\n", root.x("cat", each))
            root.x(install)
            root.x("/opt/calico-azure-agent/uninstall.sh", "--purge")
            self.assertEqual(self.left(root), [masked, f"{unit}.save"])
            self.assertEqual(root.x("readlink", masked), "/dev/null\n")

    def left(self, root):
        return sorted(root.x("find", "/etc", "-name", "*calico-azure-agent*", "!", "-type", "d", "-o", "-path",
                             "/etc/calico-azure-agent/*").split())

    def test_a_chroot_leaves_its_hosts_kernel_and_run_alone(self):
        for run in ("the host's", "its own"):
            with self.subTest(run=run), Root() as root:
                install = self.unpack(root)
                root.write("/told", "")
                root.write("/run/calico-azure-agent/ready", "")
                told = {"systemd-detect-virt": "exit 0", "ip": 'echo "ip $*" >>/told'}
                if run == "the host's":  # which a chroot's systemctl leaves alone by itself
                    root.x("mkdir", "/run/systemd", "/run/systemd/system")
                    told["systemctl"] = 'case $1 in --version) echo systemd 252 ;; esac'
                for name, text in told.items():
                    root.write(f"/usr/local/sbin/{name}", f"#!/bin/sh\n{text}\n", 0o755)
                root.write("/usr/lib/systemd/systemd-sysctl", "#!/bin/sh\necho sysctl >>/told\n", 0o755)
                root.x(install)
                root.write("/opt/calico-azure-agent/bin/calico-azure-agent", '#!/bin/sh\necho "$*" >>/told\n', 0o755)
                root.x("/opt/calico-azure-agent/uninstall.sh", "--purge")
                self.assertEqual(root.x("cat", "/told"), "")
                self.assertTrue((root.upper / "run/calico-azure-agent/ready").exists())
                self.assertFalse((root.upper / "opt/calico-azure-agent").exists())

    def test_beside_another_that_runs_nothing_is_purged(self):
        with Root() as root:
            root.x(self.unpack(root))
            root.write("/told", "")
            root.x("mkdir", "-p", "/run/systemd/system")
            for name, text in {"usr/local/sbin/systemd-detect-virt": "exit 1", "usr/local/sbin/ip": "echo ip >>/told",
                               "usr/local/sbin/systemctl": "[ $2 != is-active ]",
                               "opt/calico-azure-agent/bin/calico-azure-agent": "[ $1 = version ]"}.items():
                root.write(name, f"#!/bin/sh\n{text}\n", 0o755)
            done = root.run("/opt/calico-azure-agent/uninstall.sh", "--purge")
            self.assertEqual((done.returncode, root.x("cat", "/told")), (1, ""))
            self.assertIn("not removed, for its flush fails", done.stderr)
            for each in ("opt/calico-azure-agent/uninstall.sh", "etc/systemd/system/calico-azure-agent.service"):
                self.assertTrue((root.upper / each).exists(), each)

    def test_what_another_that_runs_has_stays(self):
        with Root() as root:
            root.x(self.unpack(root))
            root.x("mkdir", "-p", "/run/systemd/system")
            for name, text in {"systemd-detect-virt": "exit 1", "ip": "echo $* >/told",
                               "systemctl": "case $* in *is-active*) exit 1 ;; esac"}.items():
                root.write(f"usr/local/sbin/{name}", f"#!/bin/sh\n{text}\n", 0o755)
            kept = [root.upper / each for each in ("run/calico-azure-agent/ready", "var/lib/calico-azure-agent/imds.json")]
            for each in kept:
                root.write(str(each.relative_to(root.upper)), "")
            root.x("mv", "/opt/calico-azure-agent/bin/calico-azure-agent", "/root/gone")
            done = root.run(*BESIDE_AN_AGENT, "/opt/calico-azure-agent/uninstall.sh", "--purge")
            self.assertEqual((done.returncode, (root.upper / "told").exists()), (1, False))
            self.assertIn("not removed, for another agent runs here", done.stderr)
            root.x(*BESIDE_AN_AGENT, "/opt/calico-azure-agent/uninstall.sh")
            self.assertEqual([each.exists() for each in kept], [True, True])
            self.assertFalse((root.upper / "opt/calico-azure-agent").exists())

    def test_what_ended_early_is_installed_whole_by_the_next_run(self):
        with Root() as root:
            install = self.unpack(root)
            root.x("sh", "-c", "rm -rf /etc/sysusers.d; touch /etc/sysusers.d")
            self.assertIn("/etc/sysusers.d/calico-azure-agent.conf cannot be written: once it can be, run this again",
                          root.run(install).stderr)
            root.x("rm", "/etc/sysusers.d")
            root.x(install)
            self.assertEqual(root.x("systemctl", "is-enabled", AGENT, CLOUD), "enabled\nenabled\n")

    def test_an_upgrade_that_runs_out_of_space_leaves_whole_programs(self):
        programs = [f"bin/{AGENT.removesuffix('.service')}", f"libexec/calico-azure-agent/{CLOUD.removesuffix('.socket')}"]
        with Root() as root:
            install = self.unpack(root)
            root.x(install)
            before = root.x("sha256sum", *(f"/opt/calico-azure-agent/{each}" for each in programs))
            root.write("/usr/local/sbin/cp", "#!/bin/sh\ncase $3 in\n"
                       "*-cloud.new) head -c 1000 \"$2\" >\"$3\"; echo 'cp: No space left on device' >&2; exit 1 ;;\n"
                       "*) exec /bin/cp \"$@\" ;;\nesac\n", 0o755)
            done = root.run(install)
            self.assertEqual(done.returncode, 1)
            self.assertIn("calico-azure-agent-cloud cannot be written", done.stderr)
            self.assertEqual(root.x("sha256sum", *(f"/opt/calico-azure-agent/{each}" for each in programs)), before)
            self.assertEqual(root.x("find", "/opt/calico-azure-agent", "-name", "*.new"), "")

    def test_beside_a_package_that_came_later_it_leaves_the_service_to_it(self):
        with Root() as root:
            root.x(self.unpack(root))
            root.write("/usr/bin/calico-azure-agent", "#!/bin/sh\n", 0o755)
            root.x("/opt/calico-azure-agent/uninstall.sh", "--purge")
            self.assertFalse((root.upper / "opt/calico-azure-agent").exists())
            self.assertTrue((root.upper / "etc/calico-azure-agent/config.toml").exists())
            self.assertTrue((root.upper / "etc/systemd/system/multi-user.target.wants" / AGENT).is_symlink())


if __name__ == "__main__":
    unittest.main()
