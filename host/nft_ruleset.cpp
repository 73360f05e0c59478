#include "host/packet_filters.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// Which of pods' new packets meet a condition that was taken into a rule.
enum class Met : std::uint8_t {
  as_the_rule_says,
  by_few,       ///< by those of a port, a type, a state
  nobody_knows  ///< whether by all or by none
};

/// A rule that is being read.
struct Draft {
  observed::FilterRule rule;
  bool by_few = false;

  void narrow(Met met) {
    if (met == Met::as_the_rule_says) return;
    rule.is_narrow = true;
    by_few = by_few || met == Met::by_few;
    rule.is_opaque = rule.is_opaque || met == Met::nobody_knows;
  }
  [[nodiscard]] observed::FilterRule take() && {
    rule.is_opaque = rule.is_opaque && !by_few;
    return std::move(rule);
  }
};

Met known(bool is) { return is ? Met::as_the_rule_says : Met::nobody_knows; }

/// A rule has one field for each: a second condition on it is not followed.
Met take_link(std::string& link, bool& negates, bool negated, const json::Value& right) {
  if (!link.empty()) return Met::nobody_knows;
  negates = negated;
  return known(!(link = link_of(right)).empty());
}

Met take_prefix(std::optional<net::Prefix>& prefix, bool& negates, bool negated, const json::Value& right) {
  if (prefix) return Met::nobody_knows;
  negates = negated;
  return known((prefix = prefix_of(right)).has_value());
}

Met take_protocol(observed::FilterRule& rule, const json::Value& right) {
  if (!right.is_string() || !rule.protocol.empty()) return Met::nobody_knows;
  return is_followed_protocol(rule.protocol = json::string(right)) ? Met::as_the_rule_says : Met::by_few;
}

/// tcp dport 22, icmpv6 type echo-request, th sport 53
bool is_of_few(std::string_view protocol) {
  constexpr std::array<std::string_view, 7> kHeaders = {"tcp", "udp", "sctp", "dccp", "th", "icmp", "icmpv6"};
  return std::find(kHeaders.begin(), kHeaders.end(), protocol) != kHeaders.end();
}

Met take_payload(observed::FilterRule& rule, const json::Value& payload, bool negated,
                 const json::Value& right) {
  const auto protocol = json::string(at(payload, "protocol"));
  if (is_of_few(protocol)) return negated ? Met::nobody_knows : Met::by_few;
  const auto family = family_of(protocol);
  if (!family) return Met::nobody_knows;
  rule.family = family;
  const auto& field = at(payload, "field");
  if (field == "saddr") return take_prefix(rule.source, rule.not_source, negated, right);
  if (field == "daddr") return take_prefix(rule.destination, rule.not_destination, negated, right);
  if (!negated && (field == "protocol" || field == "nexthdr")) return take_protocol(rule, right);
  return Met::nobody_knows;
}

Met take_condition(observed::FilterRule& rule, const json::Value& left, std::string_view op,
                   const json::Value& right) {
  if (is_mark(left)) {
    rule.by_mark = true;
    return Met::as_the_rule_says;
  }
  const auto connection = json::string(at(at(left, "ct"), "key"));
  if (op != "!=" && connection == "state") return lists_new(right) ? Met::as_the_rule_says : Met::by_few;
  // What a Service's address or a port of this node has led to a pod.
  if (op != "!=" && connection == "status") return Met::by_few;
  const bool negated = op == "!=";
  if (op != "==" && op != "in" && !negated) return Met::nobody_knows;
  const auto key = json::string(at(at(left, "meta"), "key"));
  if (key == "iifname" || key == "iif") return take_link(rule.in, rule.not_in, negated, right);
  if (key == "oifname" || key == "oif") return take_link(rule.out, rule.not_out, negated, right);
  // What `nft list` says for table inet: nfproto ipv4, or protocol ip.
  if (!negated && (key == "nfproto" || key == "protocol"))
    return known((rule.family = family_of(json::string(right))).has_value());
  if (!negated && key == "l4proto") return take_protocol(rule, right);
  return take_payload(rule, at(left, "payload"), negated, right);
}

void take_verdict(observed::FilterRule& rule, const std::string& statement, const json::Value& value) {
  if (statement == "accept") rule.target = "ACCEPT";
  if (statement == "drop") rule.target = "DROP";
  if (statement == "reject") rule.target = "REJECT";
  if (statement == "return") rule.target = "RETURN";
  if (statement == "jump" || statement == "goto") {
    rule.target = json::string(at(value, "target"));
    rule.is_goto = statement == "goto";
  }
}

