#include "agent/cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "agent/cli/check_list.h"
#include "agent/cli/presentation.h"
#include "checks/check.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestText = 10'000;

std::string sanitized(const Json& value) {
  return net::foreign_text(value.is_string() ? value.get_ref<const std::string&>() : value.dump(),
                           kLongestText);
}

/// The member's text; numbers as JSON writes them; empty when absent or null.
std::string text(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto member = object.find(key);
  if (member == object.end() || member->is_null()) return "";
  return sanitized(*member);
}

Json list(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_array() ? *member : Json::array();
}

bool is_true(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_boolean() && member->get<bool>();
}

std::string joined(const Json& object, const char* key) {
  constexpr std::size_t kShown = 20;
  std::string joined;
  std::size_t count = 0;
  for (const auto& entry : list(object, key)) {
    if (++count <= kShown) joined += fmt::format("{}{}", joined.empty() ? "" : ", ", sanitized(entry));
  }
  if (count > kShown) joined += fmt::format(" and {} more", count - kShown);
  return joined.empty() ? "none" : joined;
}

std::vector<checks::CheckResult> checks_of(const Json& status) {
  std::vector<checks::CheckResult> found;
  for (const auto& check : list(status, "checks")) {
    checks::CheckResult one;
    one.id = text(check, "id");
    one.status =
        net::value_named(checks::kStatusNames, text(check, "status")).value_or(checks::CheckStatus::unknown);
    one.gate = check.is_object() && is_true(check, "gate");
    one.message = text(check, "message");
    one.why = text(check, "why");
    one.remedy = text(check, "remedy");
    found.push_back(std::move(one));
  }
  return found;
}

std::string verdict(const Json& status, const std::vector<checks::CheckResult>& checks) {
  if (is_true(status, "ready"))
    return bold(coloured("ready since " + text(status, "ready_since"), checks::CheckStatus::pass));
  const auto holding =
      std::count_if(checks.begin(), checks.end(), [](const auto& check) { return check.holds(); });
  return bold(coloured(holding == 0   ? "not ready: what this node needs is not yet confirmed in the kernel"
                       : holding == 1 ? "not ready: 1 gate holds it back"
                                      : fmt::format("not ready: {} gates hold it back", holding),
                       checks::CheckStatus::fail));
}

std::string route_line(const Json& route) {
  std::string line = text(route, "type") == "unicast" ? "" : text(route, "type") + " ";
  line += text(route, "destination");
  const auto say = [&](std::string_view word, const char* key) {
    if (const auto value = text(route, key); !value.empty()) line += fmt::format(" {} {}", word, value);
  };
  say("via", "gateway");
  say("dev", "device");
  say("src", "source");
  say("table", "table");
  say("metric", "metric");
  if (const auto error = text(route, "error"); !error.empty()) line += ": " + error;
  return line;
}

/// How many are in sync; those that are not, or all, a line each.
std::string routes_text(const Json& status, bool all) {
  const auto routes = list(status, "routes");
  const auto in_sync = std::count_if(routes.begin(), routes.end(),
                                     [](const Json& route) { return text(route, "state") == "in_sync"; });
  auto lines = routes.empty() ? fmt::format("{:<8}none\n", "routes")
                              : fmt::format("{:<8}{} of {} in_sync\n", "routes", in_sync, routes.size());
  for (const auto& route : routes) {
    if (const auto state = text(route, "state"); all || state != "in_sync")
      lines += fmt::format("  {:<10}{}\n", state, route_line(route));
  }
  return lines;
}

std::string node_text(const Json& status) {
  const auto section = [&](const char* name) { return status.value(name, Json::object()); };
  const auto config = section("config");
  const auto node = section("node");
  const auto imds = section("imds");
  const auto nic = section("nic");
  const auto pods = section("pods");
  auto lines = fmt::format("{:<8}{}  ({})\n", "mode", text(status, "mode"), text(status, "mode_reason"));
  if (!text(config, "digest").empty()) {
    const bool overridden = !list(config, "overrides").empty();
    lines += fmt::format("{:<8}{}{}\n", "config", text(config, "file"),
                         overridden ? " and " + joined(config, "overrides") : "");
  }
  lines += fmt::format("{:<8}{}  {}\n", "node", text(node, "name"), text(node, "resource_id"));
  lines +=
      fmt::format("{:<8}{}, last success {}\n", "imds", text(imds, "source"), text(imds, "last_success"));
  lines += fmt::format("{:<8}{} ({})  {} in {} by {}, MTU {}\n", "nic", text(nic, "name"), text(nic, "mac"),
                       joined(nic, "addresses"), joined(nic, "subnets"), joined(nic, "gateways"),
                       text(nic, "mtu"));
  lines += fmt::format("{:<8}cluster {}; this node {}\n", "pods", joined(pods, "cluster_cidrs"),
                       joined(pods, "node_cidrs"));
  return lines;
}

/// What Azure announces for this VM, a line each.
std::string maintenance_text(const Json& status) {
  std::string lines;
  for (const auto& event : list(status, "maintenance")) {
    const auto not_before = text(event, "not_before");
    lines +=
        coloured(fmt::format("Azure {} {} of this VM{}",
                             text(event, "status") == "Started" ? "has begun" : "announces",
                             text(event, "type"), not_before.empty() ? "" : ", not before " + not_before),
                 checks::CheckStatus::unknown);
    if (const auto why = text(event, "description"); !why.empty()) lines += ": " + why;
    lines += '\n';
  }
  return lines;
}

std::string_view mark_of(const std::string& state, bool utf8) {
  if (state == "broken") return utf8 ? " ✗" : " x";
  if (state == "warning") return " !";
  return state == "unknown" ? " ?" : "";
}

}  // namespace

std::string path_line(const Json& path, bool utf8) {
  std::string line;
  bool at_the_peer = false;
  for (const auto& hop : path) {
    const auto key = text(hop, "hop");
    if (at_the_peer && key.starts_with("peer_")) continue;
    at_the_peer = key.starts_with("peer_");
    const auto at = text(hop, "at");
    // Whose addresses follow below, and what is a pod by any address.
    std::string word = at.empty() || key == "pod" ? text(hop, "name") : at;
    if (key == "nic" && !at.empty()) word = at.substr(0, at.find(' '));
    if (at_the_peer) word = "peer";
    const auto state = text(hop, "state");
    const auto status = state == "good"      ? checks::CheckStatus::pass
                        : state == "broken"  ? checks::CheckStatus::fail
                        : state == "warning" ? checks::CheckStatus::unknown
                                             : checks::CheckStatus::skip;
    if (!line.empty()) line += utf8 ? " → " : " -> ";
    line += coloured(word.append(mark_of(state, utf8)), status);
  }
  return line;
}

std::string status_text(const Json& status, const StatusTextOptions& options) {
  const auto checks = checks_of(status);
  auto said = verdict(status, checks) + '\n' + maintenance_text(status);
  if (const auto open = open_checks(checks); !open.empty()) said += '\n' + open;
  said += '\n';
  if (const auto path = path_line(list(status, "path"), options.utf8); !path.empty())
    said += fmt::format("{:<8}{}\n", "path", path);
  said += node_text(status) + routes_text(status, options.all);
  if (const auto settled = settled_checks(checks, options.all); !settled.empty())
    said += fmt::format("checks{}\n{}", options.all ? "" : "  (--all shows each)", settled);
  return said;
}

std::string what_lasts(Json status) {
  status.erase("counters");
  if (const auto imds = status.find("imds"); imds != status.end() && imds->is_object()) {
    imds->erase("age_seconds");
    imds->erase("last_success");
  }
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace agent
