#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/time.h"

namespace node {

/// Where the document about this VM came from.
enum class ImdsSource : std::uint8_t { none, cache, live };

/// "none", "cache", "live".
std::string_view source_name(ImdsSource source);

struct ImdsStatus {
  ImdsSource source = ImdsSource::none;
  std::optional<net::WallTime> last_success;
  /// The same moment on the monotonic clock: ages are computed when rendered.
  std::optional<net::MonoTime> last_success_mono;
  std::string api_version;
  std::string last_error;
};

}  // namespace node
