#!/usr/bin/env python3
"""Things that happen to nodes while pods talk."""

import signal
import socket
import sys
import threading
import unittest

from case import CLUSTER, ClusterCase, eventually


class Servicing(ClusterCase):
    cluster_options = {"nodes": 3}

    def setUp(self):
        super().setUp()
        self.make_agents_routes_matter()

    def test_a_purge_of_foreign_routes_on_all_nodes_is_a_gap_of_moments(self):
        # What systemd-networkd does when it restarts: it removes every route that it did not make.
        with self.traffic(self.pods[0], self.pods[1]) as outcome:
            for _ in range(5):
                tapes = [(vm, vm.tape()) for vm in self.vms]
                marks = [tape.mark() for _, tape in tapes]
                for vm in self.vms:
                    vm.namespace.ip(f"route del {CLUSTER} proto 169",
                                    f"route del blackhole {vm.pod_cidrs[0]} proto 169")
                for (_, tape), mark in zip(tapes, marks):
                    tape.await_change(f"{CLUSTER} via", since=mark)
        count = outcome[0]
        print(f"\npurge on all nodes, five times: {count}")
        self.assertLess(count.lost, count.sent / 10)
        self.assertLess(count.longest_gap, 1)
        self.assert_every_kernel_is_right()

    def test_a_flap_of_the_link_is_healed_with_imds_down_throughout(self):
        self.stop_imds()
        node = self.vms[1]
        with self.traffic(self.pods[0], self.pods[1]) as outcome:
            node.namespace.ip("link set eth0 down")
            node.agent.await_check("nic.up", "fail")
            node.give_addresses()
            eventually(lambda: any(CLUSTER in line for line in node.namespace.routes()), "the route")
            self.assert_reaches(self.pods[2], self.pods[1])
        self.assertGreater(outcome[0].answered, 0)
        node.agent.await_ready()
        self.assert_every_kernel_is_right()

    def test_a_lease_renewed_with_the_same_address_moves_nothing(self):
        node = self.vms[1]
        self.stop_imds()
        tape = node.tape()
        begin = tape.mark()
        with self.traffic(self.pods[0], self.pods[1]) as outcome:
            for _ in range(3):
                node.give_addresses()
        self.assertEqual(outcome[0].lost, 0)
        self.assertEqual([line for line in tape.changes(begin) if "proto 169" in line], [])

    def test_another_address_by_dhcp_is_followed(self):
        node, address = self.vms[1], "10.240.0.55"
        self.cluster.ask(f"nic vm2 address {address}")
        self.cluster.ask(f"route-table add cluster-routes {node.pod_cidrs[0]} VirtualAppliance {address}")
        node.give_addresses()
        node.imds.document(node.document())
        eventually(lambda: any(f"src {address}" in line for line in node.namespace.routes()), "the route", timeout=30)
        node.agent.await_ready()
        self.assert_reaches(self.pods[0], self.pods[1])

    def test_restarting_and_killing_all_agents_loses_no_packet(self):
        with self.traffic(self.pods[0], self.pods[1]) as outcome, Stream(self.pods[2], self.pods[0]) as stream:
            for deadly in (signal.SIGTERM, signal.SIGKILL):
                for vm in self.vms:  # one after the other, as a rollout does
                    vm.agent.stop(by=deadly)
                    vm.agent.start_ready()
            for vm in self.vms:
                vm.agent.kill()
            for vm in self.vms:
                vm.agent.start_ready()
        self.assertEqual(outcome[0].lost, 0)
        self.assertGreater(stream.echoed, 0)
        self.assertEqual(stream.retransmitted, 0)


class NetworkService(ClusterCase):
    """systemd-networkd itself, as Azure's images have it: it takes every route for its own."""

    cluster_options = {"nodes": 3, "networkd": True}

    def test_its_restart_on_all_nodes_is_a_gap_of_moments(self):
        with self.traffic(self.pods[0], self.pods[1]) as outcome:
            tapes = [vm.tape() for vm in self.vms]
            marks = [tape.mark() for tape in tapes]
            for vm in self.vms:
                vm.networkd.restart()
            for vm, tape, mark in zip(self.vms, tapes, marks):
                for purged in (CLUSTER, f"blackhole {vm.pod_cidrs[0]}"):
                    tape.await_change(f"Deleted {purged}", since=mark)
                eventually(lambda node=vm: len(node.namespace.routes()) == 2, f"the routes of {vm.name}")
            self.assert_reaches(self.pods[2], self.pods[1])
        print(f"\nsystemd-networkd restarted on all nodes: {outcome[0]}")
        self.assertLess(outcome[0].longest_gap, 1)
        self.assert_every_kernel_is_right()


class Accelerated(ClusterCase):
    cluster_options = {"nodes": 2, "accelerated": True}

    def test_a_vf_that_comes_and_goes_under_the_nic_loses_nothing_and_moves_no_route(self):
        node = self.vms[1]
        self.stop_imds()
        tape = node.tape()
        begin = tape.mark()
        with self.traffic(*self.pods) as outcome:
            for _ in range(5):
                node.add_vf()
                node.remove_vf()
        self.assertEqual(outcome[0].lost, 0)
        self.assertEqual([line for line in tape.changes(begin) if "proto 169" in line], [])
        self.assert_every_kernel_is_right()


class Stream:
    """A TCP connection between pods that is never idle: each side waits for the other's bytes."""

    def __init__(self, here, there):
        self._here, self._there = here, there
        self.echoed = 0
        self.retransmitted = None
        self._ending = threading.Event()

    def __enter__(self):
        with self._there.namespace.socket() as listening:
            listening.bind((self._there.address, 8))
            listening.listen()
            self._near = self._here.namespace.connection(self._there.address, 8)
            self._far, _ = listening.accept()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._speak, self._echo)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        for thread in self._threads:
            thread.join()
        # tcpi_total_retrans of struct tcp_info (linux/tcp.h)
        told = (end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104) for end in (self._near, self._far))
        self.retransmitted = sum(int.from_bytes(info[100:104], sys.byteorder) for info in told)
        self._near.close()
        self._far.close()

    def _speak(self):
        while not self._ending.is_set():
            self._near.sendall(b"." * 1000)
            left = 1000
            while left:
                left -= len(self._near.recv(left))
            self.echoed += 1
        self._near.shutdown(socket.SHUT_WR)

    def _echo(self):
        while data := self._far.recv(4096):
            self._far.sendall(data)


if __name__ == "__main__":
    unittest.main()
