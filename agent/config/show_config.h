#pragma once

#include <string>

#include "agent/config/load_config.h"

namespace agent {

/// The effective values as a TOML file, each with a comment that says where it came from. Loading the text
/// gives an equal Config.
std::string show_config(const LoadedConfig& loaded);

/// packaging/config.toml: every key with its meaning and, commented out, its default.
std::string default_config_text();

}  // namespace agent
