#include "host/packet_filters.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "json/json.h"

namespace host {
namespace {

using json::at;

constexpr std::size_t kMostNftRules = 2000;

/// nftables' "cali*" is iptables' "cali+".
std::string link_of(const json::Value& value) {
  auto name = json::string(value);
  if (name.ends_with('*')) name.back() = '+';
  return name;
}

std::optional<net::Prefix> prefix_of(const json::Value& value) {
  if (const auto address = net::Address::parse(json::string(value))) return net::Prefix::host(*address);
  const auto& prefix = at(value, "prefix");
  const auto& length = at(prefix, "len");
  if (!length.is_number_unsigned()) return std::nullopt;
  const auto parsed = net::Prefix::parse(json::string(at(prefix, "addr")) + "/" + length.dump());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<net::Family> family_of(std::string_view protocol) {
  if (protocol == "ip" || protocol == "ipv4") return net::Family::ipv4;
  if (protocol == "ip6" || protocol == "ipv6") return net::Family::ipv6;
  return std::nullopt;
}

bool lists_new(const json::Value& states) {
  const auto& set = at(states, "set");
  const auto& list = set.is_array() ? set : states;
  if (!list.is_array()) return list == "new";
  return std::find(list.begin(), list.end(), "new") != list.end();
}

/// True for `meta mark`, and for `meta mark & 0x10000`.
bool is_mark(const json::Value& left) {
  const auto& masked = at(left, "&");
  const auto& meta = at(masked.is_array() && !masked.empty() ? masked.front() : left, "meta");
  return at(meta, "key") == "mark";
}

/// False: not every new packet meets the condition, and a rule has no field for it.
bool take_match(observed::FilterRule& rule, const json::Value& match) {
  const auto& left = at(match, "left");
  const auto& right = at(match, "right");
  if (is_mark(left)) {
    rule.by_mark = true;
    return true;
  }
  const auto op = json::string(at(match, "op"));
  if (at(at(left, "ct"), "key") == "state") return (op == "in" || op == "==") && lists_new(right);
  const bool negated = op == "!=";
  if (op != "==" && !negated) return false;
  const auto key = json::string(at(at(left, "meta"), "key"));
  if (key == "iifname" || key == "iif") {
    rule.not_in = negated;
    return !(rule.in = link_of(right)).empty();
  }
  if (key == "oifname" || key == "oif") {
    rule.not_out = negated;
    return !(rule.out = link_of(right)).empty();
  }
  // What `nft list` says for table inet: nfproto ipv4, or protocol ip.
  if (!negated && (key == "nfproto" || key == "protocol"))
    return (rule.family = family_of(json::string(right))).has_value();
  if (!negated && key == "l4proto") return is_followed_protocol(rule.protocol = json::string(right));
  const auto& payload = at(left, "payload");
  const auto family = family_of(json::string(at(payload, "protocol")));
  if (!family) return false;
  rule.family = family;
  if (!negated && (at(payload, "field") == "protocol" || at(payload, "field") == "nexthdr"))
    return is_followed_protocol(rule.protocol = json::string(right));
  if (at(payload, "field") == "saddr") {
    rule.not_source = negated;
    return (rule.source = prefix_of(right)).has_value();
  }
  if (at(payload, "field") == "daddr") {
    rule.not_destination = negated;
    return (rule.destination = prefix_of(right)).has_value();
  }
  return false;
}

/// A statement of a rule. False: as take_match() has it.
bool take(observed::FilterRule& rule, const std::string& statement, const json::Value& value) {
  if (statement == "match") return take_match(rule, value);
  if (statement == "accept") rule.target = "ACCEPT";
  if (statement == "drop") rule.target = "DROP";
  if (statement == "reject") rule.target = "REJECT";
  if (statement == "return") rule.target = "RETURN";
  if (statement == "jump" || statement == "goto") {
    rule.target = json::string(at(value, "target"));
    rule.is_goto = statement == "goto";
  }
  // What asks for nothing of the packet; others (limit, vmap, queue) let some packets by.
  return !rule.target.empty() || statement == "counter" || statement == "log" || statement == "mangle";
}

observed::FilterRule rule_of(const json::Value& statements) {
  observed::FilterRule rule;
  for (const auto& each : statements) {
    if (!each.is_object() || each.empty()) continue;
    if (!take(rule, each.begin().key(), each.begin().value())) rule.is_narrow = true;
  }
  return rule;
}

struct TableContents {
  std::vector<observed::FilterHook> hooks;
  std::map<std::string, std::vector<observed::FilterRule>> rules;  ///< by chain
  bool is_cut = false;
  bool is_dormant = false;  ///< its chains are not in force: nft(8), flags dormant
};

/// Chains of type nat rewrite packets; they are no place to drop them (nft(8)).
bool is_met_by_forwarded_packets(const json::Value& chain) {
  const auto& hook = at(chain, "hook");
  return hook == "forward" ||
         ((hook == "prerouting" || hook == "postrouting") && at(chain, "type") == "filter");
}

/// The chain's table, where forwarded packets meet the chain and it is to be read.
std::optional<NftTable> table_met(const json::Value& chain, NftTables which) {
  const auto family = json::string(at(chain, "family"));
  auto table = json::string(at(chain, "table"));
  if (!is_met_by_forwarded_packets(chain) || (!family_of(family) && family != "inet")) return std::nullopt;
  const auto& name = at(chain, "name");
  const bool is_iptables = which == NftTables::beside_iptables && family != "inet" &&
                           (name == "FORWARD" || name == "PREROUTING" || name == "POSTROUTING");
  if (is_iptables || table == "kube-proxy" || table == "calico") return std::nullopt;
  return NftTable{family, std::move(table)};
}

/// One flag stands alone, several in a list.
bool is_dormant(const json::Value& table) {
  const auto& flags = at(table, "flags");
  return flags == "dormant" ||
         (flags.is_array() && std::find(flags.begin(), flags.end(), "dormant") != flags.end());
}

net::Result<json::Value> objects_of(std::string_view text) {
  auto document = json::parse(text, json::kAnyLength);
  if (!document || !at(*document, "nftables").is_array()) return net::failure(EBADMSG, "nft prints no JSON");
  return std::move((*document)["nftables"]);
}

bool is_plain(std::string_view name) {
  const auto is_fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_fit);
}

/// A condition as iptables-nft writes it by itself; what it leaves to a module of xtables is `xt`.
bool is_written_by_iptables(const json::Value& match) {
  const auto& left = at(match, "left");
  const auto& masked = at(left, "&");
  const auto& subject = masked.is_array() && !masked.empty() ? masked.front() : left;
  const auto& meta = at(subject, "meta");
  const auto& payload = at(subject, "payload");
  const auto& right = at(match, "right");
  const auto is_one_of = [](const json::Value& name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), json::string(name)) != names.end();
  };
  const auto& protocol = at(payload, "protocol");
  const bool of_ports = is_one_of(protocol, {"tcp", "udp", "sctp", "dccp"}) &&
                        is_one_of(at(payload, "field"), {"sport", "dport"});
  if (right.is_object() && !right.contains("prefix") && !(of_ports && right.contains("range"))) return false;
  if (json::string(right).starts_with('@')) return false;  // a set
  return of_ports || is_one_of(at(meta, "key"), {"iifname", "oifname", "iif", "oif", "l4proto", "mark"}) ||
         (family_of(json::string(protocol)) &&
          is_one_of(at(payload, "field"), {"saddr", "daddr", "protocol", "nexthdr"}));
}

}  // namespace

