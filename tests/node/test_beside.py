#!/usr/bin/env python3
"""Commands beside a running daemon, and strangers who hold what is the agent's."""

import contextlib
import json
import subprocess
import sys
import unittest

from case import CLUSTER, NodeCase, eventually, settings

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

# Answers everything with 200, as an agent that is ready does, and hangs up last.
_SQUATTER = """
import socket, sys, threading
ready = b"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nok\\n"
listener = socket.create_server(("127.0.0.1", 16925))
print("listens", flush=True)
while True:
    client, _ = listener.accept()
    if "leaves" in sys.argv:
        listener.close()
    client.recv(4096)
    client.sendall(ready)
    if "hangs-up" in sys.argv:
        client.close()
    else:
        client.recv(1)
    if "leaves" in sys.argv:
        break
"""
_NAME_HOLDER = """
import socket, sys, time
holder = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[1]))
holder.bind("\\0calico-azure-agent")
if "listens" in sys.argv:
    holder.listen(0)
if "full" in sys.argv:
    others = []
    while True:
        other = socket.socket(socket.AF_UNIX)
        other.setblocking(False)
        try:
            other.connect("\\0calico-azure-agent")
        except BlockingIOError:
            break
        others.append(other)
print("holds", flush=True)
time.sleep(600)
"""


class BesideCase(NodeCase):
    def setUp(self):
        super().setUp()
        self.lab.folder.chmod(0o711)  # who is not root finds the agent's folders

    @contextlib.contextmanager
    def nobody(self, script, *words):
        """A program of nobody's in the VM, once it has said that it does what it is for."""
        with self.lab.vm.start(*NOBODY, sys.executable, "-c", script, *words, stdout=subprocess.PIPE,
                               text=True) as process:
            try:
                self.assertNotEqual(process.stdout.readline(), "")
                yield process
            finally:
                process.kill()

    def as_nobody(self, script, *words):
        return self.enter(self.nobody(script, *words))

    def plainly(self, *words, environment=None):
        """A command as an operator types it: without --config."""
        return self.lab.vm.run(self.agent.words()[0], *words, env={**self.agent.environment, **(environment or {})})


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
        done = self.plainly("doctor")
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


class WhereItListens(BesideCase):
    config = {"http": {"listen": "127.0.0.1:18000"}}

    def start_ready(self):
        begin = len(self.agent.manager.heard)
        self.agent.start()
        self.agent.await_word("READY=1", since=begin)

    def test_who_has_no_configuration_finds_it(self):
        self.start_ready()
        self.assertEqual((self.agent.runtime / "listening").read_text(encoding="ascii"), "127.0.0.1:18000\n")
        self.assertEqual(self.plainly("wait", "--timeout", "5s").stdout, "ready\n")
        self.assertEqual(self.plainly("status").returncode, 0)
        self.assertEqual(self.plainly("plan").returncode, 0)
        self.assertEqual(self.agent.stop(), 0)
        self.assertFalse((self.agent.runtime / "listening").exists())

    def test_nobody_does_too_as_in_a_container_that_waits(self):
        self.start_ready()
        done = self.lab.vm.run(*NOBODY, self.agent.words()[0], "wait", "--timeout", "5s", env=self.agent.environment)
        self.assertEqual((done.returncode, done.stdout), (0, "ready\n"))

    def test_who_waits_sees_the_daemon_come_elsewhere(self):
        waiting = self.lab.vm.start(self.agent.words()[0], "wait", "--timeout", "30s", stdout=subprocess.PIPE,
                                    text=True, env=self.agent.environment)
        self.addCleanup(waiting.kill)
        self.assertIn("127.0.0.1:16925", waiting.stdout.readline())
        self.agent.start()
        self.assertEqual(waiting.wait(10), 0)
        self.assertIn("ready\n", waiting.stdout.read())
        waiting.stdout.close()

    def test_what_a_killed_one_left_is_withdrawn_also_by_one_that_cannot_start(self):
        self.start_ready()
        self.agent.file.write_text("mode = 7\n", encoding="utf-8")
        left = [self.agent.ready_file, self.agent.runtime / "listening"]
        self.assertEqual(self.agent.command("run").returncode, 78)
        self.assertTrue(all(file.exists() for file in left), "those of a daemon that lives")
        self.agent.kill()
        self.assertEqual(self.agent.command("run").returncode, 78)
        self.assertFalse(any(file.exists() for file in left))

    def test_an_address_that_is_given_is_asked(self):
        self.start_ready()
        done = self.plainly("wait", "--timeout", "300ms", "--set", "http.listen=127.0.0.1:18001")
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:18001", done.stdout)

    def test_a_unix_socket_is_found_and_a_host_header_means_nothing_there(self):
        path = self.agent.runtime / "http"
        self.agent.configure(**settings(http={"listen": f"unix:{path}"}))
        self.start_ready()
        self.assertEqual(self.plainly("wait", "--timeout", "5s").stdout, "ready\n")
        done = self.lab.vm.run("curl", "-s", "--unix-socket", path, "-o", "/dev/null", "-w", "%{http_code}",
                               "-H", "Host: evil.example.com", "http://x/readyz")
        self.assertEqual(done.stdout, "200")


