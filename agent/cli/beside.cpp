#include "agent/cli/beside.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/running_daemon.h"
#include "agent/config/show_config.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "checks/check_table.h"
#include "host/files.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

bool is_harmless(std::string_view override) { return leads_nowhere(override.substr(0, override.find('='))); }

std::string origin_of(const core::ConfigInForce& told) {
  auto text = told.file.empty() ? std::string("no file") : told.file;
  if (!told.overrides.empty()) text += fmt::format(" and {}", fmt::join(told.overrides, ", "));
  return net::foreign_text(text, 400);
}

bool says_something(const ConfigSources& given) {
  return given.file_required || !given.settings.empty() || !given.environment.empty();
}

/// The parts of it that a command of root may use, and the names of the others.
struct Taken {
  ConfigSources sources;
  std::string left_out;
};

Taken take(const core::ConfigInForce& told, DaemonOf daemon) {
  Taken taken{.sources = sources_of(told), .left_out = ""};
  if (daemon == DaemonOf::root) return taken;
  auto overrides = sort_overrides(told.overrides);
  taken.sources.settings = std::move(overrides.taken);
  taken.left_out = fmt::format("{}", fmt::join(overrides.left_out, ", "));
  if (!taken.sources.file) return taken;
  const auto opened = host::open_roots_file(*taken.sources.file);
  // What does not exist has no owner.
  if (!opened && opened.error().code.value() != ENOENT) {
    taken.sources.file.reset();
    taken.left_out += (taken.left_out.empty() ? "" : ", ") + opened.error().what;
  }
  return taken;
}

std::string difference(const LoadedConfig& own, const core::ConfigInForce& told, const Taken& taken) {
  const auto theirs = load_config(taken.sources, checks::check_ids());
  const bool known =
      theirs && taken.left_out.empty() && in_force(taken.sources, theirs->config).digest == told.digest;
  const auto keys = known ? fmt::format(" in {}", fmt::join(different_keys(own.config, theirs->config), ", "))
                          : std::string();
  return fmt::format("the running daemon's configuration differs{}: it goes by {}", keys, origin_of(told));
}

/// The file is no longer what the daemon has read: it reports of its values in force all that shape routes
/// and checks; the rest is as the file has it now.
Beside as_edited(const tl::expected<LoadedConfig, std::vector<ConfigError>>& file, const Taken& taken,
                 const core::ConfigInForce& told, LoadedConfig own, std::string note) {
  const std::string fault = file ? "" : net::foreign_text(file.error().front().text());
  auto sources = taken.sources;
  if (!file) sources.file.reset();
  const auto values = sort_overrides(told.values).taken;
  sources.settings.insert(sources.settings.end(), values.begin(), values.end());
  auto corrected = values.empty() ? file : load_config(sources, checks::check_ids());
  if (!corrected) {
    return {.loaded = std::move(own),
            .note = fmt::format("the running daemon goes by {}, which cannot be taken: {}", origin_of(told),
                                net::foreign_text(corrected.error().front().text())),
            .is_edited = true};
  }
  const bool exact = in_force(sources, corrected->config).digest == told.digest;
  const bool left_out = !told.file.empty() && !taken.sources.file;
  if (left_out) return {.loaded = std::move(*corrected), .note = std::move(note), .is_the_daemons = exact};
  note += file ? "; the file is not what the daemon has read: changed since (systemctl reload "
                 "calico-azure-agent), or another one in the daemon's container"
               : "; the file cannot be taken (" + fault + "), and the daemon keeps what it has read";
  if (values.empty()) {
    note += "; this goes by the file as it is now";
  } else if (!exact) {
    note += "; of imds, kubernetes and azure this goes by ";
    note += file ? "the file as it is now" : "the defaults";
  }
  return {
      .loaded = std::move(*corrected), .note = std::move(note), .is_the_daemons = exact, .is_edited = true};
}

}  // namespace

