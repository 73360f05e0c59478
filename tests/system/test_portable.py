#!/usr/bin/env python3
"""The packages against the table of distributions that they are for: no shared library, no symbol's version and no
dependency that one of them lacks. An error names the distribution and what it lacks."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from case import VERSION, package
from root import Root

_TABLE = json.loads((pathlib.Path(__file__).resolve().parents[1] / "data" / "distributions.json").read_text("utf-8"))
_SUPPORTED = [each for each in _TABLE["distributions"] if each["takes"]]
_PROGRAMS = ("bin/calico-azure-agent", "libexec/calico-azure-agent/calico-azure-agent-cloud")
# By which of its versions a distribution is asked for a symbol's.
_VERSIONED = {"GLIBC": "glibc", "GCC": "gcc", "OPENSSL": "openssl", "LIBSYSTEMD": "systemd"}


def printed(*words):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout


def number(version):
    return tuple(int(part) for part in version.split("."))


def needs(program):
    """The shared objects that a program names, and the versions of their symbols."""
    said = printed("objdump", "--private-headers", program)
    return (set(re.findall(r"^ +NEEDED +(\S+)$", said, re.MULTILINE)),
            set(re.findall(r"^ +0x\w+ 0x\w+ \d+ (\S+)$", said, re.MULTILINE)))


def lacks(distribution, objects, versions):
    """What a distribution has not, a sentence each."""
    has = _TABLE["packages"][distribution["packages"]]
    found = [f"{distribution['name']} has no {each}" for each in sorted(objects) if stem(each) not in has]
    for each in sorted(versions):
        family, _, version = each.partition("_")
        there = distribution.get(_VERSIONED.get(family, ""))
        if there is None or not re.fullmatch(r"[\d.]+", version):
            found.append(f"nobody says which distribution has {each}")
        elif number(version)[:len(number(there))] > number(there):
            found.append(f"{distribution['name']} has no {each}: its {_VERSIONED[family]} is {there}")
    return found


def stem(shared_object):
    """libssl.so.3 is libssl, ld-linux-x86-64.so.2 is ld-linux. Another number of an ABI is another object."""
    numbers = {"libc": "6", "libgcc_s": "1", "libsystemd": "0", "libssl": "3", "libcrypto": "3"}
    name, _, abi = shared_object.partition(".so.")
    if name.startswith("ld-linux-"):
        return "ld-linux"
    return name if numbers.get(name) == abi else shared_object


class Portable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        root = pathlib.Path(cls.folder.name)
        subprocess.run(["dpkg-deb", "--extract", package(f"calico-azure-agent_{VERSION}_*.deb"), root / "deb"], check=True)
        subprocess.run(["tar", "-xzf", package(f"archives/calico-azure-agent-{VERSION}-linux-*.tar.gz"),
                        "--one-top-level=tarball", "--strip-components=1"], cwd=root, check=True)
        subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-dest", root / "image",
                        package(f"archives/calico-azure-agent-{VERSION}-*.raw")], check=True, stdout=subprocess.DEVNULL)
        cls.programs = [root / part / each for part in ("deb/usr", "tarball/opt", "image/usr") for each in _PROGRAMS]

    def test_programs_need_what_every_distribution_has(self):
        for program in self.programs:
            objects, versions = needs(program)
            self.assertIn("libc.so.6", objects)
            self.assertIn("GLIBC_2.34", versions)
            self.assertEqual([each for one in _SUPPORTED for each in lacks(one, objects, versions)], [], program)

    def test_the_rpm_requires_what_every_distribution_has(self):
        objects, versions = set(), set()
        for each in printed("rpm", "--query", "--requires", "--package",
                            package(f"cpack/calico-azure-agent-{VERSION}-1.*.rpm")).splitlines():
            if found := re.fullmatch(r"(\S+\.so\S*?)\((.*?)\)\(64bit\)", each.strip()):
                objects.add(found[1])
                versions |= {found[2]} - {""}
            else:
                self.assertRegex(each, r"^(/bin/sh|config\(calico-azure-agent\) = \S+|rtld\(GNU_HASH\)|systemd >= 247|"
                                       r"rpmlib\((CompressedFileNames|FileDigests|PayloadFilesHavePrefix)\) <= \S+) *$")
        self.assertIn("libssl.so.3", objects)
        takers = [each for each in _SUPPORTED if each["takes"] == "rpm"]
        self.assertEqual([each for one in takers for each in lacks(one, objects, versions)], [])

    def test_the_debs_depend_on_what_has_each_library_under_every_release_s_name(self):
        wanted = set().union(*(needs(each)[0] for each in self.programs[:2]))
        highest = max(number(version.partition("_")[2]) for program in self.programs[:2]
                      for version in needs(program)[1] if version.startswith("GLIBC_"))
        for pattern in (f"calico-azure-agent_{VERSION}_*.deb", f"cpack/calico-azure-agent_{VERSION}_*.deb"):
            fields = {name: printed("dpkg-deb", "--field", package(pattern), name).strip()
                      for name in ("Pre-Depends", "Depends")}
            self.assertEqual(fields["Pre-Depends"], f"libc6 (>= {'.'.join(map(str, highest))})")
            groups = [set(re.findall(r"[a-z][\w.+-]+", each)) for each in ", ".join(fields.values()).split(",")]
            for one in (each for each in _SUPPORTED if each["takes"] == "deb"):
                has = _TABLE["packages"][one["packages"]]
                by_library = {has.get(stem(each), f"{each}, which nobody has") for each in wanted}
                # Each library's package is asked for, and nothing else is.
                self.assertEqual([name for name in sorted(by_library) if not any(name in group for group in groups)], [],
                                 f"{one['name']}, {pattern}")
                self.assertEqual([group for group in groups if not group & by_library], [], f"{one['name']}, {pattern}")

    def test_would_be_told_of_what_a_distribution_lacks(self):
        old = next(each for each in _TABLE["distributions"] if each["name"] == "Debian 11")
        objects, versions = needs(self.programs[1])
        found = lacks(old, objects | {"libfmt.so.9", "libssl.so.1.1"}, versions | {"GLIBC_ABI_DT_RELR", "GLIBCXX_3.4.30"})
        for each in ("Debian 11 has no libssl.so.3", "Debian 11 has no libfmt.so.9", "Debian 11 has no libssl.so.1.1",
                     "Debian 11 has no GLIBC_2.34: its glibc is 2.31", "Debian 11 has no OPENSSL_3.0.0: its openssl is 1.1",
                     "nobody says which distribution has GLIBC_ABI_DT_RELR", "nobody says which distribution has GLIBCXX_3.4.30"):
            self.assertIn(each, found)

    def test_the_table_is_right_about_the_releases_that_are_here(self):
        asked = {"libc6": "glibc", "libgcc-s1": "gcc", "libsystemd0": "systemd", "libssl3": "openssl",
                 "libssl3t64": "openssl"}
        for one in (each for each in _TABLE["distributions"] if "tree" in each):
            with Root(one["tree"]) as root:
                there = root.x("dpkg-query", "--show", "--showformat=${Package} ${Version}\n").splitlines()
            for package_name, version in (line.split() for line in there):
                if package_name in asked and package_name in _TABLE["packages"][one["packages"]].values():
                    told = one[asked[package_name]]
                    self.assertRegex(version, rf"^(\d+:)?{re.escape(told)}\b", f"{one['name']}: {package_name}")


class TooOld(unittest.TestCase):
    def test_a_release_whose_libc_is_too_old_is_told_so_and_left_as_it_was(self):
        with Root("bullseye") as root:
            said = root.run("dpkg", "--install", root.bring(package(f"calico-azure-agent_{VERSION}_*.deb")))
            self.assertNotEqual(said.returncode, 0)
            self.assertRegex(said.stderr, r"pre-depends on libc6 \(>= 2\.34\)\n +libc6:\w+ is installed, but is version 2\.31")
            self.assertFalse((root.upper / "usr/bin/calico-azure-agent").exists())
            self.assertFalse((root.upper / "lib/systemd/system/calico-azure-agent.service").exists())


if __name__ == "__main__":
    unittest.main()
