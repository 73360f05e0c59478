"""A small fleet whose agents serve /metrics on their nodes' addresses, and the recipes as Prometheus gets them."""

import contextlib
import json
import pathlib
import sys

import yaml

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

from lab.cloud import ADDRESS, NODE_TOKEN  # noqa: E402
from lab.cluster import Cluster  # noqa: E402
from prometheus import Prometheus  # noqa: E402

MONITORING = _TESTS.parent / "packaging" / "monitoring"
JOB = "calico-azure-agent"


def recipe(name):
    return yaml.safe_load((MONITORING / name).read_text(encoding="utf-8"))


def discovered(job, vm):
    """The job with the targets that Prometheus' role node makes of the API server's answer (discovery/kubernetes/node.go):
    Debian's Prometheus is built without Kubernetes."""
    discovery = job.pop("kubernetes_sd_configs", None)
    if discovery is None:
        return job
    assert discovery == [{"role": "node"}], discovery
    asked = vm.namespace.run("curl", "-sS", "--cacert", vm.agent.environment["SSL_CERT_FILE"], "-H",
                             f"Authorization: Bearer {NODE_TOKEN}", f"https://{ADDRESS}/api/v1/nodes")
    nodes = [(node["metadata"]["name"], address["address"]) for node in json.loads(asked.stdout)["items"]
             for address in node["status"]["addresses"] if address["type"] == "InternalIP"]
    return {**job, "static_configs": [{"targets": [f"{address}:10250"], "labels": {"instance": name}}
                                      for name, address in nodes]}


class Fleet(contextlib.ExitStack):
    """Nodes vm1, vm2, … with ready agents."""

    def __init__(self, nodes=2, serve=True):
        super().__init__()
        self.cluster = self.enter_context(Cluster(nodes=nodes, cloud=True))
        self.vms = self.cluster.vms
        for vm in self.vms:
            vm.agent.configure(**vm.config(**({"http": {"metrics_listen": "0.0.0.0:16926"}} if serve else {})))
        self.cluster.start_agents()

    def prometheus(self, config, rules=None):
        """On the first node."""
        made = Prometheus(self.vms[0].namespace, self.cluster.folder / "prometheus",
                          {**config, "scrape_configs": [discovered(job, self.vms[0])
                                                        for job in config["scrape_configs"]]}, rules)
        self.callback(made.close)
        return made

    def ask_azure(self):
        """What a minute's interval would do."""
        for vm in self.vms:
            vm.agent.hang_up()
