#!/usr/bin/env python3
"""Whose the port and the name are: the daemon that listens elsewhere, and other users who hold what is the agent's."""

import contextlib
import json
import subprocess
import unittest

from beside import BesideCase, NOBODY
from case import settings

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
        self.assertIn("ready (which process answers on 127.0.0.1:16925 is not known", done.stdout)

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
