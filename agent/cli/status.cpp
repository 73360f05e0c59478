#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>
#include <utility>

#include "agent/cli/commands.h"
#include "agent/cli/presentation.h"
#include "agent/cli/running_daemon.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

using Json = nlohmann::json;

constexpr auto kAnswerPatience = std::chrono::seconds(5);

constexpr std::size_t kLongestText = 10'000;

/// The daemon is not root's, and anybody names links: its answer steers no terminal of root.
std::string sanitized(const Json& value) {
  return net::foreign_text(value.is_string() ? value.get_ref<const std::string&>() : value.dump(),
                           kLongestText);
}

/// The member's text; numbers as JSON writes them; empty when absent or null.
std::string text(const Json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || member->is_null()) return "";
  return sanitized(*member);
}

std::string joined(const Json& object, const char* key) {
  std::string list;
  for (const auto& entry : object.value(key, Json::array())) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", sanitized(entry));
  }
  return list.empty() ? "none" : list;
}

checks::CheckStatus status_of(const std::string& name) {
  return net::value_named(checks::kStatusNames, name).value_or(checks::CheckStatus::unknown);
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

void print_people(const Json& status) {
  const bool ready = status.value("ready", false);
  const auto verdict = ready ? "ready since " + text(status, "ready_since") : std::string("not ready");
  std::cout << bold(coloured(verdict, ready ? checks::CheckStatus::pass : checks::CheckStatus::fail)) << '\n';
  const auto section = [&](const char* name) { return status.value(name, Json::object()); };
  const auto node = section("node");
  const auto imds = section("imds");
  const auto nic = section("nic");
  const auto pods = section("pods");
  std::cout << fmt::format("{:<8}{}  ({})\n", "mode", text(status, "mode"), text(status, "mode_reason"));
  const auto config = section("config");
  if (!text(config, "digest").empty()) {
    const bool overridden = !config.value("overrides", Json::array()).empty();
    std::cout << fmt::format("{:<8}{}{}\n", "config", text(config, "file"),
                             overridden ? " and " + joined(config, "overrides") : "");
  }
  std::cout << fmt::format("{:<8}{}  {}\n", "node", text(node, "name"), text(node, "resource_id"));
  std::cout << fmt::format("{:<8}{}, last success {}\n", "imds", text(imds, "source"),
                           text(imds, "last_success"));
  std::cout << fmt::format("{:<8}{} ({})  {} in {} by {}, MTU {}\n", "nic", text(nic, "name"),
                           text(nic, "mac"), joined(nic, "addresses"), joined(nic, "subnets"),
                           joined(nic, "gateways"), text(nic, "mtu"));
  std::cout << fmt::format("{:<8}cluster {}; this node {}\n", "pods", joined(pods, "cluster_cidrs"),
                           joined(pods, "node_cidrs"));
  std::cout << "routes\n";
  for (const auto& route : status.value("routes", Json::array())) {
    std::cout << fmt::format("  {:<10}{}\n", text(route, "state"), route_line(route));
  }
  std::cout << "checks\n";
  for (const auto& check : status.value("checks", Json::array())) {
    const auto state = status_of(text(check, "status"));
    std::cout << fmt::format("  {}{:<25}{}\n", coloured(fmt::format("{:<10}", text(check, "status")), state),
                             text(check, "id"), text(check, "message"));
    if (state != checks::CheckStatus::fail) continue;
    std::cout << fmt::format("            why: {}\n            fix: {}\n", text(check, "why"),
                             text(check, "remedy"));
  }
}

struct Told {
  std::string body;
  Json status;
  std::string unknown;  ///< why the peer cannot be verified; empty: it is the agent
};

/// Otherwise the sentence to print.
tl::expected<Told, std::string> ask_status(const net::ListenAddress& where) {
  auto reply = ask_daemon(where, "/status", kAnswerPatience);
  if (!reply || reply->status != 200) {
    return tl::unexpected(
        fmt::format("status: no agent answers on {}: {}\n", listen_text(where),
                    reply ? fmt::format("HTTP status {}", reply->status) : reply.error().what));
  }
  auto status = Json::parse(reply->body, nullptr, false);
  if (!status.is_object() || text(status, "schema") != "calico-azure-agent/v1")
    return tl::unexpected(
        fmt::format("status: what answers on {} is not calico-azure-agent\n", listen_text(where)));
  return Told{.body = std::move(reply->body),
              .status = std::move(status),
              .unknown = reply->peer->user ? "" : reply->peer->unknown};
}

void print(const Told& told, const net::ListenAddress& where, bool json) {
  if (!told.unknown.empty()) {
    std::cerr << fmt::format("status: which process answers on {} is not known: {}\n", listen_text(where),
                             told.unknown);
  }
  if (json) {
    std::cout << told.body;  // ends its last line itself
  } else {
    print_people(told.status);
  }
}

}  // namespace

int print_status(const ConfigSources& sources, const LoadedConfig& loaded, const OutputOptions& output) {
  const auto where = daemon_address(sources, loaded);
  const auto told = ask_status(where);
  if (!told) {
    std::cerr << told.error();
    return kUndetermined;
  }
  print(*told, where, output.json);
  return told->status.value("ready", false) ? kOk : kNo;
}

std::optional<int> print_daemon_status(const ConfigSources& sources, const LoadedConfig& loaded,
                                       const DoctorOptions& options) {
  const auto where = daemon_address(sources, loaded);
  const auto told = ask_status(where);
  if (!told) return std::nullopt;
  if (options.npd) {
    std::cout << "doctor: the configuration file is invalid; the daemon keeps the old one\n";
    return kUndetermined;
  }
  print(*told, where, options.json);
  const auto checks = told->status.value("checks", Json::array());
  const bool failed = std::any_of(checks.begin(), checks.end(), [](const Json& check) {
    return status_of(text(check, "status")) == checks::CheckStatus::fail;
  });
  return failed ? kNo : kOk;
}

}  // namespace agent
