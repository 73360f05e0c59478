"""Azure Resource Manager and a Kubernetes API server for the VMs, over TLS at one address in the fabric. What ARM says
is what the fabric does."""

import json
import subprocess

from . import azure_resources, documents
from .agent import simulator_binary
from .simulator import Orders, Simulator

ADDRESS = "203.0.113.10"
ARM = "management.azure.com"  # what clients have built in, where a hosts file leads them here
CONTROL = 8081
CERTIFICATE = "cloud.pem"  # in the lab's folder: the authority too
_IDLE_IMDS = "192.0.2.100"  # the simulator serves one in any case; nobody asks it here

# Recognisable, so that a test can look for them where they must not be.
NODE_TOKEN = "SECRET-node-token-SECRET"
CLIENT_SECRET = "SECRET-aad-client-secret-SECRET"


class CloudOrders(Orders):
    """What is told to it while it runs, by any process."""

    def __init__(self, fabric, control=CONTROL):
        super().__init__(fabric, control)

    def serve_arm(self, made):
        """ARM has these from now on: {id: document}"""
        self._ask("PUT", "/arm", made)

    def follow(self, network):
        """ARM shows this network from now on."""
        self.serve_arm(azure_resources.documents(network))

    def arm(self):
        """What ARM has: {id: document}"""
        return json.loads(self._ask("GET", "/arm"))

    def nodes(self, made):
        """{name: Node object}"""
        self._ask("PUT", "/nodes", made)

    def compact(self):
        """What has happened so far is forgotten: a watch from then is refused."""
        self._ask("PUT", "/compaction", {})

    def end_watches(self):
        """Every watch that runs is cut, as an API server does it that stops."""
        self._ask("DELETE", "/watches")

    def cloud_fault(self, *faults, **fault):
        self._ask("PUT", "/cloud-fault", [*faults, *([fault] if fault else [])])

    def cloud_requests(self):
        return json.loads(self._ask("GET", "/cloud-requests"))

    def forget_cloud_requests(self):
        self._ask("DELETE", "/cloud-requests")


class Cloud(CloudOrders):
    """Runs from the moment it is made until stop(). `control` is its port, where another simulator has the usual one."""

    def __init__(self, fabric, folder, control=CONTROL):
        super().__init__(fabric, control)
        self.certificate = folder / CERTIFICATE
        key = folder / "cloud.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=lab", "-addext", f"subjectAltName=IP:{ADDRESS},DNS:{ARM}",
                        "-days", "2", "-keyout", key, "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)
        fabric.ip(f"addr add {ADDRESS}/32 dev lo", f"addr add {_IDLE_IMDS}/32 dev lo")
        self._simulator = Simulator(
            simulator_binary(), fabric, documents.instance(), _IDLE_IMDS, control,
            options=["--cloud-listen", f"{ADDRESS}:443", "--cloud-cert", self.certificate, "--cloud-key", key,
                     "--cloud-token", NODE_TOKEN])

    def stop(self):
        """It does not answer any more."""
        self._simulator.stop()

    def start(self, network, nodes):
        """Again, with nothing forgotten."""
        self._simulator.start()
        self.follow(network)
        self.nodes(nodes)

    def cloud_config(self, route_table):
        """azure.json, secrets and all."""
        return {"cloud": "AzureStackCloud", "resourceManagerEndpoint": f"https://{ADDRESS}", "tenantId": "tenant",
                "aadClientId": "client", "aadClientSecret": CLIENT_SECRET, "useManagedIdentityExtension": True,
                "resourceGroup": azure_resources.GROUP, "routeTableName": route_table, "cloudProviderBackoff": False}

    def kubeconfig(self):
        return {"apiVersion": "v1", "kind": "Config", "current-context": "lab",
                "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "node"}}],
                "clusters": [{"name": "lab", "cluster": {"server": f"https://{ADDRESS}",
                                                         "certificate-authority": str(self.certificate)}}],
                "users": [{"name": "node", "user": {"token": NODE_TOKEN}}]}


def node(name, pod_cidrs, condition=("False", "RouteCreated"), annotations=None, addresses=(), provider_id=""):
    """A Node object as kubelet, the cloud provider and the route controller leave it, and flanneld where it runs."""
    status, reason = condition
    spec = {"podCIDR": pod_cidrs[0], "podCIDRs": pod_cidrs} if pod_cidrs else {}
    if provider_id:
        spec["providerID"] = provider_id
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": annotations or {}},
            "spec": spec,
            "status": {"addresses": [{"type": "InternalIP", "address": each} for each in addresses],
                       "conditions": [{"type": "NetworkUnavailable", "status": status, "reason": reason,
                                       "message": "", "lastTransitionTime": "2026-01-01T00:01:00Z"}]}}
