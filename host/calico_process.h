#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "net/error.h"

namespace host {

/// The environment of the Felix that runs in this network namespace, as far as it says how pods are
/// networked. ESRCH: none runs; EACCES: it is not ours to read, or to see.
net::Result<std::map<std::string, std::string>> calico_environment(const std::filesystem::path& root);

/// Out of /proc/PID/environ: what concerns networking, its names in capitals, and never a secret.
std::map<std::string, std::string> parse_environment(std::string_view text);

/// The namespace of calico-node's pod on this node: in the names of its logs, which kubelet links as
/// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. Empty: there is none, or they are not to be read.
std::string calico_namespace(const std::filesystem::path& root);

/// Whether a BIRD runs in this network namespace. EACCES: other processes are not shown to us.
net::Result<bool> bird_runs(const std::filesystem::path& root);

}  // namespace host
