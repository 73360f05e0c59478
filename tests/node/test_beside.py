#!/usr/bin/env python3
"""Commands beside a running daemon go by what it has in force."""

import json
import subprocess
import unittest

from beside import BesideCase, NOBODY
from case import CLUSTER, eventually, settings


class ItsConfiguration(BesideCase):
    """The daemon's file is not the one in /etc, where there is none."""

    def setUp(self):
        super().setUp()
        self.agent.start_ready()

    def test_status_tells_it(self):
        told = self.agent.status()["config"]
        self.assertEqual((told["file"], told["overrides"]), (str(self.agent.file), []))
        self.agent.stop()
        self.agent.start_ready(CALICO_AZURE_AGENT_ROUTES_METRIC="777")
        told = self.agent.status()["config"]
        self.assertEqual(told["overrides"], ["routes.metric=777"])

    def test_plan_goes_by_it_and_proposes_nothing(self):
        done = self.plainly("plan")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        note, verdict = done.stdout.splitlines()
        self.assertIn(str(self.agent.file), note)
        self.assertEqual(verdict, "in sync")
        plan = json.loads(self.plainly("plan", "--json").stdout)
        self.assertEqual((plan["in_sync"], plan["routes"]), (True, []))
        self.assertIn(str(self.agent.file), plan["note"])

    def test_so_do_explain_doctor_and_flush(self):
        explained = self.plainly("explain", "10.244.9.9").stdout
        self.assertTrue(explained.startswith("note: "), explained)
        self.assertIn(f"{self.agent.file}:", explained)
        report = json.loads(self.plainly("doctor", "--json").stdout)
        self.assertIn(str(self.agent.file), report["note"])
        self.assertEqual({check["id"]: check["status"] for check in report["checks"]}["routes.in_sync"], "pass")
        self.agent.stop()
        self.agent.command("flush")
        self.agent.configure(**settings(routes={"protocol": 77}))
        self.agent.start_ready()
        flushed = self.plainly("flush", "--dry-run").stdout
        self.assertTrue(flushed.startswith("note: "), flushed)
        self.assertIn(f"would remove route {CLUSTER}", flushed)

    def test_overrides_of_its_environment_count_too(self):
        self.agent.stop()
        self.agent.start_ready(CALICO_AZURE_AGENT_ROUTES_METRIC="777")
        done = self.plainly("plan")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("routes.metric=777", done.stdout.splitlines()[0])

    def test_with_the_same_nothing_is_to_be_said(self):
        done = self.agent.command("plan")
        self.assertEqual((done.returncode, done.stdout), (0, "in sync\n"))
        self.assertEqual(json.loads(self.agent.command("plan", "--json").stdout)["note"], "")

    def test_another_that_is_given_holds_and_the_first_line_says_what_differs(self):
        for words, environment in ((["--config", str(self.agent.file), "--set", "routes.metric=7"], {}),
                                   ([], {"CALICO_AZURE_AGENT_ROUTES_METRIC": "7"})):
            with self.subTest(words):
                done = self.plainly("plan", *words, environment=environment)
                self.assertEqual(done.returncode, 1)
                first = done.stdout.splitlines()[0]
                self.assertIn("differs", first)
                self.assertIn("routes.metric", first)
                self.assertIn(str(self.agent.file), first)

    def test_an_edited_file_that_is_not_reloaded_is_told(self):
        healthy = self.plainly("doctor", "--npd")
        self.agent.configure(**settings(routes={"metric": 7, "protocol": 99}, pods={"cluster_cidrs": ["10.250.0.0/16"],
                                                                                    "node_cidrs": []}))
        done = self.plainly("plan")
        self.assertEqual(done.returncode, 0, done.stdout)
        note, verdict = done.stdout.splitlines()
        self.assertIn("not what the daemon has read", note)
        self.assertEqual(verdict, "in sync")
        self.assertIn(f"would remove route {CLUSTER}", self.plainly("flush", "--dry-run").stdout)
        edited = self.plainly("doctor", "--npd")
        self.assertEqual((edited.returncode, edited.stdout), (healthy.returncode, healthy.stdout))
        self.agent.hang_up()
        eventually(lambda: "has read" not in self.plainly("plan").stdout, "what is reloaded is told")

    def test_an_edited_file_whose_rest_is_not_told_is_no_alarm(self):
        self.lab.vm.ip(f"route replace {CLUSTER} via 10.240.0.77 dev eth0 proto 4 metric 5")
        self.assertEqual(self.plainly("doctor", "--npd").returncode, 1)
        self.agent.configure(**settings(azure={"interval": "20m"}))
        done = self.plainly("doctor", "--npd")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("reload", done.stdout)

    def test_without_a_daemon_the_own_one_counts(self):
        self.agent.stop()
        done = self.plainly("plan")
        self.assertFalse(done.stdout.startswith("note: "), done.stdout)
        self.assertIn("remove", done.stdout)


