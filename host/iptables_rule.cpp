#include "host/packet_filters.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "net/prefix.h"

namespace host {
namespace {

/// The next word of a line as iptables-save(8) writes it: in double quotes with \ before " and \ where it
/// holds a space. nullopt: there is none.
std::optional<std::string> next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(begin);
  std::string word;
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      quoted = !quoted;
    } else if (rest[at] == ' ' && !quoted) {
      break;
    } else {
      if (rest[at] == '\\' && quoted && at + 1 < rest.size()) ++at;
      word += rest[at];
    }
  }
  rest.remove_prefix(at);
  return word;
}

/// An address alone is a host.
std::optional<net::Prefix> prefix_of(const std::string& text) {
  if (const auto address = net::Address::parse(text)) return net::Prefix::host(*address);
  const auto prefix = net::Prefix::parse(text);
  return prefix ? std::optional(*prefix) : std::nullopt;
}

bool lists_new(std::string_view states) {
  while (!states.empty()) {
    const auto comma = states.find(',');
    if (states.substr(0, comma) == "NEW") return true;
    if (comma == std::string_view::npos) break;
    states.remove_prefix(comma + 1);
  }
  return false;
}

/// Options whose value decides what the rule is about; each has one.
constexpr std::array<std::string_view, 12> kUnderstood = {
    "-i", "-o", "-s", "-d", "-p", "-m", "-j", "-g", "--mark", "--ctstate", "--state", "--comment"};

template <std::size_t Count>
bool is_in(const std::array<std::string_view, Count>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// False: not every new packet meets the condition, and the rule has no field for it.
bool take(observed::FilterRule& rule, std::string_view option, const std::string& value) {
  if (option == "-i") rule.in = value;
  if (option == "-o") rule.out = value;
  if (option == "-s") return (rule.source = prefix_of(value)).has_value();
  if (option == "-d") return (rule.destination = prefix_of(value)).has_value();
  if (option == "-p") return is_followed_protocol(rule.protocol = value);
  if (option == "--mark") rule.by_mark = true;
  if (option == "--ctstate" || option == "--state") return lists_new(value);
  if (option == "--comment") rule.by_felix = rule.by_felix || value.starts_with("cali:");
  // What else a module asks follows as an option of its own.
  constexpr std::array<std::string_view, 6> kModules = {"comment", "conntrack", "state",
                                                        "mark",    "tcp",       "udp"};
  return option != "-m" || is_in(kModules, value);
}

/// Modules whose conditions choose a small part of all new packets.
constexpr std::array<std::string_view, 6> kSelectingFew = {"tcp",  "udp",   "multiport",
                                                           "icmp", "icmp6", "sctp"};

/// Whether the rule has a field for "! option".
bool negate(observed::FilterRule& rule, std::string_view option) {
  if (option == "-i") return rule.not_in = true;
  if (option == "-o") return rule.not_out = true;
  if (option == "-s") return rule.not_source = true;
  if (option == "-d") return rule.not_destination = true;
  return false;
}

}  // namespace

bool is_followed_protocol(std::string_view name) { return name == "tcp" || name == "udp"; }

observed::FilterRule parse_iptables_rule(std::string_view text) {
  observed::FilterRule rule;
  std::string module;
  bool negated = false;
  bool selects_few = false;  // by a port, a type, a state: most packets never meet it
  while (const auto option = next_word(text)) {
    if (option == "!") {
      negated = true;
      continue;
    }
    const auto value = is_in(kUnderstood, *option) ? next_word(text) : std::nullopt;
    if (value && (option == "-j" || option == "-g")) {
      rule.target = *value;
      rule.is_goto = option == "-g";
      break;  // the target's own options follow
    }
    if (value && option == "-m") module = *value;
    const bool negates = std::exchange(negated, false);
    if (negates && value && negate(rule, *option)) {
      if (!take(rule, *option, *value)) rule.is_narrow = rule.is_opaque = true;
    } else if (negates) {
      rule.is_narrow = rule.is_opaque = true;
    } else if (!value) {
      rule.is_narrow = true;
      // A word without "-" is the value of the option before.
      selects_few = selects_few || (option->starts_with('-') && is_in(kSelectingFew, module));
    } else if (!take(rule, *option, *value)) {
      rule.is_narrow = true;
      if (option == "-m") rule.is_opaque = rule.is_opaque || !is_in(kSelectingFew, module);
      if (option != "-m") selects_few = true;
    }
  }
  rule.is_opaque = rule.is_opaque && !selects_few;
  return rule;
}

std::string_view target_of(std::string_view rule) {
  bool quoted = false;
  for (std::size_t at = 0; at + 4 <= rule.size(); ++at) {
    if (rule[at] == '\\') {
      ++at;
      continue;
    }
    if (rule[at] == '"') quoted = !quoted;
    const auto here = rule.substr(at, 4);
    if (quoted || (here != " -j " && here != " -g ")) continue;
    const auto target = rule.substr(at + 4);
    return target.substr(0, target.find(' '));
  }
  return {};
}

}  // namespace host
