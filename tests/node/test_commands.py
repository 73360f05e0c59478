#!/usr/bin/env python3
"""wait, status, config, version, and bad usage."""

import contextlib
import json
import socket
import threading
import time
import unittest

from case import CLUSTER, NODE, NodeCase, eventually, settings
from lab.patience import PATIENCE


class Wait(NodeCase):
    def test_when_ready_it_returns_at_once(self):
        self.agent.start_ready()
        done = self.agent.command("wait", "--timeout", "5s")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_when_time_is_up_it_has_named_each_failing_gate_once(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        done = self.agent.command("wait", "--timeout", "1600ms")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("sysctl.ip_forward failed: net.ipv4.ip_forward is 0"), 1)
        self.assertNotIn("sysctl.nic_forwarding failed", done.stdout)

    def test_it_survives_an_agent_that_starts_later_and_names_a_gate_that_changes(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        waiting = self.agent.launch("wait", "--timeout", "30s")
        self.addCleanup(waiting.kill)
        self.assertIn("waiting for the agent", waiting.stdout.readline())
        self.agent.start()
        # The first look is under way where the question comes within its milliseconds.
        named = next(each for each in iter(waiting.stdout.readline, "") if "agent.settled" not in each)
        self.assertEqual(named.split()[0], "[-]sysctl.ip_forward")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.assertEqual((waiting.wait(10), waiting.stdout.read(), waiting.stderr.read()), (0, "ready\n", ""))
        waiting.stdout.close()
        waiting.stderr.close()

    def test_the_timeout_is_kept_without_an_agent(self):
        begin = time.monotonic()
        self.assertEqual(self.agent.command("wait", "--timeout", "1s").returncode, 1)
        self.assertLess(time.monotonic() - begin, 1 + PATIENCE)

    def test_a_timeout_that_is_none_is_bad_usage(self):
        for timeout in ("soon", "5", "-1s", ""):
            with self.subTest(timeout):
                self.assertEqual(self.agent.command("wait", "--timeout", timeout).returncode, 64)


class NamesOfLinks(NodeCase):
    """The kernel lets a link have nearly any name, and a pod that gives a NIC back leaves it its own."""

    def rename(self, name):
        vm = self.lab.vm
        before = vm.run("ip", "route").stdout.splitlines()
        vm.ip("link set dev eth0 down", f"link set dev eth0 name {name}", f"link set dev {name} up",
              *(f"route replace {each.replace('eth0', name)}" for each in before if " via " in each))

    def test_steer_no_terminal(self):
        self.rename("e\x1b[2K0")
        said = {"plan before": self.agent.command("plan").stdout}
        self.agent.start_ready()
        for words in ("status", "plan", "doctor --all", f"explain {CLUSTER.partition('/')[0]}",
                      "explain node to 10.244.9.9:53/udp"):
            said[words] = self.agent.command(*words.split()).stdout
        for words, text in said.items():
            with self.subTest(words):
                self.assertNotIn("\x1b", text)
        for words in ("plan before", "status", "doctor --all"):
            self.assertIn("e?[2K0", said[words], words)


class Daemon(NodeCase):
    """It is not root's; who asks it is."""

    def answering(self, status, body):
        """A daemon that somebody has taken over."""
        server = self.enter(self.lab.vm.socket())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 16925))
        server.listen()
        answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body

        def serve():
            with contextlib.suppress(OSError):  # closed
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(answer)
                        connection.recv(1)  # until it has been seen who answers

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)

    def test_its_words_steer_no_terminal_of_status_and_explain(self):
        evil = "evil\x1b[2K\x9b2K\n"
        check = {"id": evil, "status": "fail", "message": evil, "why": evil, "remedy": evil}
        self.answering(200, json.dumps({
            "schema": "calico-azure-agent/v1", "mode": evil, "mode_reason": evil,
            "nic": {"name": evil, "addresses": [evil]}, "checks": [check],
            "routes": [{"state": evil, "destination": evil, "error": evil}],
            "changes": [{"time": evil, "action": evil, "route": evil, "repaired_after": evil, "destination": CLUSTER}],
            }).encode())
        for words in (["status"], ["explain", CLUSTER]):
            with self.subTest(words[0]):
                said = self.agent.command(*words).stdout
                self.assertIn("evil?[2K?2K", said)
                for control in ("\x1b", "\x9b", "evil\n"):
                    self.assertNotIn(control, said)

    def test_explain_shows_the_last_changes_of_many(self):
        changes = [{"time": f"{minute:02}", "action": "add", "route": CLUSTER, "destination": CLUSTER} for minute in range(20)]
        self.answering(200, json.dumps({"schema": "calico-azure-agent/v1", "changes": changes}).encode())
        said = self.agent.command("explain", CLUSTER).stdout.splitlines()
        at = said.index("changes  12 earlier ones: calico-azure-agent history")
        self.assertEqual(said[at + 1:at + 9], [f"         {minute:02}  add {CLUSTER}" for minute in range(12, 20)])

    def test_its_words_steer_no_terminal_of_wait(self):
        self.answering(503, "[-]evil\x1b[2K failed: \x9b2K\n".encode())
        done = self.agent.command("wait", "--timeout", "1s")
        self.assertIn("[-]evil?[2K failed: ?2K\n", done.stdout)


