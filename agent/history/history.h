#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "net/time.h"

namespace agent {

/// A line of the flight recorder.
struct Record {
  net::WallTime time{};
  std::string line;  ///< one JSON object

  [[nodiscard]] nlohmann::json value() const;
};

/// What the recorder has kept, oldest first.
struct Records {
  std::vector<Record> list;
  std::size_t unreadable = 0;  ///< lines that are none: torn by a power cut
  std::string problem = {};    ///< why one of the two files could not be read; empty: both were
};

/// Both files; whichever is not there holds nothing, and one that cannot be read keeps nobody from the other.
/// ENOENT: neither is there. EACCES and others, where none can be read, name the file.
net::Result<Records> read_records(const std::filesystem::path& folder);

/// Of the text of such files.
Records parse_records(std::string_view text);

/// "2h" or "90s" (ago), "04:12" or "04:12:30" (the last time that it was so late), "2026-11-30",
/// "2026-11-30T04:12" or with seconds, a fraction and Z: in UTC, as the agent prints times. EINVAL.
net::Result<net::WallTime> parse_moment(std::string_view text, net::WallTime now);

}  // namespace agent
