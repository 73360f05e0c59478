#!/usr/bin/env python3
"""A node that has never been ready takes an edited configuration by itself: `systemctl reload` would wait for it."""

import time
import unittest

from case import NodeCase, eventually, settings
from lab.agent import toml

TYPO = {"nic": {"select": "name:typo0"}}
BY_ITSELF = "STATUS=waiting for nic.found: .*typo0.* takes effect by itself"


class Editing(NodeCase):
    config = TYPO

    def save(self, text):
        """As vim does: the old one is moved aside, the new one is written in its place."""
        self.agent.file.rename(self.agent.file.with_name("config.toml~"))
        self.agent.file.write_text(text, encoding="utf-8")

    def refusals(self):
        return [line for line in self.agent.log.lines() if "configuration not reloaded" in line]


class NotReadyYet(Editing):
    def setUp(self):
        super().setUp()
        self.agent.start()
        self.agent.await_word(BY_ITSELF)

    def test_a_valid_one_takes_effect_without_a_signal(self):
        self.save(toml(settings()))
        self.agent.await_log("configuration reloaded")
        self.agent.await_ready()
        self.await_routes(self.wanted())
        self.agent.await_word("STATUS=ready: 2 routes by eth0$")

    def test_an_invalid_one_is_named_once_and_the_old_one_stays(self):
        for number, bad in enumerate(("[routes]\nmetirc = 7\n", "[routes]\n\nmetirc = 7\n", "[routes\n"), 1):
            self.save(bad)
            eventually(lambda seen=number: len(self.refusals()) == seen, "the refusal")
            # The same contents by another inode and with other rights. That nothing is said of them is no event.
            self.save(bad)
            self.agent.file.chmod(0o600)
            time.sleep(0.5)
            self.assertEqual(len(self.refusals()), number)
        self.agent.await_word(fr"STATUS=waiting for nic.found: .*{self.agent.file}:1:\d+: .* stays in force")
        self.assertIn("typo0", self.agent.check("nic.found")["message"])
        self.save(toml(settings()))
        self.agent.await_ready()

    def test_one_that_is_away_is_no_configuration(self):
        begin = len(self.agent.log)
        text = self.agent.file.read_text(encoding="utf-8")
        self.agent.file.unlink()
        self.agent.await_log(f"{self.agent.file} is no longer there: its values stay in force", since=begin)
        self.agent.await_word("STATUS=waiting for nic.found: .*is no longer there")
        self.agent.file.symlink_to("nowhere")
        self.agent.await_log("configuration not reloaded: .* is a link to nowhere, which is not there", since=begin)
        self.assertEqual(len([line for line in self.agent.log.lines(begin) if "no longer there" in line]), 1)
        self.assertEqual([line for line in self.agent.log.lines(begin) if "configuration reloaded" in line], [])
        self.agent.file.unlink()
        heard = len(self.agent.manager.heard)
        self.agent.file.write_text(text, encoding="utf-8")
        self.agent.await_word(BY_ITSELF, since=heard)
        self.agent.file.write_text(toml(settings()), encoding="utf-8")
        self.agent.await_ready()

    def test_a_fifo_in_its_place_is_named_and_not_waited_for(self):
        self.agent.file.unlink()
        self.lab.vm.run("mkfifo", self.agent.file)
        self.agent.await_log(f"{self.agent.file}: is no regular file")
        self.assertEqual(self.agent.stop(), 0)

    def test_what_needs_a_restart_is_named(self):
        self.save(toml(settings(http={"listen": "127.0.0.1:17000"})))
        self.agent.await_log(r"http\.listen.*restart")
        self.agent.await_ready()

    def test_another_nodes_name_is_taken(self):
        self.save(toml(settings(kubernetes={"node_name": "worker-7"})))
        self.agent.await_ready()
        self.assertEqual(self.agent.status()["node"]["name"], "worker-7")

    def test_once_it_has_been_ready_it_takes_a_signal(self):
        self.save(toml(settings()))
        self.agent.await_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready()
        begin = len(self.agent.log)
        self.save(toml(settings(routes={"metric": 7})))
        time.sleep(0.5)  # that nothing is said is no event
        self.assertEqual([line for line in self.agent.log.lines(begin) if "reloaded" in line], [])
        self.agent.hang_up()
        self.await_routes([self.cluster_route(metric=7), self.sink()])


class ConfigMap(Editing):
    """config.toml -> ..data/config.toml, ..data -> ..1: as the kubelet mounts and swaps it."""

    def map(self, number, text):
        folder = self.agent.file.parent
        (folder / f"..{number}").mkdir()
        (folder / f"..{number}" / "config.toml").write_text(text, encoding="utf-8")
        (folder / "..data_tmp").symlink_to(f"..{number}")
        (folder / "..data_tmp").rename(folder / "..data")

    def test_a_swapped_one_takes_effect(self):
        text = self.agent.file.read_text(encoding="utf-8")
        self.agent.file.unlink()
        self.map(1, text)
        self.agent.file.symlink_to("..data/config.toml")
        self.agent.start()
        self.agent.await_word(BY_ITSELF)
        self.map(2, "[routes\n")
        self.agent.await_log("configuration not reloaded")
        self.map(3, toml(settings()))
        self.agent.await_ready()
        self.await_routes(self.wanted())


if __name__ == "__main__":
    unittest.main()