class Status(NodeCase):
    def test_ready_is_0_and_shows_node_nic_pods_routes_and_checks(self):
        self.agent.start_ready()
        done = self.agent.command("status")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ("ready since", "node-0", "eth0", self.lab.nic.mac, self.lab.nic.gateway, CLUSTER, NODE,
                     "2 of 2 in_sync"):
            self.assertIn(text, done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_what_is_settled_is_folded_unless_all_is_asked_for(self):
        self.agent.start_ready()
        self.assertNotIn("sysctl.ip_forward", self.agent.command("status").stdout)
        self.assertIn("sysctl.ip_forward", self.agent.command("status", "--all").stdout)

    def test_the_path_is_one_line_of_the_locales_characters(self):
        self.agent.start_ready()
        for locale, arrow in (("C.UTF-8", " → "), ("C", " -> ")):
            with self.subTest(locale):
                done = self.agent.command("status", environment={"LC_ALL": locale})
                line = next(each for each in done.stdout.splitlines() if each.startswith("path"))
                self.assertEqual([word.rstrip(" ?") for word in line.removeprefix("path").strip().split(arrow)],
                                 ["pod", "pod's link", f"{CLUSTER} via {self.lab.nic.gateway}", "eth0", "route table",
                                  "peer"])

    def test_not_ready_is_1_and_names_what_failed_and_how_to_fix_it(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        done = self.agent.command("status")
        self.assertEqual(done.returncode, 1)
        self.assertIn("net.ipv4.ip_forward is 0", done.stdout)
        self.assertIn("sysctl -w net.ipv4.ip_forward=1", done.stdout)

    def test_without_a_daemon_it_is_2_and_says_where_it_asked(self):
        done = self.agent.command("status")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("127.0.0.1:16925", done.stderr)

    def test_something_else_on_the_port_is_no_agent(self):
        with self.lab.vm.socket() as occupant:
            occupant.bind(("127.0.0.1", 16925))
            occupant.listen()
            self.assertEqual(self.agent.command("status").returncode, 2)

    def test_json_is_what_the_status_address_says(self):
        self.agent.start_ready()

        def of_one_moment():
            """Whatever the daemon learns meanwhile: what it said just before is what it says just after."""
            before, done, after = self.shown(), self.agent.command("status", "--json"), self.shown()
            return done if before == after else None

        done = eventually(of_one_moment, "two answers alike")
        self.assertRegex(done.stdout, r"[^\n]\n\Z")
        self.assertEqual((done.returncode, self.lasting(json.loads(done.stdout))), (0, self.shown()))

    def shown(self):
        return self.lasting(self.agent.status())

    @staticmethod
    def lasting(status):
        """Without what goes on by itself."""
        status["imds"].pop("age_seconds")
        status["counters"].pop("resyncs")
        return status

    def test_a_unix_socket_is_asked_where_that_is_configured(self):
        self.agent.configure(**settings(http={"listen": f"unix:{self.agent.runtime}/s"}))
        self.agent.start_ready()
        self.assertEqual(self.agent.command("status").returncode, 0)
        self.assertEqual(self.agent.command("wait", "--timeout", "1s").returncode, 0)


class Configuration(NodeCase):
    def test_a_good_file_passes(self):
        done = self.agent.command("config", "check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_error_of_a_bad_file_is_reported_with_its_place(self):
        bad = self.agent.state / "bad.toml"
        bad.write_text('[pods]\ncluster_cidrs = ["10.244.0.1/16", "10.0.0.0/8"]\n[routes]\nmetirc = 7\ntable = 0\n',
                       encoding="utf-8")
        done = self.agent.command("config", "check", bad)
        self.assertEqual(done.returncode, 78)
        for place in (f"{bad}:2:18", f"{bad}:4:1", f"{bad}:5:"):
            self.assertIn(place, done.stderr)

    def test_a_missing_file_is_an_error_only_where_it_is_named(self):
        self.agent.file.unlink()
        self.assertEqual(self.agent.command("config", "check").returncode, 78)
        unnamed = self.lab.vm.run(self.agent.words()[0], "config", "show", env=self.agent.environment)
        self.assertEqual(unnamed.returncode, 0)

    def test_an_empty_file_is_fine(self):
        self.agent.file.write_text("", encoding="utf-8")
        self.assertEqual(self.agent.command("config", "check").returncode, 0)

    def test_show_names_the_source_of_each_value(self):
        done = self.agent.command("config", "show", "--set", "routes.metric=7",
                                  environment={"CALICO_AZURE_AGENT_ROUTES_TABLE": "900"})
        self.assertEqual(done.returncode, 0)
        for key, value, source in (("metric", "7", "--set"), ("table", "900", "CALICO_AZURE_AGENT_ROUTES_TABLE"),
                                   ("cluster_cidrs", f'\\["{CLUSTER}"\\]', "config.toml:"),
                                   ("resync_interval", '"5m"', "default")):
            self.assertRegex(done.stdout, rf"(?m)^{key} = {value} .*# .*{source}")

    def test_the_flag_overrides_the_environment_and_the_environment_the_file(self):
        self.agent.configure(**settings(routes={"metric": 1}))
        variable = {"CALICO_AZURE_AGENT_ROUTES_METRIC": "2"}
        self.assertRegex(self.agent.command("config", "show").stdout, r"(?m)^metric = 1\b")
        self.assertRegex(self.agent.command("config", "show", environment=variable).stdout, r"(?m)^metric = 2\b")
        both = self.agent.command("config", "show", "--set", "routes.metric=3", environment=variable)
        self.assertRegex(both.stdout, r"(?m)^metric = 3\b")

    def test_an_error_names_the_variable_or_the_flag(self):
        variable = {"CALICO_AZURE_AGENT_ROUTES_METRIC": "many"}
        by_variable = self.agent.command("config", "show", environment=variable)
        by_flag = self.agent.command("config", "show", "--set", "routes.metric=many")
        self.assertEqual((by_variable.returncode, by_flag.returncode), (78, 78))
        self.assertIn("CALICO_AZURE_AGENT_ROUTES_METRIC", by_variable.stderr)
        self.assertIn("--set", by_flag.stderr)

    def test_with_a_bad_configuration_the_daemon_ends_with_78(self):
        self.agent.file.write_text("mode = 7\n", encoding="utf-8")
        self.assertEqual(self.agent.command("run").returncode, 78)


class Words(NodeCase):
    def test_version_names_version_commit_compiler_and_libraries(self):
        done = self.agent.command("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"calico-azure-agent \d+\.\d+\.\d+")
        for word in ("commit", "compiler", "boost"):
            self.assertIn(word, done.stdout.lower())

    def test_bad_usage_is_64(self):
        for words in ([], ["rnu"], ["status", "--jsno"], ["config"], ["plan", "now"], ["run", "--config"]):
            with self.subTest(words):
                done = self.lab.vm.run(self.agent.words()[0], *words, env=self.agent.environment)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertNotEqual(done.stderr, "")

    def test_an_answer_that_cannot_be_written_is_no_success(self):
        self.agent.start_ready()
        for words in ("version", "config show", "status --json", "plan --json", "wait"):
            with self.subTest(words):
                for where in (">/dev/full", ">&-"):
                    line = f'exec "$0" "$@" {where}'
                    done = self.lab.vm.run("sh", "-c", line, *self.agent.words(*words.split()),
                                           env=self.agent.environment)
                    self.assertEqual((done.returncode, done.stdout), (1, ""), where)
                    self.assertIn("standard output cannot be written", done.stderr, where)
                done = self.lab.vm.run("sh", "-c", '"$0" "$@" | true', *self.agent.words(*words.split()),
                                       env=self.agent.environment)
                self.assertEqual(done.stderr, "", "as into head(1)")

    def test_every_command_has_help(self):
        for command in ("run", "wait", "status", "doctor", "plan", "flush", "config", "version"):
            with self.subTest(command):
                done = self.agent.command(command, "--help")
                self.assertEqual(done.returncode, 0)
                self.assertIn("--help", done.stdout)


if __name__ == "__main__":
    unittest.main()
