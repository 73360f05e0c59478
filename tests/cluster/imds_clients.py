"""Clients of the metadata service that others have written: cloud-init's and the Azure Linux agent's (WALinuxAgent),
as the distribution packages them. They are unpacked, never installed: both act on the machine that they are installed
on."""

import json
import pathlib
import subprocess

_UNPACKED = pathlib.Path(__file__).resolve().parents[1] / "support" / "unpacked"

_CLOUD_INIT = """
import json, time
from cloudinit.sources import DataSourceAzure as azure
plan = azure.generate_network_config_from_instance_network_metadata
try:
    from cloudinit.sources.azure import imds
    document = imds.fetch_metadata_with_api_fallback(retry_deadline=time.monotonic() + 10)
    netplan = plan(document["network"], apply_network_config_for_secondary_ips=True)
except ImportError:  # Debian 12's
    document = azure.get_metadata_from_imds(retries=1, md_type=azure.MetadataType.ALL, api_version=azure.IMDS_VER_WANT)
    netplan = plan(document["network"])
print(json.dumps({"document": document, "netplan": netplan}))
"""

_AZURE_LINUX_AGENT = """
import json
from azurelinuxagent.common.protocol import imds
client = imds.ImdsClient(*["168.63.129.16"][:imds.ImdsClient.__init__.__code__.co_argcount - 2])
compute = client.get_compute()
print(json.dumps({"verdict": client.validate(), "name": compute.name, "vmId": compute.vmId}))
"""


def cloud_init(namespace):
    """What it makes of the service: the document, and the network configuration that it would write."""
    return _asked("cloud-init", _CLOUD_INIT, namespace)


def azure_linux_agent(namespace):
    """Its verdict, and some of what it understood."""
    return _asked("waagent", _AZURE_LINUX_AGENT, namespace)


def _asked(package, script, namespace):
    # The distribution's Python, for the modules that these packages need are installed for that one.
    done = namespace.run("env", f"PYTHONPATH={_unpacked(package)}/usr/lib/python3/dist-packages",
                         "/usr/bin/python3", "-c", script)
    if done.returncode != 0:
        raise AssertionError(f"{package}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _unpacked(package):
    done = subprocess.run([_UNPACKED, package], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()
