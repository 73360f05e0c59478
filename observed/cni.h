#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/prefix.h"

namespace observed {

/// The contents of the node's Container Network Interface files.
/// https://github.com/containernetworking/cni/blob/main/SPEC.md

/// A plug-in of a network configuration, as far as it matters where pods' packets go.
struct CniPlugin {
  std::string type;         ///< the program: "calico", "azure-vnet", "flannel", "portmap"
  std::string ipam = {};    ///< ipam.type, or flannel's delegate.ipam.type; empty: none
  std::string subnet = {};  ///< ipam.subnet, or the first of ipam.ranges; Calico has "usePodCidr"
  std::string mode = {};    ///< azure-vnet: "bridge", "transparent", …
  std::string bridge = {};  ///< bridge: its link, "cni0"
  std::optional<std::uint32_t> mtu = {};  ///< absent: not given
  std::string data_dir = {};  ///< ipam.dataDir, host-local's folder of networks; empty: its default

  bool operator==(const CniPlugin&) const = default;
};

/// The network or plug-in to which a meta plug-in (Multus, DANM, CNI-Genie) delegates a pod's first
/// interface.
struct CniDelegation {
  /// Multus' "clusterNetwork": the path of a file or a folder, the "name" of another file here, or that of a
  /// NetworkAttachmentDefinition. Empty: not set.
  std::string to = {};
  /// The first of "delegates", which stand in the meta plug-in's own file: its "name", and its plug-ins.
  std::string network = {};
  std::vector<CniPlugin> plugins = {};

  bool operator==(const CniDelegation&) const = default;
};

/// A file in the folder of network configurations. Its texts are fit for a message, see net::foreign_text.
struct CniFile {
  std::string path;
  std::string network;  ///< "name"
  std::vector<CniPlugin> plugins;
  std::string problem = {};       ///< why no runtime can use it; empty: one can
  CniDelegation delegation = {};  ///< of a meta plug-in
  bool has_odd_name = false;      ///< with characters that `path` shows otherwise: no command can use it

  /// The plug-in that the runtime calls first: it makes the pod's interface, or is a meta plug-in.
  [[nodiscard]] const CniPlugin* main() const { return plugins.empty() ? nullptr : &plugins.front(); }

  bool operator==(const CniFile&) const = default;
};

/// True for plug-ins that make no interface and call another one for it.
bool is_meta_plugin(std::string_view type);

/// The engine that keeps this file for containers of its own, which are no pods: "podman", "CRI-O",
/// "containerd", "nerdctl". Empty: none does.
std::string_view engine_of(const CniFile& file);

/// Who makes the first interface of pods. Points into the configuration that it is of.
struct CniNetwork {
  const CniFile* file = nullptr;    ///< the file that sets it
  const CniPlugin* main = nullptr;  ///< the plug-in that makes it
  std::string_view name;            ///< of the network, after which host-local names its folder
  const CniFile* by = nullptr;      ///< the file of the meta plug-in that hands over to it; nullptr: none
};

struct CniConfiguration {
  std::string folder;          ///< "/etc/cni/net.d"
  std::vector<CniFile> files;  ///< *.conf, *.conflist and *.json as runtimes take them: by name
  /// Programs of the pods' network that are not there or may not be executed: "/opt/cni/bin/flannel is not
  /// there".
  std::vector<std::string> missing_programs = {};
  std::string unknown_programs = {};  ///< why some could not be looked for; empty: all were

  /// The file that the runtime uses: the first by name that can be used; nullptr: none.
  [[nodiscard]] const CniFile* winner() const;
  /// Files that make pods' interfaces, whether or not they win: no meta plug-in's, no other engine's, none
  /// with `lo` alone.
  [[nodiscard]] std::vector<const CniFile*> of_pods() const;
  /// The network of pods that the winner stands for. ENOENT: no file makes one; EREMOTE: a meta plug-in hands
  /// over to something that is not in this folder. Both with a sentence.
  [[nodiscard]] net::Result<CniNetwork> network() const;

  bool operator==(const CniConfiguration&) const = default;
};

/// Addresses that the host-local plug-in has given away in one network:
/// /var/lib/cni/networks/NETWORK/ADDRESS, or below ipam.dataDir.
struct HostLocalNetwork {
  std::string folder;
  std::vector<net::Address> reserved;

  bool operator==(const HostLocalNetwork&) const = default;
};

/// flannel's /run/flannel/subnet.env.
/// https://github.com/flannel-io/flannel/blob/master/pkg/subnet/subnet.go
struct FlannelLease {
  std::vector<net::Prefix> networks;  ///< FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK
  std::vector<net::Prefix> subnets;   ///< FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, without their host bits
  std::uint32_t mtu = 0;              ///< FLANNEL_MTU
  bool masquerades = false;           ///< FLANNEL_IPMASQ

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
  net::Result<CniConfiguration> configuration = net::failure(ENODATA, "not looked at");
  net::Result<std::vector<HostLocalNetwork>> host_local = net::failure(ENODATA, "not looked at");
  net::Result<FlannelLease> flannel_lease = net::failure(ENODATA, "not looked at");
  net::Result<AzureCniState> azure = net::failure(ENODATA, "not looked at");
  /// /var/lib/calico/nodename, which calico/node writes when it has started (3.1 and later).
  net::Result<std::string> calico_node_name = net::failure(ENODATA, "not looked at");
};

}  // namespace observed