/// So many rules are made of one; a longer set is not followed.
constexpr std::size_t kMostValues = 64;

/// What of a packet a set of single values may be about.
bool is_one_value(const json::Value& left) {
  constexpr std::array<std::string_view, 7> kKeys = {"iifname", "iif",      "oifname", "oif",
                                                     "nfproto", "protocol", "l4proto"};
  const auto key = json::string(at(at(left, "meta"), "key"));
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end() ||
         family_of(json::string(at(at(left, "payload"), "protocol")));
}

/// A value may stand in an object, with a comment or a counter of its own.
const json::Value& value_of(const json::Value& element) {
  const auto& wrapped = at(at(element, "elem"), "val");
  return wrapped.is_null() ? element : wrapped;
}

std::vector<Draft> with_match(std::vector<Draft> drafts, const json::Value& match) {
  const auto& left = at(match, "left");
  const auto& right = at(match, "right");
  const auto op = json::string(at(match, "op"));
  const auto& set = at(right, "set");
  if (!set.is_array() || op == "!=" || !is_one_value(left) || set.size() * drafts.size() > kMostValues) {
    for (auto& draft : drafts) draft.narrow(take_condition(draft.rule, left, op, right));
    return drafts;
  }
  std::vector<Draft> spread;
  for (const auto& draft : drafts) {
    for (const auto& element : set) {
      auto& each = spread.emplace_back(draft);
      each.narrow(take_condition(each.rule, left, "==", value_of(element)));
    }
  }
  return spread;
}

/// iifname vmap { "eth0" : drop, "cali1" : jump pods }
std::vector<Draft> with_verdict_map(std::vector<Draft> drafts, const json::Value& map) {
  const auto& entries = at(at(map, "data"), "set");
  if (!entries.is_array() || entries.size() * drafts.size() > kMostValues) {
    for (auto& draft : drafts) draft.narrow(Met::nobody_knows);
    return drafts;
  }
  std::vector<Draft> spread;
  for (const auto& draft : drafts) {
    for (const auto& entry : entries) {
      if (!entry.is_array() || entry.size() != 2 || !entry[1].is_object() || entry[1].empty()) continue;
      auto& each = spread.emplace_back(draft);
      each.narrow(take_condition(each.rule, at(map, "key"), "==", value_of(entry[0])));
      take_verdict(each.rule, entry[1].begin().key(), entry[1].begin().value());
    }
  }
  return spread;
}

/// What asks for nothing of the packet. Others (limit, queue, an extension of xtables) let some packets by.
bool is_met_by_all(const std::string& statement) {
  constexpr std::array<std::string_view, 8> kStatements = {"accept", "drop", "reject",  "return",
                                                           "jump",   "goto", "counter", "log"};
  return statement == "mangle" ||
         std::find(kStatements.begin(), kStatements.end(), statement) != kStatements.end();
}

/// Several where it lists values: "ip saddr { 10.1.0.0/16, 10.2.0.0/16 } accept" is two.
std::vector<observed::FilterRule> rules_of(const json::Value& statements) {
  std::vector<Draft> drafts(1);
  for (const auto& each : statements) {
    if (!each.is_object() || each.empty()) continue;
    const auto& statement = each.begin().key();
    const auto& value = each.begin().value();
    if (statement == "match") {
      drafts = with_match(std::move(drafts), value);
    } else if (statement == "vmap") {
      drafts = with_verdict_map(std::move(drafts), value);
    } else {
      for (auto& draft : drafts) {
        take_verdict(draft.rule, statement, value);
        if (!is_met_by_all(statement)) draft.narrow(Met::nobody_knows);
      }
    }
  }
  std::vector<observed::FilterRule> rules;
  rules.reserve(drafts.size());
  for (auto& draft : drafts) rules.push_back(std::move(draft).take());
  return rules;
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
  const bool is_iptables =
      which == NftTables::beside_iptables && family != "inet" && is_iptables_chain(json::string(name));
  if (is_iptables || is_of_cluster(table)) return std::nullopt;
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

bool is_iptables_chain(std::string_view name) {
  return name == "FORWARD" || name == "PREROUTING" || name == "POSTROUTING";
}

bool is_of_cluster(std::string_view table) { return table == "kube-proxy" || table == "calico"; }

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
    table.is_cut = table.is_cut || rules.size() >= kMostNftRules;
    if (table.is_cut) continue;
    auto some = rules_of(statements);
    std::move(some.begin(), some.end(), std::back_inserter(rules));
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
