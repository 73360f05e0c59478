#!/usr/bin/env python3
"""A support bundle says elsewhere what the node said: the same verdicts, byte for byte, and no secret."""

import io
import json
import os
import pathlib
import signal
import stat
import tarfile
import tempfile
import unittest

from case import CLUSTER, NodeCase, eventually, settings
from lab.bundle import failed, failures_replayed, files_of, replay

SECRETS = {"azure.json": "azure-client-secret-7f3a9c", "kubeconfig": "kubeconfig-token-51bd02",
           "imds": "imds-user-data-c4e811", "environment": "variable-of-nobody-90aa17"}


class Bundle(NodeCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "bundle.tar.gz"

    def bundle(self, **options):
        made = self.agent.command("support-bundle", "--output", self.file, **options)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(made.stdout.strip(), str(self.file))
        return files_of(self.file)

    def assert_replays(self, *failing):
        self.assertEqual(failures_replayed(self.file.read_bytes()), sorted(failing))

    def await_record(self, text):
        """A line is written a moment after it has come."""
        eventually(lambda: text in self.agent.command("history").stdout, f"{text} in the record")

    def test_of_a_healthy_node_replays_without_a_failure(self):
        self.agent.start_ready()
        self.await_record("ready")
        files = self.bundle()
        self.assert_replays()
        self.assertEqual(replay("doctor", "--bundle", self.file).returncode, 0)
        self.assertEqual(replay("plan", "--bundle", self.file).stdout, "in sync\n")
        self.assertIn("event", json.loads(files["events.jsonl"].splitlines()[0]))
        self.assertIn('cluster_cidrs = ["10.244.0.0/16"]', files["config.toml"])
        self.assertLess(self.file.stat().st_size, 1 << 20)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_of_each_fault_replays_to_the_same_failed_check(self):
        self.agent.start_ready()
        faults = {
            "sysctl.ip_forward": (["sysctl", "-qw", "net.ipv4.ip_forward=0"],
                                     ["sysctl", "-qw", "net.ipv4.ip_forward=1"]),
            "routes.in_sync": (["ip", "rule", "add", "pref", "100", "to", CLUSTER, "blackhole"],
                                  ["ip", "rule", "del", "pref", "100"]),
            "nic.up": (["ip", "link", "set", "eth0", "down"], ["true"]),
        }
        for wanted, (begin, end) in faults.items():
            with self.subTest(wanted):
                self.lab.vm.run(*begin)
                files = self.bundle()
                self.lab.vm.run(*end)
                own = failed(files["doctor.json"])
                self.assertIn(wanted, own)
                self.assert_replays(*own)

    def test_what_people_read_is_the_same_there(self):
        self.agent.start_ready()
        self.lab.vm.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.agent.await_not_ready()
        self.await_record("no longer ready")
        self.bundle()
        self.assertEqual(replay("status", "--bundle", self.file).stdout.splitlines()[0],
                         "not ready: 1 gate holds it back")
        page = replay("status", "--html", "--bundle", self.file).stdout
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertIn("sysctl.ip_forward", page)
        explained = replay("explain", "--bundle", self.file, CLUSTER)
        self.assertRegex(explained.stdout, rf"(?m)^wanted +{CLUSTER} via 10.240.0.1 dev eth0 ")
        self.assertRegex(explained.stdout, rf"(?m)^kernel +{CLUSTER} via 10.240.0.1 dev eth0 ")
        self.assertIn("no longer ready: sysctl.ip_forward", replay("history", "--bundle", self.file).stdout)
        past = replay("explain", "--bundle", self.file, "--at", "0s", CLUSTER)
        self.assertRegex(past.stdout, r"(?m)^node .*not ready; failed: sysctl.ip_forward$")
        self.assertIn("note: node node-0 at ", past.stderr)

    def test_without_a_daemon_and_without_imds_there_is_one(self):
        self.lab.simulator.stop()
        files = self.bundle()
        self.assert_replays(*failed(files["doctor.json"]))
        self.assertEqual(files["events.jsonl"], "")
        self.assertNotIn("plan.json", files, "without a document nothing is known to be wanted")
        self.assertEqual(replay("plan", "--bundle", self.file).returncode, 2)

    def test_beside_a_daemon_that_hangs_there_is_one(self):
        self.agent.start_ready()
        os.kill(self.agent.process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.agent.process.pid, signal.SIGCONT)
        files = self.bundle()
        self.assertIn("does not answer", json.loads(files["doctor.json"])["verdict"])
        self.assert_replays()

    def test_holds_no_secret(self):
        cloud = self.agent.state / "azure.json"
        cloud.write_text(json.dumps({"cloud": "AzurePublicCloud", "aadClientId": "id", "routeTableName": "table-of-azure-json",
                                     "aadClientSecret": SECRETS["azure.json"]}), encoding="utf-8")
        kubeconfig = self.agent.state / "kubeconfig"
        kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
            "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
            "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\n"
            f"users: [{{name: u, user: {{token: {SECRETS['kubeconfig']}}}}}]\n", encoding="utf-8")
        self.agent.configure(**settings(azure={"cloud_config": str(cloud), "verify": "auto"},
                                        kubernetes={"kubeconfig": str(kubeconfig)}))
        self.agent.start_ready(FELIX_ETCDPASSWORD=SECRETS["environment"])
        files = self.bundle(environment={"FELIX_ETCDPASSWORD": SECRETS["environment"]})
        self.assertIn("table-of-azure-json", files["look.json"], "the file was read")
        for source, secret in SECRETS.items():
            for name, text in files.items():
                self.assertNotIn(secret, text, f"{name} holds the secret of {source}")

    def test_is_whole_or_not_there(self):
        nowhere = self.file.parent / "nowhere" / "bundle.tar.gz"
        refused = self.agent.command("support-bundle", "-o", nowhere)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(str(nowhere), refused.stderr)
        self.assertEqual(list(self.file.parent.iterdir()), [])

    def test_comes_in_the_place_of_nothing_but_a_file(self):
        folder = self.file.parent
        os.mknod(folder / "device", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mkfifo(folder / "pipe")
        (folder / "link").symlink_to(folder / "elsewhere")
        for name in ("device", "pipe", "link"):
            with self.subTest(name):
                before = os.lstat(folder / name)
                refused = self.agent.command("support-bundle", "-o", folder / name)
                self.assertEqual(refused.returncode, 1)
                self.assertIn("is no file; --output - is standard output", refused.stderr)
                self.assertEqual(os.lstat(folder / name), before)

    def test_of_a_ready_node_is_ready_on_the_page_too(self):
        self.agent.start_ready()
        self.bundle()
        page = replay("status", "--html", "--bundle", self.file)
        self.assertIn("<title>node-0: ready</title>", page.stdout)
        self.assertEqual(page.returncode, 0)
        self.assertRegex(replay("status", "--bundle", self.file).stdout, r"\Aready since ")

    def test_of_a_node_for_which_nobody_answers_says_so(self):
        self.agent.start_ready()
        os.kill(self.agent.process.pid, signal.SIGSTOP)
        self.addCleanup(self.agent.kill)
        for why in (r"the running daemon \(process \d+\) does not answer", "no agent runs"):
            files = self.bundle()
            self.assertFalse(json.loads(files["status.json"])["ready"])
            status = replay("status", "--bundle", self.file)
            self.assertRegex(status.stdout, rf"\Anot ready: {why}\n")
            self.assertEqual(status.returncode, 2)
            page = replay("status", "--html", "--bundle", self.file)
            self.assertIn("<title>node-0: not ready</title>", page.stdout)
            self.assertRegex(page.stdout, f"Nobody answers here for the node: {why}")
            self.assertEqual(page.returncode, 2)
            self.agent.kill()

    def test_of_a_thousand_cidrs_replays(self):
        cidrs = [f"100.{64 + n // 256}.{n % 256}.0/24" for n in range(1000)]
        self.agent.configure(**settings(pods={"cluster_cidrs": cidrs, "node_cidrs": [cidrs[0]]}))
        self.agent.start_ready()
        self.bundle()
        self.assert_replays()

    def test_says_why_it_has_no_record(self):
        self.agent.start_ready()
        self.agent.stop()
        events = self.agent.state / "events.jsonl"
        events.write_text("x" * (3 << 20), encoding="ascii")
        made = self.agent.command("support-bundle", "--output", self.file)
        self.assertEqual(made.returncode, 0)
        self.assertIn("without the record: ", made.stderr)
        for words in (["history"], ["explain", "--at", "0s", CLUSTER]):
            said = replay(words[0], "--bundle", self.file, *words[1:])
            self.assertEqual(said.returncode, 2)
            self.assertRegex(said.stderr, rf"(?m)^{words[0]}: there .*events.jsonl is larger than ")

    def test_of_somebody_hostile_steers_no_terminal(self):
        self.agent.start_ready()
        files = self.bundle()
        files["look.json"] = files["look.json"].replace('"00:0d:3a:f8:06:ec"', r'"\u001b[2Jx"')
        with tarfile.open(self.file, "w:gz") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"folder/{name}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        for words in (["doctor"], ["plan"], ["status", "--html"], ["explain", CLUSTER]):
            said = replay(words[0], "--bundle", self.file, *words[1:])
            self.assertNotIn("\x1b", said.stdout + said.stderr)
            self.assertEqual(said.returncode, 2, said.stderr)

    def test_goes_to_standard_output_where_that_is_asked_for(self):
        made = self.agent.command("support-bundle", "-o", "-", text=False)
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            self.assertTrue(all(name.startswith("calico-azure-agent-node-0-") for name in archive.getnames()))

    def test_what_is_none_is_refused_in_words(self):
        self.file.write_bytes(b"rubbish")
        refused = replay("doctor", "--bundle", self.file)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("is no gzip file", refused.stderr)
        missing = replay("doctor", "--bundle", self.file.parent / "none")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("No such file", missing.stderr)


if __name__ == "__main__":
    unittest.main()
