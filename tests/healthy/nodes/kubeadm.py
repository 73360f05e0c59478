"""Clusters that administrators make with kubeadm, and what joins of theirs have in common with Cluster API's."""

from lab import azure_cni, cni

from . import calico, flannel
from .azure_vm import AzureVm, Nic
from .control_plane import (CALICO_IS_UP, FLANNEL_IS_UP, NOT_READY, READY, ROUTE_CREATED, ago, condition,
                            node as node_object)

POD_CIDR, CLUSTER_CIDR = "10.244.1.0/24", "10.244.0.0/16"
_PEERS = (calico.Peer("10.0.1.4", "10.244.0.0/24", "a2:f1:00:00:00:01"),
          calico.Peer("10.0.1.6", "10.244.2.0/24", "a2:f1:00:00:00:02"))


def machine(name="worker-1", route_table="", ip_forwarding=False, routes=None, space=None, **more):
    """With a route table, its cloud provider fills it."""
    routes = routes or ({POD_CIDR: "10.0.1.5", "10.244.2.0/24": "10.0.1.6"} if route_table else {})
    return AzureVm(name, [Nic("00:22:48:e8:51:13", ["10.0.1.5"], "nodes", ["10.0.1.0/24"], ip_forwarding)], "k8s",
                   space or ["10.0.0.0/16"], route_table=route_table, routes=routes, **more)


def routed_machine(**more):
    """For user-defined routes as Calico's documentation wants them: pods inside the virtual network."""
    return machine(route_table="k8s-routes", ip_forwarding=True, space=["10.0.0.0/16", CLUSTER_CIDR], **more)


def join(node, cluster_dns):
    node.kubelet("/etc/kubernetes/kubelet.conf", "/etc/kubernetes/pki/ca.crt")
    node.files.write("/var/lib/kubelet/config.yaml",
                     "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
                     f"clusterDNS:\n- {cluster_dns}\nclusterDomain: cluster.local\n")


def kube_proxy(node, backend="nft", ipv6=False):
    node.start("/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf")
    node.iptables("kube-proxy.rules", backend)
    if ipv6:
        node.iptables("kube-proxy-ipv6.rules", backend, family="6")


def register(node, pod_cidrs, conditions, **more):
    since = more.get("created")
    node.register(node_object(node.vm.node_name, pod_cidrs, [condition(*each, since=since) for each in conditions],
                              **more))


def write_azure_state(node):
    azure_cni.write(node.files, node.vm.nic, str(node.vm.nic.network()), node.pods)


def with_flannel(node):
    """kube-flannel.yml."""
    prepare(node)
    start_flannel(node)


