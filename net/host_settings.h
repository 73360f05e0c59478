#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/error.h"

namespace net {

/// How the rest of this machine is set up, as far as it decides over pods' packets: read, never written.

/// The value that a sysctl gets at the next boot, and the file that wins.
/// https://www.freedesktop.org/software/systemd/man/sysctl.d.html
struct BootSysctl {
  std::string key;  ///< as in net::Sysctls: "net/ipv4/ip_forward"
  std::string value;
  std::string file;

  bool operator==(const BootSysctl&) const = default;
};

/// systemd-networkd: what it does with routes and rules of others.
struct NetworkdSettings {
  bool runs = false;
  bool manages_foreign_routes = true;  ///< ManageForeignRoutes=
  bool manages_foreign_rules = true;   ///< ManageForeignRoutingPolicyRules=
  std::string file;                    ///< the last one that says so; empty: the default

  bool operator==(const NetworkdSettings&) const = default;
};

struct NetworkManagerSettings {
  bool runs = false;
  std::vector<std::string> unmanaged;  ///< patterns of [keyfile] unmanaged-devices: "interface-name:cali*"
  bool cloud_setup = false;            ///< nm-cloud-setup is enabled, which rewrites rules and routes

  bool operator==(const NetworkManagerSettings&) const = default;
};

/// MACAddressPolicy= that systemd-udevd has for a link: "persistent" rewrites the MAC of a virtual one.
struct LinkFile {
  std::string link;
  std::string mac_address_policy;  ///< empty: none is given
  std::string file;

  bool operator==(const LinkFile&) const = default;
};

/// One of iptables' two backends, as its save program shows the filter table. "nft" and "legacy" can both
/// hold rules, and packets must pass both.
struct PacketFilter {
  std::string backend;         ///< "nft", "legacy"
  std::size_t rules = 0;       ///< of all tables
  std::string forward_policy;  ///< "ACCEPT", "DROP"; empty: no filter table
  /// Chains that FORWARD jumps to, in order: "cali-FORWARD", "KUBE-FORWARD", "FLANNEL-FWD".
  std::vector<std::string> forward_jumps;
  bool forward_accepts_all = false;  ///< FORWARD holds a rule without a condition that accepts

  bool operator==(const PacketFilter&) const = default;
};

struct Conntrack {
  std::uint64_t entries = 0;  ///< nf_conntrack_count
  std::uint64_t room = 0;     ///< nf_conntrack_max

  bool operator==(const Conntrack&) const = default;
};

struct HostSettings {
  Result<std::vector<BootSysctl>> boot_sysctls = failure(ENODATA, "not looked at");
  Result<NetworkdSettings> networkd = failure(ENODATA, "not looked at");
  Result<NetworkManagerSettings> network_manager = failure(ENODATA, "not looked at");
  Result<std::vector<LinkFile>> link_files = failure(ENODATA, "not looked at");
  /// Only the backends whose program is installed. Needs CAP_NET_ADMIN.
  Result<std::vector<PacketFilter>> packet_filters = failure(ENODATA, "not looked at");
  Result<Conntrack> conntrack = failure(ENODATA, "not looked at");
  /// The environment of calico-felix or calico-node that concerns us: FELIX_* and CALICO_NETWORKING_BACKEND,
  /// IP*, USE_POD_CIDR. ESRCH: none runs; EACCES: not ours to read.
  Result<std::map<std::string, std::string>> calico_environment = failure(ENODATA, "not looked at");
  /// The HTTP status of Felix's /readiness. ECONNREFUSED: down, or FELIX_HEALTHENABLED is off.
  Result<int> felix = failure(ENODATA, "not looked at");
  /// The HTTP status of azure-cns's /readyz. ECONNREFUSED: it does not run.
  Result<int> cns = failure(ENODATA, "not looked at");
  /// A connection to 168.63.129.16:80, which azure-vnet-ipam asks for addresses.
  Result<void> wire_server = failure(ENODATA, "not looked at");
};

}  // namespace net