class InvalidFile(BesideCase):
    """The file became invalid while the daemon runs with what it had: its node is as ready as before."""

    def setUp(self):
        super().setUp()
        self.agent.start_ready()
        self.invalidate("bad = \n")

    def invalidate(self, text, mode=0o644):
        self.lab.vm.files.write("/etc/calico-azure-agent/config.toml", text)
        self.lab.vm.run("chmod", f"{mode:o}", "/etc/calico-azure-agent/config.toml")

    def test_wait_and_status_need_none_and_say_so_in_one_line(self):
        for text in ("bad = \n", "[pods]\ncluster_cidr = []\nnode_cidr = []\n"):
            self.invalidate(text)
            for words in (["wait", "--timeout", "5s"], ["status"]):
                with self.subTest(text=text, words=words):
                    done = self.plainly(*words)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                    self.assertIn("/etc/calico-azure-agent/config.toml", done.stderr)

    def test_nor_does_nobody_who_may_not_read_it(self):
        self.invalidate("", mode=0o600)
        done = self.lab.vm.run(*NOBODY, self.agent.words()[0], "wait", "--timeout", "5s", env=self.agent.environment)
        self.assertEqual((done.returncode, done.stdout), (0, "ready\n"), done.stderr)

    def test_one_that_is_given_is_an_error(self):
        for words in (["--config", "/etc/calico-azure-agent/config.toml"], ["--set", "routes.metric=7"]):
            self.assertEqual(self.plainly("wait", "--timeout", "5s", *words).returncode, 78)

    def test_doctor_names_the_errors_and_goes_by_what_the_daemon_has_in_force(self):
        done = self.plainly("doctor", "--all")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("/etc/calico-azure-agent/config.toml:1:", done.stderr)
        self.assertIn("routes.in_sync", done.stdout)

    def test_or_says_what_the_daemon_says_where_that_is_not_told(self):
        self.agent.file.write_text("bad = \n", encoding="utf-8")
        done = self.plainly("doctor")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("ready since "), done.stdout)
        npd = self.plainly("doctor", "--npd")
        self.assertEqual(npd.returncode, 2)
        self.assertLessEqual(len(npd.stdout.strip()), 80)
        self.assertEqual(self.plainly("plan").returncode, 78)

    def test_without_a_daemon_it_is_an_error_but_for_who_waits(self):
        self.agent.stop()
        self.assertEqual(self.plainly("doctor").returncode, 78)
        self.assertEqual(self.plainly("plan").returncode, 78)
        self.assertEqual(self.plainly("status").returncode, 2)
        self.assertEqual(self.plainly("wait", "--timeout", "300ms").returncode, 1)


class OfTheServiceUser(BesideCase):
    """A daemon of user 65000's, who owns the runtime folder: it may not lead root's command anywhere."""

    USER = 65000

    def setUp(self):
        super().setUp()
        self.lab.vm.run("chown", f"{self.USER}:{self.USER}", self.agent.runtime, self.agent.state)
        self.words = ["setpriv", "--reuid", self.USER, "--regid", self.USER, "--clear-groups", "--inh-caps",
                      "+net_admin", "--ambient-caps", "+net_admin"]

    def start(self, file, *words):
        process = self.lab.vm.start(*self.words, self.agent.words()[0], "--config", file, "run",
                                    *words, env=self.agent.environment, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.agent.await_ready()

    def roots_file(self, name="agent.toml"):
        """Every folder on the way to it is root's alone."""
        self.lab.vm.files.write(f"/etc/calico-azure-agent/{name}", self.agent.file.read_text(encoding="utf-8"))
        return f"/etc/calico-azure-agent/{name}"

    def test_of_roots_file_it_goes_and_of_what_shapes_routes(self):
        file = self.roots_file()
        self.start(file, "--set", "routes.metric=777")
        done = self.plainly("plan")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("left out", done.stdout)

    def test_a_file_that_is_not_roots_is_not_taken_and_that_is_said(self):
        file = self.roots_file()
        self.lab.vm.run("chown", f"{self.USER}", file)
        self.start(file)
        first = self.plainly("plan").stdout.splitlines()[0]
        self.assertIn(f"left out, for the daemon is not root's: {file} is not read for the agent", first)
        self.assertIn(f"belongs to user {self.USER}", first)

    def test_paths_and_endpoints_are_left_out_and_that_is_said(self):
        self.start(self.roots_file(), "--set", "kubernetes.kubeconfig=/run/evil", "--set",
                   "azure.cloud_config=/run/evil", "--set", "routes.metric=777")
        trace = self.lab.folder / "files"
        done = self.lab.vm.run("strace", "-f", "-e", "trace=%file", "-s", "4096", "-o", trace, self.agent.words()[0],
                               "doctor", env=self.agent.environment)
        first = done.stdout.splitlines()[0]
        self.assertIn("left out, for the daemon is not root's: kubernetes.kubeconfig=/run/evil, "
                      "azure.cloud_config=/run/evil", first)
        self.assertNotIn("/run/evil", trace.read_text("utf-8"))

    def test_wait_and_status_believe_it(self):
        self.start(self.roots_file())
        self.assertEqual(self.plainly("wait", "--timeout", "5s").stdout, "ready\n")
        self.assertEqual(self.plainly("status").returncode, 0)

    def test_what_it_plants_as_a_lock_is_not_followed(self):
        victim = self.agent.state / "victim"
        victim.write_text("root's", encoding="utf-8")
        for name in ("lock", "ready.new", "listening.new"):
            (self.agent.runtime / name).symlink_to(victim)
        self.agent.start_ready()
        self.assertEqual(victim.read_text(encoding="utf-8"), "root's")
        self.assertTrue(self.agent.ready_file.is_file())


if __name__ == "__main__":
    unittest.main()
