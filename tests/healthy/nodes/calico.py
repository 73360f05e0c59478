"""What Calico leaves on a node: its processes with their environment, its health port, rules, sysctls, the name that it
knows the node by, and the overlay."""

import dataclasses

from lab import cni, overlay

def _environment(text):
    return dict(word.split("=", 1) for word in text.split())


# What every installation says.
_ALWAYS = _environment("""
    DATASTORE_TYPE=kubernetes WAIT_FOR_DATASTORE=true FELIX_DEFAULTENDPOINTTOHOSTACTION=ACCEPT FELIX_IPV6SUPPORT=false
    FELIX_HEALTHENABLED=true""")

# Of the manifests; their sources are in the README.
POLICY_ONLY = {**_ALWAYS, **_environment("""
    USE_POD_CIDR=true CALICO_NETWORKING_BACKEND=none CLUSTER_TYPE=k8s CALICO_MANAGE_CNI=false
    CALICO_DISABLE_FILE_LOGGING=true FELIX_TYPHAK8SSERVICENAME=calico-typha""")}
CANAL_3_0 = {**_ALWAYS, **_environment("""
    CALICO_NETWORKING_BACKEND=none CLUSTER_TYPE=k8s,canal FELIX_IPTABLESREFRESHINTERVAL=60 IP=
    CALICO_DISABLE_FILE_LOGGING=true FELIX_LOGSEVERITYSCREEN=info""")}
CANAL = {**_ALWAYS, **_environment("""
    USE_POD_CIDR=true CALICO_NETWORKING_BACKEND=none CLUSTER_TYPE=k8s,canal FELIX_IPTABLESREFRESHINTERVAL=60 IP=
    CALICO_DISABLE_FILE_LOGGING=true""")}
VXLAN = {**_ALWAYS, **_environment("""
    CALICO_NETWORKING_BACKEND=vxlan CLUSTER_TYPE=k8s,bgp IP=autodetect CALICO_IPV4POOL_IPIP=Never
    CALICO_IPV4POOL_VXLAN=Always CALICO_IPV6POOL_VXLAN=Never FELIX_VXLANMTU=0 CALICO_DISABLE_FILE_LOGGING=true""")}
KOPS = {**VXLAN, **_environment("""
    CLUSTER_TYPE=kops,bgp IP6=none IP_AUTODETECTION_METHOD=first-found CALICO_IPV4POOL_CIDR=100.96.0.0/11
    FELIX_AWSSRCDSTCHECK=DoNothing FELIX_CHAININSERTMODE=insert FELIX_IPTABLESBACKEND=Auto FELIX_BPFENABLED=false""")}
GARDENER = {**_ALWAYS, **_environment("""
    USE_POD_CIDR=true FELIX_PROMETHEUSMETRICSENABLED=true FELIX_PROMETHEUSMETRICSPORT=9091
    FELIX_TYPHAK8SSERVICENAME=calico-typha CALICO_NETWORKING_BACKEND=none CLUSTER_TYPE=k8s,bgp IP=autodetect
    CALICO_IPV4POOL_IPIP=Never CALICO_IPV4POOL_CIDR=100.96.0.0/11 FELIX_IPINIPMTU=0 FELIX_VXLANMTU=0
    FELIX_WIREGUARDMTU=0 FELIX_IPINIPENABLED=false CALICO_DISABLE_FILE_LOGGING=true FELIX_BPFENABLED=false
    FELIX_NATPORTRANGE=32768:65535""")}


def operator(provider="", backend="none", **more):
    """As tigera-operator renders it."""
    cluster = ",".join(["k8s", "operator", *([provider] if provider else [])])
    return {**_ALWAYS, **_environment("""
        CALICO_DISABLE_FILE_LOGGING=false FELIX_HEALTHPORT=9099 NAMESPACE=calico-system
        FELIX_TYPHAK8SNAMESPACE=calico-system FELIX_TYPHAK8SSERVICENAME=calico-typha NO_DEFAULT_POOLS=true
        CALICO_MANAGE_CNI=true IP=none IP6=none"""),
            "CLUSTER_TYPE": cluster, "CALICO_NETWORKING_BACKEND": backend, **more}


HOST_LOCAL = _environment("USE_POD_CIDR=true")
AZURE_VNET = _environment("""
    CALICO_MANAGE_CNI=false FELIX_WIREGUARDHOSTENCRYPTIONENABLED=true FELIX_INTERFACEPREFIX=azv
    FELIX_ROUTESOURCE=WorkloadIPs""")
CALICO_VXLAN = _environment("IP=autodetect IP_AUTODETECTION_METHOD=first-found")

# felix/run of calico/node up to 3.32, of 3.33, and of 3.0.
PROCESS, PROCESS_3_33, PROCESS_3_0 = ("calico-node", "-felix"), ("calico", "component", "felix"), ("calico-felix",)


def start(node, environment, process=PROCESS, rules="calico.rules", prefix="cali", backend="nft"):
    """calico/node runs and is ready. Call it when the pods' links are there."""
    environment = {**environment, "NODENAME": node.vm.node_name}
    node.start("/usr/local/bin/runsvdir", "-P", "/etc/service/enabled")
    node.start(*process, **environment)
    node.files.write("/var/lib/calico/nodename", node.vm.node_name)
    node.files.write("/etc/cni/net.d/calico-kubeconfig", "apiVersion: v1\nkind: Config\n", mode=0o600)
    node.answer(int(environment.get("FELIX_HEALTHPORT", 9099)), readiness=200, liveness=200)
    node.machine.sysctl("net/ipv4/ip_forward", 1)  # from 3.15 on
    if rules.endswith(".nft"):
        node.nft(rules)
        return
    node.iptables(rules, backend, PREFIX=prefix)
    if environment["FELIX_IPV6SUPPORT"] == "true":
        node.machine.sysctl("net/ipv6/conf/all/forwarding", 1)
        node.iptables(rules, backend, family="6", PREFIX=prefix)


def plug_ins(node, *more):
    cni.install(node.files, "calico", "calico-ipam", "host-local", "loopback", "portmap", "tuning", *more)


@dataclasses.dataclass(frozen=True)
class Peer:
    """Another node as an overlay knows it."""
    node: str
    pods: str
    mac: str

    @property
    def first(self):
        return self.pods.partition("/")[0]


def vxlan(node, pods, mtu, peers):
    """vxlan.calico with its block and the others' (Felix)."""
    own = _vtep(node.vm.nic.addresses[0], pods, "66:ca:11:00:00:04")
    overlay.make(node.machine, own)
    node.machine.ip(f"link set vxlan.calico mtu {mtu}", f"route add blackhole {pods} proto 80")
    for peer in peers:
        overlay.reach(node.machine, own, _vtep(peer.node, peer.pods, peer.mac), peer.pods, protocol=80)


def _vtep(node, pods, mac):
    return overlay.Vtep("vxlan.calico", 4096, 4789, mac, pods.partition("/")[0], node)
