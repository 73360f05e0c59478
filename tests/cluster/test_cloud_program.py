#!/usr/bin/env python3
"""calico-azure-agent-cloud: when it asks by itself, when it ends, and what it has no rights for."""

import json
import pathlib
import re
import subprocess
import unittest

from case import ClusterCase, eventually
from lab.agent import program
from lab.cloud import node
from lab.namespace import environment
from lab.transcript import Transcript


class Resting(ClusterCase):
    """Azure CNI routes no pod CIDR: nothing waits for a word of the API server's."""

    cluster_options = {"nodes": 1, "mode": "azure-cni", "cloud": True}

    def test_between_two_questions_no_program_runs_and_a_reload_asks_at_once(self):
        agent = self.vms[0].agent
        main = pathlib.Path("/proc", str(agent.process.pid), "task", str(agent.process.pid), "children")

        def asked():
            return sum(each["target"].startswith("/api/v1/nodes/vm1")
                       for each in self.cluster.cloud.cloud_requests()["recent"])

        def rests():
            return not main.read_text(encoding="ascii")

        eventually(lambda: asked() and rests(), "the program has asked and is gone", timeout=30)
        for _ in range(2):
            before = asked()
            agent.hang_up()
            eventually(lambda: asked() > before and rests(), "it has asked again and is gone", timeout=20)
        self.assertTrue(agent.is_ready())


class Asking(ClusterCase):
    """calico-azure-agent-cloud itself, with an interval that no configuration allows."""

    cluster_options = {"nodes": 1, "cloud": True}

    def setUp(self):
        super().setUp()
        self.vm = self.vms[0]
        self.program = self.start()
        self.evidence = Transcript()
        reader = self.evidence.follow(self.program.stdout)
        self.addCleanup(self.program.__exit__, None, None, None)  # closes the pipes, and waits
        self.addCleanup(reader.join)
        self.addCleanup(self.program.kill)

    def start(self):
        return self.vm.namespace.start(program("agent", "cli", "calico-azure-agent-cloud"),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env={**environment(), "SSL_CERT_FILE": str(self.cluster.cloud.certificate)})

    def ask(self, **changed):
        config = self.vm.config()
        question = {"imds_endpoint": "http://169.254.169.254", "mac": self.vm.nics[0].mac, "environment": "",
                    "resource_id": self.vm.document()["compute"]["resourceId"], "client_id": "", "verify": True,
                    "node_name": self.vm.name, "kubeconfig": config["kubernetes"]["kubeconfig"],
                    "cloud_config": config["azure"]["cloud_config"], "follow_node": True, "at_once": False,
                    "interval": 200, **changed}
        self.program.stdin.write(json.dumps(question).encode() + b"\n")
        self.program.stdin.flush()

    def await_evidence(self, what, is_told, since=0):
        place, _ = self.evidence.wait_for(lambda line: is_told(json.loads(line)), what, since=since, timeout=20)
        return json.loads(self.evidence.lines(place, place + 1)[0])

    def test_it_asks_again_by_itself_and_watches_the_node(self):
        self.ask()
        self.await_evidence("the NIC", lambda told: told["azure"] and told["azure"]["nic"]["value"]["ip_forwarding"])
        self.cluster.ask("nic vm1 ip-forwarding off")
        self.await_evidence("IP forwarding off",
                            lambda told: told["azure"] and not told["azure"]["nic"]["value"]["ip_forwarding"])
        self.await_evidence("the node", lambda told: told["node"])
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.8.0/24"]))
        self.await_evidence("another CIDR", lambda told: told["node"]
                            and told["node"]["value"]["pod_cidrs"] == ["10.244.8.0/24"])

    def test_where_no_route_follows_the_node_it_ends_once_all_have_answered_and_says_when_it_is_wanted_again(self):
        self.ask(follow_node=False, at_once=True, interval=60_000)
        rest = self.await_evidence("its rest", lambda told: "resume_after_ms" in told)
        self.assertEqual(rest["answered"], 1)
        self.assertTrue(0 < rest["resume_after_ms"] <= 90_000, rest)
        self.assertEqual(self.program.wait(10), 0)
        last = json.loads(self.evidence.lines()[-2])
        self.assertEqual(last["node"]["value"]["name"], "vm1")
        self.assertTrue(last["azure"]["nic"]["value"]["ip_forwarding"])

    def test_it_has_no_rights_and_ends_with_its_input(self):
        self.ask(verify=False)
        self.assertIsNone(self.await_evidence("the node", lambda told: told["node"])["azure"])
        status = pathlib.Path("/proc", str(self.program.pid), "status").read_text(encoding="ascii")
        self.assertEqual(set(re.findall(r"Cap(?:Prm|Eff|Amb):\s+(\S+)", status)), {"0" * 16})
        self.program.stdin.close()
        self.assertEqual(self.program.wait(10), 0)

    def test_what_is_no_question_ends_it_with_a_word(self):
        self.program.stdin.write(b"what?\n")
        self.program.stdin.flush()
        self.assertEqual(self.program.wait(10), 64)


if __name__ == "__main__":
    unittest.main()
