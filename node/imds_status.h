#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/names.h"
#include "net/time.h"

namespace node {

/// Where the document about this VM came from.
enum class ImdsSource : std::uint8_t { none, cache, live };

inline constexpr auto kSourceNames = std::to_array<net::Named<ImdsSource>>(
    {{ImdsSource::none, "none"}, {ImdsSource::cache, "cache"}, {ImdsSource::live, "live"}});
constexpr std::string_view source_name(ImdsSource source) { return net::name_of(kSourceNames, source); }

struct ImdsStatus {
  ImdsSource source = ImdsSource::none;
  std::optional<net::WallTime> last_success;
  /// The same moment on the monotonic clock: ages are computed when rendered.
  std::optional<net::MonoTime> last_success_mono;
  std::string api_version;
  std::string last_error;
};

}  // namespace node
