#include "agent/config/show_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include "agent/config/keys.h"
#include "agent/log/one_line.h"

namespace agent {

namespace {

/// Longer lines have their comment right behind them, so that one long list does not push all comments away.
constexpr std::size_t kWidestColumn = 60;

std::string assignment(const Key& key, const Config& config) {
  return fmt::format("{} = {}", key.name, key.print(config));
}

std::size_t comment_column(const Config& config) {
  std::size_t column = 0;
  for (const Key& key : keys()) {
    const auto width = assignment(key, config).size();
    if (width <= kWidestColumn) column = std::max(column, width);
  }
  return column;
}

/// Calls `each` for every key, after `heading` where a new section begins.
template <class Heading, class Each>
void by_section(Heading heading, Each each) {
  std::string_view section;
  for (const Key& key : keys()) {
    if (key.section != section) heading(section = key.section);
    each(key);
  }
}

}  // namespace

std::string show_config(const LoadedConfig& loaded) {
  std::string text;
  auto out = std::back_inserter(text);
  const auto column = comment_column(loaded.config);
  by_section([&](std::string_view section) { fmt::format_to(out, "\n[{}]\n", section); },
             [&](const Key& key) {
               const auto origin = loaded.origins.find(key.path());
               const bool by_default =
                   origin == loaded.origins.end() || origin->second.kind == OriginKind::by_default;
               const auto where = by_default ? "default" : one_line(origin->second.where);
               fmt::format_to(out, "{:{}}  # {}\n", assignment(key, loaded.config), column, where);
             });
  return text;
}

std::string default_config_text() {
  std::string text =
      "# Configuration of calico-azure-agent (TOML). Every key may be left out; what stands here are the "
      "defaults.\n"
      "# A variable CALICO_AZURE_AGENT_<SECTION>_<KEY> overrides this file, and `--set section.key=value` "
      "overrides\n"
      "# both. `calico-azure-agent config check` finds mistakes. While the node has not been ready since the "
      "start, an\n"
      "# edited file takes effect by itself (a reload would wait for the start); after that, `systemctl "
      "reload\n"
      "# calico-azure-agent` applies it. A change of http.listen takes a restart. Durations are \"500ms\", "
      "\"90s\", \"1h30m\".\n";
  auto out = std::back_inserter(text);
  by_section([&](std::string_view section) { fmt::format_to(out, "\n[{}]\n", section); },
             [&](const Key& key) {
               text += "\n# ";
               for (const char c : key.doc) {
                 text += c;
                 if (c == '\n') text += "# ";
               }
               fmt::format_to(out, "\n#{}\n", assignment(key, {}));
             });
  return text;
}

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
