#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// What `wait` shows on a terminal: each gate, since when it is done or how long it has been awaited.
class WaitScreen {
 public:
  using Duration = std::chrono::milliseconds;

  explicit WaitScreen(Duration timeout) : timeout_(timeout) {}

  /// The answer to /readyz?verbose, so long after the start.
  void take_answer(std::string_view verbose, Duration at);
  /// Nobody answers, for this reason; what was known of gates is no longer.
  void take_silence(std::string_view reason, Duration at);

  /// The lines to show, none wider than so many characters, colours apart.
  [[nodiscard]] std::vector<std::string> lines(Duration at, std::size_t columns) const;

 private:
  enum class State : std::uint8_t { done, unknown, awaited };
  struct Gate {
    std::string id;
    State state = State::awaited;
    Duration since{};  ///< when it came to be so
    std::string reason;
  };

  /// A line of /readyz?verbose; nullopt: it is no gate's, or the gate does not apply.
  static std::optional<Gate> gate_of(const std::string& line, Duration at);
  void take(Gate gate);

  Duration timeout_;
  std::vector<Gate> gates_;
};

}  // namespace agent
