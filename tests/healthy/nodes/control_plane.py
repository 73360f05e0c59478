"""Azure Resource Manager and the cluster's API server, under their own names, and Node objects."""

import base64
import datetime
import json
import subprocess

from lab import documents
from lab.agent import simulator_binary
from lab.cloud import ADDRESS, CONTROL, CloudOrders
from lab.simulator import Simulator

ARM = "management.azure.com"
API_SERVER = "cluster-0a1b2c3d.hcp.westeurope.azmk8s.io"
TOKEN = "SECRET-node-token-SECRET"
_IDLE_IMDS = "192.0.2.100"


class ControlPlane(CloudOrders):
    """Runs from the moment it is made until stop()."""

    def __init__(self, fabric, folder, vm):
        super().__init__(fabric)
        self.certificate = folder / "control-plane.pem"
        key = folder / "control-plane.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=lab", "-addext", f"subjectAltName=DNS:{ARM},DNS:{API_SERVER}",
                        "-days", "2", "-keyout", key, "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)
        fabric.ip(f"addr add {ADDRESS}/32 dev lo", f"addr add {_IDLE_IMDS}/32 dev lo")
        self._simulator = Simulator(
            simulator_binary(), fabric, documents.instance(), _IDLE_IMDS, CONTROL,
            options=["--cloud-listen", f"{ADDRESS}:443", "--cloud-cert", self.certificate, "--cloud-key", key,
                     "--cloud-token", TOKEN])
        self.azure(vm)

    def stop(self):
        self._simulator.stop()

    def azure(self, vm):
        """ARM shows this machine and its network."""
        self._ask("PUT", "/arm", vm.resources())

    def times_asked_for_node(self):
        return sum("/api/v1/nodes/" in each["target"] for each in self.cloud_requests()["recent"])

    def hosts(self):
        """What name servers would say."""
        return f"127.0.0.1 localhost\n::1 localhost\n{ADDRESS} {ARM} {API_SERVER}\n"

    def kubeconfig(self, authority):
        """The kubelet's, which names a file with the authority, or holds it itself; JSON is YAML."""
        trust = {"certificate-authority": authority} if authority else {
            "certificate-authority-data": base64.b64encode(self.certificate.read_bytes()).decode()}
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "localclustercontext",
            "contexts": [{"name": "localclustercontext", "context": {"cluster": "localcluster", "user": "client"}}],
            "clusters": [{"name": "localcluster", "cluster": {"server": f"https://{API_SERVER}:443", **trust}}],
            "users": [{"name": "client", "user": {"token": TOKEN}}]})


def ago(**time):
    """A moment in the past, as Kubernetes writes it: ago(minutes=5)."""
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**time)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def node(name, pod_cidrs=(), conditions=(), annotations=None, labels=None, created=None, taints=()):
    """A Node object as the kubelet and the controllers leave it."""
    spec = {"taints": list(taints)} if taints else {}
    if pod_cidrs:
        spec.update(podCIDR=pod_cidrs[0], podCIDRs=list(pod_cidrs))
    return {"apiVersion": "v1", "kind": "Node", "spec": spec, "status": {"conditions": list(conditions)},
            "metadata": {"name": name, "creationTimestamp": created or ago(days=9), "annotations": annotations or {},
                         "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})}}}


def condition(kind, status, reason, message="", since=None):
    since = since or ago(days=9)
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": ago(seconds=9),
            "lastTransitionTime": since}


READY = ("Ready", "True", "KubeletReady", "kubelet is posting ready status")
NOT_READY = ("Ready", "False", "KubeletNotReady", "container runtime network not ready: NetworkReady=false "
             "reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized")
WAITS_FOR_ROUTES = ("NetworkUnavailable", "True", "NodeInitialization", "Waiting for cloud routes")
ROUTE_CREATED = ("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route")
CALICO_IS_UP = ("NetworkUnavailable", "False", "CalicoIsUp", "Calico is running on this node")
FLANNEL_IS_UP = ("NetworkUnavailable", "False", "FlannelIsUp", "Flannel is running on this node")