def start_flannel(node, created=None):
    kube_proxy(node)
    # The programs first, as the init containers of kube-flannel.yml do: the configuration is what starts pods.
    cni.install(node.files, "flannel", "bridge", "host-local", "loopback", "portmap")
    node.lay("flannel", CLUSTER_CIDR=CLUSTER_CIDR, GATEWAY=POD_CIDR.replace(".0/24", ".1"))
    flannel.start(node, CLUSTER_CIDR, POD_CIDR, _PEERS)
    network = {"cniVersion": "0.3.1", "name": "cbr0", "type": "bridge", "bridge": "cni0", "mtu": overlay_mtu(),
               "hairpinMode": True, "isGateway": True, "isDefaultGateway": True, "ipMasq": False,
               "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_CIDR}]], "routes": [{"dst": CLUSTER_CIDR}]}}
    for _ in range(2):
        node.pod_on_bridge(network)
    register(node, [POD_CIDR], (READY, FLANNEL_IS_UP), annotations=flannel.annotations(node), created=created)


def overlay_mtu():
    return calico.overlay.MTU


def with_canal(node):
    """canal.yaml, which shows flannel's lease to nobody."""
    prepare(node)
    start_canal(node)


def start_canal(node, conflist="canal", environment=None, process=calico.PROCESS, rules="calico.rules", backend="nft",
                created=None):
    kube_proxy(node, backend)
    calico.plug_ins(node)  # first, as Calico's install-cni does
    node.lay(conflist)
    flannel.start(node, CLUSTER_CIDR, POD_CIDR, _PEERS, backend)
    for _ in range(2):
        node.pod_of_calico([POD_CIDR], overlay_mtu())
    calico.start(node, environment or calico.CANAL, process, rules, backend=backend)
    register(node, [POD_CIDR], (READY, FLANNEL_IS_UP), annotations=flannel.annotations(node), created=created)


def with_canal_3_0(node):
    """Calico's own manifest of 3.0, whose Felix knows the legacy iptables alone."""
    prepare(node)
    start_canal(node, "canal-v3.0", calico.CANAL_3_0, calico.PROCESS_3_0, "calico-v3.0.rules", "legacy")


def with_policy_only(node, backend="nft"):
    """calico-policy-only.yaml, and the cloud provider's routes."""
    prepare(node, "kubeadm")
    kube_proxy(node, backend)
    node.lay("calico-policy-only")
    calico.plug_ins(node)
    for _ in range(2):
        node.pod_of_calico([POD_CIDR], 1500)
    calico.start(node, calico.POLICY_ONLY, backend=backend)
    register(node, [POD_CIDR], (READY, ROUTE_CREATED))


def with_docker(node):
    """Docker's FORWARD policy is DROP; Felix accepts what policies let through."""
    node.start("/usr/bin/dockerd", "-H", "fd://")
    node.machine.ip("link add docker0 address 02:42:7c:0a:11:5d type bridge", "addr add 172.17.0.1/16 dev docker0",
                    "link set docker0 up")
    node.iptables("docker.rules")
    with_policy_only(node)


def with_other_engines(node):
    """CRI-O's and podman's networks are on disk beside Calico's."""
    node.lay("cri-o", "podman")
    node.start("/usr/bin/crio")
    cni.install(node.files, "bridge", "firewall")
    with_policy_only(node)


def with_route_server(node):
    """Calico's overlay between nodes, and BGP with Azure Route Server, which tells it of networks on premises."""
    prepare(node)
    kube_proxy(node)
    node.lay("calico-vxlan", MTU=1450)
    calico.plug_ins(node)
    peers = (calico.Peer("10.0.1.4", "10.244.36.64/26", "66:ca:11:00:00:01"),
             calico.Peer("10.0.1.6", "10.244.110.0/26", "66:ca:11:00:00:02"))
    calico.vxlan(node, "10.244.20.128/26", 1450, peers)
    node.machine.ip("route del blackhole 10.244.20.128/26 proto 80", "route add blackhole 10.244.20.128/26 proto bird",
                    "route add 172.30.0.0/16 via 10.0.1.1 dev eth0 proto bird")
    for last in (130, 131):
        node.pod_of_calico([], 1450, addresses=[f"10.244.20.{last}"])
    node.start("/usr/bin/bird", "-R", "-s", "/var/run/calico/bird.ctl", "-d", "-c", "/etc/calico/confd/config/bird.cfg")
    calico.start(node, {**calico.VXLAN, "CALICO_NETWORKING_BACKEND": "bird", "CLUSTER_TYPE": "k8s,bgp"})
    register(node, [POD_CIDR], (READY, CALICO_IS_UP))


def fresh(node):
    """Seconds after it has joined."""
    prepare(node)
    register(node, [POD_CIDR], (NOT_READY,), created=ago(seconds=4))


def fresh_gets_flannel(node):
    start_flannel(node, ago(seconds=60))


def fresh_gets_canal(node):
    start_canal(node, created=ago(seconds=60))


def prepare(node, *trees):
    """What every guide does before the network plug-in."""
    node.lay("kubeadm-sysctl", *trees)
    node.boot()
    join(node, "10.96.0.10")
