#include "host/packet_filters.h"

#include <unistd.h>

#include <array>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "host/iptables_rule.h"
#include "host/program.h"
#include "host/text.h"

namespace host {
namespace {

/// FORWARD of a node with kube-proxy, Calico and Docker has some thirty; a firewall of its own, hundreds.
constexpr std::size_t kMostRules = 2000;

/// Where distributions install it; empty: nowhere.
std::string found(const std::string& program) {
  for (const auto* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/"}) {
    auto path = folder + program;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

/// A table's rules as they are written, by chain.
struct Table {
  std::map<std::string_view, std::vector<std::string_view>> rules;
  std::string_view forward_policy;
};

std::map<std::string_view, Table> tables_in(std::string_view text) {
  std::map<std::string_view, Table> tables;
  Table* table = nullptr;
  for (const auto line : lines(text)) {
    if (line.starts_with('*')) table = &tables[line.substr(1)];
    if (table == nullptr || line.size() < 4) continue;
    constexpr std::string_view kForward = ":FORWARD ";
    if (line.starts_with(kForward)) {
      const auto policy = line.substr(kForward.size());
      table->forward_policy = policy.substr(0, policy.find(' '));
    }
    if (!line.starts_with("-A ")) continue;
    const auto chain = line.substr(3, line.find(' ', 3) - 3);
    table->rules[chain].push_back(line.substr(std::min(line.size(), 3 + chain.size())));
  }
  return tables;
}

/// Felix's dispatch from FORWARD; its other chains hold every pod's policy. They mark packets, and what is
/// marked is accepted later (felix/rules/static.go, StaticFilterForwardChains).
bool is_felix_alone(std::string_view chain) { return chain.starts_with("cali-") && chain != "cali-FORWARD"; }

/// The rules that forwarded packets can meet in this table.
std::size_t count_met(const Table& table) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> next = {"PREROUTING", "FORWARD", "POSTROUTING"};
  std::size_t count = 0;
  while (!next.empty()) {
    const auto chain = next.back();
    next.pop_back();
    const auto rules = table.rules.find(chain);
    if (rules == table.rules.end() || !seen.insert(chain).second) continue;
    count += rules->second.size();
    for (const auto rule : rules->second) next.push_back(target_of(rule));
  }
  return count;
}

void take_forward(const Table& table, net::PacketFilter& into) {
  std::vector<std::string> next = {"FORWARD"};
  std::set<std::string> seen;
  std::size_t count = 0;
  while (!next.empty()) {
    const auto name = std::move(next.back());
    next.pop_back();
    const auto rules = table.rules.find(name);
    if (rules == table.rules.end() || is_felix_alone(name) || !seen.insert(name).second) continue;
    net::FilterChain chain{.name = name, .rules = {}};
    for (const auto rule : rules->second) {
      if (into.is_cut = ++count > kMostRules; into.is_cut) break;
      chain.rules.push_back(parse_iptables_rule(rule));
      next.push_back(chain.rules.back().target);
    }
    into.forward.push_back(std::move(chain));
    if (into.is_cut) return;
  }
}

}  // namespace

net::PacketFilter parse_iptables_save(std::string backend, std::string_view text) {
  net::PacketFilter filter;
  filter.backend = std::move(backend);
  for (const auto& [name, table] : tables_in(text)) {
    // Azure's agent has its rules about 168.63.129.16 there; no forwarded packet meets them.
    if (name != "security") filter.rules += count_met(table);
    if (name != "filter") continue;
    filter.forward_policy = table.forward_policy;
    take_forward(table, filter);
  }
  return filter;
}

std::vector<net::PacketFilter> packet_filters(std::chrono::steady_clock::time_point finish_by) {
  std::vector<net::PacketFilter> filters;
  // Without naming a table, iptables-legacy-save shows those that are loaded and loads none.
  for (const std::string backend : {"nft", "legacy"}) {
    const auto program = found("iptables-" + backend + "-save");
    if (program.empty()) continue;
    const auto text = run_program({program}, finish_by);
    if (text) {
      filters.push_back(parse_iptables_save(backend, *text));
    } else {
      filters.push_back({.backend = backend, .problem = text.error().what});
    }
  }
  return filters;
}

}  // namespace host
