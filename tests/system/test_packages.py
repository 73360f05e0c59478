#!/usr/bin/env python3
"""What is in the packages, by the rules of those who take them."""

import re
import subprocess
import unittest

from case import PACKAGES, VERSION, package


def printed(*words):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout


class Packages(unittest.TestCase):
    def test_are_clean_for_lintian(self):
        # What its overrides answer is in packaging/debian/*.lintian-overrides, argued.
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning",
                               package(f"calico-azure-agent_{VERSION}_*.changes")],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_are_clean_for_rpmlint(self):
        # What it reports and is not fixed is in packaging/rpm/rpmlint.toml, argued.
        packaging = PACKAGES.parents[1] / "packaging" / "rpm"
        rpms = [package(f"cpack/{name}-{VERSION}-1.*.rpm") for name in ("calico-azure-agent", "azure-simulator")]
        done = subprocess.run(["rpmlint", "--config", packaging / "rpmlint.toml", *rpms,
                               packaging / "calico-azure-agent.spec"], cwd=packaging.parents[1], capture_output=True, text=True,
                              check=False)
        self.assertIn(" 0 errors, 0 warnings", done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_of_both_makers_hold_the_same_files(self):
        def files(listing):
            found = set(re.findall(r"(?m)^-.* \.?(/\S+)$", listing))
            documents = re.compile(r"/usr/(share/doc|share/licenses|share/lintian|lib/\.build-id)/")
            return {each.removesuffix(".gz") for each in found if not documents.match(each)}

        for name in ("calico-azure-agent", "azure-simulator"):
            native = files(printed("dpkg-deb", "--contents", package(f"{name}_{VERSION}_*.deb")))
            cpack = files(printed("dpkg-deb", "--contents", package(f"cpack/{name}_{VERSION}_*.deb")))
            rpm = files(printed("rpm", "--query", "--list", "--verbose", "--package", package(f"cpack/{name}-{VERSION}-1.*.rpm")))
            self.assertIn(f"/usr/bin/{name}", native)
            self.assertEqual(cpack, native)
            # Where zsh looks: Debian's folder and everybody else's.
            self.assertEqual(rpm, {each.replace("/zsh/vendor-completions/", "/zsh/site-functions/") for each in native})

    def test_have_the_licence_where_each_distribution_looks(self):
        for name in ("calico-azure-agent", "azure-simulator"):
            for deb in (f"{name}_{VERSION}_*.deb", f"cpack/{name}_{VERSION}_*.deb"):
                self.assertRegex(printed("dpkg-deb", "--contents", package(deb)), rf"(?m) \./usr/share/doc/{name}/copyright$")
            self.assertIn(f"/usr/share/licenses/{name}/LICENSE\n", printed(
                "rpm", "--query", "--list", "--package", package(f"cpack/{name}-{VERSION}-1.*.rpm")))

    def test_have_configuration_that_upgrades_leave_alone_and_debug_symbols_apart(self):
        wanted = {"/etc/calico-azure-agent/config.toml", "/etc/iproute2/rt_protos.d/calico-azure-agent.conf"}
        for pattern in (f"calico-azure-agent_{VERSION}_*.deb", f"cpack/calico-azure-agent_{VERSION}_*.deb"):
            self.assertEqual(set(printed("dpkg-deb", "--info", package(pattern), "conffiles").split()), wanted, pattern)
        rpm = package(f"cpack/calico-azure-agent-{VERSION}-1.*.rpm")
        self.assertEqual(set(printed("rpm", "--query", "--configfiles", "--package", rpm).split()), wanted)
        symbols = printed("dpkg-deb", "--contents", package(f"calico-azure-agent-dbgsym_{VERSION}_*.deb"))
        self.assertEqual(len(re.findall(r"\.build-id/.*\.debug$", symbols, re.MULTILINE)), 2)

    def test_keep_tls_out_of_the_daemon(self):
        for program, has_it in (("/usr/bin/calico-azure-agent", False),
                                ("/usr/libexec/calico-azure-agent/calico-azure-agent-cloud", True)):
            tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package(f"calico-azure-agent_{VERSION}_*.deb")],
                                 capture_output=True, check=True).stdout
            binary = subprocess.run(["tar", "-xO", f".{program}"], input=tar, capture_output=True, check=True).stdout
            self.assertEqual(b"libssl.so" in binary, has_it, program)


if __name__ == "__main__":
    unittest.main()
