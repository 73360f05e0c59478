#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// How many datagrams came with a wrong checksum, in all and in the last five to ten minutes: looks follow
/// upon each other within seconds where much happens, and nobody is to be told of a rise that comes and goes.
class ChecksumErrorReader {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr auto kHalfWindow = std::chrono::minutes(5);

  net::Result<observed::ChecksumErrors> read(const std::filesystem::path& root, Time now);

 private:
  struct Look {
    std::uint64_t total = 0;
    Time at{};
  };
  std::optional<Look> older_;
  std::optional<Look> newer_;
};

/// InCsumErrors of the lines "Udp:" of /proc/net/snmp. EBADMSG: it has none.
net::Result<std::uint64_t> parse_udp_checksum_errors(std::string_view text);

}  // namespace host
