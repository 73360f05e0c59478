#!/usr/bin/env python3
"""What packaging/release refuses, and what it makes of packages: put together here of those of the build."""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kubernetes"))

from case import PACKAGES, VERSION, package  # noqa: E402
from helm import MAJORS  # noqa: E402
from kustomize import KUBERNETES, PACKAGING, ROOT, documents, find, render  # noqa: E402
from tools import tool  # noqa: E402

_NAME = f"calico-azure-agent-{VERSION}"
_EPOCH = 1795000000


def printed(*words, **options):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True, **options).stdout


# In the place of the compilers: this build's packages.
_BUILD_PACKAGES = """#!/bin/sh
for folder; do :; done
mkdir -p "$folder" && cp -R "{packages}"/cpack "{packages}"/archives "{packages}"/*.deb "$folder"
"""


class TreeCase(unittest.TestCase):
    """The work tree's files as the one commit of a repository."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name, "source")
        cls.root.mkdir()
        there = [name for name in printed("git", "ls-files", cwd=ROOT).splitlines() if (ROOT / name).exists()]
        subprocess.run(["cp", "--parents", "--no-dereference", *there, cls.root], cwd=ROOT, check=True)
        cls.git("init", "--quiet")
        cls.commit()
        cls.first = cls.git("rev-parse", "HEAD").strip()

    @classmethod
    def git(cls, *words):
        return printed("git", "-c", "user.name=test", "-c", "user.email=test@example", *words, cwd=cls.root)

    @classmethod
    def commit(cls):
        cls.git("add", "--all")
        cls.git("commit", "--quiet", "--message", "A tree")


class Tree(TreeCase):
    def setUp(self):
        self.git("reset", "--quiet", "--hard", self.first)
        self.git("clean", "--quiet", "--force", "-d", "-x")

    def edit(self, name, old, new):
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run_in(self, program, *words):
        return subprocess.run([self.root / "packaging" / program, *map(str, words)], capture_output=True, text=True,
                              check=False)

    # What is refused, in one sentence and before anything is made

    def assert_refused(self, sentence, *words):
        done = self.run_in("release", *(words or [VERSION]))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", f"packaging/release: {sentence}\n"))
        self.assertFalse((self.root / "build").exists())

    def test_another_version_than_the_tree_s(self):
        self.assert_refused(f"the tree's version is {VERSION}, not 9.9.9: packaging/version --set 9.9.9, and commit it",
                            "9.9.9")

    def test_a_changelog_without_the_version(self):
        self.edit("CHANGELOG.md", f"## [{VERSION}] - ", "## [0.0.1] - ")
        self.commit()
        self.assert_refused(f"CHANGELOG.md has no section '## [{VERSION}] - YEAR-MONTH-DAY'")

    def test_a_file_that_says_another_version(self):
        for name, line in (("packaging/helm/calico-azure-agent/Chart.yaml", f"appVersion: {VERSION}"),
                           ("packaging/kubernetes/base/daemonset.yaml", f"image: calico-azure-agent:{VERSION}")):
            with self.subTest(name):
                other = line.replace(VERSION, "9.9.9")
                self.edit(name, line, other)
                self.commit()
                number = (self.root / name).read_text(encoding="utf-8").partition(other)[0].count("\n") + 1
                self.assert_refused(f"not one version: {name}:{number}: 9.9.9, but CMakeLists.txt has version {VERSION}")
                self.edit(name, other, line)
                self.commit()

    def test_what_is_not_committed(self):
        self.edit("README.md", "# calico", "# Calico")
        (self.root / "new").write_text("", encoding="utf-8")
        self.assert_refused("not committed: README.md new")

    def test_a_folder_that_has_something(self):
        self.assert_refused(f"{self.root} is not empty", VERSION, self.root)

    def test_an_architecture_that_is_not_built_here(self):
        self.assert_refused(f"packages for s390x are not built on a machine with {printed('dpkg', '--print-architecture')}"
                            .strip(), "--arch", "s390x", VERSION)

    # The version's one place, and licences

    def test_a_version_is_set_in_every_place(self):
        self.assertEqual(self.run_in("version", "--set", "9.9").returncode, 1)
        self.assertEqual(self.run_in("version", "--set", "9.9.9").stderr, "")
        told = self.run_in("version", "--check")
        self.assertRegex(told.stderr, rf"\ACHANGELOG\.md:\d+: {re.escape(VERSION)}, but CMakeLists.txt has version 9\.9\.9\n\Z")
        self.assertEqual(self.run_in("version", "--next").stdout, "9.9.10\n")

    def test_a_library_whose_licence_nobody_has_looked_up_is_in_no_release(self):
        self.edit("packaging/debian/control", " libcli11-dev,\n", " libcli11-dev,\n libnew-dev (>= 1),\n")
        done = subprocess.run([self.root / "packaging" / "write-spdx", "amd64", self.root], capture_output=True, text=True,
                              check=False, env={**os.environ, "CAA_COMMIT": "0", "SOURCE_DATE_EPOCH": str(_EPOCH)})
        self.assertEqual((done.returncode, done.stderr), (1, "packaging/write-spdx has no licence of libnew-dev\n"))


class Release(TreeCase):
    """Of this build's packages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = cls.root.parent / "release"
        cls.architecture = printed("dpkg", "--print-architecture").strip()
        (cls.root / "packaging" / "build-packages").write_text(_BUILD_PACKAGES.format(packages=PACKAGES), encoding="utf-8")
        cls.commit()
        told = printed(cls.root / "packaging" / "release", VERSION, cls.out, umask=0o077, env={
            **os.environ, "SOURCE_DATE_EPOCH": str(_EPOCH), "CAA_KUBERNETES_TOOLS": str(tool("kubectl").parent)})
        assert told == f"{cls.out}\n", told
        # Where packages are built is gone, and nothing else has changed.
        assert sorted(each.name for each in cls.root.parent.iterdir()) == ["release", "source"]
        assert cls.git("status", "--porcelain") == ""

    def test_checksums_are_of_every_file_and_right(self):
        printed("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=self.out)
        told = {line.split("  ", 1)[1] for line in (self.out / "SHA256SUMS").read_text("ascii").splitlines()}
        there = {file.relative_to(self.out).as_posix() for file in self.out.rglob("*") if file.is_file()}
        self.assertEqual(told, there - {"SHA256SUMS"})
        for pattern in (f"calico-azure-agent_{VERSION}_*.deb", f"{_NAME}-1.*.rpm", f"azure-simulator_{VERSION}_*.deb",
                        f"{_NAME}-linux-*.tar.gz", f"{_NAME}-*.raw", f"{_NAME}-image.tar", f"{_NAME}.tgz"):
            self.assertEqual(len(list(self.out.glob(pattern))), 1, pattern)

    def test_the_spdx_document_has_what_is_linked_in_with_dpkg_s_versions(self):
        spdx = json.loads((self.out / f"{_NAME}-{self.architecture}.spdx.json").read_text(encoding="utf-8"))
        self.assertEqual((spdx["spdxVersion"], spdx["creationInfo"]["created"]), ("SPDX-2.3", "2026-11-18T11:06:40Z"))
        packages = {each["SPDXID"]: each for each in spdx["packages"]}
        self.assertEqual(len(packages), len(spdx["packages"]))
        for each in packages.values():
            self.assertRegex(each["SPDXID"], r"\ASPDXRef-[A-Za-z0-9.-]+\Z")
            self.assertNotIn("NOASSERTION", (each["licenseConcluded"], each["licenseDeclared"], each["versionInfo"]))
        linked = set()
        for each in spdx["relationships"]:
            self.assertIn(each["spdxElementId"], {*packages, "SPDXRef-DOCUMENT"})
            if (each["spdxElementId"], each["relationshipType"]) == ("SPDXRef-calico-azure-agent", "STATIC_LINK"):
                linked.add(packages[each["relatedSpdxElement"]]["name"])
        for name in sorted(linked):
            told, = {each["versionInfo"] for each in packages.values() if each["name"] == name}
            self.assertEqual(told, printed("dpkg-query", "--show", "--showformat=${Version}\\n", name).splitlines()[0], name)
        self.assertEqual({re.sub(r"(libboost|libstdc\+\+)[\d.-]*-dev", r"\1-dev", each) for each in linked},
                         {f"{each}-dev" for each in ("libboost", "libcli11", "libexpected", "libfmt", "libnl-3", "libspdlog",
                                                     "libstdc++", "libtomlplusplus", "libyaml-cpp", "nlohmann-json3", "zlib1g")})
        lgpl, = (each for each in packages.values() if each["name"] == "libnl-3-dev")
        self.assertEqual(lgpl["licenseConcluded"], "LGPL-2.1-only")
        self.assertIn("packaging/build-packages makes their objects", lgpl["comment"])

    def test_the_image_has_the_programs_of_the_packages(self):
        blobs = self.blobs(self.out / f"{_NAME}-image.tar")
        descriptor, = json.loads(blobs["index.json"])["manifests"]
        self.assertEqual(descriptor["annotations"]["org.opencontainers.image.ref.name"], f"calico-azure-agent:{VERSION}")
        manifest = json.loads(self.blob(blobs, descriptor))
        config = json.loads(self.blob(blobs, manifest["config"]))
        self.assertEqual((config["architecture"], config["config"]["User"], config["config"]["Entrypoint"]),
                         (self.architecture, "0:0", ["/usr/bin/calico-azure-agent"]))
        with tarfile.open(fileobj=io.BytesIO(self.blob(blobs, manifest["layers"][0]))) as layer, \
             tarfile.open(package(f"archives/{_NAME}-linux-*.tar.gz")) as archive:
            self.assertEqual({(each.uid, each.gid, each.mtime) for each in layer}, {(0, 0, _EPOCH)})
            self.assertEqual({oct(each.mode & 0o022) for each in layer if not each.issym()}, {"0o0"})
            tarball = archive.getmembers()[0].name
            for program in ("bin/calico-azure-agent", "libexec/calico-azure-agent/calico-azure-agent-cloud"):
                self.assertEqual(layer.extractfile(f"usr/{program}").read(),
                                 archive.extractfile(f"{tarball}/opt/{program}").read(), program)

    def blobs(self, archive):
        """Name and content of every file of an OCI archive, whose blobs are what their names say."""
        with tarfile.open(archive) as opened:
            found = {each.name: opened.extractfile(each).read() for each in opened}
        for name, content in found.items():
            if name.startswith("blobs/"):
                self.assertEqual(name, f"blobs/sha256/{hashlib.sha256(content).hexdigest()}")
        return found

    def blob(self, blobs, descriptor):
        content = blobs[descriptor["digest"].replace("sha256:", "blobs/sha256/")]
        self.assertEqual(len(content), descriptor["size"])
        return content

    def test_an_image_of_two_architectures_is_an_index_and_the_same_bits_from_the_same_files(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            archives = []
            for turn, order in enumerate((("amd64", "arm64"), ("arm64", "amd64"))):
                archives.append(folder / f"{turn}.tar")
                words = []
                for each in order:
                    (folder / str(turn) / each / "usr").mkdir(parents=True)
                    (folder / str(turn) / each / "usr" / "program").write_text(each, encoding="ascii")
                    (folder / str(turn) / each / "lib").symlink_to("usr")
                    words.append(f"{each}={folder / str(turn) / each}")
                subprocess.run([PACKAGING / "write-image", VERSION, archives[-1], *words], check=True,
                               env={**os.environ, "SOURCE_DATE_EPOCH": str(_EPOCH)})
            self.assertEqual(archives[0].read_bytes(), archives[1].read_bytes())
            blobs = self.blobs(archives[0])
        descriptor, = json.loads(blobs["index.json"])["manifests"]
        self.assertEqual(descriptor["mediaType"], "application/vnd.oci.image.index.v1+json")
        for each in json.loads(self.blob(blobs, descriptor))["manifests"]:
            layer, = json.loads(self.blob(blobs, each))["layers"]
            with tarfile.open(fileobj=io.BytesIO(self.blob(blobs, layer))) as opened:
                self.assertEqual(opened.extractfile("usr/program").read().decode(), each["platform"]["architecture"])

    def test_helm_installs_the_chart_as_it_is(self):
        for major in MAJORS:
            objects = documents(printed(tool(major), "template", "agent", self.out / f"{_NAME}.tgz", "--namespace",
                                        "kube-system", env={"PATH": os.environ["PATH"], "HOME": str(self.out.parent)}))
            container, = find(objects, "DaemonSet")["spec"]["template"]["spec"]["containers"]
            self.assertEqual(container["image"], f"calico-azure-agent:{VERSION}")

    def test_manifests_are_what_the_base_and_its_components_render(self):
        def manifest(name):
            return documents((self.out / "manifests" / f"{name}.yaml").read_text(encoding="utf-8"))

        base = render(KUBERNETES / "base")
        self.assertEqual(manifest("calico-azure-agent"), base)
        self.assertEqual(manifest("readiness"), render(KUBERNETES / "readiness"))
        for component in ("azure-json", "network-manager"):
            self.assertEqual(yaml.safe_dump_all(manifest(f"calico-azure-agent-{component}")),
                             yaml.safe_dump_all(render(KUBERNETES / component, base)))

    def test_the_kustomize_archive_is_a_base_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            printed("tar", "-xzf", self.out / f"{_NAME}-kustomize.tar.gz", "-C", folder)
            self.assertEqual(render(pathlib.Path(folder, f"{_NAME}-kustomize", "base")), render(KUBERNETES / "base"))


if __name__ == "__main__":
    unittest.main()
