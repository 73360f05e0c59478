#!/usr/bin/env python3
"""Real kubectl against the simulated API server: what it finds there is what a person would see of a cluster."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab, eventually  # noqa: E402
from lab.cloud import Cloud, node  # noqa: E402
from lab.transcript import Transcript  # noqa: E402
from tools import tool  # noqa: E402


class Kubectl(unittest.TestCase):
    def setUp(self):
        self.lab = Lab().__enter__()
        self.addCleanup(self.lab.close)
        self.lab.simulator.stop()  # the cloud's takes its port
        self.cloud = Cloud(self.lab.fabric, self.lab.folder)
        self.addCleanup(self.cloud.stop)
        self.nodes = {f"vm{number}": node(f"vm{number}", [f"10.244.{number}.0/24"]) for number in range(1, 6)}
        self.cloud.nodes(self.nodes)
        self.kubeconfig = self.written("kubeconfig", self.cloud.kubeconfig())

    def written(self, name, kubeconfig):
        file = self.lab.folder / name
        file.write_text(json.dumps(kubeconfig), encoding="utf-8")
        return file

    def words(self, *arguments, kubeconfig=None):
        """Each with an empty cache of what the server has."""
        return [str(tool("kubectl")), f"--kubeconfig={kubeconfig or self.kubeconfig}",
                f"--cache-dir={self.lab.folder / 'kubectl-cache'}", *arguments]

    def kubectl(self, *arguments, **options):
        return self.lab.vm.run(*self.words(*arguments, **options))

    def said(self, *arguments):
        done = self.kubectl(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def names(self, *arguments):
        return self.said("get", *arguments, "--output=name").split()

    def test_it_gets_nodes_by_any_name_that_they_have(self):
        everyone = [f"node/{name}" for name in self.nodes]
        for resource in ("node", "nodes", "no"):
            self.assertEqual(self.names(resource), everyone)
        self.assertIn("vm3", self.said("get", "nodes"))
        self.assertEqual(self.said("get", "node", "vm2", "--output=jsonpath={.spec.podCIDR}"), "10.244.2.0/24")
        self.assertEqual(self.names("node", "--field-selector=metadata.name=vm4"), ["node/vm4"])

    def test_it_pages_through_a_long_list(self):
        self.said("api-resources")  # the cache is filled
        self.cloud.forget_cloud_requests()
        self.assertEqual(len(self.names("node", "--chunk-size=2")), 5)
        asked = [request["target"] for request in self.cloud.cloud_requests()["recent"]]
        self.assertEqual([target.partition("?")[0] for target in asked], ["/api/v1/nodes"] * 3)
        self.assertIn("limit=2", asked[0])
        self.assertIn("continue=", asked[2])

    def test_it_knows_the_server(self):
        self.assertIn("Server Version: v1.", self.said("version"))
        self.assertIn("nodes", self.said("api-resources", "--no-headers"))

    def test_it_watches(self):
        process = self.lab.vm.start(*self.words("get", "node", "vm1", "--watch", "--output-watch-events",
                                                "--output=jsonpath={.type} {.object.spec.podCIDR}{\"\\n\"}"),
                                    stdout=-1, stderr=-2)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        log = Transcript()
        log.follow(process.stdout)
        log.wait_for(lambda line: "ADDED 10.244.1.0/24" in line, "the Node as it is")
        eventually(lambda: any("watch=true" in each["target"] for each in self.cloud.cloud_requests()["recent"]),
                   "it watches")
        self.cloud.nodes({**self.nodes, "vm1": node("vm1", ["10.244.9.0/24"])})
        log.wait_for(lambda line: "MODIFIED 10.244.9.0/24" in line, "the change")

    def test_refusals_are_the_api_servers(self):
        self.assertIn('Error from server (NotFound): nodes "vm9" not found', self.kubectl("get", "node", "vm9").stderr)
        self.assertIn("MethodNotAllowed", self.kubectl("delete", "node", "vm1", "--wait=false").stderr)
        self.assertIn("the server doesn't have a resource type", self.kubectl("get", "pods").stderr)
        stranger = self.cloud.kubeconfig()
        stranger["users"][0]["user"]["token"] = "wrong"
        self.assertIn("Unauthorized", self.kubectl("get", "node", kubeconfig=self.written("other", stranger)).stderr)


if __name__ == "__main__":
    unittest.main()
