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

using net::Family;

/// Of what the two families differ in.
struct Names {
  std::string_view program;        ///< of its save programs the first word
  std::string_view nft;            ///< nftables' word for it
  std::string_view legacy_tables;  ///< under /proc/net
};

Names names_of(Family family) {
  if (family == Family::ipv6) return {"ip6tables", "ip6", "ip6_tables_names"};
  return {"iptables", "ip", "ip_tables_names"};
}

/// "iptables-nft-save"
std::string save_program(Family family, std::string_view backend) {
  return fmt::format("{}-{}-save", names_of(family).program, backend);
}

std::vector<Family> families(bool ipv6) {
  return ipv6 ? std::vector{Family::ipv4, Family::ipv6} : std::vector{Family::ipv4};
}

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

std::string unlike_iptables(Family family, std::string_view table) {
  return fmt::format(
      "table {0} has rules of nft's own, which {1} does not show as they are: see nft list table {2} {0}",
      table, save_program(family, "nft"), names_of(family).nft);
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

observed::PacketFilter parse_iptables_save(std::string backend, std::string_view text, Family family) {
  observed::PacketFilter filter{.backend = std::move(backend), .family = family};
  if (const auto table = incompatible_table(text); !table.empty())
    filter.problem = unlike_iptables(family, table);
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

observed::PacketFilter unseen(std::string_view backend, Family family, std::string problem) {
  return {.backend = std::string(backend), .family = family, .problem = std::move(problem)};
}

net::Result<observed::PacketFilter> saved_by(const std::string& program, const std::string& backend,
                                             Family family, Time finish_by) {
  const auto text = run_program({program}, finish_by);
  if (!text) return net::pass_on(text);
  return parse_iptables_save(backend, *text, family);
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
  const std::string family(names_of(filter.family).nft);
  for (const auto& table : dropping_tables(filter)) {
    if (is_dormant(nft, {family, table}, finish_by)) {
      forget(filter, table);
      continue;
    }
    const auto text = run_program({nft, "-j", "-t", "list", "table", family, table}, finish_by);
    if (text && holds_rules_unlike_iptables(*text)) filter.problem = unlike_iptables(filter.family, table);
  }
}

/// What iptables-legacy holds, once it is asked for; nothing: it is not installed, and no table of it is
/// loaded. Without naming a table, its save program shows those that are loaded and loads none.
std::future<observed::PacketFilter> legacy_filter(Family family, Time finish_by) {
  const auto program = program_path(save_program(family, "legacy"));
  const auto file = fmt::format("/proc/thread-self/net/{}", names_of(family).legacy_tables);
  const auto tables = read_text(file);
  const auto now = [](auto&& make) { return std::async(std::launch::deferred, make); };
  if (program.empty()) {
    if (!tables || tables->empty()) return {};
    // Of a container that has brought it, for example.
    return now([family, file] {
      return unseen("legacy", family,
                    fmt::format("its tables are loaded ({}), and {} is not installed", file,
                                save_program(family, "legacy")));
    });
  }
  const bool is_loaded = tables ? !tables->empty() : tables.error().code.value() != ENOENT;
  if (!is_loaded) return now([family] { return parse_iptables_save("legacy", "", family); });
  return std::async(std::launch::async, [program, family, finish_by] {
    auto saved = saved_by(program, "legacy", family, finish_by);
    return saved ? std::move(*saved) : unseen("legacy", family, saved.error().what);
  });
}

net::Result<std::vector<observed::FilterHook>> nft_chains(const std::string& program, NftTables which,
                                                          Time finish_by) {
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

PacketFilterReader::OfNftables PacketFilterReader::programs(bool ipv6) {
  OfNftables now{.save_programs = {}, .ipv6 = ipv6, .nft_program = program_path("nft")};
  for (const auto family : families(ipv6)) {
    auto path = program_path(save_program(family, "nft"));
    if (path.empty()) now.which = NftTables::all;
    if (!path.empty()) now.save_programs.push_back({family, std::move(path)});
  }
  return now;
}

bool PacketFilterReader::is_known(const OfNftables& now) const {
  return known_ && known_->generation == now.generation && known_->nft_program == now.nft_program &&
         known_->save_programs == now.save_programs && known_->ipv6 == now.ipv6;
}

bool PacketFilterReader::is_outdated() const {
  if (!known_) return false;
  const auto now = generation_();
  return now && *now != known_->generation;
}

net::Result<std::vector<observed::FilterHook>> shown_without_nft(
    const std::vector<observed::FilterHook>& chains, const std::vector<Family>& saved, bool ipv6) {
  for (const auto& each : chains) {
    const bool is_saved = each.family && is_iptables_chain(each.chain) &&
                          std::find(saved.begin(), saved.end(), *each.family) != saved.end();
    const auto table = std::string_view(each.table).substr(each.table.find(' ') + 1);
    if (is_saved || is_of_cluster(table) || (each.family == Family::ipv6 && !ipv6)) continue;
    return net::failure(
        ENODATA, fmt::format("chain {} of table {} is there, and nft, which would show its rules, is not "
                             "installed",
                             each.chain, each.table));
  }
  return {};
}

void PacketFilterReader::ask(OfNftables& of, Time finish_by) const {
  auto by_nft = std::async(std::launch::async, [&]() -> net::Result<std::vector<observed::FilterHook>> {
    if (!of.nft_program.empty()) return nft_chains(of.nft_program, of.which, finish_by);
    std::vector<Family> saved;
    for (const auto& each : of.save_programs) saved.push_back(each.family);
    if (saved.empty()) return net::failure(ENOENT, "nft is not installed");
    const auto chains = base_chains_();
    return chains ? shown_without_nft(*chains, saved, of.ipv6) : chains;
  });
  for (const auto& [family, path] : of.save_programs) {
    auto saved = saved_by(path, "nft", family, finish_by);
    of.were_read = of.were_read && saved;
    of.by_iptables.push_back(saved ? std::move(*saved) : unseen("nft", family, saved.error().what));
    doubt(of.by_iptables.back(), of.nft_program, finish_by);
  }
  of.by_nft = by_nft.get();
  of.were_read = of.were_read && (of.by_nft || of.nft_program.empty());
}

PacketFilters PacketFilterReader::read(Time finish_by, bool ipv6) {
  std::vector<std::future<observed::PacketFilter>> legacy;
  for (const auto family : families(ipv6)) legacy.push_back(legacy_filter(family, finish_by));
  auto now = programs(ipv6);
  const bool is_installed = !now.save_programs.empty() || !now.nft_program.empty();
  // Before the programs are asked: what changes meanwhile is another generation at the next look.
  net::Result<std::uint32_t> generation = net::failure(ENOENT, "no program of nftables is installed");
  if (is_installed) generation = generation_();
  now.generation = generation.value_or(0);
  if (!generation || !is_known(now)) {
    ask(now, finish_by);
    known_ = std::move(now);
  }
  PacketFilters filters{.by_iptables = known_->by_iptables, .by_nft = known_->by_nft};
  for (auto& each : legacy) {
    if (each.valid()) filters.by_iptables.push_back(each.get());
  }
  if (!generation || !known_->were_read) known_.reset();
  return filters;
}

}  // namespace host
