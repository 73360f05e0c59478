#include "host/read_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <future>
#include <string>
#include <utility>

#include "host/felix_health.h"
#include "host/files.h"
#include "host/firewalld.h"
#include "host/resolver.h"
#include "host/responses.h"
#include "host/system_settings.h"
#include "host/text.h"
#include "net/foreign_text.h"

namespace host {
namespace {

using Time = std::chrono::steady_clock::time_point;

// https://github.com/Azure/azure-container-networking: the API, and the health server of AKS and elsewhere
constexpr std::uint16_t kCns = 10090;
constexpr std::uint16_t kCnsHealthOnAks = 10092;
constexpr std::uint16_t kCnsHealth = 9090;

net::Address loopback() { return *net::Address::parse("127.0.0.1"); }

std::vector<std::string> keys_of(const std::string& nic) {
  std::vector<std::string> keys = {"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding",
                                   "net/ipv4/conf/default/forwarding", "net/ipv4/conf/all/rp_filter",
                                   "net/ipv6/conf/all/forwarding"};
  if (nic.empty()) return keys;
  keys.push_back(fmt::format("net/ipv4/conf/{}/forwarding", nic));
  keys.push_back(fmt::format("net/ipv6/conf/{}/forwarding", nic));
  keys.push_back(fmt::format("net/ipv6/conf/{}/accept_ra", nic));
  return keys;
}

net::Result<std::uint64_t> number_in(const std::filesystem::path& file) {
  const auto text = read_text(file);
  if (!text) return net::pass_on(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{}) return net::failure(EBADMSG, file.string() + " holds no number");
  return number;
}

net::Result<observed::Conntrack> conntrack(const std::filesystem::path& root) {
  const auto entries = number_in(root / "proc/sys/net/netfilter/nf_conntrack_count");
  if (!entries) return net::pass_on(entries);
  const auto room = number_in(root / "proc/sys/net/netfilter/nf_conntrack_max");
  if (!room) return net::pass_on(room);
  return observed::Conntrack{.entries = *entries, .room = *room};
}

net::Result<int> cns_status(Time finish_by) {
  const auto there = connects(loopback(), kCns, finish_by);
  if (!there) return net::pass_on(there);
  auto status = http_status(loopback(), kCnsHealthOnAks, "/readyz", finish_by);
  if (status || status.error().code.value() != ECONNREFUSED) return status;
  return http_status(loopback(), kCnsHealth, "/readyz", finish_by);
}

/// Azure's agent (WALinuxAgent, azurelinuxagent/ga/firewall_manager.py) lets its own user, root, connect and
/// drops everybody else's packets. With the Metadata Security Protocol a connection leads to its proxy on
/// loopback: only an answer proves the wire server.
net::Result<int> wire_server_status(bool is_root, Time finish_by) {
  if (!is_root) {
    return net::failure(
        EPERM,
        "168.63.129.16 takes connections from root alone (the firewall of Azure's agent): run "
        "calico-azure-agent doctor as root");
  }
  const auto address = *net::Address::parse("168.63.129.16");
  if (const auto there = connects(address, 80, finish_by); !there) return net::pass_on(there);
  auto status = http_status(address, 80, "/?comp=versions", finish_by);
  // It is unknown which program takes the connection without an answer.
  return status ? status : net::failure(EPROTO, status.error().what);
}

}  // namespace

observed::HostSettings HostReader::read(const HostQuery& query, Time finish_by) {
  const auto aside = [](auto&& ask) { return std::async(std::launch::async, ask); };
  auto filters =
      aside([this, finish_by, ipv6 = query.ipv6] { return packet_filters_.read(finish_by, ipv6); });
  std::future<net::Result<int>> cns;
  std::future<net::Result<int>> wire_server;
  if (query.azure_cni) {
    cns = aside([finish_by] { return cns_status(finish_by); });
    wire_server = aside([&query, finish_by] { return wire_server_status(query.is_root, finish_by); });
  }
  observed::HostSettings settings;
  const Processes processes(query.root, process_names_.read(query.root, std::chrono::steady_clock::now()));
  settings.calico_environment = calico_environment(processes);
  auto felix = aside([environment = settings.calico_environment, finish_by] {
    return felix_health(environment, finish_by);
  });
  settings.boot_sysctls = boot_sysctls(query.root, keys_of(query.nic));
  settings.networkd = networkd_settings(processes);
  settings.network_manager = network_manager_settings(processes);
  settings.link_files = link_files(query.root, query.links);
  settings.conntrack = conntrack(query.root);
  settings.firewalld = firewalld_settings(processes);
  settings.resolver = resolver(query.root);
  settings.hotplug_rules = hotplug_rules(query.root);
  settings.checksum_errors = checksum_errors_.read(query.root, std::chrono::steady_clock::now());
  settings.calico_namespace = calico_namespace(query.root);
  settings.bird_runs = bird_runs(processes);
  auto seen = filters.get();
  settings.packet_filters = std::move(seen.by_iptables);
  settings.nft_chains = std::move(seen.by_nft);
  auto health = felix.get();
  settings.felix = std::move(health.status);
  settings.felix_reporters = std::move(health.reporters);
  if (query.azure_cni) {
    settings.cns = cns.get();
    settings.wire_server = wire_server.get();
  }
  sanitize(settings);
  return settings;
}

namespace {

/// A path is at most 4,096 bytes, a sentence about it longer; what is longer than this serves no reader.
constexpr std::size_t kLongest = 1000;

void tidy(std::string& text) { text = net::foreign_text(text, kLongest); }

template <class T, class Tidy>
void tidy_all(net::Result<T>& seen, Tidy&& each) {
  if (!seen) {
    tidy(seen.error().what);
    return;
  }
  for (auto& value : *seen) each(value);
}

template <class T>
void tidy_error(net::Result<T>& seen) {
  if (!seen) tidy(seen.error().what);
}

void tidy_chain(observed::FilterChain& chain) {
  tidy(chain.name);
  for (auto& rule : chain.rules) {
    tidy(rule.in);
    tidy(rule.out);
    tidy(rule.target);
  }
}

void tidy_hook(observed::FilterHook& hook) {
  tidy(hook.table);
  tidy(hook.chain);
  tidy(hook.policy);
  for (auto& chain : hook.chains) tidy_chain(chain);
}

std::map<std::string, std::string> tidied(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> tidied;
  for (const auto& [name, value] : environment)
    tidied.emplace(net::foreign_text(name, kLongest), net::foreign_text(value, kLongest));
  return tidied;
}

}  // namespace

void sanitize(observed::HostSettings& settings) {
  tidy_all(settings.boot_sysctls, [](observed::BootSysctl& each) {
    tidy(each.value);
    tidy(each.file);
  });
  tidy_error(settings.networkd);
  if (settings.networkd) {
    tidy(settings.networkd->file);
    tidy(settings.networkd->unread_file);
  }
  tidy_error(settings.network_manager);
  if (settings.network_manager) {
    for (auto& each : settings.network_manager->unmanaged) tidy(each);
  }
  tidy_all(settings.link_files, [](observed::LinkFile& each) {
    tidy(each.link);
    tidy(each.mac_address_policy);
    tidy(each.file);
  });
  tidy_all(settings.packet_filters, [](observed::PacketFilter& each) {
    tidy(each.problem);
    tidy(each.forward_policy);
    for (auto& chain : each.forward) tidy_chain(chain);
    for (auto& hook : each.other_hooks) tidy_hook(hook);
  });
  tidy_all(settings.nft_chains, tidy_hook);
  tidy_error(settings.conntrack);
  tidy_error(settings.calico_environment);
  if (settings.calico_environment) settings.calico_environment = tidied(*settings.calico_environment);
  tidy(settings.calico_namespace);
  tidy_error(settings.bird_runs);
  tidy_error(settings.felix);
  for (auto& each : settings.felix_reporters) {
    tidy(each.name);
    tidy(each.readiness);
    tidy(each.detail);
  }
  tidy_error(settings.firewalld);
  if (settings.firewalld) {
    tidy(settings.firewalld->version);
    tidy(settings.firewalld->backend);
  }
  tidy_error(settings.resolver);
  if (settings.resolver) {
    for (auto& each : settings.resolver->servers) tidy(each);
  }
  tidy_error(settings.checksum_errors);
  tidy_error(settings.cns);
  tidy_error(settings.wire_server);
}

}  // namespace host
