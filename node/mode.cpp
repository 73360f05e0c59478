#include "node/mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace node {
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
constexpr std::string_view kAzureIpam = "azure-";  // azure-vnet-ipam, azure-cns, azure-ipam

/// The network of pods, as the files have it; nullopt: they have none, or it is elsewhere.
std::optional<observed::CniNetwork> network_of(const observed::CniConfiguration* configuration) {
  if (configuration == nullptr) return std::nullopt;
  auto network = configuration->network();
  return network ? std::optional(*network) : std::nullopt;
}

/// "/etc/cni/net.d/10-calico.conflist", behind the meta plug-in's file where there is one.
std::string place_of(const observed::CniNetwork& network) {
  if (network.by == nullptr || network.by == network.file) return network.file->path;
  return fmt::format("{} hands pods to {}, which", network.by->path, network.file->path);
}

std::string plugin_text(const observed::CniPlugin& plugin) {
  return plugin.ipam.empty() ? plugin.type : fmt::format("{} with {}", plugin.type, plugin.ipam);
}

ModeEvidence sure(Mode mode, std::string reason) {
  return {.choice = {.mode = mode, .reason = std::move(reason)}, .conclusive = true};
}

/// The mode of a plug-in by itself.
std::optional<ModeEvidence> of_plugin(const observed::CniNetwork& network) {
  const auto& plugin = *network.main;
  if (is_azure_plugin(plugin)) {
    return sure(Mode::azure_cni, fmt::format("{} runs {}", place_of(network),
                                             plugin.type == kAzureVnet ? plugin.type : plugin_text(plugin)));
  }
  if (plugin.type == "flannel") return sure(Mode::flannel, fmt::format("{} runs flannel", place_of(network)));
  return std::nullopt;
}

ModeEvidence guess(Mode mode, std::string reason) {
  return {.choice = {.mode = mode, .reason = std::move(reason)}, .conclusive = false};
}

/// The mode of a plug-in while there is no overlay.
ModeEvidence without_overlay_of(const observed::CniNetwork& network, std::span<const net::Link> links) {
  const auto& plugin = *network.main;
  if (!is_known_plugin(plugin)) {
    return guess(Mode::udr, fmt::format("{} runs {}, whose routing the agent does not know: user-defined "
                                        "routes are assumed",
                                        place_of(network), plugin.type));
  }
  // While Azure CNI's file is replaced, another one may win for a while: its pods stay.
  const bool is_not_azure_cni =
      (plugin.ipam == "host-local" || plugin.ipam == "calico-ipam") && azure_pod(links) == nullptr;
  // Its addresses are of no node's CIDR, so that no route table leads to them: Calico's own overlay is to
  // come.
  if (plugin.ipam == "calico-ipam") {
    auto evidence = guess(Mode::calico_vxlan, fmt::format("{} runs {}, whose addresses need Calico's overlay",
                                                          place_of(network), plugin_text(plugin)));
    evidence.is_not_azure_cni = is_not_azure_cni;
    return evidence;
  }
  auto evidence =
      guess(Mode::udr, fmt::format("{} runs {} with {}, and there is no overlay", place_of(network),
                                   plugin.type, plugin.ipam.empty() ? "no IPAM" : plugin.ipam));
  evidence.is_not_azure_cni = is_not_azure_cni;
  // An overlay of Calico's pods that has gone, or is not up yet, is a fault and no other mode.
  evidence.conclusive =
      plugin.type == "bridge" && plugin.ipam == "host-local" && bridged_pod(links) != nullptr;
  return evidence;
}

/// User-defined routes are what is left: an address range of the node, and no overlay.
std::optional<ModeEvidence> of_absence(const observed::CniConfiguration* configuration,
                                       std::span<const net::Link> links) {
  if (const auto network = network_of(configuration)) return without_overlay_of(*network, links);
  // No pod by name: they come and go, and a reason that changes would be logged and saved each time.
  if (calico_pod(links) != nullptr)
    return guess(Mode::udr, "pods have links of Calico, and there is no overlay");
  if (configuration == nullptr) return std::nullopt;
  const auto why = configuration->network();
  if (why || why.error().code.value() != EREMOTE) return std::nullopt;
  return guess(Mode::udr, why.error().what + ": user-defined routes are assumed");
}

