#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/prefix.h"

namespace observed {

/// How the rest of this machine is set up, as far as it decides over pods' packets: read, never written. Its
/// texts are fit for a message, see net::foreign_text.

/// The value that a sysctl gets at the next boot, and the file that wins.
/// https://www.freedesktop.org/software/systemd/man/sysctl.d.html
struct BootSysctl {
  std::string key;    ///< as in net::Sysctls: "net/ipv4/ip_forward"
  std::string value;  ///< as it is written: "0 # CIS 3.1.1", which the kernel reads as 0
  std::string file;

  bool operator==(const BootSysctl&) const = default;
};

/// systemd-networkd: what it does with routes and rules of others.
struct NetworkdSettings {
  bool runs = false;
  bool manages_foreign_routes = true;  ///< ManageForeignRoutes=
  bool manages_foreign_rules = true;   ///< ManageForeignRoutingPolicyRules=
  std::string file = {};               ///< the last one that sets it; empty: the default
  /// A file that sets it and was changed, if only by a copy of itself or a chmod, since the networkd that
  /// runs was started, which reads them only then. Empty: it has read them all.
  std::string unread_file = {};

  bool operator==(const NetworkdSettings&) const = default;
};

struct NetworkManagerSettings {
  bool runs = false;
  std::vector<std::string> unmanaged;  ///< patterns of [keyfile] unmanaged-devices: "interface-name:cali*"
  bool cloud_setup = false;            ///< nm-cloud-setup is enabled, which rewrites rules and routes

  bool operator==(const NetworkManagerSettings&) const = default;
};

/// Who gave a link its MAC: /sys/class/net/LINK/addr_assign_type, NET_ADDR_* of linux/netdevice.h.
enum class MacOrigin : std::uint8_t { permanent = 0, random = 1, stolen = 2, set = 3, unknown = 255 };

/// MACAddressPolicy= that systemd-udevd has for a link.
struct LinkFile {
  std::string link;
  std::string mac_address_policy;  ///< empty: none is given
  std::string file;
  MacOrigin mac_origin = MacOrigin::unknown;

  bool operator==(const LinkFile&) const = default;
};

/// A rule of iptables' as its save program shows it, as far as it decides over packets of pods.
struct FilterRule {
  std::optional<net::Family> family = {};  ///< of the packets it is about; nullopt: all that its chain meets
  std::string in = {};                     ///< -i: "cali+"; empty: any
  std::string out = {};                    ///< -o
  std::optional<net::Prefix> source = {};
  std::optional<net::Prefix> destination = {};
  bool not_in = false;  ///< "! -i": any but that one, and so on
  bool not_out = false;
  bool not_source = false;
  bool not_destination = false;
  std::string protocol = {};  ///< -p: "tcp", "udp"; empty: any
  bool by_mark = false;       ///< -m mark: for packets that an earlier rule has marked
  bool by_felix = false;      ///< its comment is Felix's: "cali:S93hcgKJrXEqnTfs"
  bool is_narrow = false;     ///< it has yet other conditions: not every new packet meets it
  /// Of those conditions nothing is known, and every packet may meet them: a set, a range of addresses, a
  /// limit.
  bool is_opaque = false;
  std::string target = {};  ///< after -j or -g: "ACCEPT", "DROP", a chain; empty: it only counts
  bool is_goto = false;     ///< -g

  bool operator==(const FilterRule&) const = default;
};

struct FilterChain {
  std::string name;
  std::vector<FilterRule> rules;

  bool operator==(const FilterChain&) const = default;
};

/// What packets meet at one of the kernel's hooks: a chain that stands there, and those it leads to.
struct FilterHook {
  std::string table;  ///< "mangle"; with its family, "inet filter", where it is nftables' own
  std::string chain;  ///< "PREROUTING", "FORWARD"
  std::optional<net::Family> family = {};  ///< of the packets that meet it; nullopt: both, or its filter's
  std::string policy = {};                 ///< "ACCEPT", "DROP"
  std::vector<FilterChain> chains = {};
  bool is_cut = false;  ///< it leads to more rules than are kept

  bool operator==(const FilterHook&) const = default;
};

/// One of the two backends of iptables, or of ip6tables, as its save program shows it. "nft" and "legacy" can
/// both hold rules, and packets must pass both.
struct PacketFilter {
  std::string backend;  ///< "nft", "legacy"
  net::Family family = net::Family::ipv4;
  std::string problem = {};  ///< why it is not known, or not as it is; empty: it is
  /// Of all tables but `security`, those that a packet meets which is forwarded.
  std::size_t rules = 0;
  std::string forward_policy = {};  ///< "ACCEPT", "DROP"; empty: no filter table
  /// Table filter's FORWARD, and the chains that lead on from it; of Felix's chains of single links nothing
  /// but the rules that accept by themselves, which they have with eBPF alone.
  std::vector<FilterChain> forward = {};
  bool is_cut = false;  ///< FORWARD leads to more rules than are kept
  /// In the same way what forwarded packets meet in tables raw and mangle, where something there may drop.
  std::vector<FilterHook> other_hooks = {};

