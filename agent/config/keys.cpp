#include "agent/config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/toml_file.h"

namespace agent {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// A key whose value stands in the configuration where the member pointers lead.
template <auto... Members, class T>
Key key(std::string_view path, const Codec<T>& codec, std::string_view doc) {
  const auto dot = path.find('.');
  const auto section = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  const auto read = [read = codec.read](Config& config, const RawValue& raw) {
    return read(raw, (config.*....*Members));
  };
  const auto write = [write = codec.write](const Config& config) {
    return RawValue{{}, write((config.*....*Members))};
  };
  const auto name = path.substr(dot + 1);  // npos + 1 is 0
  return {section, name, doc, codec.shape, read, write};
}

using Imds = Config::Imds;
using Routes = Config::Routes;
using Kubernetes = Config::Kubernetes;
using Azure = Config::Azure;
using Readiness = Config::Readiness;
using Logging = Config::Logging;

/// The table: what is not here does not exist, and what is here is known to every source, to `config show`
/// and to packaging/config.toml. Defaults are Config's own.
std::vector<Key> table() {
  return {
      key<&Config::mode>("mode", modes(),
                         "Which of Azure's options for pod networking this node runs:\n"
                         "auto | udr | flannel | azure-cni | calico-vxlan"),

      key<&Config::imds, &Imds::endpoint>(
          "imds.endpoint", endpoint(),
          "Azure's instance metadata service: http:// and a host, perhaps a port."),
      key<&Config::imds, &Imds::poll_interval>(
          "imds.poll_interval", duration(seconds(10), hours(24)),
          "How often this VM's document is read, jittered by 20 %: 10s to 24h."),
      key<&Config::imds, &Imds::read_timeout>("imds.read_timeout", duration(seconds(1), seconds(120)),
                                              "Bounds each request as a whole: 1s to 2m."),
      key<&Config::imds, &Imds::scheduled_events>(
          "imds.scheduled_events", boolean(),
          "Whether Azure's Scheduled Events are read: maintenance of this VM is announced, and checks that\n"
          "fail meanwhile are told only if they still do afterwards. The first request switches the service\n"
          "on for the VM: what its users begin in Azure is then announced and delayed, too."),

      key<&Config::nic>("nic.select", nic_selector(),
                        "The NIC that carries pod traffic:\n"
                        "primary | mac:00:0d:3a:f8:06:ec | name:eth1 | subnet:10.1.0.0/24"),

      key<&Config::cluster_cidrs>(
          "pods.cluster_cidrs", cidrs(),
          "The cluster's pod networks, such as [\"10.240.128.0/17\"]. They may not overlap."),
      key<&Config::node_cidrs>(
          "pods.node_cidrs", cidrs(),
          "This node's own pod networks, each inside a cluster network; empty = discover."),
      key<&Config::node_cidr_source>(
          "pods.node_cidr_source", node_cidr_sources(),
          "Where this node's pod networks come from; without them the node is not ready,\n"
          "unless this is auto: auto | static | kubernetes | route-table | flannel\n"
          "On a fresh node kubernetes and route-table have no data until the kubelet has registered it:\n"
          "`systemctl start`, and a kubelet that waits for the service, do not wait for these."),

      key<&Config::routes, &Routes::enabled>("routes.enabled", boolean(),
                                             "Whether the agent makes routes at all."),
      key<&Config::routes, &Routes::protocol>(
          "routes.protocol", integer<std::uint8_t>(5, 255, protocol_refusal),
          "The number that marks the agent's routes. The agent changes and removes every route that has it.\n"
          "Refused, because others own them: 0-4, 11, 12, 16-18, 66, 80, 186-196."),
      key<&Config::routes, &Routes::table>("routes.table",
                                           integer<std::uint32_t>(1, 4294967295, table_refusal),
                                           "The routing table; 254 is main. Not 253, 255 or 16925."),
      key<&Config::routes, &Routes::metric>("routes.metric", integer<std::uint32_t>(1, 999999),
                                            "The metric of the cluster routes: 1 to 999999."),
      key<&Config::routes, &Routes::local_sink>(
          "routes.local_sink", local_sinks(),
          "What catches the unused addresses of this node's pod networks: blackhole | unreachable | none"),
      key<&Config::routes, &Routes::resync_interval>("routes.resync_interval",
                                                     duration(seconds(10), hours(24)),
                                                     "How often everything is read from the kernel again, "
                                                     "whether or not it sent a notification: 10s to 24h."),

      key<&Config::enforce_sysctls>(
          "sysctls.action", sysctl_actions(),
          "check | enforce. To enforce takes ProtectKernelTunables=no in the unit."),

      key<&Config::listen>("http.listen", listen_address(),
                           "Where readiness, status and metrics are served: 127.0.0.1:16925, [::1]:16925 or\n"
                           "unix:/path. A change takes effect with a restart. `wait` and containers find the "
                           "address in the file\n"
                           "/run/calico-azure-agent/listening."),
      key<&Config::metrics_listen>(
          "http.metrics_listen", metrics_address(),
          "Where metrics alone are served besides, for a Prometheus on another machine: 10.0.0.4:16926,\n"
          "[fd00::4]:16926 or 0.0.0.0:16926; empty = nowhere. Whoever reaches the address may read them."),

      key<&Config::kubernetes, &Kubernetes::kubeconfig>(
          "kubernetes.kubeconfig", plain(),
          "Empty = in-cluster, /etc/kubernetes/kubelet.conf, /var/lib/kubelet/kubeconfig, kubeconfig-real "
          "beside it, in this order."),
      key<&Config::kubernetes, &Kubernetes::node_name>(
          "kubernetes.node_name", plain(),
          "Empty = the variable NODE_NAME, then the host name; in small letters, as the\n"
          "kubelet has it."),

      key<&Config::azure, &Azure::verify>(
          "azure.verify", azure_verifications(),
          "Whether NIC, subnet, route table, VNet and security groups are read from Azure Resource Manager\n"
          "with the VM's managed identity: auto | on | off. auto asks in mode udr alone; on in every mode, "
          "for\n"
          "a route of the subnet's table can take what nodes send each other to a firewall, and a security\n"
          "group can drop it."),
      key<&Config::azure, &Azure::interval>("azure.interval", duration(minutes(1), hours(24)),
                                            "How often, fully jittered: 1m to 24h."),
      key<&Config::azure, &Azure::client_id>("azure.client_id", plain(),
                                             "A user-assigned identity; empty = the VM's own."),
      key<&Config::azure, &Azure::cloud_config>(
          "azure.cloud_config", plain(),
          "The cloud provider's file. Its secrets are neither used nor shown."),

      key<&Config::readiness, &Readiness::require>(
          "readiness.require", check_ids(), "Ids of checks that gate readiness beyond the mode's own gates."),
      key<&Config::readiness, &Readiness::ignore>("readiness.ignore", check_ids(),
                                                  "Ids of gates that only warn."),

      key<&Config::log, &Logging::level>("log.level", log_levels(), "trace | debug | info | warn | error"),
      key<&Config::log, &Logging::format>(
          "log.format", log_formats(),
          "auto | journal | text | json; auto = the journal when started by systemd,\n"
          "else text."),
  };
}

}  // namespace

