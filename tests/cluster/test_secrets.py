#!/usr/bin/env python3
"""Tokens, keys and files that hold them: none is ever seen in what the agent says or keeps."""

import json
import pathlib
import re
import unittest

from case import ClusterCase, eventually
from lab.cloud import CLIENT_SECRET, NODE_TOKEN

_KEY = "SECRET-client-key-SECRET"
_PAGES = ("/status", "/readyz?verbose", "/healthz?verbose", "/metrics", "/")
_ASKING = (("doctor",), ("explain", "10.244.2.7"))
_OTHERS = (("doctor", "--json"), ("doctor", "--npd"), ("status",), ("plan",), ("config", "show"))
# A managed identity's token, as the simulated metadata service makes them.
_IDENTITY_TOKEN = re.compile(r"eyJ0eXAiOiJKV1Qi")


class Secrets(ClusterCase):
    cluster_options = {"nodes": 2, "cloud": True}
    config = {"log": {"level": "trace"}}

    def setUp(self):
        super().setUp()
        self.vm = self.vms[0]

    def everything_said(self, commands):
        agent = self.vm.agent
        yield from agent.log.lines()
        for page in _PAGES:
            yield agent.get(page).body
        for words in commands:
            done = agent.command(*words)
            yield done.stdout + done.stderr
        for folder in (agent.state, agent.runtime):
            for file in filter(pathlib.Path.is_file, folder.rglob("*")):
                yield file.read_text(encoding="utf-8")
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if "calico-azure-agent" in words:
                yield words

    def assert_nothing_shows(self, commands=_ASKING):
        for text in self.everything_said(commands):
            for secret in (NODE_TOKEN, CLIENT_SECRET, _KEY):
                self.assertNotIn(secret, text)
            self.assertIsNone(_IDENTITY_TOKEN.search(text), text)

    def put(self, name, text):
        (self.cluster.folder / f"{self.vm.name}-{name}").write_text(text, encoding="utf-8")

    def await_unknown(self, check):
        self.vm.agent.hang_up()
        return self.vm.agent.await_check(check, "unknown", timeout=20)["message"]

    def test_neither_when_all_is_well_nor_when_anything_fails(self):
        self.vm.agent.hang_up()
        self.vm.agent.await_check("azure.ip_forwarding", "pass", timeout=20)
        requests = json.dumps(self.cluster.cloud.cloud_requests())
        self.assertIn(NODE_TOKEN, requests, "what is looked for is really used")
        self.assertRegex(requests, _IDENTITY_TOKEN)
        self.assert_nothing_shows(_ASKING + _OTHERS)

        for fault in ({"kind": "status", "code": 403}, {"kind": "status", "code": 429, "headers": {"Retry-After": "1"}},
                      {"kind": "status", "code": 500, "text": f"{NODE_TOKEN} {_KEY}"}, {"kind": "truncate"},
                      {"kind": "reset"}, {"kind": "not_json"}, {"kind": "expired_token"}):
            with self.subTest(fault=fault):
                self.cluster.cloud.cloud_fault(**fault)
                self.await_unknown("azure.ip_forwarding")
                self.assert_nothing_shows()
                self.cluster.cloud.cloud_fault()
                self.vm.agent.hang_up()
                self.vm.agent.await_check("azure.ip_forwarding", "pass", timeout=20)

        for content in (f"users: [{{user: {{token: {NODE_TOKEN}", f'{{"users": "{NODE_TOKEN}"}}', _KEY,
                        json.dumps({"current-context": "a", "contexts": [{"name": "a", "context": {
                            "cluster": "a", "user": "a"}}], "clusters": [{"name": "a", "cluster": {
                                "server": "https://203.0.113.10"}}], "users": [{"name": "a", "user": {
                                    "client-key-data": _KEY, "client-certificate-data": _KEY}}]})):
            with self.subTest(kubeconfig=content):
                self.put("kubeconfig", content)
                self.await_unknown("kubernetes.node_cidr")
                self.assert_nothing_shows()
        for content in (f'{{"aadClientSecret": "{CLIENT_SECRET}"', f"aadClientSecret: [{CLIENT_SECRET}\n\t:",
                        CLIENT_SECRET):
            with self.subTest(azure_json=content):
                self.put("azure.json", content)
                self.await_unknown("azure.cloud_config")
                self.assert_nothing_shows()

class NothingToAsk(ClusterCase):
    """No identity, no API server, no azure.json: the agent works, and says so once."""

    cluster_options = {"nodes": 2}
    config = {"azure": {"interval": "1m"}}

    def test_it_is_ready_and_quiet(self):
        vm = self.vms[0]
        self.cluster.ask(f"imds {vm.name} fault identity_not_found")
        vm.agent.hang_up()
        eventually(lambda: "not been" not in vm.agent.check("azure.ip_forwarding")["message"], "an attempt", timeout=20)
        for _ in range(3):
            vm.agent.hang_up()
        self.assertTrue(vm.agent.is_ready())
        for check in vm.agent.status()["checks"]:
            if check["id"].startswith(("azure.", "kubernetes.")):
                self.assertEqual(check["status"], "unknown", check)
        said = [line for line in vm.agent.log.lines() if "is unknown" in line]
        self.assertEqual(len(said), 2, said)
        self.assertFalse([line for line in vm.agent.log.lines() if " warn " in line or " error " in line])


if __name__ == "__main__":
    unittest.main()
