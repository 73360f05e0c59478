#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/prefix.h"

namespace net {

/// What the node's files say of its Container Network Interface.
/// https://github.com/containernetworking/cni/blob/main/SPEC.md

/// A plug-in of a network configuration, as far as it matters where pods' packets go.
struct CniPlugin {
  std::string type;         ///< the program: "calico", "azure-vnet", "flannel", "portmap"
  std::string ipam = {};    ///< ipam.type, or flannel's delegate.ipam.type; empty: none
  std::string subnet = {};  ///< ipam.subnet, or the first of ipam.ranges; Calico has "usePodCidr"
  std::string mode = {};    ///< azure-vnet: "bridge", "transparent", …
  std::string bridge = {};  ///< bridge: its link, "cni0"
  std::optional<std::uint32_t> mtu = {};  ///< absent: not given

  bool operator==(const CniPlugin&) const = default;
};

/// A file in the folder of network configurations.
struct CniFile {
  std::string path;
  std::string network;  ///< "name"
  std::vector<CniPlugin> plugins;
  std::string problem = {};  ///< why no runtime can use it; empty: one can

  /// The plug-in that makes the pod's interface.
  [[nodiscard]] const CniPlugin* main() const { return plugins.empty() ? nullptr : &plugins.front(); }

  bool operator==(const CniFile&) const = default;
};

struct CniConfiguration {
  std::string folder;          ///< "/etc/cni/net.d"
  std::vector<CniFile> files;  ///< *.conf, *.conflist and *.json as runtimes take them: by name
  /// The winner's programs that are not there or may not be executed: "/opt/cni/bin/flannel is not there".
  std::vector<std::string> missing_programs = {};
  std::string unknown_programs = {};  ///< why some could not be looked for; empty: all were

  /// The one that the runtime uses; nullptr: none.
  [[nodiscard]] const CniFile* winner() const {
    const auto usable = [](const CniFile& file) { return file.problem.empty(); };
    const auto found = std::find_if(files.begin(), files.end(), usable);
    return found == files.end() ? nullptr : &*found;
  }

  bool operator==(const CniConfiguration&) const = default;
};

/// Addresses that the host-local plug-in has given away in one network:
/// /var/lib/cni/networks/NETWORK/ADDRESS.
struct HostLocalNetwork {
  std::string folder;
  std::vector<Address> reserved;

  bool operator==(const HostLocalNetwork&) const = default;
};

/// flannel's /run/flannel/subnet.env.
/// https://github.com/flannel-io/flannel/blob/master/pkg/subnet/subnet.go
struct FlannelLease {
  std::vector<Prefix> networks;  ///< FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK
  std::vector<Prefix> subnets;   ///< FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, without their host bits
  std::uint32_t mtu = 0;         ///< FLANNEL_MTU
  bool masquerades = false;      ///< FLANNEL_IPMASQ

  bool operator==(const FlannelLease&) const = default;
};

/// What Azure CNI keeps below /var/run; nothing of it is there where another CNI runs.
struct AzureCniState {
  /// Addresses of azure-vnet-ipam's pools: all that it knows, and those that pods have. nullopt: no such
  /// file, another plug-in gives addresses.
  struct Pool {
    std::size_t known = 0;
    std::size_t in_use = 0;
    bool operator==(const Pool&) const = default;
  };
  std::optional<Pool> pool;
  /// "/var/run/azure-vnet.json: ends in the middle of an object"
  std::vector<std::string> broken_files;
  /// A lock that is held, and for how long.
  struct Lock {
    std::string path;
    std::chrono::seconds age{};
    bool operator==(const Lock&) const = default;
  };
  std::vector<Lock> locks;
  std::string unknown_locks = {};  ///< why some could not be looked at; empty: all were

  bool operator==(const AzureCniState&) const = default;
};

/// Everything of the above; each part, or why it could not be looked at. ENOENT: it is not there.
struct CniFiles {
  Result<CniConfiguration> configuration = failure(ENODATA, "not looked at");
  Result<std::vector<HostLocalNetwork>> host_local = failure(ENODATA, "not looked at");
  Result<FlannelLease> flannel_lease = failure(ENODATA, "not looked at");
  Result<AzureCniState> azure = failure(ENODATA, "not looked at");
  /// /var/lib/calico/nodename, which calico/node writes when it has started (3.1 and later).
  Result<std::string> calico_node_name = failure(ENODATA, "not looked at");
};

}  // namespace net