std::string Key::print(const Config& config) const { return toml_text(write(config)); }

std::string Key::variable() const {
  std::string variable(kVariablePrefix);
  for (const char c : path()) {
    variable += 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '.' ? '_' : c;
  }
  return variable;
}

std::span<const Key> keys() {
  static const auto kKeys = table();
  return kKeys;
}

const Key* find_key(std::string_view path) {
  for (const auto& each : keys()) {
    if (each.path() == path) return &each;
  }
  return nullptr;
}

bool is_section(std::string_view name) {
  const auto all = keys();
  return !name.empty() &&
         std::any_of(all.begin(), all.end(), [name](const Key& each) { return each.section == name; });
}

namespace {

/// Insertions, deletions and substitutions from one word to the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view typed, std::span<const std::string> known,
                         std::string_view prefix) {
  std::string_view nearest;
  std::size_t least = 0;
  for (const auto& word : known) {
    const auto limit = std::max<std::size_t>(2, word.size() / 3);
    if (typed.size() > word.size() + limit) continue;  // also what keeps a typed megabyte cheap
    const auto far = distance(typed, word);
    if (far > limit || (!nearest.empty() && far >= least)) continue;
    nearest = word;
    least = far;
  }
  return nearest.empty() ? "" : fmt::format(": did you mean {}{}?", prefix, nearest);
}

namespace {

/// The owners of route protocol numbers: linux/rtnetlink.h, iproute2's rt_protos and the programs' own
/// sources.
struct Owner {
  std::int64_t first, last;
  std::string_view who;
};
constexpr std::array kOwners = {
    Owner{0, 0, "nobody (RTPROT_UNSPEC)"},
    Owner{1, 1, "ICMP redirects"},
    Owner{2, 2, "the kernel itself"},
    Owner{3, 3, "routes made at boot, and by ip-route(8) when it names no protocol"},
    Owner{4, 4, "static routes of the administrator"},
    Owner{11, 11, "Zebra and FRRouting"},
    Owner{12, 12, "BIRD, also Calico's"},
    Owner{16, 16, "DHCP clients"},
    Owner{17, 17, "mrouted and kube-router"},
    Owner{18, 18, "keepalived"},
    Owner{66, 66, "Google's guest agent"},
    Owner{80, 80, "Calico (Felix)"},
    Owner{186, 196, "FRRouting's daemons"},
};

}  // namespace

std::optional<std::string> protocol_refusal(std::int64_t protocol) {
  for (const auto& owner : kOwners) {
    if (protocol < owner.first || owner.last < protocol) continue;
    return fmt::format("protocol {} belongs to {}: choose an unused number, such as 169", protocol,
                       owner.who);
  }
  return std::nullopt;
}

std::optional<std::string> table_refusal(std::int64_t table) {
  switch (table) {
    case 0:
      return "table 0 does not exist (RT_TABLE_UNSPEC): use 254, the main table";
    case 253:
      return "table 253 is the kernel's default table, which is looked up after every other: use 254, the "
             "main table";
    case 255:
      return "table 255 is the kernel's own local table: use 254, the main table";
    case 16925:
      return "table 16925 is what the agent keeps for nic.select: use 254, the main table";
    default:
      return std::nullopt;
  }
}

}  // namespace agent
