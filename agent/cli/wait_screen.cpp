#include "agent/cli/wait_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/cli/presentation.h"
#include "agent/http/text.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

constexpr std::string_view kTheAgent = "the agent";
constexpr std::size_t kLongestReason = 10'000;

std::string duration_of(WaitScreen::Duration duration) {
  return http::duration_text(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

}  // namespace

std::optional<WaitScreen::Gate> WaitScreen::gate_of(const std::string& line, Duration at) {
  const bool fails = line.starts_with("[-]");
  if (!fails && !line.starts_with("[+]")) return std::nullopt;
  const auto id_end = line.find(' ');
  if (id_end == std::string::npos) return std::nullopt;
  const auto colon = line.find(": ", id_end);
  const auto word = line.substr(id_end + 1, colon == std::string::npos ? colon : colon - id_end - 1);
  if (word == "skipped") return std::nullopt;
  return Gate{.id = line.substr(3, id_end - 3),
              .state = fails               ? State::awaited
                       : word == "unknown" ? State::unknown
                                           : State::done,
              .since = at,
              .reason = colon == std::string::npos ? "" : line.substr(colon + 2)};
}

void WaitScreen::take(Gate gate) {
  const auto known =
      std::find_if(gates_.begin(), gates_.end(), [&](const Gate& each) { return each.id == gate.id; });
  if (known == gates_.end()) {
    gates_.push_back(std::move(gate));
    return;
  }
  if (known->state == gate.state) gate.since = known->since;
  *known = std::move(gate);
}

/// The daemon is not root's: its words steer no terminal of root's.
void WaitScreen::take_answer(std::string_view verbose, Duration at) {
  std::vector<std::string> told;
  while (!verbose.empty()) {
    const auto end = std::min(verbose.find('\n'), verbose.size());
    auto gate = gate_of(net::foreign_text(verbose.substr(0, end), kLongestReason), at);
    verbose.remove_prefix(std::min(end + 1, verbose.size()));
    if (!gate) continue;
    told.push_back(gate->id);
    take(std::move(*gate));
  }
  // The agent answers; and gates of a mode that has changed are gone.
  std::erase_if(gates_, [&told](const Gate& gate) {
    return std::find(told.begin(), told.end(), gate.id) == told.end();
  });
}

void WaitScreen::take_silence(std::string_view reason, Duration at) {
  std::erase_if(gates_, [](const Gate& gate) { return gate.id != kTheAgent; });
  take({.id = std::string(kTheAgent), .state = State::awaited, .since = at, .reason = std::string(reason)});
}

std::vector<std::string> WaitScreen::lines(Duration at, std::size_t columns) const {
  struct Kind {
    State state;
    std::string_view word;
    checks::CheckStatus colour;
  };
  static constexpr auto kKinds =
      std::to_array<Kind>({{State::done, "done", checks::CheckStatus::pass},
                           {State::unknown, "unknown", checks::CheckStatus::skip},
                           {State::awaited, "awaited", checks::CheckStatus::unknown}});
  std::vector<std::string> lines;
  lines.push_back(http::shortened(
      fmt::format("waiting for {}, for at most {}", duration_of(at), duration_of(timeout_)), columns));
  for (const auto& kind : kKinds) {
    for (const auto& gate : gates_) {
      if (gate.state != kind.state) continue;
      const auto word = fmt::format("  {:<9}", kind.word);
      const auto time = gate.state == State::done ? "after " + duration_of(gate.since)
                                                  : "for " + duration_of(at - gate.since);
      const auto room = columns > word.size() ? columns - word.size() : 0;
      auto shown = http::shortened(fmt::format("{:<25}{:<16}{}", gate.id, time, gate.reason), room);
      shown.erase(shown.find_last_not_of(' ') + 1);
      lines.push_back(coloured(word, kind.colour) + shown);
    }
  }
  return lines;
}

}  // namespace agent
