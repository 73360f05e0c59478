#include "checks/overlay.h"

#include <fmt/format.h>

#include <algorithm>

#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {

std::optional<Finding> without_overlay(const Facts& facts) {
  const auto mode = facts.policy.mode;
  if (mode != node::Mode::flannel && mode != node::Mode::calico_vxlan)
    return Finding::skip(fmt::format("mode {} has no overlay", node::mode_name(mode)));
  if (!facts.kernel_error.empty()) return Finding::unknown("could not read the links: " + facts.kernel_error);
  return std::nullopt;
}

std::vector<const net::Link*> overlay_links(const Facts& facts) {
  const auto is_named = [&facts](std::string_view name) {
    return is_calicos_overlay(facts) ? name == "vxlan.calico" || name == "vxlan-v6.calico"
                                     : name.starts_with("flannel.") || name.starts_with("flannel-v6.");
  };
  std::vector<const net::Link*> links;
  for (const auto& link : *facts.links) {
    if (link.kind == "vxlan" && is_named(link.name)) links.push_back(&link);
  }
  return links;
}

std::string_view overlay_name(node::Mode mode) {
  return mode == node::Mode::flannel ? "flannel.1" : "vxlan.calico";
}

bool is_calicos_overlay(const Facts& facts) { return facts.policy.mode == node::Mode::calico_vxlan; }

const observed::FlannelAnnotations* flannel_annotations(const Facts& facts) {
  const auto& node = facts.cloud_state->node;
  return node && *node && (*node)->flannel ? &*(*node)->flannel : nullptr;
}

remedy::Remedy restart_overlay(const Facts& facts) {
  if (is_calicos_overlay(facts)) return remedy::restart_pods(node_word(facts), kCalicoNode);
  // Beside Calico flanneld runs in canal's pod or, by its own manifest, alone.
  return remedy::restart_pods(node_word(facts),
                              shows_calico(facts) ? "k8s-app in (canal, flannel)" : "app=flannel");
}

remedy::Remedy edit_flannel(const Facts& facts) {
  const auto edit_it =
      shows_calico(facts)
          ? remedy::command("kubectl edit configmap --namespace kube-system canal-config")
          : remedy::command("kubectl edit configmap --namespace kube-flannel kube-flannel-cfg");
  return edit_it.then(restart_overlay(facts));
}

}  // namespace checks
