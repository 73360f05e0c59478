#include "host/packet_filters.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "host/files.h"
#include "host/responses.h"
#include "host/text.h"

namespace host {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr auto kLegacyTables = "/proc/thread-self/net/ip_tables_names";

/// FORWARD of a node with kube-proxy, Calico and Docker has some thirty; a firewall of its own, hundreds.
constexpr std::size_t kMostRules = 2000;

/// Where distributions install it; empty: nowhere.
std::string program_path(const std::string& program) {
  for (const auto* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/"}) {
    auto path = folder + program;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

/// A table's rules as they are written, by chain.
struct Table {
  std::map<std::string_view, std::vector<std::string_view>> rules;
  std::map<std::string_view, std::string_view> policies;

  [[nodiscard]] std::string policy_of(std::string_view chain) const {
    const auto found = policies.find(chain);
    return found == policies.end() ? "" : std::string(found->second);
  }
};

std::map<std::string_view, Table> tables_in(std::string_view text) {
  std::map<std::string_view, Table> tables;
  Table* table = nullptr;
  for (const auto line : lines(text)) {
    if (line.starts_with('*')) table = &tables[line.substr(1)];
    if (table == nullptr || line.size() < 4) continue;
    if (const auto space = line.find(' '); line.starts_with(':') && space != std::string_view::npos) {
      const auto policy = line.substr(space + 1);
      table->policies[line.substr(1, space - 1)] = policy.substr(0, policy.find(' '));
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

/// What accepts by itself, whatever the packet's marks are.
bool accepts(const observed::FilterRule& rule) {
  return rule.target == "ACCEPT" && !rule.is_narrow && !rule.by_mark;
}

observed::FilterHook hook_of(std::string_view name, const Table& table, const std::string& base) {
  observed::FilterHook hook{.table = std::string(name), .chain = base, .policy = table.policy_of(base)};
  std::vector<std::string> next = {base};
  std::set<std::string> seen;
  std::size_t count = 0;
  while (!next.empty()) {
    const auto chain_name = std::move(next.back());
    next.pop_back();
    const auto rules = table.rules.find(chain_name);
    if (rules == table.rules.end() || !seen.insert(chain_name).second) continue;
    const bool only_accepting = is_felix_alone(chain_name);
    observed::FilterChain chain{.name = chain_name, .rules = {}};
    for (const auto text : rules->second) {
      auto rule = parse_iptables_rule(text);
      if (only_accepting && !accepts(rule)) continue;
      if (hook.is_cut = ++count > kMostRules; hook.is_cut) break;
      if (!only_accepting) next.push_back(rule.target);
      chain.rules.push_back(std::move(rule));
    }
    if (!only_accepting || !chain.rules.empty()) hook.chains.push_back(std::move(chain));
    if (hook.is_cut) break;
  }
  return hook;
}

bool may_drop(const observed::FilterHook& hook) {
  return hook.policy == "DROP" ||
         std::any_of(hook.chains.begin(), hook.chains.end(), [](const observed::FilterChain& chain) {
           return std::any_of(chain.rules.begin(), chain.rules.end(),
                              [](const auto& rule) { return rule.target == "DROP"; });
         });
}

std::string unlike_iptables(std::string_view table) {
  return fmt::format(
      "table {0} has rules of nft's own, which iptables-nft-save does not show as they are: "
      "see nft list table ip {0}",
      table);
}

/// Tables that iptables-nft-save cannot show, and that can drop what is forwarded: "# Table `filter' is
/// incompatible, use 'nft' tool."
std::string incompatible_table(std::string_view text) {
  for (const auto line : lines(text)) {
    for (const auto* table : {"filter", "mangle", "raw"}) {
      if (line.starts_with(fmt::format("# Table `{}' is incompatible", table))) return table;
    }
  }
  return "";
}

}  // namespace

observed::PacketFilter parse_iptables_save(std::string backend, std::string_view text) {
  observed::PacketFilter filter;
  filter.backend = std::move(backend);
  if (const auto table = incompatible_table(text); !table.empty()) filter.problem = unlike_iptables(table);
  for (const auto& [name, table] : tables_in(text)) {
    // Azure's agent has its rules about 168.63.129.16 there; no forwarded packet meets them.
    if (name != "security") filter.rules += count_met(table);
    if (name == "filter") {
      auto forward = hook_of(name, table, "FORWARD");
      filter.forward_policy = std::move(forward.policy);
      filter.forward = std::move(forward.chains);
      filter.is_cut = forward.is_cut;
      continue;
    }
    if (name == "nat") continue;  // no place to drop packets: iptables-extensions(8)
    for (const auto* base : {"PREROUTING", "FORWARD", "POSTROUTING"}) {
      auto hook = hook_of(name, table, base);
      if (may_drop(hook)) filter.other_hooks.push_back(std::move(hook));
    }
  }
  return filter;
}

namespace {

net::Result<observed::PacketFilter> saved_by(const std::string& program, const std::string& backend,
                                             Time finish_by) {
  const auto text = run_program({program}, finish_by);
  if (!text) return net::pass_on(text);
  return parse_iptables_save(backend, *text);
}

observed::PacketFilter with_problem(net::Result<observed::PacketFilter> saved, const std::string& backend) {
  if (saved) return std::move(*saved);
  return {.backend = backend, .problem = saved.error().what};
}

bool drops_by_itself(const observed::FilterRule& rule) {
  return (rule.target == "DROP" || rule.target == "REJECT") && !rule.is_narrow && !rule.by_mark;
}

bool drops_by_itself(const std::vector<observed::FilterChain>& chains) {
  return std::any_of(chains.begin(), chains.end(), [](const observed::FilterChain& chain) {
    return std::any_of(chain.rules.begin(), chain.rules.end(),
                       [](const observed::FilterRule& rule) { return drops_by_itself(rule); });
  });
}

/// The tables of which the filter shows that they drop something.
std::set<std::string> dropping_tables(const observed::PacketFilter& filter) {
  std::set<std::string> tables;
  if (filter.forward_policy == "DROP" || drops_by_itself(filter.forward)) tables.insert("filter");
  for (const auto& hook : filter.other_hooks) {
    if (hook.policy == "DROP" || drops_by_itself(hook.chains)) tables.insert(hook.table);
  }
  return tables;
}

/// Its chains are not in force (nft(8), flags dormant). nft 1.0.6 says so in its text alone.
bool is_dormant(const std::string& nft, const NftTable& table, Time finish_by) {
  const auto text = run_program({nft, "-t", "list", "table", table.first, table.second}, finish_by);
  if (!text) return false;
  const auto said = lines(*text);
  return std::any_of(said.begin(), said.end(), [](std::string_view line) {
    return line.starts_with("\tflags ") && line.find("dormant") != std::string_view::npos;
  });
}

void forget(observed::PacketFilter& filter, const std::string& table) {
  std::erase_if(filter.other_hooks, [&table](const auto& hook) { return hook.table == table; });
  if (table != "filter") return;
  filter.forward_policy.clear();
  filter.forward.clear();
  filter.is_cut = false;
}

/// Looks with nft(8) for rules that iptables-nft-save shows as if they dropped more, or accepted more, than
/// they do.
void doubt(observed::PacketFilter& filter, const std::string& nft, Time finish_by) {
  if (nft.empty() || !filter.problem.empty()) return;
  for (const auto& table : dropping_tables(filter)) {
    if (is_dormant(nft, {"ip", table}, finish_by)) {
      forget(filter, table);
      continue;
    }
    const auto text = run_program({nft, "-j", "-t", "list", "table", "ip", table}, finish_by);
    if (text && holds_rules_unlike_iptables(*text)) filter.problem = unlike_iptables(table);
  }
}

/// False: no table of iptables-legacy is loaded, so that it has nothing to show.
bool legacy_is_loaded() {
  const auto names = read_text(kLegacyTables);
  return names ? !names->empty() : names.error().code.value() != ENOENT;
}

/// Of a container that has brought it, for example.
observed::PacketFilter unseen_legacy() {
  return {.backend = "legacy",
          .problem =
              "its tables are loaded (/proc/net/ip_tables_names), and iptables-legacy-save is not "
              "installed"};
}

/// The filter of iptables-legacy, once it is asked for. Without naming a table, its save program shows those
/// that are loaded and loads none.
std::future<observed::PacketFilter> legacy_filter(const std::string& program, Time finish_by) {
  if (!legacy_is_loaded())
    return std::async(std::launch::deferred, [] { return parse_iptables_save("legacy", ""); });
  return std::async(std::launch::async, [program, finish_by] {
    return with_problem(saved_by(program, "legacy", finish_by), "legacy");
  });
}

net::Result<std::vector<observed::FilterHook>> nft_chains(const std::string& program, NftTables which,
                                                          Time finish_by) {
  if (program.empty()) return net::failure(ENOENT, "nft is not installed");
  // Chains first, for kube-proxy's and Felix's tables may have a hundred thousand rules.
  const auto chains = run_program({program, "-j", "list", "chains"}, finish_by);
  if (!chains) return net::pass_on(chains);
  const auto tables = tables_met_by_forwarded(*chains, which);
  if (!tables) return net::pass_on(tables);
  std::vector<observed::FilterHook> hooks;
  for (const auto& [family, table] : *tables) {
    const auto text = run_program({program, "-j", "-t", "list", "table", family, table}, finish_by);
    if (!text) return net::pass_on(text);
    auto some = parse_nft_ruleset(*text, which);
    if (!some) return some;
    const bool drops =
        std::any_of(some->begin(), some->end(), [](const auto& hook) { return hook.policy == "DROP"; });
    if (drops && is_dormant(program, {family, table}, finish_by)) continue;
    std::move(some->begin(), some->end(), std::back_inserter(hooks));
  }
  return hooks;
}

}  // namespace

bool PacketFilterReader::is_known(const OfNftables& now) const {
  return known_ && known_->generation == now.generation && known_->nft_program == now.nft_program &&
         known_->iptables_program == now.iptables_program;
}

bool PacketFilterReader::is_outdated() const {
  if (!known_) return false;
  const auto now = generation_();
  return now && *now != known_->generation;
}

PacketFilters PacketFilterReader::read(Time finish_by) {
  std::future<observed::PacketFilter> legacy;
  const auto legacy_program = program_path("iptables-legacy-save");
  if (!legacy_program.empty()) {
    legacy = legacy_filter(legacy_program, finish_by);
  } else if (const auto names = read_text(kLegacyTables); names && !names->empty()) {
    legacy = std::async(std::launch::deferred, [] { return unseen_legacy(); });
  }
  OfNftables now{.iptables_program = program_path("iptables-nft-save"), .nft_program = program_path("nft")};
  const bool is_installed = !now.iptables_program.empty() || !now.nft_program.empty();
  // Before the programs are asked: what changes meanwhile is another generation at the next look.
  net::Result<std::uint32_t> generation = net::failure(ENOENT, "no program of nftables is installed");
  if (is_installed) generation = generation_();
  now.generation = generation.value_or(0);
  if (!generation || !is_known(now)) {
    const auto which = now.iptables_program.empty() ? NftTables::all : NftTables::beside_iptables;
    auto by_nft =
        std::async(std::launch::async, [&] { return nft_chains(now.nft_program, which, finish_by); });
    if (!now.iptables_program.empty()) {
      auto saved = saved_by(now.iptables_program, "nft", finish_by);
      now.were_read = saved.has_value();
      now.by_iptables = with_problem(std::move(saved), "nft");
      doubt(*now.by_iptables, now.nft_program, finish_by);
    }
    now.by_nft = by_nft.get();
    now.were_read = now.were_read && (now.by_nft || now.nft_program.empty());
    known_ = std::move(now);
  }
  PacketFilters filters{.by_iptables = {}, .by_nft = known_->by_nft};
  if (known_->by_iptables) filters.by_iptables.push_back(*known_->by_iptables);
  if (legacy.valid()) filters.by_iptables.push_back(legacy.get());
  if (!generation || !known_->were_read) known_.reset();
  return filters;
}

}  // namespace host
