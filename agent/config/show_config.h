#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load_config.h"
#include "core/event.h"

namespace agent {

/// The effective values as a TOML file, each with its source in a comment. Loading the text
/// gives an equal Config.
std::string show_config(const LoadedConfig& loaded);

/// packaging/config.toml: every key with its meaning and, commented out, its default.
std::string default_config_text();

/// What /status shows of the configuration that was loaded from these sources.
core::ConfigInForce in_force(const ConfigSources& sources, const Config& config);

/// True for a key that only shapes the desired routes, sysctls and checks. Any other key may name a path, an
/// endpoint or an identity.
bool leads_nowhere(std::string_view path);

/// The sources that another process reports: `file`, and the overrides as --set has them.
ConfigSources sources_of(const core::ConfigInForce& reported);

/// The keys whose values differ, "routes.metric", in the order of the table. http.listen does not count: it
/// only sets where a daemon listens.
std::vector<std::string> different_keys(const Config& one, const Config& other);

}  // namespace agent
