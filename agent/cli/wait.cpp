#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "agent/cli/commands.h"
#include "agent/cli/presentation.h"
#include "agent/cli/running_daemon.h"
#include "agent/cli/terminal.h"
#include "agent/cli/wait_screen.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestLine = 10'000;

/// The failing gates of a verbose /readyz, by id. The daemon is not root's: its words steer no terminal of
/// root's.
std::map<std::string, std::string> failing_gates(const std::string& verbose) {
  std::map<std::string, std::string> gates;
  std::size_t begin = 0;
  while (begin < verbose.size()) {
    const auto end = std::min(verbose.find('\n', begin), verbose.size());
    const auto line = net::foreign_text(std::string_view(verbose).substr(begin, end - begin), kLongestLine);
    begin = end + 1;
    if (!line.starts_with("[-]")) continue;
    gates.emplace(line.substr(3, line.find(' ') - 3), line);
  }
  return gates;
}

/// How long each gate takes, in place.
class Screen {
 public:
  explicit Screen(std::chrono::milliseconds timeout) : screen_(timeout) {}

  void show(const net::Result<HttpReply>& reply) {
    const auto at = elapsed();
    reply ? screen_.take_answer(reply->body, at) : screen_.take_silence(reply.error().what, at);
    const auto lines = screen_.lines(at, columns());
    // Up to where it began, and away with what is longer than what comes.
    std::cout << (shown_ > 0 ? fmt::format("\x1b[{}A\r\x1b[J", shown_) : "");
    for (const auto& line : lines) std::cout << line << '\n';
    std::cout << std::flush;
    shown_ = lines.size();
  }

  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_);
  }

 private:
  Clock::time_point begin_ = Clock::now();
  WaitScreen screen_;
  std::size_t shown_ = 0;
};

/// Each failing gate once, and again when it changes.
class Lines {
 public:
  void show(const net::Result<HttpReply>& reply) {
    std::map<std::string, std::string> gates;
    if (reply) {
      gates = failing_gates(reply->body);
    } else {
      gates.emplace("", fmt::format("waiting for the agent: {}", reply.error().what));
    }
    for (const auto& [id, line] : gates) {
      const auto before = said_.find(id);
      if (before == said_.end() || before->second != line) std::cout << line << std::endl;
    }
    said_ = std::move(gates);
  }

 private:
  std::map<std::string, std::string> said_;
};

}  // namespace

int wait_until_ready(const ConfigSources& sources, const LoadedConfig& loaded,
                     std::chrono::milliseconds timeout) {
  const auto give_up = Clock::now() + timeout;
  Lines lines;
  std::optional<Screen> screen;
  if (can_redraw()) screen.emplace(timeout);
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - Clock::now());
    const auto patience =
        std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(1), std::chrono::seconds(2));
    const auto where = daemon_address(sources, loaded);
    const auto reply = ask_daemon(where, "/readyz?verbose", patience);
    const bool ready = reply && reply->status == 200;
    if (screen) {
      screen->show(reply);
    } else if (!ready) {
      lines.show(reply);
    }
    if (ready) {
      std::cout << bold(coloured("ready", checks::CheckStatus::pass));
      if (!reply->peer->user)
        std::cout << fmt::format(" (which process answers on {} is not known: {})", listen_text(where),
                                 reply->peer->unknown);
      std::cout << '\n';
      return kOk;
    }
    if (Clock::now() >= give_up) {
      std::cout << "not ready after the time-out\n";
      return kNo;
    }
    std::this_thread::sleep_until(std::min(Clock::now() + std::chrono::milliseconds(500), give_up));
  }
}

}  // namespace agent