Overrides sort_overrides(const std::vector<std::string>& overrides) {
  Overrides sorted;
  for (const auto& each : overrides) (is_harmless(each) ? sorted.taken : sorted.left_out).push_back(each);
  return sorted;
}

std::optional<core::ConfigInForce> config_told(std::string_view status) {
  const auto document = nlohmann::json::parse(status, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto config = document.find("config");
  if (config == document.end() || !config->is_object()) return std::nullopt;
  core::ConfigInForce told;
  const auto take_text = [](const nlohmann::json& value, std::string& text) {
    if (value.is_string()) text = value.get<std::string>();
  };
  for (const auto& [key, value] : config->items()) {
    if (key == "file") take_text(value, told.file);
    if (key == "digest") take_text(value, told.digest);
    auto* const list = key == "overrides" ? &told.overrides : key == "values" ? &told.values : nullptr;
    if (list == nullptr || !value.is_array()) continue;
    for (const auto& each : value) take_text(each, list->emplace_back());
  }
  return told.digest.empty() ? std::nullopt : std::optional(told);
}

Beside go_by(LoadedConfig own, const ConfigSources& given, const core::ConfigInForce& told, DaemonOf daemon) {
  if (in_force(given, own.config).digest == told.digest)
    return {.loaded = std::move(own), .note = "", .is_the_daemons = true};
  const auto taken = take(told, daemon);
  if (says_something(given)) {
    auto note = difference(own, told, taken);
    return {.loaded = std::move(own), .note = std::move(note)};
  }
  auto theirs = load_config(taken.sources, checks::check_ids());
  const auto now = theirs ? in_force(taken.sources, theirs->config) : core::ConfigInForce{};
  const bool as_read = theirs && (told.values.empty() || now.values == told.values) &&
                       (!taken.left_out.empty() || now.digest == told.digest);
  auto note = fmt::format("by the configuration of the running daemon: {}", origin_of(told));
  if (!taken.left_out.empty())
    note +=
        fmt::format("; left out, for the daemon is not root's: {}", net::foreign_text(taken.left_out, 400));
  if (as_read)
    return {
        .loaded = std::move(*theirs), .note = std::move(note), .is_the_daemons = now.digest == told.digest};
  return as_edited(theirs, taken, told, std::move(own), std::move(note));
}

void say_note(const Beside& beside) {
  if (!beside.note.empty()) std::cout << "note: " << beside.note << '\n';
}

Beside beside_daemon(LoadedConfig own, const ConfigSources& given, std::chrono::milliseconds patience) {
  const auto where = daemon_address(given, own);
  const auto reply = ask_daemon(where, "/status", patience);
  if (!reply) {
    const auto error = reply.error().code.value();
    const bool silent = error == ECONNREFUSED || error == ENOENT;
    const auto holder = InstanceLock::holder(runtime_directory());
    if (silent && !holder) return {.loaded = std::move(own), .note = "", .no_daemon = true};
    const auto running = !holder || *holder == 0 ? std::string("the running daemon")
                                                 : fmt::format("the running daemon (process {})", *holder);
    const auto daemon = holder ? "which configuration " + running + " goes by" : "whether a daemon runs";
    return {.loaded = std::move(own),
            .note = fmt::format("{} cannot be told: {}", daemon, reply.error().what),
            .hung = holder && error == ETIMEDOUT ? running + " does not answer" : ""};
  }
  if (!reply->peer->user) {
    return {.loaded = std::move(own),
            .note = fmt::format("the configuration of what answers on {} is not taken: whose it is "
                                "cannot be told, for {}",
                                listen_text(where), reply->peer->unknown)};
  }
  const auto told = config_told(reply->body);
  if (!told) {
    return {.loaded = std::move(own),
            .note = fmt::format("the running daemon on {} does not tell which configuration it goes by",
                                listen_text(where))};
  }
  return go_by(std::move(own), given, *told,
               *reply->peer->user == 0 ? DaemonOf::root : DaemonOf::service_user);
}

}  // namespace agent
