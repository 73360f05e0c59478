#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/raw_value.h"

namespace agent {

/// Room for 400,000 CIDRs.
inline constexpr std::size_t kLargestConfigFile = std::size_t{16} * 1024 * 1024;

/// One thing that is wrong with the configuration.
struct ConfigError {
  /// As in Origin; the file's name alone when it cannot be read.
  std::string where;
  /// Names the key, what was found and what was wanted.
  std::string what;

  /// "WHERE: WHAT", on one line whatever the values hold.
  [[nodiscard]] std::string text() const;

  bool operator==(const ConfigError&) const = default;
};

/// A line of at most 2 KiB for each of the first twenty, then how many more there are: a list of thousands
/// may be wrong throughout.
std::vector<std::string> lines_of(const std::vector<ConfigError>& errors);

struct ConfigSources {
  std::optional<std::filesystem::path> file;
  /// Named by --config: that the file is missing is an error then.
  bool file_required = false;
  /// Refuses a FIFO or a device instead of waiting for it.
  bool file_is_regular = false;
  /// Variables by full name; only those that begin with CALICO_AZURE_AGENT_ count.
  std::map<std::string, std::string> environment;
  /// `section.key=value` of each --set, in order; the last one of a key counts.
  std::vector<std::string> settings;
};

struct LoadedConfig {
  Config config;
  /// By dotted key ("nic.select", "mode"); every key is present.
  std::map<std::string, Origin> origins;
  /// Of the file's contents, as contents_hash() has it; nullopt without a file.
  std::optional<std::size_t> file_hash = std::nullopt;
};

/// Shows whether a file has other contents than the one that was read.
std::size_t contents_hash(std::string_view contents);

/// The configuration: defaults, overridden by the file, by the environment, by --set. Otherwise everything
/// that is wrong with any of them, the file's issues first and in its order; also an overridden value must be
/// valid. `known_check_ids` are what `readiness.require` and `readiness.ignore` may name.
tl::expected<LoadedConfig, std::vector<ConfigError>> load_config(
    const ConfigSources& sources, std::span<const std::string_view> known_check_ids);

/// Those variables of environ(7) that begin with CALICO_AZURE_AGENT_.
std::map<std::string, std::string> config_environment(const char* const* environment);

}  // namespace agent
