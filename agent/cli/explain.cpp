#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/cli/presentation.h"
#include "agent/cli/running_daemon.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace agent {
namespace {

constexpr auto kStatusPatience = std::chrono::seconds(1);
/// A storm makes dozens of the same change.
constexpr std::size_t kMostChanges = 8;
constexpr std::size_t kLongestWord = 1000;

void say(std::string_view title, std::string_view text) {
  std::cout << fmt::format("{:<9}{}\n", title, text);
}

/// "pods.cluster_cidrs, FILE:3:17"
std::string origin(const LoadedConfig& loaded, const char* key) {
  const auto found = loaded.origins.find(key);
  if (found == loaded.origins.end() || found->second.where.empty()) return fmt::format("{}, by default", key);
  return fmt::format("{}, {}", key, found->second.where);
}

/// Of the wanted routes the one that the kernel would take: the longest prefix, then the least metric; table
/// main alone.
const net::Route* covering(const NodeLook& look, const net::Prefix& destination) {
  const net::Route* best = nullptr;
  for (const auto& route : look.plan.facts.desired.routes) {
    if (route.key.table == routing::kPodTable || !route.key.destination.contains(destination)) continue;
    const auto better = [&] {
      if (best == nullptr) return true;
      const auto length = route.key.destination.length();
      const auto other = best->key.destination.length();
      return length > other || (length == other && route.key.metric < best->key.metric);
    };
    if (better()) best = &route;
  }
  return best;
}

void explain_wanted(const NodeLook& look, const LoadedConfig& loaded, const net::Prefix& destination) {
  const auto* route = covering(look, destination);
  if (route == nullptr) {
    say("wanted", "no route of the agent's covers it");
    return;
  }
  say("wanted", net::route_text(*route, net::link_name(*look.plan.facts.links, route->device)));
  const auto& told = look.plan.facts.node_cidrs;
  const bool own =
      std::find(told.cidrs.begin(), told.cidrs.end(), route->key.destination) != told.cidrs.end();
  if (own && route->type != net::RouteType::unicast) {
    say("", fmt::format("unused addresses of this node's pod CIDR, which {} told{}; {}",
                        told.source == "static" ? origin(loaded, "pods.node_cidrs") : told.source,
                        told.kept ? " before" : "", origin(loaded, "routes.local_sink")));
    return;
  }
  say("", fmt::format("a cluster CIDR ({})", origin(loaded, "pods.cluster_cidrs")));
  if (route->source)
    say("", fmt::format("source: IMDS, network.interface[].privateIpAddress {}", route->source->text()));
  if (look.plan.facts.nic.nic) {
    const auto& gateway = look.plan.facts.nic.nic->gateway(destination.family());
    if (gateway)
      say("", fmt::format("gateway: {}", gateway->assumed ? "assumed, no default route on the NIC names one"
                                                          : "the NIC's default route"));
  }
  for (const auto& sync : look.plan.facts.sync.routes) {
    if (sync.route == *route)
      say("", fmt::format("in the kernel: {}{}{}", routing::route_state_name(sync.state),
                          sync.error.empty() ? "" : ": ", sync.error));
  }
}

/// True when the kernel has an answer.
bool explain_kernel(const NodeLook& look, const net::Address& address) {
  const auto route = look.kernel->lookup(net::Flow(address));
  if (!route) {
    // ip_route_output's errors for routes that lead nowhere (fib_props in net/ipv4/fib_semantics.c).
    const auto code = route.error().code.value();
    const auto nowhere = code == EINVAL   ? "drops it: a blackhole route"
                         : code == EACCES ? "refuses it: a prohibit route"
                                          : "";
    say("kernel", *nowhere != '\0' ? nowhere : route.error().what);
    return *nowhere != '\0';
  }
  say("kernel", net::route_text(*route, net::link_name(*look.plan.facts.links, route->device)));
  if (route->protocol == look.plan.facts.policy.protocol) say("", "the agent's");
  return true;
}

void explain_azure(const NodeLook& look, const net::Address& address) {
  const auto& azure = look.plan.facts.cloud_state->azure;
  if (!azure || !azure->route_table) {
    say("Azure", azure ? azure->route_table.error().what : std::string("not asked: azure.verify is off"));
    return;
  }
  const auto* table = *azure->route_table ? &**azure->route_table : nullptr;
  const auto choice = node::azure_choice(table, azure->network ? &*azure->network : nullptr, address);
  const auto hop = choice.next_hop ? fmt::format("{} {}", choice.next_hop_type, choice.next_hop->text())
                                   : choice.next_hop_type;
  say("Azure", choice.route.empty() ? fmt::format("{} to {}: a system route", choice.prefix.text(), hop)
                                    : fmt::format("{} to {}: route {} of {}", choice.prefix.text(), hop,
                                                  choice.route, node::name_of(table->id)));
  if (choice.next_hop_type == "None") say("", "Azure silently drops it");
  if (table == nullptr) say("", "no route table is associated with the NIC's subnet");
}

void explain_changes(const net::Result<std::string>& reply, const net::Prefix& destination) {
  const auto status = reply ? nlohmann::json::parse(*reply, nullptr, false) : nlohmann::json();
  if (!status.is_object()) {
    const auto error = reply ? 0 : reply.error().code.value();
    const bool none_runs = error == ECONNREFUSED || error == ENOENT;
    say("changes", "not known: " + (none_runs ? "no agent runs"
                                    : reply   ? "its answer is no JSON"
                                              : reply.error().what));
    return;
  }
  std::vector<std::string> lines;
  for (const auto& change : status.value("changes", nlohmann::json::array())) {
    const auto prefix = net::Prefix::parse(change.value("destination", ""));
    if (!prefix || !prefix->contains(destination)) continue;
    const auto told = [&change](const char* key) {
      return net::foreign_text(change.value(key, ""), kLongestWord);
    };
    const auto by = told("repaired_after");
    lines.push_back(fmt::format("{}  {} {}{}", told("time"), told("action"), told("route"),
                                by.empty() ? "" : ", removed by " + by));
  }
  if (lines.empty()) return say("changes", "none since the agent started");
  const auto left_out = lines.size() > kMostChanges ? lines.size() - kMostChanges : 0;
  if (left_out > 0) say("changes", fmt::format("{} earlier ones: calico-azure-agent history", left_out));
  for (auto i = left_out; i < lines.size(); ++i) say(i == 0 ? "changes" : "", lines[i]);
}

net::Result<std::string> status_of(const net::ListenAddress& where) {
  auto reply = ask_daemon(where, "/status", kStatusPatience);
  if (!reply) return net::pass_on(reply);
  return std::move(reply->body);
}

}  // namespace

