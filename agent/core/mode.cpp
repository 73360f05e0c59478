#include "agent/core/mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

const net::Link* link_like(std::span<const net::Link> links, std::string_view prefix,
                           std::string_view kind = {}) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const net::Link& link) {
    return link.name.starts_with(prefix) && (kind.empty() || link.kind == kind);
  });
  return found == links.end() ? nullptr : &*found;
}

const net::Link* flannel_overlay(std::span<const net::Link> links) {
  return link_like(links, "flannel.", "vxlan");
}

/// Felix's name for it; there is no way to configure another.
const net::Link* calico_overlay(std::span<const net::Link> links) {
  return link_like(links, "vxlan.calico", "vxlan");
}

/// A link of Azure CNI's for a pod: "azv" and eleven hexadecimal digits.
const net::Link* azure_pod(std::span<const net::Link> links) { return link_like(links, "azv"); }

const net::Link* calico_pod(std::span<const net::Link> links) { return link_like(links, "cali"); }

/// A pod's link on a bridge, as kubenet has them.
const net::Link* bridged_pod(std::span<const net::Link> links) {
  const auto found = std::find_if(links.begin(), links.end(), [&links](const net::Link& link) {
    if (link.kind != "veth" || link.master == 0) return false;
    const auto bridge = std::find_if(links.begin(), links.end(), [&link](const net::Link& other) {
      return other.index == link.master && (other.name == "cbr0" || other.name == "cni0");
    });
    return bridge != links.end();
  });
  return found == links.end() ? nullptr : &*found;
}

constexpr std::string_view kAzureVnet = "azure-vnet";

/// Pods get addresses of the virtual network; the plug-in that makes their links may be Calico's.
bool is_azure_plugin(const net::CniPlugin& plugin) {
  return plugin.type == kAzureVnet || plugin.ipam == "azure-vnet-ipam";
}

ModeEvidence sure(Mode mode, std::string reason) {
  return {.choice = {.mode = mode, .reason = std::move(reason)}, .conclusive = true};
}

/// What the configuration that wins says by itself.
std::optional<ModeEvidence> of_winner(const net::CniFile& winner) {
  const auto* plugin = winner.main();
  if (plugin == nullptr) return std::nullopt;
  if (is_azure_plugin(*plugin))
    return sure(Mode::azure_cni, fmt::format("{} runs {}{}", winner.path, plugin->type,
                                             plugin->type == kAzureVnet ? "" : " with " + plugin->ipam));
  if (plugin->type == "flannel") return sure(Mode::flannel, fmt::format("{} runs flannel", winner.path));
  return std::nullopt;
}

/// User-defined routes are what is left: an address range of the node, and no overlay.
std::optional<ModeEvidence> of_absence(const net::CniFile* winner, std::span<const net::Link> links) {
  if (winner != nullptr && winner->main() != nullptr) {
    const auto& plugin = *winner->main();
    const bool known = plugin.type == "calico" || plugin.type == "bridge" || plugin.type == "ptp";
    if (!known) return std::nullopt;
    return ModeEvidence{
        .choice = {.mode = Mode::udr,
                   .reason = fmt::format("{} runs {} with {}, and there is no overlay", winner->path,
                                         plugin.type, plugin.ipam.empty() ? "no IPAM" : plugin.ipam)},
        // An overlay of Calico's pods that has gone, or is not up yet, is a fault and no other mode.
        .conclusive =
            plugin.type == "bridge" && plugin.ipam == "host-local" && bridged_pod(links) != nullptr};
  }
  if (calico_pod(links) == nullptr) return std::nullopt;
  // No pod by name: they come and go, and a reason that changes would be told and kept anew each time.
  return ModeEvidence{
      .choice = {.mode = Mode::udr, .reason = "pods have links of Calico, and there is no overlay"},
      .conclusive = false};
}

}  // namespace

std::optional<ModeEvidence> evident_mode(const net::CniConfiguration* configuration,
                                         std::span<const net::Link> links) {
  const auto* winner = configuration == nullptr ? nullptr : configuration->winner();
  if (winner != nullptr) {
    if (auto said = of_winner(*winner)) return said;
  } else if (azure_pod(links) != nullptr) {
    return sure(Mode::azure_cni, "pods have links of Azure CNI, azv*");
  }
  if (const auto* overlay = flannel_overlay(links))
    return sure(Mode::flannel, fmt::format("{} is flannel's overlay", overlay->name));
  if (const auto* overlay = calico_overlay(links))
    return sure(Mode::calico_vxlan, fmt::format("{} is Calico's overlay", overlay->name));
  return of_absence(winner, links);
}

std::optional<Contradiction> contradiction_to(Mode mode, const net::CniConfiguration* configuration,
                                              std::span<const net::Link> links) {
  const auto* winner = configuration == nullptr ? nullptr : configuration->winner();
  const auto evidence = evident_mode(configuration, links);
  if (evidence && evidence->conclusive && evidence->choice.mode != mode) {
    return Contradiction{
        .what = fmt::format("the mode in force is {}, but {}", mode_name(mode), evidence->choice.reason),
        .remedy =
            fmt::format("# set mode = \"{}\" in /etc/calico-azure-agent/config.toml, or take away what the "
                        "other networking left",
                        mode_name(evidence->choice.mode))};
  }
  if (winner == nullptr || winner->main() == nullptr) return std::nullopt;
  const auto against = [&](const net::Link& link, std::string_view whose) {
    return Contradiction{
        .what = fmt::format("{} wins and runs {}, but {} is {}", winner->path, winner->main()->type,
                            link.name, whose),
        .remedy = fmt::format("# drain this node, remove the files in {} that are not wanted, and reboot it: "
                              "{} belongs to another networking",
                              configuration->folder, link.name)};
  };
  const auto& plugin = *winner->main();
  if (plugin.type == kAzureVnet) {
    if (const auto* link = calico_pod(links)) return against(*link, "a pod's link of the Calico plug-in");
    if (const auto* link = flannel_overlay(links)) return against(*link, "flannel's overlay");
    if (const auto* link = calico_overlay(links)) return against(*link, "Calico's overlay");
  } else if (const auto* link = azure_pod(links); link != nullptr && !is_azure_plugin(plugin)) {
    return against(*link, "a pod's link of Azure CNI");
  }
  const auto* flannel = flannel_overlay(links);
  const auto* calico = calico_overlay(links);
  if (flannel != nullptr && calico != nullptr) {
    const auto* other = mode == Mode::calico_vxlan ? flannel : calico;
    return Contradiction{
        .what = fmt::format("{} and {} are two overlays on one node", flannel->name, calico->name),
        .remedy = fmt::format("ip link delete {}", other->name)};
  }
  return std::nullopt;
}

}  // namespace agent
