#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "net/error.h"

namespace host {

/// The environment of the calico-felix or calico-node that runs in this network namespace, as far as it says
/// how pods are networked. ESRCH: none runs; EACCES: it is not ours to read.
net::Result<std::map<std::string, std::string>> calico_environment(const std::filesystem::path& root);

/// Out of /proc/PID/environ: what concerns networking, and never a secret.
std::map<std::string, std::string> parse_environment(std::string_view text);

}  // namespace host