std::optional<Explained> parse_explained(const ExplainOptions& options) {
  const auto refuse = [](std::string_view why) {
    std::cerr << "explain: " << why << '\n';
    return std::nullopt;
  };
  const bool is_destination = options.words.size() == 1 && !options.json;
  if (is_destination) {
    if (const auto prefix = net::Prefix::parse(options.words.front())) return *prefix;
    if (const auto address = net::Address::parse(options.words.front())) return net::Prefix::host(*address);
  }
  const auto question = trace::parse_question(options.words);
  if (question && options.at.empty()) return *question;
  if (question)
    return refuse("--at shows what was recorded of one destination: neither A, nor a port, nor --json");
  // Of a single word it may be either.
  if (!is_destination || options.words.front().find(':') != std::string::npos)
    return refuse(question.error().what);
  return refuse(fmt::format("'{}' is neither an address nor a prefix such as 10.244.2.0/24",
                            net::foreign_text(options.words.front(), kLongestWord)));
}

int explain(const ConfigSources& sources, const Beside& beside, const net::Prefix& destination) {
  const auto look = look_at_node(beside.loaded.config, kEverythingPatience);
  if (!look) {
    std::cerr << "explain: " << look.error().what << '\n';
    return kUndetermined;
  }
  return explain(*look, beside, destination,
                 [&] { return status_of(daemon_address(sources, beside.loaded)); });
}

int explain(const NodeLook& look, const Beside& beside, const net::Prefix& destination,
            const std::function<net::Result<std::string>()>& status) {
  say_note(beside);
  std::cout << bold(destination.text()) << '\n';
  explain_wanted(look, beside.loaded, destination);
  const bool known = explain_kernel(look, destination.network());
  explain_azure(look, destination.network());
  explain_changes(status(), destination);
  return known || look.plan.facts.network ? kOk : kUndetermined;
}

}  // namespace agent