/// A link that belongs to another networking than that of the plug-in which makes pods' interfaces.
std::optional<Contradiction> stray_link(const observed::CniNetwork& network,
                                        std::span<const net::Link> links) {
  const auto against = [&network](const net::Link& link, std::string_view whose) {
    return Contradiction{
        .what =
            fmt::format("{} runs {}, but {} is {}", place_of(network), network.main->type, link.name, whose),
        .remedy =
            remedy::edit("drain this node, remove the CNI configurations that are not wanted, and reboot it: "
                         "{} belongs to another networking",
                         link.name)};
  };
  if (network.main->type == kAzureVnet) {
    if (const auto* link = calico_pod(links)) return against(*link, "a pod's link of the Calico plug-in");
    if (const auto* link = flannel_overlay(links)) return against(*link, "flannel's overlay");
    if (const auto* link = calico_overlay(links)) return against(*link, "Calico's overlay");
  } else if (const auto* link = azure_pod(links);
             link != nullptr && is_known_plugin(*network.main) && !is_azure_plugin(*network.main)) {
    return against(*link, "a pod's link of Azure CNI");
  }
  return std::nullopt;
}

}  // namespace

bool is_azure_plugin(const observed::CniPlugin& plugin) {
  return plugin.type == kAzureVnet || plugin.ipam.starts_with(kAzureIpam);
}

bool is_known_plugin(const observed::CniPlugin& plugin) {
  return is_azure_plugin(plugin) || plugin.type == "calico" || plugin.type == "flannel" ||
         plugin.type == "bridge" || plugin.type == "ptp";
}

bool contradicts(const ModeEvidence& evidence, Mode mode) {
  const bool is_sure = evidence.conclusive || (mode == Mode::azure_cni && evidence.is_not_azure_cni);
  return is_sure && evidence.choice.mode != mode;
}

std::optional<ModeEvidence> evident_mode(const observed::CniConfiguration* configuration,
                                         std::span<const net::Link> links) {
  const auto network = network_of(configuration);
  if (network) {
    if (auto said = of_plugin(*network)) return said;
  }
  if ((!network || !is_known_plugin(*network->main)) && azure_pod(links) != nullptr)
    return sure(Mode::azure_cni, "pods have links of Azure CNI, azv*");
  if (const auto* overlay = flannel_overlay(links))
    return sure(Mode::flannel, fmt::format("{} is flannel's overlay", overlay->name));
  if (const auto* overlay = calico_overlay(links))
    return sure(Mode::calico_vxlan, fmt::format("{} is Calico's overlay", overlay->name));
  return of_absence(configuration, links);
}

std::optional<Contradiction> contradiction_to(Mode mode, const observed::CniConfiguration* configuration,
                                              std::span<const net::Link> links) {
  const auto evidence = evident_mode(configuration, links);
  if (evidence && contradicts(*evidence, mode)) {
    return Contradiction{
        .what = fmt::format("the mode in force is {}, but {}", mode_name(mode), evidence->choice.reason),
        .remedy = remedy::edit_configuration(
            "set mode = \"{}\" in /etc/calico-azure-agent/config.toml, or drain this node, take "
            "away what the other networking left, and reboot it",
            mode_name(evidence->choice.mode))};
  }
  const auto network = network_of(configuration);
  if (!network) return std::nullopt;
  if (auto stray = stray_link(*network, links)) return stray;
  const auto* flannel = flannel_overlay(links);
  const auto* calico = calico_overlay(links);
  if (flannel != nullptr && calico != nullptr) {
    const auto* other = mode == Mode::calico_vxlan ? flannel : calico;
    return Contradiction{
        .what = fmt::format("{} and {} are two overlays on one node", flannel->name, calico->name),
        .remedy = remedy::edit(
            "remove what makes {0}, or where nothing does any more, drain this node and reboot it: "
            "deleting {0} by hand cuts off the pods that it leads to",
            other->name)};
  }
  return std::nullopt;
}

}  // namespace node