  bool operator==(const PacketFilter&) const = default;
};

struct Conntrack {
  std::uint64_t entries = 0;  ///< nf_conntrack_count
  std::uint64_t room = 0;     ///< nf_conntrack_max

  bool operator==(const Conntrack&) const = default;
};

/// A part of Felix that holds back its readiness, as the table in its 503 says since Calico 3.23.
/// libcalico-go/lib/health/health.go
struct FelixReporter {
  std::string name;       ///< "FelixStartup", "CalculationGraph", "InternalDataplaneMainLoop"
  std::string readiness;  ///< "reporting non-ready", "timed out"
  std::string detail;     ///< often empty

  bool operator==(const FelixReporter&) const = default;
};

struct FirewalldSettings {
  bool runs = false;
  std::string version = {};       ///< "0.9.11"; empty: not shown
  std::string backend = {};       ///< FirewallBackend=: "nftables", which is the default, "iptables"
  bool has_direct_rules = false;  ///< /etc/firewalld/direct.xml has some

  bool operator==(const FirewalldSettings&) const = default;
};

/// Whom programs here ask for names.
struct Resolver {
  std::string file;                  ///< the one that decides
  std::vector<std::string> servers;  ///< as written

  bool operator==(const Resolver&) const = default;
};

/// Datagrams with a wrong checksum that came to this node: UdpInCsumErrors of /proc/net/snmp.
struct ChecksumErrors {
  std::uint64_t total = 0;          ///< since the boot
  std::uint64_t lately = 0;         ///< of these
  std::chrono::seconds elapsed{0};  ///< how long that is; 0: this is the first look

  bool operator==(const ChecksumErrors&) const = default;
};

struct HostSettings {
  net::Result<std::vector<BootSysctl>> boot_sysctls = net::failure(ENODATA, "not looked at");
  net::Result<NetworkdSettings> networkd = net::failure(ENODATA, "not looked at");
  net::Result<NetworkManagerSettings> network_manager = net::failure(ENODATA, "not looked at");
  net::Result<std::vector<LinkFile>> link_files = net::failure(ENODATA, "not looked at");
  /// Only the backends whose program is installed, and IPv6's only where pods use it. Needs CAP_NET_ADMIN,
  /// "legacy" root's rights.
  net::Result<std::vector<PacketFilter>> packet_filters = net::failure(ENODATA, "not looked at");
  /// Chains of nftables' own that forwarded packets meet (prerouting, forward, postrouting): not those of
  /// iptables, kube-proxy and Felix. ENOENT: the program nft is not installed.
  net::Result<std::vector<FilterHook>> nft_chains = net::failure(ENODATA, "not looked at");
  net::Result<Conntrack> conntrack = net::failure(ENODATA, "not looked at");
  /// Felix's environment as far as it concerns us, its names in capitals: FELIX_*, CLUSTER_TYPE,
  /// CALICO_NETWORKING_BACKEND, IP*, USE_POD_CIDR. ESRCH: none runs; EACCES: not ours to read.
  net::Result<std::map<std::string, std::string>> calico_environment = net::failure(ENODATA, "not looked at");
  /// The Kubernetes namespace of this node's calico-node: "calico-system", "kube-system". Empty: nothing
  /// here tells it.
  std::string calico_namespace = {};
  /// Whether a BIRD runs in this network namespace. EACCES: other processes are not shown to us.
  net::Result<bool> bird_runs = net::failure(ENODATA, "not looked at");
  /// The HTTP status of Felix's /readiness. ECONNREFUSED: down, or FELIX_HEALTHENABLED is off.
  net::Result<int> felix = net::failure(ENODATA, "not looked at");
  /// Empty unless it is 503, and with a Calico that does not say.
  std::vector<FelixReporter> felix_reporters = {};
  net::Result<FirewalldSettings> firewalld = net::failure(ENODATA, "not looked at");
  net::Result<Resolver> resolver = net::failure(ENODATA, "not looked at");
  /// The udev rules by which cloud-init configures the network anew with each link that appears; empty: there
  /// are none.
  std::string hotplug_rules = {};
  net::Result<ChecksumErrors> checksum_errors = net::failure(ENODATA, "not looked at");
  /// The HTTP status of azure-cns's /readyz. ECONNREFUSED: it does not run.
  net::Result<int> cns = net::failure(ENODATA, "not looked at");
  /// The HTTP status of 168.63.129.16, which azure-vnet-ipam asks for addresses. EPERM: it answers root
  /// alone.
  net::Result<int> wire_server = net::failure(ENODATA, "not looked at");
};

}  // namespace observed
