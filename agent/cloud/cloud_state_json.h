#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"
#include "observed/cloud_state.h"

namespace agent {

/// What was learnt, as one line of JSON without the newline: how it comes from the program that asks, and how
/// a support bundle keeps it. There is no secret in it.
std::string cloud_state_line(const observed::CloudState& cloud_state);

/// Every text in it as net::foreign_text() has it. EBADMSG for what is no such line.
net::Result<observed::CloudState> parse_cloud_state(std::string_view line);

/// The last line before the program ends because it has nothing to ask: of so many questions it has answered
/// all, and it is to be started again after that time, or for another question.
struct CloudRest {
  std::uint64_t answered = 0;
  std::chrono::milliseconds resume_after{};

  bool operator==(const CloudRest&) const = default;
};
std::string cloud_rest_line(const CloudRest& rest);
/// nullopt for any other line, and for a time above 36 hours, one and a half of the longest azure.interval.
std::optional<CloudRest> parse_cloud_rest(std::string_view line);

/// Writes the cloud state to a descriptor, which it borrows: a line whenever it has changed. The reader is
/// not woken for a state that it already has.
class CloudStateWriter {
 public:
  explicit CloudStateWriter(int descriptor) : descriptor_(descriptor) {}

  /// False when the reader has gone.
  [[nodiscard]] bool write(const observed::CloudState& cloud_state);
  [[nodiscard]] bool write(const CloudRest& rest);

 private:
  [[nodiscard]] bool write_line(std::string_view line) const;

  int descriptor_;
  std::string last_;
};

}  // namespace agent
