#include "host/look.h"

#include <fmt/format.h>

#include <charconv>
#include <future>

#include "host/boot_sysctls.h"
#include "host/calico_process.h"
#include "host/health.h"
#include "host/network_services.h"
#include "host/packet_filters.h"
#include "host/text.h"

namespace host {
namespace {

using Time = std::chrono::steady_clock::time_point;

// https://docs.tigera.io/calico/latest/reference/felix/configuration (FELIX_HEALTHPORT)
constexpr std::uint16_t kFelixHealth = 9099;
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

net::Result<net::Conntrack> conntrack(const std::filesystem::path& root) {
  const auto entries = number_in(root / "proc/sys/net/netfilter/nf_conntrack_count");
  if (!entries) return net::pass_on(entries);
  const auto room = number_in(root / "proc/sys/net/netfilter/nf_conntrack_max");
  if (!room) return net::pass_on(room);
  return net::Conntrack{.entries = *entries, .room = *room};
}

net::Result<int> cns_status(Time finish_by) {
  const auto there = connects(loopback(), kCns, finish_by);
  if (!there) return net::pass_on(there);
  auto status = http_status(loopback(), kCnsHealthOnAks, "/readyz", finish_by);
  if (status || status.error().code.value() != ECONNREFUSED) return status;
  return http_status(loopback(), kCnsHealth, "/readyz", finish_by);
}

}  // namespace

net::HostSettings look_at_host(const Question& question, Time finish_by) {
  const auto aside = [](auto&& ask) { return std::async(std::launch::async, ask); };
  auto filters = aside([finish_by] { return packet_filters(finish_by); });
  auto felix = aside([finish_by] { return http_status(loopback(), kFelixHealth, "/readiness", finish_by); });
  std::future<net::Result<int>> cns;
  std::future<net::Result<void>> wire_server;
  if (question.azure_cni) {
    cns = aside([finish_by] { return cns_status(finish_by); });
    wire_server =
        aside([finish_by] { return connects(*net::Address::parse("168.63.129.16"), 80, finish_by); });
  }
  net::HostSettings settings;
  settings.boot_sysctls = boot_sysctls(question.root, keys_of(question.nic));
  settings.networkd = networkd_settings(question.root);
  settings.network_manager = network_manager_settings(question.root);
  settings.link_files = link_files(question.root, question.links);
  settings.conntrack = conntrack(question.root);
  settings.calico_environment = calico_environment(question.root);
  settings.packet_filters = filters.get();
  settings.felix = felix.get();
  if (question.azure_cni) {
    settings.cns = cns.get();
    settings.wire_server = wire_server.get();
  }
  return settings;
}

}  // namespace host