class SquattedPort(BesideCase):
    def test_wait_does_not_believe_nobody_and_names_him(self):
        squatter = self.as_nobody(_SQUATTER)
        done = self.plainly("wait", "--timeout", "700ms")
        self.assertEqual(done.returncode, 1)
        name = self.lab.vm.number_of(squatter)
        self.assertIn(f"held by user 65534 (process {name}, python3", done.stdout)
        self.assertNotIn("\nready", f"\n{done.stdout}")

    def test_nor_does_nobody_himself_as_in_a_container_that_waits(self):
        self.as_nobody(_SQUATTER)
        done = self.lab.vm.run(*NOBODY, self.agent.words()[0], "wait", "--timeout", "700ms", env=self.agent.environment)
        self.assertEqual(done.returncode, 1)
        self.assertIn("user 65534", done.stdout)

    def test_nor_one_who_hangs_up_or_leaves_the_port_before_he_is_looked_for(self):
        for how in (["hangs-up"], ["leaves"], ["leaves", "hangs-up"]):
            with self.subTest(how):
                with self.nobody(_SQUATTER, *how):
                    self.assertEqual(self.plainly("wait", "--timeout", "700ms").returncode, 1)

    def test_one_who_hangs_up_at_once_is_named_all_the_same(self):
        squatter = self.as_nobody(_SQUATTER.replace("client.recv(4096)", "client.close(); continue"))
        done = self.plainly("wait", "--timeout", "300ms")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the port is held by user 65534 (process {self.lab.vm.number_of(squatter)}, python3", done.stdout)

    def test_where_users_have_no_numbers_it_is_said_that_whose_word_it_is_cannot_be_told(self):
        self.agent.start_ready()
        done = self.lab.vm.run("unshare", "--user", *self.agent.words("wait", "--timeout", "5s"),
                               env=self.agent.environment)
        self.assertEqual(done.returncode, 0)
        self.assertIn("ready (whose word this is on 127.0.0.1:16925 cannot be told", done.stdout)

    def test_status_does_not_believe_him(self):
        self.as_nobody(_SQUATTER)
        done = self.plainly("status")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("user 65534", done.stderr)

    def test_nor_does_plan_which_says_so(self):
        self.as_nobody(_SQUATTER)
        self.assertIn("user 65534", json.loads(self.plainly("plan", "--json").stdout)["note"])


class SquattedName(BesideCase):
    HOLDERS = (["SOCK_STREAM", "listens"], ["SOCK_STREAM"], ["SOCK_STREAM", "listens", "full"])

    def test_the_daemon_starts_says_who_holds_it_and_keeps_the_routes(self):
        for how in self.HOLDERS:
            with self.subTest(how):
                begin = len(self.agent.log)
                with self.nobody(_NAME_HOLDER, *how):
                    self.agent.start_ready()
                    self.await_routes(self.wanted())
                    self.agent.await_log("the name @calico-azure-agent is held by", since=begin)
                    self.assertEqual(self.agent.stop(), 0)

    def test_flush_is_not_refused(self):
        self.as_nobody(_NAME_HOLDER, "SOCK_STREAM", "listens")
        done = self.agent.command("flush")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_second_daemon_is_kept_away_all_the_same_and_flush_refuses(self):
        self.as_nobody(_NAME_HOLDER, "SOCK_STREAM", "listens")
        self.agent.start_ready()
        second = self.agent.command("run", "--set", "http.listen=127.0.0.1:18000")
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"another calico-azure-agent (process {self.agent.number})", second.stderr)
        self.assertIn(f"process {self.agent.number}", self.agent.command("flush").stderr)

    def test_the_services_and_a_daemon_sets_keep_each_other_away(self):
        """One is user 65000's and owns the folder, as systemd gives it to him whoever had it before; the other is root
        without a power over others' files."""
        bare = ["setpriv", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all,+net_admin"]
        service = ["setpriv", "--reuid", "65000", "--regid", "65000", "--clear-groups", "--inh-caps", "+net_admin",
                   "--ambient-caps", "+net_admin"]
        for squatted in (False, True):
            for first, second in ((service, bare), (bare, service)):
                with self.subTest(squatted=squatted, first=first[1]), contextlib.ExitStack() as stack:
                    if squatted:
                        stack.enter_context(self.nobody(_NAME_HOLDER, "SOCK_STREAM", "listens"))
                    self.give_the_folder_to("65000" if first is service else "0")
                    running = stack.enter_context(self.lab.vm.start(
                        *first, *self.agent.words("run"), env=self.agent.environment, stderr=subprocess.DEVNULL))
                    stack.callback(running.kill)
                    self.agent.await_ready()
                    self.give_the_folder_to("65000")
                    done = self.lab.vm.run(*second, *self.agent.words("run", "--set", "http.listen=127.0.0.1:18000"),
                                           env=self.agent.environment, timeout=10)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("another calico-azure-agent", done.stderr)

    def give_the_folder_to(self, user):
        self.lab.vm.run("chown", "-R", f"{user}:{user}", self.agent.runtime, self.agent.state)


if __name__ == "__main__":
    unittest.main()
