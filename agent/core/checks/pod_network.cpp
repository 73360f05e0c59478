#include "agent/core/checks/pod_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/core/azure_names.h"
#include "net/quote.h"

namespace agent {
namespace {

constexpr std::size_t kLongestWord = 200;

tl::unexpected<Finding> unknown(std::string why) {
  return tl::unexpected<Finding>(Finding::unknown(std::move(why)));
}

}  // namespace

Seen<const net::CniFiles*> seen_cni(const Facts& facts) {
  if (!facts.surroundings.cni) return unknown("the CNI's files have not been looked at yet");
  return &*facts.surroundings.cni;
}

Seen<CniWinner> seen_winner(const Facts& facts) {
  const auto cni = seen_cni(facts);
  if (!cni) return tl::unexpected<Finding>(cni.error());
  const auto& configuration = (*cni)->configuration;
  if (!configuration) return unknown(configuration.error().what);
  const auto* file = configuration->winner();
  if (file == nullptr)
    return unknown(fmt::format("no usable CNI configuration in {}, see cni.winner", configuration->folder));
  if (file->main() == nullptr) return unknown(fmt::format("{} names no plug-in", shown(file->path)));
  return CniWinner{file, file->main()};
}

Seen<const net::DataPlane*> seen_data_plane(const Facts& facts) {
  const auto& plane = facts.surroundings.data_plane;
  if (!plane) return unknown("the kernel's routes to pods have not been looked at yet");
  if (!*plane) return unknown(plane->error().what);
  return &**plane;
}

Seen<const net::HostSettings*> seen_host(const Facts& facts) {
  if (!facts.surroundings.host) return unknown("this machine's services have not been looked at yet");
  return &*facts.surroundings.host;
}

std::size_t usable_files(const net::CniConfiguration& configuration) {
  const auto& files = configuration.files;
  return static_cast<std::size_t>(
      std::count_if(files.begin(), files.end(), [](const auto& file) { return file.problem.empty(); }));
}

bool is_calicos(const net::Link& link) { return link.name.starts_with("cali"); }

bool is_azures(const net::Link& link) { return link.name.starts_with("azv"); }

const net::Link* link_named(const Facts& facts, std::string_view name) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(),
                                  [name](const net::Link& link) { return link.name == name; });
  return found == facts.links.end() ? nullptr : &*found;
}

std::string bridge_of(const net::CniPlugin& main) {
  if (main.type != "bridge" && main.type != "flannel") return "";
  // The bridge plug-in's default, and flannel delegates to that plug-in.
  return main.bridge.empty() ? "cni0" : main.bridge;
}

std::vector<RoutedPod> routed_pods(const Facts& facts, const net::DataPlane& plane) {
  std::vector<RoutedPod> pods;
  for (const auto& route : plane.routes) {
    const auto& to = route.key.destination;
    if (route.type != net::RouteType::unicast || to.length() != net::address_bits(to.family())) continue;
    const auto link = std::find_if(facts.links.begin(), facts.links.end(),
                                   [&route](const auto& each) { return each.index == route.device; });
    if (link == facts.links.end()) continue;
    if (is_calicos(*link) || is_azures(*link) || link->name.starts_with("veth"))
      pods.push_back({&*link, to.network()});
  }
  return pods;
}

bool shows_calico(const Facts& facts) {
  if (std::any_of(facts.links.begin(), facts.links.end(), is_calicos)) return true;
  if (const auto winner = seen_winner(facts); winner && winner->main->type == "calico") return true;
  const auto host = seen_host(facts);
  if (!host) return false;
  const auto& environment = (*host)->calico_environment;
  return environment || environment.error().code.value() == EACCES || (*host)->felix;
}

bool is_of_this_node(const Facts& facts, const net::Address& address) {
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(), [&address](const auto& cidr) { return cidr.contains(address); });
}

std::string node_cidrs_text(const Facts& facts) {
  std::string text;
  for (const auto& cidr : facts.policy.node_cidrs)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", cidr.text());
  return text;
}

std::optional<Finding> without_node_cidrs(const Facts& facts) {
  if (facts.policy.node_cidrs.empty())
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  if (!facts.node_cidrs.disagreement.empty())
    return Finding::unknown("this node's pod CIDR is in dispute, see pods.node_cidr");
  return std::nullopt;
}

std::string shown(std::string_view text) { return net::quote(text, kLongestWord); }

std::string pasted(std::string_view text) { return shell_word(shown(text)); }

std::string node_word(const Facts& facts) {
  return facts.node_name.empty() ? "THIS_NODE" : pasted(facts.node_name);
}

std::string kubectl_pods(const Facts& facts, std::string_view verb, std::string_view selector) {
  return fmt::format("kubectl {} pod --all-namespaces --selector {} --field-selector spec.nodeName={}", verb,
                     shell_word(selector), node_word(facts));
}

}  // namespace agent
