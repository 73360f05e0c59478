#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/address.h"
#include "net/mac_address.h"
#include "net/names.h"
#include "net/prefix.h"
#include "net/route.h"
#include "net/shared.h"

namespace node {

/// Which of Azure's options for pod networking the node runs.
enum class Mode : std::uint8_t { udr, flannel, azure_cni, calico_vxlan };

inline constexpr auto kModeNames = std::to_array<net::Named<Mode>>({{Mode::udr, "udr"},
                                                                    {Mode::flannel, "flannel"},
                                                                    {Mode::azure_cni, "azure-cni"},
                                                                    {Mode::calico_vxlan, "calico-vxlan"}});

/// As configured.
constexpr std::string_view mode_name(Mode mode) { return net::name_of(kModeNames, mode); }

/// What catches unused addresses of this node's pod CIDR.
enum class LocalSink : std::uint8_t { blackhole, unreachable, none };

/// Which NIC carries pod traffic (`nic.select`).
struct PrimaryNic {
  bool operator==(const PrimaryNic&) const = default;
};
struct LinkNamed {
  std::string name;
  bool operator==(const LinkNamed&) const = default;
};
using NicSelector = std::variant<PrimaryNic, net::MacAddress, LinkNamed, net::Prefix>;

/// The selector as the configuration spells it: "primary", "mac:00:0d:3a:..", "name:eth1",
/// "subnet:10.1.0.0/24".
std::string selector_text(const NicSelector& selector);

/// Where this node's pod CIDRs come from (`pods.node_cidr_source`).
enum class NodeCidrSource : std::uint8_t { automatic, static_list, kubernetes, route_table, flannel };

/// All of the configuration about what this node should be; the core's only knowledge of it.
struct Policy {
  Mode mode = Mode::udr;
  /// mode = "auto": the NodeController puts in `mode` what it finds.
  bool mode_is_automatic = false;
  NicSelector nic;
  net::SharedList<net::Prefix> cluster_cidrs;
  /// The configuration's own; the NodeController puts in their place what decide_node_cidrs() finds.
  net::SharedList<net::Prefix> node_cidrs;
  /// Anything but `automatic` demands them: `pods.node_cidr` then gates.
  NodeCidrSource node_cidr_source = NodeCidrSource::automatic;
  /// azure.verify is not "off".
  bool azure_verified = true;
  /// azure.verify is "on": ARM is asked in every mode, else in mode udr alone, which depends on its answer.
  bool azure_verified_always = false;
  /// azure.cloud_config, for messages.
  std::string cloud_config = "/etc/kubernetes/azure.json";
  bool routes_enabled = true;
  std::uint8_t protocol = 169;
  std::uint32_t table = 254;
  std::uint32_t metric = 1024;
  LocalSink local_sink = LocalSink::blackhole;
  bool enforce_sysctls = false;
  /// readiness.require and readiness.ignore: check ids.
  std::vector<std::string> require;
  std::vector<std::string> ignore;

  /// True when any CIDR is of the family.
  [[nodiscard]] bool uses(net::Family family) const;

  bool operator==(const Policy&) const = default;
};

}  // namespace node