bool holds_rules_unlike_iptables(std::string_view text) {
  const auto objects = objects_of(text);
  if (!objects) return true;
  return std::any_of(objects->begin(), objects->end(), [](const json::Value& object) {
    const auto& statements = at(at(object, "rule"), "expr");
    return std::any_of(statements.begin(), statements.end(), [](const json::Value& each) {
      const auto& match = at(each, "match");
      return each.contains("vmap") || (match.is_object() && !is_written_by_iptables(match));
    });
  });
}

net::Result<std::vector<NftTable>> tables_met_by_forwarded(std::string_view text, NftTables which) {
  const auto objects = objects_of(text);
  if (!objects) return net::pass_on(objects);
  std::vector<NftTable> tables;
  for (const auto& object : *objects) {
    auto table = table_met(at(object, "chain"), which);
    if (!table || std::find(tables.begin(), tables.end(), *table) != tables.end()) continue;
    if (!is_plain(table->second))
      return net::failure(EBADMSG,
                          "nftables' table " + table->second + " has a name that nft cannot be asked for");
    tables.push_back(std::move(*table));
  }
  return tables;
}

net::Result<std::vector<observed::FilterHook>> parse_nft_ruleset(std::string_view text, NftTables which) {
  const auto objects = objects_of(text);
  if (!objects) return net::pass_on(objects);
  std::map<NftTable, TableContents> tables;
  for (const auto& object : *objects) {
    if (const auto& table = at(object, "table"); is_dormant(table))
      tables[{json::string(at(table, "family")), json::string(at(table, "name"))}].is_dormant = true;
    const auto& chain = at(object, "chain");
    if (const auto table = table_met(chain, which)) {
      tables[*table].hooks.push_back({.table = table->first + " " + table->second,
                                      .chain = json::string(at(chain, "name")),
                                      .family = family_of(table->first),
                                      .policy = at(chain, "policy") == "drop" ? "DROP" : "ACCEPT"});
    }
    const auto& rule = at(object, "rule");
    const auto& statements = at(rule, "expr");
    if (!statements.is_array()) continue;
    auto& table = tables[{json::string(at(rule, "family")), json::string(at(rule, "table"))}];
    auto& rules = table.rules[json::string(at(rule, "chain"))];
    table.is_cut = table.is_cut || rules.size() == kMostNftRules;
    if (rules.size() < kMostNftRules) rules.push_back(rule_of(statements));
  }
  std::vector<observed::FilterHook> found;
  for (auto& [name, table] : tables) {
    if (table.is_dormant) continue;
    for (auto& hook : table.hooks) {
      hook.is_cut = table.is_cut;
      for (const auto& [chain, rules] : table.rules) hook.chains.push_back({chain, rules});
      found.push_back(std::move(hook));
    }
  }
  return found;
}

}  // namespace host
