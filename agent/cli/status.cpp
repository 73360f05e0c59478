#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>
#include <utility>

#include "agent/cli/commands.h"
#include "agent/cli/running_daemon.h"
#include "agent/cli/status_text.h"
#include "agent/cli/terminal.h"

namespace agent {
namespace {

using Json = nlohmann::json;

constexpr auto kAnswerPatience = std::chrono::seconds(5);

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
  if (!status.is_object() || status.value("schema", Json()) != "calico-azure-agent/v1")
    return tl::unexpected(
        fmt::format("status: what answers on {} is not calico-azure-agent\n", listen_text(where)));
  return Told{.body = std::move(reply->body),
              .status = std::move(status),
              .unknown = reply->peer->user ? "" : reply->peer->unknown};
}

void say_who_answers(const Told& told, const net::ListenAddress& where) {
  if (told.unknown.empty()) return;
  std::cerr << fmt::format("status: which process answers on {} is not known: {}\n", listen_text(where),
                           told.unknown);
}

/// A body ends its last line itself.
std::string shown(const Told& told, bool json, bool all) {
  return json ? told.body : status_text(told.status, {.all = all, .utf8 = speaks_utf8()});
}

}  // namespace

int print_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options) {
  const auto where = daemon_address(sources, loaded);
  const auto told = ask_status(where);
  if (!told) {
    std::cerr << told.error();
    return kUndetermined;
  }
  say_who_answers(*told, where);
  std::cout << shown(*told, options.json, options.all);
  return told->status.value("ready", false) ? kOk : kNo;
}

int watch_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options) {
  const EndSignals signals;
  const bool redraws = can_redraw() && !options.json;
  std::string before;
  bool is_first = true;
  while (std::cout) {
    // Anew each time: the daemon may start later, or anew.
    const auto where = daemon_address(sources, loaded);
    const auto told = ask_status(where);
    auto now = told ? what_lasts(told->status) : told.error();
    if (now != before) {
      if (told && is_first) say_who_answers(*told, where);
      const auto text = told ? shown(*told, options.json, options.all) : told.error();
      if (redraws) {
        std::cout << "\x1b[H\x1b[2J" << text;
      } else if (!told && options.json) {
        std::cerr << text;  // every line of standard output is a document
      } else {
        std::cout << (is_first || options.json ? "" : "\n") << text;
      }
      std::cout << std::flush;
      is_first = false;
      before = std::move(now);
    }
    if (const int end = signals.awaited_for_a_second(); end != 0) return end;
  }
  return kNo;
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
  say_who_answers(*told, where);
  std::cout << shown(*told, options.json, options.all);
  const auto checks = told->status.value("checks", Json::array());
  const bool failed = std::any_of(checks.begin(), checks.end(), [](const Json& check) {
    return check.is_object() && check.value("status", Json()) == "fail";
  });
  return failed ? kNo : kOk;
}

}  // namespace agent
