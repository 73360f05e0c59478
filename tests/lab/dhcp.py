"""Azure's DHCP: each NIC gets its own first address for ever, from 168.63.129.16, and the routes that a real lease has
(option 121 for the first NIC alone: default, wire server, IMDS). IPv6 addresses come by DHCPv6, and the router tells of
itself by advertisements, which last 9,000 s. dnsmasq serves; udhcpc asks, or networkd.py."""

import contextlib
import ipaddress
import os
import pathlib
import signal

from .azure import is_ipv6
from .fabric import IMDS, WIRE_SERVER
from .namespace import CommandFailed

_ROUTER_LIFETIME = 9000  # seconds, of an advertisement
_CLIENT = pathlib.Path(__file__).with_name("dhcp-client")


def serve(fabric, folder, network):
    """Starts it in the fabric, where every port has the wire server's address: that is how the server names itself.
    It answers when this returns."""
    hosts = folder / "dhcp-hosts"
    hosts.write_text("".join(_host_lines(network)), encoding="ascii")
    words = ["dnsmasq", "--conf-file=/dev/null", "--port=0", "--bind-dynamic", "--user=root",
             "--dhcp-authoritative", "--no-ping", f"--dhcp-leasefile={folder / 'dhcp-leases'}",
             f"--dhcp-hostsfile={hosts}", f"--pid-file={_pid(folder)}",
             f"--dhcp-option=option:dns-server,{WIRE_SERVER}", f"--dhcp-option=245,{WIRE_SERVER}"]
    for name, subnet in network.subnets.items():
        words += _range_of(name, subnet)
    for nic in network.nics.values():
        prefix = ipaddress.ip_network(network.subnet(nic.subnet).prefixes[0])
        words += [f"--interface={nic.port}", f"--shared-network={nic.port},{prefix[0]}",
                  f"--ra-param={nic.port},0,{_ROUTER_LIFETIME}"]
    done = fabric.run(*words)  # returns once the daemon that it has made listens
    if done.returncode != 0:
        raise CommandFailed(f"dnsmasq: {done.stderr.strip()}")


def stop(folder):
    """Ends it, and its leases are forgotten."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(_pid(folder).read_text(encoding="ascii")), signal.SIGKILL)
    for file in (_pid(folder), folder / "dhcp-leases"):
        file.unlink(missing_ok=True)


def follow(fabric, folder, network):
    """Other ipConfigurations: the next lease has them. Another server, for dnsmasq 2.90 aborts when it is told to read
    its hosts again."""
    stop(folder)
    serve(fabric, folder, network)


def _range_of(name, subnet):
    """Leases of the subnet are those that hosts have."""
    for prefix in map(ipaddress.ip_network, subnet.prefixes):
        gateway = prefix[1]
        if prefix.version == 6:
            yield "--enable-ra"
            yield f"--dhcp-range=set:{name},{prefix[0]},static,off-link,{prefix.prefixlen},infinite"
        else:
            yield f"--dhcp-range=set:{name},{prefix[0]},static,{prefix.netmask},infinite"
            yield f"--dhcp-option=tag:{name},option:router,{gateway}"
            yield (f"--dhcp-option=tag:{name},tag:first,121,"
                   f"0.0.0.0/0,{gateway},{WIRE_SERVER}/32,{gateway},{IMDS}/32,{gateway}")


def _host_lines(network):
    for nic in network.nics.values():
        first = ["set:first"] if nic.number == 0 else []
        addresses = (next((each for each in nic.addresses if is_ipv6(each) == ipv6), None) for ipv6 in (False, True))
        listed = [f"[{each}]" if is_ipv6(each) else each for each in addresses if each]
        yield ",".join([nic.mac, *first, *listed, "infinite\n"])


def _pid(folder):
    return folder / "dhcp-server.pid"


def renew(namespace, link):
    """A lease for the link, and what it says put into the kernel, as a node's network service does."""
    done = namespace.run("udhcpc", "-f", "-q", "-n", "-t", 20, "-T", 1, "-i", link, "-s", _CLIENT, "-O", "staticroutes")
    if done.returncode != 0:
        raise CommandFailed(f"{namespace.name}: no lease for {link}: {done.stderr.strip()}")
