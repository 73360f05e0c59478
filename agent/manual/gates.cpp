#include "agent/manual/gates.h"

#include <functional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace agent::manual {
namespace {

/// One kind of setting on which gates depend.
struct Axis {
  struct Value {
    std::string_view word;
    std::function<void(node::Policy&)> set;
  };
  std::string_view before;  ///< "in mode "
  std::vector<Value> values;
};

std::vector<Axis> axes() {
  const auto mode = [](node::Mode value) {
    return Axis::Value{node::mode_name(value), [value](node::Policy& policy) { policy.mode = value; }};
  };
  const auto source = [](std::string_view word, node::NodeCidrSource value) {
    return Axis::Value{word, [value](node::Policy& policy) { policy.node_cidr_source = value; }};
  };
  const auto routes = [](std::string_view word, bool value) {
    return Axis::Value{word, [value](node::Policy& policy) { policy.routes_enabled = value; }};
  };
  const auto pods = [](std::string_view word, const char* prefix) {
    return Axis::Value{
        word, [prefix](node::Policy& policy) { policy.cluster_cidrs = {*net::Prefix::parse(prefix)}; }};
  };
  return {
      {"in mode ",
       {mode(node::Mode::udr), mode(node::Mode::flannel), mode(node::Mode::calico_vxlan),
        mode(node::Mode::azure_cni)}},
      {"with ", {pods("IPv4 pods", "10.244.0.0/16"), pods("IPv6 pods", "fd00:10:244::/48")}},
      {"with routes.enabled = ", {routes("true", true), routes("false", false)}},
      {"with pods.node_cidr_source ",
       {source("auto", node::NodeCidrSource::automatic), source("static", node::NodeCidrSource::static_list),
        source("kubernetes", node::NodeCidrSource::kubernetes),
        source("route-table", node::NodeCidrSource::route_table),
        source("flannel", node::NodeCidrSource::flannel)}}};
}

/// By axis, the values with which the check gates in some configuration; and in how many it does.
struct Found {
  std::vector<std::set<std::size_t>> values;
  std::size_t configurations = 0;
};

void ask(const checks::CheckEntry& check, const std::vector<Axis>& all, const node::Policy& policy,
         std::vector<std::size_t>& chosen, Found& found) {
  if (chosen.size() == all.size()) {
    if (!check.gates(policy)) return;
    ++found.configurations;
    for (std::size_t i = 0; i < all.size(); ++i) found.values[i].insert(chosen[i]);
    return;
  }
  const auto& axis = all[chosen.size()];
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    auto with = policy;
    axis.values[i].set(with);
    chosen.push_back(i);
    ask(check, all, with, chosen, found);
    chosen.pop_back();
  }
}

/// "udr", "udr or flannel", "udr, flannel or calico-vxlan"
std::string either(const Axis& axis, const std::set<std::size_t>& values) {
  std::string text;
  for (const auto each : values) {
    if (!text.empty()) text += each == *values.rbegin() ? " or " : ", ";
    text += axis.values[each].word;
  }
  return text;
}

}  // namespace

std::string gate_condition(const checks::CheckEntry& check) {
  const auto all = axes();
  Found found{.values = std::vector<std::set<std::size_t>>(all.size()), .configurations = 0};
  std::vector<std::size_t> chosen;
  ask(check, all, {}, chosen, found);
  if (found.configurations == 0) return "";

  std::size_t described = 1;
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    described *= found.values[i].size();
    if (found.values[i].size() == all[i].values.size()) continue;
    text.append(text.empty() ? "" : ", ").append(all[i].before).append(either(all[i], found.values[i]));
  }
  if (described != found.configurations) {
    throw std::logic_error("no words for when " + std::string(check.id) + " is a gate");
  }
  return text.empty() ? "always" : text;
}

}  // namespace agent::manual
