#!/usr/bin/env python3
"""What a node pays for the agent, and what clients can do to it."""

import contextlib
import fcntl
import os
import pathlib
import socket
import time
import unittest

from case import CLUSTER, NodeCase, SANITIZED


class Clients(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()
        self.open = self.enter(contextlib.ExitStack())

    def connect(self):
        return self.open.enter_context(self.lab.vm.connection("127.0.0.1", 16925))

    def slowest_probe(self, probes=50):
        def probe():
            begin = time.monotonic()
            self.assertEqual(self.agent.get("/readyz").status, 200)
            return time.monotonic() - begin

        return max(probe() for _ in range(probes))

    def test_64_silent_connections_do_not_delay_a_probe(self):
        for _ in range(64):
            self.connect()
        self.assertLess(self.slowest_probe(), 5 if SANITIZED else 0.1)

    def test_64_clients_that_never_finish_their_request_do_not_delay_a_probe(self):
        for _ in range(64):
            self.connect().sendall(b"GET /readyz HT")
        self.assertLess(self.slowest_probe(), 5 if SANITIZED else 0.1)

    def test_more_idle_connections_than_descriptors_delay_no_probe_by_a_second(self):
        for _ in range(1500):
            with contextlib.suppress(OSError):
                self.connect()
        self.assertLess(self.slowest_probe(20), 5 if SANITIZED else 1)

    def test_garbage_is_refused_and_the_next_client_served(self):
        hello_of_tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        garbage = (b"\0" * 100, hello_of_tls, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                   b"GET /readyz HTTP/1.1\r\n" + b"X: " + b"y" * 70000 + b"\r\n\r\n",
                   b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"GET /%zz HTTP/1.1\r\n\r\n")
        for bytes_ in garbage:
            with self.subTest(bytes_[:30]):
                client = self.connect()
                with contextlib.suppress(OSError):
                    client.sendall(bytes_)
                    answer = client.recv(64)
                    self.assertTrue(answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 5")),
                                    answer)
        self.assertTrue(self.agent.is_ready())

    def test_a_client_that_closes_early_harms_nobody(self):
        for _ in range(200):
            with self.lab.vm.connection("127.0.0.1", 16925) as client:
                client.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(self.agent.is_ready())


class Listeners(NodeCase):
    def test_neither_a_hung_service_manager_nor_a_hung_log_reader_stops_repairs(self):
        deaf = self.enter(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        deaf.bind(str(self.agent.runtime / "deaf"))
        unread, journal = (self.enter(open(end, mode, buffering=0))
                           for end, mode in zip(os.pipe(), ("rb", "wb")))
        fcntl.fcntl(unread, fcntl.F_SETPIPE_SZ, 4096)
        self.agent.start_detached(journal, NOTIFY_SOCKET=deaf.getsockname())
        self.agent.await_ready()
        for _ in range(20):  # the socket holds eleven messages, the pipe a page of text
            self.lab.vm.ip("link set eth0 down")
            self.agent.await_check("nic.up", "fail")
            self.lab.vm.ip("link set eth0 up")
            self.lab.give_address()
            self.await_routes(self.wanted())
        self.agent.await_ready()


@unittest.skipIf(SANITIZED, "a sanitizer's own cost")
class Cost(NodeCase):
    def process(self, name):
        folder = pathlib.Path("/proc", str(self.agent.process.pid))
        fields = dict(line.split(":\t", 1) for line in (folder / "status").read_text(encoding="ascii").splitlines())
        return fields[name]

    def switches(self):
        """Voluntary context switches of all threads: how often the process woke up."""
        tasks = pathlib.Path("/proc", str(self.agent.process.pid), "task")
        return sum(int(line.split()[1]) for task in tasks.iterdir()
                   for line in (task / "status").read_text(encoding="ascii").splitlines()
                   if line.startswith("voluntary_ctxt_switches"))

    def test_it_takes_less_than_12_mib_of_memory(self):
        self.agent.start_ready()
        for path in ("/readyz", "/status", "/metrics", "/"):
            self.agent.get(path)
        self.lab.vm.ip(f"route del {CLUSTER}")
        self.await_routes(self.wanted())
        self.assertLess(int(self.process("VmRSS").split()[0]), 12 * 1024)

    def test_it_sleeps_while_nothing_happens(self):
        self.agent.start_ready()
        ticks = os.sysconf("SC_CLK_TCK")

        def cpu():
            fields = pathlib.Path("/proc", str(self.agent.process.pid), "stat").read_text(encoding="ascii")
            return sum(map(int, fields.rpartition(")")[2].split()[11:13])) / ticks

        # The one span of time in these tests that is waited out: idleness is what is measured.
        time.sleep(0.5)
        switches, spent = self.switches(), cpu()
        time.sleep(4)
        self.assertLessEqual(self.switches() - switches, 20)
        self.assertLessEqual(cpu() - spent, 0.02)

    def test_a_foreign_storm_of_routes_is_no_reason_to_look(self):
        self.agent.start_ready()
        before = self.agent.status()["counters"]["resyncs"]
        self.lab.vm.ip(*(f"route {verb} 172.16.{i // 250}.{i % 250}/32 dev lo proto 77"
                         for i in range(1000) for verb in ("add", "del")),
                       f"route del {CLUSTER} proto 169")
        # Told in order: when the last one has been acted on, all before it have been judged.
        self.await_routes(self.wanted())
        self.agent.await_resync(before)
        self.assertEqual(self.agent.status()["counters"]["resyncs"], before + 1)


if __name__ == "__main__":
    unittest.main()
