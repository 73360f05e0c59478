#include "agent/inspect/inspect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "cni/read_files.h"
#include "host/read_settings.h"
#include "netlink/data_plane.h"
#include "netlink/nft_base_chains.h"
#include "netlink/proc.h"
#include "netlink/ruleset_generation.h"

namespace agent {
namespace {

bool is_pod_link(const net::Link& link) {
  return link.name.starts_with("cali") || link.name.starts_with("azv");
}

/// Links whose routes and neighbours belong to pod networking.
bool concerns_pods(const net::Link& link) {
  constexpr std::array<std::string_view, 5> kNames = {"tunl0", "cbr0", "cni0", "azure0", "flannel"};
  const auto begins = [&link](std::string_view name) { return link.name.starts_with(name); };
  return link.kind == "vxlan" || link.kind == "veth" || link.kind == "ipip" || is_pod_link(link) ||
         std::any_of(kNames.begin(), kNames.end(), begins);
}

std::vector<net::Link> of_pods(std::span<const net::Link> links, const InspectionTarget& aim) {
  std::vector<net::Link> some;
  for (const auto& link : links) {
    if (link.name != aim.nic && concerns_pods(link)) some.push_back(link);
  }
  return some;
}

/// The NIC, whose routes may lead to peers past the overlay, and the VF under it.
std::vector<net::Link> of_nic(std::span<const net::Link> links, const InspectionTarget& aim) {
  std::vector<net::Link> some;
  const auto nic = std::find_if(links.begin(), links.end(),
                                [&aim](const net::Link& link) { return link.name == aim.nic; });
  if (nic == links.end()) return some;
  for (const auto& link : links) {
    if (link.index == nic->index || (link.mac && link.mac == nic->mac)) some.push_back(link);
  }
  return some;
}

observed::SysctlReadings pod_sysctls(const std::vector<net::Link>& links) {
  netlink::ProcSysctls sysctls;
  observed::SysctlReadings readings;
  for (const auto& link : links) {
    if (!is_pod_link(link)) continue;
    for (const auto* key : {"proxy_arp", "forwarding"}) {
      auto path = fmt::format("net/ipv4/conf/{}/{}", link.name, key);
      auto reading = sysctls.read(path);
      readings.emplace(std::move(path), std::move(reading));
    }
  }
  return readings;
}

}  // namespace

observed::NodeEnvironment look_at_files() {
  observed::NodeEnvironment environment;
  environment.cni = cni::read_cni_files(cni::Paths{});
  return environment;
}

host::HostReader host_reader() {
  return {[generation = std::make_shared<netlink::RulesetGeneration>()] { return generation->read(); },
          netlink::nft_base_chains};
}

observed::NodeEnvironment inspect(const InspectionTarget& aim, std::span<const net::Link> links,
                                  host::HostReader& reader, std::chrono::steady_clock::time_point finish_by) {
  const auto pods = of_pods(links, aim);
  auto routed = of_nic(links, aim);
  routed.insert(routed.end(), pods.begin(), pods.end());
  host::HostQuery query;
  query.nic = aim.nic;
  query.azure_cni = aim.mode == node::Mode::azure_cni;
  query.is_root = ::geteuid() == 0;
  query.ipv6 = aim.ipv6;
  for (const auto& link : pods) query.links.push_back(link.name);
  auto environment = look_at_files();
  environment.data_plane = netlink::read_data_plane(routed);
  environment.pod_sysctls = pod_sysctls(pods);
  environment.host = reader.read(query, finish_by);
  return environment;
}

}  // namespace agent
