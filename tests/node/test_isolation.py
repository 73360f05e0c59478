#!/usr/bin/env python3
"""What a VM of the lab shows of the machine that the tests run on: nothing that says how that one is set up."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from case import Lab, NodeCase, SANITIZED, settings
from lab import build_folder
from lab.filesystem import BORROWED, OWN, OWN_FILES

# A machine that is a node itself, and a broken one: overlays of these, and files in them.
_OVERLAID = ("/etc", "/opt", "/run", "/usr/lib", "/usr/local/lib", "/var/lib")
_NO_FORWARDING = "net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.forwarding = 0\n"
_LINK = "[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=persistent\n"
_PLANTED = {
    "/etc/NetworkManager/NetworkManager.conf": "[keyfile]\nunmanaged-devices=none\n",
    "/etc/calico-azure-agent/config.toml": "mode = 7\n",
    "/etc/cni/net.d/00-another.conflist": '{"name": "another", "plugins": [{"type": "another"}]}',
    "/etc/kubernetes/azure.json": '{"routeTableName": "another"}',
    "/etc/kubernetes/kubelet.conf": "no: kubeconfig\n",
    "/etc/sysctl.d/99-another.conf": _NO_FORWARDING,
    "/etc/systemd/network/00-another.link": _LINK,
    "/etc/systemd/networkd.conf.d/99-another.conf": "[Network]\nManageForeignRoutes=yes\n",
    "/opt/cni/bin/another": "#!/bin/sh\n",
    "/run/flannel/subnet.env": "FLANNEL_NETWORK=10.9.0.0/16\nFLANNEL_SUBNET=10.9.1.1/24\n",
    "/run/sysctl.d/99-another.conf": _NO_FORWARDING,
    "/usr/lib/NetworkManager/conf.d/another.conf": "[keyfile]\nunmanaged-devices=none\n",
    "/usr/lib/sysctl.d/zz-another.conf": _NO_FORWARDING,
    "/usr/lib/systemd/network/99-another.link": _LINK,
    "/usr/lib/systemd/networkd.conf.d/another.conf": "[Network]\nManageForeignRoutes=yes\n",
    "/usr/local/lib/NetworkManager/conf.d/another.conf": "",
    "/usr/local/lib/sysctl.d/zz-another.conf": _NO_FORWARDING,
    "/usr/local/lib/systemd/network/99-another.link": _LINK,
    "/usr/local/lib/systemd/networkd.conf.d/another.conf": "[Network]\nManageForeignRoutes=yes\n",
    "/var/lib/calico/nodename": "another",
    "/var/lib/cni/networks/another/10.9.1.7": "gone\neth0",
    "/var/lib/kubelet/config.yaml": "clusterDNS: [10.244.0.10]\n"}
_ENVIRONMENT = {"CALICO_AZURE_AGENT_MODE": "another", "CREDENTIALS_DIRECTORY": "/another", "JOURNAL_STREAM": "8:1",
                "KUBERNETES_SERVICE_HOST": "10.9.0.1", "KUBERNETES_SERVICE_PORT": "443", "NODE_NAME": "another",
                "TZ": "Asia/Tokyo", "http_proxy": "http://10.9.0.1:3128"}
_PROGRAMS = ("NetworkManager", "calico-felix", "systemd-network")


class Isolation(NodeCase):
    def test_where_machines_are_set_up_a_vm_has_what_the_lab_has_written(self):
        files = self.lab.vm.files
        shown = set(self.lab.vm.shell(f"find {' '.join(OWN)} ! -type d").stdout.split())
        written = {str(path) for own in OWN for path in map(pathlib.Path, shown)
                   if path.is_relative_to(own) and (files.path_of(path).is_symlink() or files.path_of(path).exists())}
        borrowed = {path for path in shown if path.split("/")[1] == "etc" and path.split("/")[2] in BORROWED}
        namespaces = {path for path in shown if path.startswith("/run/netns/")}
        self.assertEqual(shown - borrowed - namespaces - written, set())
        self.assertIn("/usr/lib/sysctl.d/60-calico-azure-agent.conf", written)

    @unittest.skipIf(SANITIZED, "a sanitizer's own files")
    def test_what_doctor_reads_is_the_vms_own(self):
        file = self.lab.folder / "files"
        self.agent.namespace.run("strace", "-f", "-e", "trace=%file", "-s", "4096", "-o", file,
                                 *self.agent.words("doctor"), env=self.agent.environment)
        read = {pathlib.Path(path) for path in re.findall(r'\((?:AT_FDCWD, )?"(/[^"]*)"', file.read_text("utf-8"))}
        own = [*OWN, *OWN_FILES, "/proc", "/sys", "/dev/null", "/dev/urandom", self.lab.folder, build_folder()]

        def is_program(path):
            return re.search(r"/lib(64|/.*)/[^/]*\.so(\.[0-9.]+)?$|^(/usr)?/s?bin/(iptables-(nft|legacy)-save|nft)$",
                             str(path))

        others = {str(path) for path in read if not is_program(path) and not any(map(path.is_relative_to, own))}
        self.assertLessEqual(others, {"/usr/lib/ssl/openssl.cnf"})  # a link into /etc/ssl
        self.assertIn(pathlib.Path("/usr/lib/systemd/network"), read)

    def test_a_program_in_it_is_in_a_folder_of_its(self):
        self.assertEqual(self.lab.vm.run("pwd").stdout, "/\n")
        self.assertEqual(self.lab.vm.run("ls", cwd="/usr/lib/sysctl.d").stdout, "60-calico-azure-agent.conf\n")

    def test_its_processes_are_those_that_were_started_in_it(self):
        self.agent.start()
        shown = self.lab.vm.shell("cat /proc/[0-9]*/comm").stdout.split()
        started_by_it = {name for name in shown if name.startswith(("iptables-", "nft"))}
        self.assertEqual(set(shown) - started_by_it, {"calico-azure-ag", "sh", "sleep"})  # the last is the VM's first

    def test_it_has_the_kernels_own_sysctls_whatever_the_machine_has(self):
        # What the machine says to new namespaces cannot be changed for a test; what is set is seen in one that has it.
        with self.lab.vm.entered():
            for name, value in (("rp_filter", 1), ("forwarding", 1), ("accept_redirects", 0), ("arp_ignore", 2)):
                pathlib.Path("/proc/sys/net/ipv4/conf/default", name).write_text(f"{value}\n", encoding="ascii")
            pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1\n", encoding="ascii")
        self.lab.vm.forget_the_machine()
        for key, value in (("ipv4.conf.default.rp_filter", "0"), ("ipv4.conf.default.forwarding", "0"),
                           ("ipv4.conf.default.accept_redirects", "1"), ("ipv4.conf.default.arp_ignore", "0"),
                           ("ipv6.conf.all.disable_ipv6", "0")):
            self.assertEqual(self.lab.vm.sysctl(f"net.{key}"), value, key)


class AnotherMachine(unittest.TestCase):
    """The same lab on this machine and on one that is full of other things."""

    def test_a_lab_does_not_notice(self):
        plain, planted = judgement(), self.judgement_on_another_machine()
        self.assertEqual(planted.pop("seen"), [])
        self.assertEqual(plain, planted)

    def judgement_on_another_machine(self):
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, __file__, "another"],
                              env={**os.environ, **_ENVIRONMENT}, umask=0o077,
                              stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        return json.loads(done.stdout)


def judgement():
    """What the agent says of a node that has nothing but the lab's."""
    with Lab() as lab:
        done = lab.agent(**settings()).command("doctor", "--json")
        return {check["id"]: check["status"] for check in json.loads(done.stdout)["checks"]}


