#include "cni/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "json/json.h"
#include "net/foreign_text.h"

namespace cni {
namespace {

using json::at;

constexpr std::size_t kLongestName = 255;  // NAME_MAX: networks and plug-ins are names of files
constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kLongestPath = 400;
constexpr std::size_t kMostPlugins = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// https://github.com/containernetworking/cni/blob/main/SPEC.md#configuration-format
bool is_network_name(std::string_view name) {
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; };
  return !name.empty() && name.size() <= kLongestName && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), fits);
}

/// A runtime runs FOLDER/NAME: a name that leads elsewhere is refused.
bool is_program_name(std::string_view name) {
  const auto fits = [](char c) { return c > ' ' && c <= '~' && c != '/'; };
  return !name.empty() && name.size() <= kLongestName && name != "." &&
         name.find("..") == std::string_view::npos && std::all_of(name.begin(), name.end(), fits);
}

tl::unexpected<net::Error> useless(std::string why) { return net::failure(EBADMSG, std::move(why)); }

/// The first element, or null where there is none or `value` is no list.
const json::Value& first_of(const json::Value& value) {
  static const json::Value kNothing;
  return value.is_array() && !value.empty() ? value.front() : kNothing;
}

/// The plug-in's own member, else that of the one which flannel calls in its stead.
const json::Value& member(const json::Value& plugin, const char* key) {
  const json::Value& own = at(plugin, key);
  return own.is_null() ? at(at(plugin, "delegate"), key) : own;
}

std::string word(const json::Value& value) { return net::foreign_text(json::string(value), kLongestWord); }

/// `where`: " in plug-in 2", or nothing.
net::Result<observed::CniPlugin> parse_plugin(const json::Value& value, const std::string& where) {
  observed::CniPlugin plugin;
  plugin.type = json::string(at(value, "type"));
  if (plugin.type.empty()) return useless(fmt::format("has no \"type\"{}", where));
  if (!is_program_name(plugin.type)) {
    return useless(fmt::format("has a \"type\" that is no program's name{}", where));
  }
  const json::Value& ipam = member(value, "ipam");
  plugin.ipam = json::string(at(ipam, "type"));
  if (!plugin.ipam.empty() && !is_program_name(plugin.ipam)) {
    return useless(fmt::format("has an \"ipam\" whose \"type\" is no program's name{}", where));
  }
  plugin.subnet = word(at(ipam, "subnet"));
  if (plugin.subnet.empty()) plugin.subnet = word(at(first_of(first_of(at(ipam, "ranges"))), "subnet"));
  plugin.data_dir = net::foreign_text(json::string(at(ipam, "dataDir")), kLongestPath);
  plugin.mode = word(member(value, "mode"));
  plugin.bridge = word(member(value, "bridge"));
  const json::Value& mtu = member(value, "mtu");
  if (mtu.is_number_unsigned() && mtu <= std::numeric_limits<std::uint32_t>::max()) {
    plugin.mtu = mtu.get<std::uint32_t>();
  }
  return plugin;
}

net::Result<std::vector<observed::CniPlugin>> parse_plugins(const json::Value& document, Shape shape) {
  const json::Value& list = at(document, "plugins");
  if (shape == Shape::plugin) {
    if (!list.is_null() && at(document, "type").is_null()) {
      return useless("has no \"type\": a list of plug-ins belongs into a file *.conflist");
    }
    auto only = parse_plugin(document, "");
    if (!only) return net::pass_on(only);
    return std::vector{std::move(*only)};
  }
  if (!list.is_array() || list.empty()) return useless("has no list \"plugins\"");
  std::vector<observed::CniPlugin> plugins;
  for (const json::Value& entry : list) {
    if (plugins.size() == kMostPlugins) break;  // our limit alone: a runtime takes more
    auto plugin = parse_plugin(entry, fmt::format(" in plug-in {}", plugins.size() + 1));
    if (!plugin) return net::pass_on(plugin);
    plugins.push_back(std::move(*plugin));
  }
  return plugins;
}

/// The first of "delegates": a plug-in, or a list of them (multus-cni/pkg/types/conf.go).
void parse_first_delegate(const json::Value& delegate, observed::CniDelegation& into) {
  const auto shape = at(delegate, "plugins").is_array() ? Shape::list : Shape::plugin;
  auto plugins = parse_plugins(delegate, shape);
  if (!plugins) return;
  const auto& name = json::string(at(delegate, "name"));
  if (is_network_name(name)) into.network = name;
  into.plugins = std::move(*plugins);
}

/// The network that the meta plug-in delegates pods to, as far as its own file has it.
observed::CniDelegation parse_delegation(const json::Value& plugin) {
  observed::CniDelegation delegation;
  delegation.to = net::foreign_text(json::string(at(plugin, "clusterNetwork")), kLongestPath);
  parse_first_delegate(first_of(at(plugin, "delegates")), delegation);
  return delegation;
}

}  // namespace

observed::CniFile parse_configuration(std::string_view text, Shape shape) {
  observed::CniFile file;
  const auto document = json::parse_file(text);
  if (!document) {
    file.problem = document.error().what;
    return file;
  }
  const auto& name = json::string(at(*document, "name"));
  if (!is_network_name(name)) {
    file.problem = name.empty() ? "has no \"name\"" : "has a \"name\" that is no network's name";
    return file;
  }
  file.network = name;
  auto plugins = parse_plugins(*document, shape);
  if (!plugins) {
    file.problem = plugins.error().what;
    return file;
  }
  file.plugins = std::move(*plugins);
  if (observed::is_meta_plugin(file.plugins.front().type))
    file.delegation = parse_delegation(shape == Shape::list ? first_of(at(*document, "plugins")) : *document);
  return file;
}

}  // namespace cni
