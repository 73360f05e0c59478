#pragma once

#include <string>

namespace agent {

/// "0.1.0"
std::string version();
/// Version, commit, compiler and library versions, a line each.
std::string version_details();

}  // namespace agent
