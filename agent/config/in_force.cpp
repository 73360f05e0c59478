#include "agent/config/in_force.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "agent/config/keys.h"

namespace agent {
namespace {

constexpr std::array<std::string_view, 3> kHarmlessKeys = {"mode", "azure.verify", "nic.select"};
constexpr std::array<std::string_view, 4> kHarmlessSections = {"pods.", "routes.", "sysctls.", "readiness."};

/// A daemon keeps the one that it started with, whatever is reloaded.
constexpr std::string_view kListen = "http.listen";

/// FNV-1a (draft-eastlake-fnv): it detects accidental differences, not an attacker's. A forged digest only
/// suppresses a note.
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

bool leads_nowhere(std::string_view path) {
  return std::find(kHarmlessKeys.begin(), kHarmlessKeys.end(), path) != kHarmlessKeys.end() ||
         std::any_of(kHarmlessSections.begin(), kHarmlessSections.end(),
                     [path](std::string_view section) { return path.starts_with(section); });
}

core::ConfigInForce in_force(const ConfigSources& sources, const Config& config) {
  core::ConfigInForce result;
  if (sources.file) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(*sources.file, error);
    result.file = error ? sources.file->string() : absolute.lexically_normal().string();
  }
  for (const Key& key : keys()) {
    const auto variable = sources.environment.find(key.variable());
    if (variable != sources.environment.end())
      result.overrides.push_back(fmt::format("{}={}", key.path(), variable->second));
  }
  result.overrides.insert(result.overrides.end(), sources.settings.begin(), sources.settings.end());
  result.digest = digest_of(config);
  for (const Key& key : keys()) {
    if (leads_nowhere(key.path()))
      result.values.push_back(fmt::format("{}={}", key.path(), setting_text(key.write(config))));
  }
  return result;
}

ConfigSources sources_of(const core::ConfigInForce& reported) {
  ConfigSources sources;
  if (!reported.file.empty()) sources.file = reported.file;
  sources.file_is_regular = true;
  sources.settings = reported.overrides;
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
