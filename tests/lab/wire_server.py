"""The platform's own address, 168.63.129.16, as far as a node's network plug-ins ask it: the NICs of the VM that asks
(https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). DHCP, which it serves too, is
dhcp.py's."""

import http.server
import pathlib
import socket
import sys
import xml.etree.ElementTree as xml

if __package__:
    from .azure import Network, is_ipv6
    from .fabric import WIRE_SERVER
else:  # run as a program, which outlives a lab that is left standing
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from lab.azure import Network, is_ipv6
    from lab.fabric import WIRE_SERVER

_INTERFACES = "/machine/plugins?comp=nmagent&type=getinterfaceinfov1"
_VERSIONS = "/?comp=versions"  # what agents ask first


def start(fabric, file):
    """Serves the network that the file has at the moment. It can be asked when this returns; stop() ends it."""
    with fabric.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((WIRE_SERVER, 80))
        listening.listen(64)
        return fabric.start(sys.executable, __file__, listening.fileno(), file, pass_fds=[listening.fileno()])


def stop(process):
    process.kill()
    process.wait()


def interfaces(network, address):
    """The reply for the VM with this address: <Interfaces> as the platform's node agent gives it, IPv4 alone."""
    asking = network.owner(address).vm
    top = xml.Element("Interfaces")
    for nic in (each for each in network.nics.values() if each.vm == asking):
        interface = xml.SubElement(top, "Interface", MacAddress=nic.mac.replace(":", "").upper(),
                                   IsPrimary=_truth(nic.number == 0))
        subnet = xml.SubElement(interface, "IPSubnet", Prefix=network.subnet(nic.subnet).prefixes[0])
        for number, each in enumerate(each for each in nic.addresses if not is_ipv6(each)):
            xml.SubElement(subnet, "IPAddress", Address=each, IsPrimary=_truth(number == 0))
    return xml.tostring(top)


def _versions():
    top = xml.Element("Versions")
    xml.SubElement(xml.SubElement(top, "Preferred"), "Version").text = "2015-04-05"
    xml.SubElement(xml.SubElement(top, "Supported"), "Version").text = "2015-04-05"
    return xml.tostring(top)


def _truth(value):
    return "true" if value else "false"


class _Answers(http.server.BaseHTTPRequestHandler):
    file = None

    def do_GET(self):
        if self.path == _VERSIONS:
            body = _versions()
        elif self.path == _INTERFACES:
            network = Network.from_json(self.file.read_text(encoding="utf-8"))
            body = interfaces(network, self.client_address[0])
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads a log of this."""


def _serve(descriptor, file):
    _Answers.file = pathlib.Path(file)
    server = http.server.ThreadingHTTPServer((WIRE_SERVER, 80), _Answers, bind_and_activate=False)
    server.socket = socket.socket(fileno=int(descriptor))
    server.serve_forever()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
