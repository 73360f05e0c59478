#include "agent/cli/beside.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/running_daemon.h"
#include "agent/config/in_force.h"
#include "agent/core/check_ids.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "host/roots_file.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

/// Whatever else there is, or will be, leads somewhere: to a path, an endpoint, an identity.
constexpr std::array<std::string_view, 3> kHarmlessKeys = {"mode", "azure.verify", "nic.select"};
constexpr std::array<std::string_view, 4> kHarmlessSections = {"pods.", "routes.", "sysctls.", "readiness."};

bool is_harmless(std::string_view override) {
  const auto key = override.substr(0, override.find('='));
  return std::find(kHarmlessKeys.begin(), kHarmlessKeys.end(), key) != kHarmlessKeys.end() ||
         std::any_of(kHarmlessSections.begin(), kHarmlessSections.end(),
                     [key](std::string_view section) { return key.starts_with(section); });
}

std::string origin_of(const ConfigInForce& told) {
  auto text = told.file.empty() ? std::string("no file") : told.file;
  if (!told.overrides.empty()) text += fmt::format(" and {}", fmt::join(told.overrides, ", "));
  return net::foreign_text(text, 400);
}

bool says_something(const ConfigSources& given) {
  return given.file_required || !given.settings.empty() || !given.environment.empty();
}

/// What of it a command of root's may go by, and what not, in words.
struct Taken {
  ConfigSources sources;
  std::string left_out;
};

Taken take(const ConfigInForce& told, DaemonOf daemon) {
  Taken taken{.sources = sources_of(told), .left_out = ""};
  if (daemon == DaemonOf::root) return taken;
  auto overrides = sort_overrides(told.overrides);
  taken.sources.settings = std::move(overrides.taken);
  taken.left_out = fmt::format("{}", fmt::join(overrides.left_out, ", "));
  if (!taken.sources.file) return taken;
  const auto opened = host::open_roots_file(*taken.sources.file);
  // What is not there is nobody's.
  if (!opened && opened.error().code.value() != ENOENT) {
    taken.sources.file.reset();
    taken.left_out += (taken.left_out.empty() ? "" : ", ") + opened.error().what;
  }
  return taken;
}

std::string difference(const LoadedConfig& own, const ConfigInForce& told, const Taken& taken) {
  const auto theirs = load_config(taken.sources, check_ids());
  const bool known =
      theirs && taken.left_out.empty() && in_force(taken.sources, theirs->config).digest == told.digest;
  const auto keys = known ? fmt::format(" in {}", fmt::join(different_keys(own.config, theirs->config), ", "))
                          : std::string();
  return fmt::format("the running daemon's configuration differs{}: it goes by {}", keys, origin_of(told));
}

}  // namespace

Overrides sort_overrides(const std::vector<std::string>& overrides) {
  Overrides sorted;
  for (const auto& each : overrides) (is_harmless(each) ? sorted.taken : sorted.left_out).push_back(each);
  return sorted;
}

std::optional<ConfigInForce> config_told(std::string_view status) {
  const auto document = nlohmann::json::parse(status, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto config = document.find("config");
  if (config == document.end() || !config->is_object()) return std::nullopt;
  ConfigInForce told;
  const auto take_text = [](const nlohmann::json& value, std::string& text) {
    if (value.is_string()) text = value.get<std::string>();
  };
  for (const auto& [key, value] : config->items()) {
    if (key == "file") take_text(value, told.file);
    if (key == "digest") take_text(value, told.digest);
    if (key != "overrides" || !value.is_array()) continue;
    for (const auto& each : value) take_text(each, told.overrides.emplace_back());
  }
  return told.digest.empty() ? std::nullopt : std::optional(told);
}

Beside go_by(LoadedConfig own, const ConfigSources& given, const ConfigInForce& told, DaemonOf daemon) {
  if (in_force(given, own.config).digest == told.digest) return {std::move(own), ""};
  const auto taken = take(told, daemon);
  if (says_something(given)) {
    auto note = difference(own, told, taken);
    return {std::move(own), std::move(note)};
  }
  auto theirs = load_config(taken.sources, check_ids());
  if (!theirs) {
    return {std::move(own), fmt::format("the running daemon goes by {}, which cannot be taken: {}",
                                        origin_of(told), net::foreign_text(theirs.error().front().text()))};
  }
  auto note = fmt::format("by the configuration of the running daemon: {}", origin_of(told));
  if (!taken.left_out.empty()) {
    note +=
        fmt::format("; left out, for the daemon is not root's: {}", net::foreign_text(taken.left_out, 400));
  } else if (in_force(taken.sources, theirs->config).digest != told.digest) {
    note +=
        "; the file is not what the daemon has read: changed since (systemctl reload calico-azure-agent), "
        "or another one in the daemon's container";
  }
  return {std::move(*theirs), std::move(note)};
}

void say_note(const Beside& beside) {
  if (!beside.note.empty()) std::cout << "note: " << beside.note << '\n';
}

Beside beside_daemon(LoadedConfig own, const ConfigSources& given, std::chrono::milliseconds patience) {
  const auto where = where_to_ask(given, own);
  const auto reply = ask_daemon(where, "/status", patience);
  if (!reply) {
    const auto error = reply.error().code.value();
    const bool silent = error == ECONNREFUSED || error == ENOENT;
    const auto holder = InstanceLock::holder(runtime_directory());
    if (silent && !holder) return {.loaded = std::move(own), .note = "", .no_daemon = true};
    const auto daemon =
        !holder        ? std::string("whether a daemon runs")
        : *holder == 0 ? std::string("which configuration the running daemon goes by")
                       : fmt::format("which configuration the running daemon (process {}) goes by", *holder);
    return {std::move(own), fmt::format("{} cannot be told: {}", daemon, reply.error().what)};
  }
  if (!reply->peer->user) {
    return {std::move(own), fmt::format("the configuration of what answers on {} is not taken: whose it is "
                                        "cannot be told, for {}",
                                        where.text(), reply->peer->unknown)};
  }
  const auto told = config_told(reply->body);
  if (!told) {
    return {
        std::move(own),
        fmt::format("the running daemon on {} does not tell which configuration it goes by", where.text())};
  }
  return go_by(std::move(own), given, *told,
               *reply->peer->user == 0 ? DaemonOf::root : DaemonOf::service_user);
}

}  // namespace agent
