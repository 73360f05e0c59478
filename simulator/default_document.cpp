#include "simulator/metadata.h"

namespace simulator {
namespace {

constexpr std::string_view kVirtualMachine = R"({
  "compute": {
    "azEnvironment": "AzurePublicCloud",
    "location": "westeurope",
    "name": "node-0",
    "offer": "debian-12",
    "osProfile": {"adminUsername": "azureuser", "computerName": "node-0", "disablePasswordAuthentication": "true"},
    "osType": "Linux",
    "placementGroupId": "",
    "platformFaultDomain": "0",
    "platformSubFaultDomain": "",
    "platformUpdateDomain": "0",
    "physicalZone": "westeurope-az1",
    "provider": "Microsoft.Compute",
    "publisher": "Debian",
    "resourceGroupName": "cluster",
    "resourceId": "/subscriptions/8d10da13-8125-4ba9-a717-bf7490507b3d/resourceGroups/cluster/providers/Microsoft.Compute/virtualMachines/node-0",
    "sku": "12-gen2",
    "storageProfile": {"dataDisks": [], "osDisk": {"caching": "ReadWrite", "diskSizeGB": "30", "name": "node-0_OsDisk_1"}},
    "subscriptionId": "8d10da13-8125-4ba9-a717-bf7490507b3d",
    "tags": "cluster:demo",
    "tagsList": [{"name": "cluster", "value": "demo"}],
    "version": "0.20240211.1654",
    "virtualMachineScaleSet": {"id": ""},
    "vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
    "vmScaleSetName": "",
    "vmSize": "Standard_D2s_v3",
    "zone": "1"
  },
  "network": {
    "interface": [{
      "ipv4": {
        "ipAddress": [{"privateIpAddress": "10.240.0.4", "publicIpAddress": ""}],
        "subnet": [{"address": "10.240.0.0", "prefix": "24"}]
      },
      "ipv6": {"ipAddress": []},
      "macAddress": "000D3AF806EC"
    }]
  }
})";

constexpr std::string_view kScaleSet = R"({
  "compute": {
    "azEnvironment": "AzurePublicCloud",
    "location": "westus2",
    "name": "aks-nodepool1-25781205-vmss_0",
    "offer": "",
    "osProfile": {"adminUsername": "azureuser", "computerName": "aks-nodepool1-25781205-vmss000000", "disablePasswordAuthentication": "true"},
    "osType": "Linux",
    "placementGroupId": "078e7cc3-c76f-46d2-91ff-64c4dbdd0d7c",
    "platformFaultDomain": "0",
    "platformSubFaultDomain": "",
    "platformUpdateDomain": "0",
    "physicalZone": "",
    "provider": "Microsoft.Compute",
    "publisher": "",
    "resourceGroupName": "MC_demo_demo_westus2",
    "resourceId": "/subscriptions/8d10da13-8125-4ba9-a717-bf7490507b3d/resourceGroups/MC_demo_demo_westus2/providers/Microsoft.Compute/virtualMachineScaleSets/aks-nodepool1-25781205-vmss/virtualMachines/0",
    "sku": "",
    "storageProfile": {"dataDisks": [], "osDisk": {"caching": "ReadWrite", "diskSizeGB": "128", "name": "aks-nodepool1-osdisk"}},
    "subscriptionId": "8d10da13-8125-4ba9-a717-bf7490507b3d",
    "tags": "poolName:nodepool1",
    "tagsList": [{"name": "poolName", "value": "nodepool1"}],
    "version": "",
    "virtualMachineScaleSet": {"id": ""},
    "vmId": "b2b6f4e6-5d1c-4f0e-9f3c-3d1a7f1f6a10",
    "vmScaleSetName": "aks-nodepool1-25781205-vmss",
    "vmSize": "Standard_D4s_v5",
    "zone": ""
  },
  "network": {
    "interface": [{
      "ipv4": {
        "ipAddress": [
          {"privateIpAddress": "10.224.0.4", "publicIpAddress": ""},
          {"privateIpAddress": "10.224.0.17", "publicIpAddress": ""}
        ],
        "subnet": [{"address": "10.224.0.0", "prefix": "16"}]
      },
      "ipv6": {"ipAddress": [{"privateIpAddress": "fd85:534e:4cd6:ab02::5"}]},
      "macAddress": "000D3A98DA20"
    }, {
      "ipv4": {
        "ipAddress": [{"privateIpAddress": "10.225.0.4", "publicIpAddress": ""}],
        "subnet": [{"address": "10.225.0.0", "prefix": "24"}]
      },
      "ipv6": {"ipAddress": []},
      "macAddress": "0022483F7A18"
    }]
  }
})";

}  // namespace

std::string_view default_document(Form form) {
  return form == Form::virtual_machine ? kVirtualMachine : kScaleSet;
}

}  // namespace simulator