def judgement_on_this_planted_machine():
    with tempfile.TemporaryDirectory() as layers, contextlib.ExitStack() as open_things:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layers], check=True)
        open_things.callback(subprocess.run, ["umount", "--lazy", layers], check=True)
        for place in filter(pathlib.Path.is_dir, map(pathlib.Path, _OVERLAID)):
            upper, work = (pathlib.Path(layers, kind, place.name + place.parent.name) for kind in ("upper", "work"))
            upper.mkdir(parents=True)
            work.mkdir(parents=True)
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                            f"lowerdir={place},upperdir={upper},workdir={work}", place], check=True)
        for path, text in _PLANTED.items():
            pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(path).write_text(text, encoding="utf-8")
        for name in _PROGRAMS:
            shutil.copy("/bin/sleep", pathlib.Path(layers, name))
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", pathlib.Path(layers, name), "600"])
            open_things.callback(process.kill)
        seen = {"seen": []}
        with Lab() as lab:
            seen["seen"] += [path for path in _PLANTED if lab.vm.run("test", "-e", path).returncode == 0]
            named = {line.partition("=")[0] for line in lab.vm.run("env").stdout.splitlines()}
            seen["seen"] += [name for name in _ENVIRONMENT if name in named]
            running = lab.vm.shell("cat /proc/[0-9]*/comm").stdout.split()
            seen["seen"] += [name for name in _PROGRAMS if name in running]
        return {**judgement(), **seen}


if __name__ == "__main__":
    if sys.argv[1:] == ["another"]:
        print(json.dumps(judgement_on_this_planted_machine()))
    else:
        unittest.main()
