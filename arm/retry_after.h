#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace arm {

/// How long a reply asks to be left alone: retry-after-ms, x-ms-retry-after-ms (milliseconds), else
/// Retry-After (seconds or an HTTP date, which counts from the reply's own Date where it has one), in the
/// order of the Azure SDKs. A day at most; nullopt when it does not say.
std::optional<std::chrono::milliseconds> retry_after(const std::map<std::string, std::string>& headers,
                                                     std::chrono::system_clock::time_point now);

}  // namespace arm
