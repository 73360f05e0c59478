#!/usr/bin/env python3
"""Somebody else has the HTTP address: that costs the answers, never the routes."""

import subprocess
import unittest

from case import NodeCase, settings

SOMEBODY = """
import socket, sys
taken = socket.socket()
taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
taken.bind(("127.0.0.1", int(sys.argv[1])))
taken.listen()
print("taken", flush=True)
sys.stdin.read()
"""
BUSY = r"cannot listen on 127\.0\.0\.1:16925: Address already in use"


class Busy(NodeCase):
    def setUp(self):
        super().setUp()
        self.somebody = self.occupy(16925)

    def occupy(self, port):
        somebody = self.lab.vm.start("python3", "-c", SOMEBODY, port, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)
        self.addCleanup(lambda: (somebody.kill(), somebody.communicate()))
        self.assertEqual(somebody.stdout.readline(), "taken\n")
        return somebody

    def test_routes_are_kept_and_it_listens_once_the_address_is_free(self):
        self.agent.start_ready()
        self.agent.await_log(BUSY + ".*routes are kept all the same")
        self.agent.await_word(rf"STATUS=ready: 2 routes by eth0 \| {BUSY}")
        self.assertTrue(self.agent.ready_file.exists())
        self.lab.vm.ip("route del 10.244.0.0/16 proto 169")
        self.await_routes(self.wanted())
        self.assertEqual(len([line for line in self.agent.log.lines() if "cannot listen" in line]), 1)

        begin = len(self.agent.manager.heard)
        self.somebody.communicate("")
        self.agent.await_log("http.listen = 127.0.0.1:16925 is free: status is served there", timeout=15)
        self.agent.await_word("STATUS=ready: 2 routes by eth0$", since=begin)
        self.assertTrue(self.agent.is_ready())

    def test_another_address_may_be_given_without_a_restart(self):
        self.agent.start_ready()
        self.agent.reload(**settings(http={"listen": "127.0.0.1:17000"}))
        self.assertEqual([line for line in self.agent.log.lines() if "needs a restart" in line], [])
        with self.lab.vm.connection("127.0.0.1", 17000, timeout=5) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\n\r\n")
            self.assertIn(b"200 OK", connection.recv(100))
        self.assertEqual(self.lab.routes(), self.wanted())


class ForPrometheus(NodeCase):
    def ask(self, path, address="10.240.0.4", port=16926):
        with self.lab.vm.connection(address, port, timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: vm0.internal.example\r\n\r\n".encode())
            answer = b""
            while more := connection.recv(65536):
                answer += more
        return answer.decode()

    def test_metrics_alone_are_served_on_an_address_of_the_node(self):
        self.agent.configure(**settings(http={"metrics_listen": "10.240.0.4:16926"}))
        self.agent.start_ready()
        self.assertIn("\ncalico_azure_agent_ready 1\n", self.ask("/metrics"))
        self.assertIn("404 Not Found", self.ask("/status"))
        self.assertTrue(self.agent.is_ready())

    def test_a_reload_moves_it_and_ends_it(self):
        self.agent.start_ready()
        self.agent.reload(**settings(http={"metrics_listen": "10.240.0.4:16926"}))
        self.assertIn("\ncalico_azure_agent_ready 1\n", self.ask("/metrics"))
        self.agent.reload(**settings(http={"metrics_listen": "10.240.0.4:16927"}))
        self.assertIn("\ncalico_azure_agent_ready 1\n", self.ask("/metrics", port=16927))
        self.agent.reload(**settings())
        with self.assertRaises(ConnectionRefusedError):
            self.ask("/metrics", port=16927)

    def test_the_address_of_all_pages_serves_metrics_already(self):
        self.agent.configure(**settings(http={"metrics_listen": "127.0.0.1:16925"}))
        self.agent.start_ready()
        self.assertIn("\ncalico_azure_agent_ready 1\n", self.agent.get("/metrics").body)
        self.assertFalse([line for line in self.agent.log.lines() if "cannot listen" in line])


if __name__ == "__main__":
    unittest.main()
