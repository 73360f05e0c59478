#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/cloud/cloud_query.h"
#include "agent/config/config.h"
#include "net/error.h"

namespace agent {

/// What a service that may read root's files goes by, whoever asks it: which VM, NIC and node are asked about
/// is the daemon's to choose, and whether; every path, address, identity and interval is the configuration's.
/// Else whoever asks could have it read a secret, or send one somewhere.
CloudQuery by_own_configuration(const CloudQuery& asked, const Config& config);

/// The keys in which the daemon's values differ from the configuration, "kubernetes.kubeconfig", as far
/// as the answer would be another.
std::vector<std::string> told_otherwise(const CloudQuery& asked, const Config& config);

/// A configuration file that root alone can have written, with CALICO_AZURE_AGENT_… of the service's own
/// environment above it.
class OwnConfiguration {
 public:
  explicit OwnConfiguration(std::filesystem::path file) : file_(std::move(file)) {}

  /// Reads it anew. One that cannot be used leaves the last one in force, and the Error names what is wrong
  /// with it; a file that is not there has every default.
  net::Result<void> read();
  /// nullptr until one could be used.
  [[nodiscard]] const Config* config() const { return config_ ? &*config_ : nullptr; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::optional<Config> config_;
};

}  // namespace agent
