#include <fmt/format.h>

#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "agent/cli/commands.h"
#include "agent/cli/running_daemon.h"
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

}  // namespace

int wait_until_ready(const ConfigSources& sources, const LoadedConfig& loaded,
                     std::chrono::milliseconds timeout) {
  const auto give_up = Clock::now() + timeout;
  std::map<std::string, std::string> said;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - Clock::now());
    const auto patience =
        std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(1), std::chrono::seconds(2));
    const auto where = daemon_address(sources, loaded);
    const auto reply = ask_daemon(where, "/readyz?verbose", patience);
    if (reply && reply->status == 200) {
      std::cout << "ready";
      if (!reply->peer->user)
        std::cout << fmt::format(" (which process answers on {} is not known: {})", listen_text(where),
                                 reply->peer->unknown);
      std::cout << '\n';
      return kOk;
    }
    std::map<std::string, std::string> gates;
    if (reply) {
      gates = failing_gates(reply->body);
    } else {
      gates.emplace("", fmt::format("waiting for the agent: {}", reply.error().what));
    }
    for (const auto& [id, line] : gates) {
      const auto before = said.find(id);
      if (before == said.end() || before->second != line) std::cout << line << std::endl;
    }
    said = std::move(gates);
    if (Clock::now() >= give_up) {
      std::cout << "not ready after the time-out\n";
      return kNo;
    }
    std::this_thread::sleep_until(std::min(Clock::now() + std::chrono::milliseconds(500), give_up));
  }
}

}  // namespace agent
