#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load_config.h"
#include "core/config_in_force.h"

namespace agent {

/// What /status tells of the configuration that was loaded from there.
core::ConfigInForce in_force(const ConfigSources& sources, const Config& config);

/// True for a key that shapes what is wanted of routes, sysctls and checks. Whatever else there is, or will
/// be, leads somewhere: to a path, an endpoint, an identity.
bool leads_nowhere(std::string_view path);

/// The same sources as others give them: `file`, and the overrides as --set has them.
ConfigSources sources_of(const core::ConfigInForce& told);

/// The keys whose values differ, "routes.metric", in the order of the table. http.listen does not count: it
/// says where a daemon listens, and no more.
std::vector<std::string> different_keys(const Config& one, const Config& other);

}  // namespace agent
