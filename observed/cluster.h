#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/prefix.h"
#include "observed/azure_network.h"

namespace observed {

/// What the API server's list of nodes and Azure's lists say of a whole cluster.

/// A Node, without all that no judgement of the cluster needs.
struct ClusterNode {
  std::string name;
  std::string provider_id;
  std::vector<net::Prefix> pod_cidrs;
  std::vector<net::Address> addresses;  ///< of type InternalIP
  std::chrono::system_clock::time_point created;
  bool ready = false;
  bool is_virtual = false;         ///< of a virtual kubelet: there is no VM
  std::string flannel_backend;     ///< of flannel's annotation; empty: flannel is not here
  bool has_calico_tunnel = false;  ///< Calico has given its VXLAN or IPIP tunnel an address
  std::string podnetwork_type;     ///< AKS's label kubernetes.azure.com/podnetwork-type: "overlay", "vnet"
  std::string unusable;            ///< why nothing else of this object can be used; empty: it can

  bool operator==(const ClusterNode&) const = default;
};

/// A virtual machine, by the id that a Node's providerID or a NIC names.
struct ClusterMachine {
  std::string group;  ///< "/subscriptions/S/resourceGroups/RG"
  std::string set;    ///< the Uniform scale set whose instance it is; empty: it is none
  std::string name;   ///< of an instance its number

  /// In lower case, for comparing.
  [[nodiscard]] std::string key() const;
};

/// nullopt for what is no virtual machine of Azure's. A Flexible scale set's machine may be named with its
/// set, and is one of the resource group all the same.
std::optional<ClusterMachine> machine_of(std::string_view id);

/// A NIC of a list, and the machine that it is attached to.
struct ClusterNic {
  AzureNic nic;
  std::string machine_id;  ///< properties.virtualMachine.id; empty: to none

  bool operator==(const ClusterNic&) const = default;
};

/// One list of Azure's: of a resource group's NICs or a scale set's, of a group's route tables.
template <class T>
struct ClusterList {
  std::string of;  ///< the id of the resource group or scale set
  net::Result<std::vector<T>> items = net::failure(ENODATA, "Azure was not asked");
};

/// One resource by its id.
template <class T>
struct ClusterPart {
  std::string id;
  net::Result<T> value = net::failure(ENODATA, "Azure was not asked");
};

/// A virtual network with all of its subnets.
struct ClusterNetwork {
  AzureVirtualNetwork network;
  std::vector<AzureSubnet> subnets;
  /// Names of subnets that Azure describes in a way that cannot be used.
  std::vector<std::string> unusable;

  bool operator==(const ClusterNetwork&) const = default;
};

struct Cluster {
  std::chrono::system_clock::time_point read_at;
  net::Result<std::vector<ClusterNode>> nodes = net::failure(ENODATA, "the API server was not asked");
  std::vector<ClusterList<ClusterNic>> nics;
  /// Those of the nodes' resource groups.
  std::vector<ClusterList<AzureRouteTable>> tables_of_groups;
  /// Those that subnets or the caller name and no list has.
  std::vector<ClusterPart<AzureRouteTable>> tables;
  std::vector<ClusterPart<ClusterNetwork>> networks;
  std::vector<ClusterPart<AzureSecurityGroup>> security_groups;
};

}  // namespace observed
