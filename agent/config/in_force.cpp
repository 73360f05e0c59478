#include "agent/config/in_force.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "agent/config/keys.h"

namespace agent {
namespace {

/// A daemon keeps the one that it started with, whatever is reloaded.
constexpr std::string_view kListen = "http.listen";

/// FNV-1a (draft-eastlake-fnv): it tells one configuration from another by accident, not by an attacker. Who
/// lies about it only keeps a note from being made.
std::string digest_of(const Config& config) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const Key& key : keys()) {
    if (key.path() == kListen) continue;
    for (const char c : fmt::format("{} = {}\n", key.path(), key.print(config)))
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

ConfigInForce in_force(const ConfigSources& sources, const Config& config) {
  ConfigInForce told;
  if (sources.file) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(*sources.file, error);
    told.file = error ? sources.file->string() : absolute.lexically_normal().string();
  }
  for (const Key& key : keys()) {
    const auto variable = sources.environment.find(key.variable());
    if (variable != sources.environment.end())
      told.overrides.push_back(fmt::format("{}={}", key.path(), variable->second));
  }
  told.overrides.insert(told.overrides.end(), sources.settings.begin(), sources.settings.end());
  told.digest = digest_of(config);
  return told;
}

ConfigSources sources_of(const ConfigInForce& told) {
  ConfigSources sources;
  if (!told.file.empty()) sources.file = told.file;
  sources.settings = told.overrides;
  return sources;
}

std::vector<std::string> different_keys(const Config& one, const Config& other) {
  std::vector<std::string> different;
  for (const Key& key : keys()) {
    if (key.path() != kListen && key.print(one) != key.print(other)) different.push_back(key.path());
  }
  return different;
}

}  // namespace agent
