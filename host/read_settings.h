#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "host/packet_filters.h"
#include "observed/host_settings.h"

namespace host {

struct HostQuery {
  std::string nic;                      ///< the link of pod traffic; empty while it is not known
  bool azure_cni = false;               ///< ask its services too
  bool is_root = false;                 ///< we are: what answers root alone is asked too
  std::vector<std::string> links = {};  ///< whose MACAddressPolicy= matters
  std::filesystem::path root = "/";     ///< of all files; tests have one of their own
};

/// All of it, side by side: what waits (programs, services) costs the others nothing, and is given up at
/// `finish_by`.
observed::HostSettings read_host_settings(const HostQuery& query, PacketFilterReader& packet_filters,
                                          std::chrono::steady_clock::time_point finish_by);

/// Makes every text of a file, a program or an environment fit for a message, a terminal and a command: this
/// is where all of them enter.
void sanitize(observed::HostSettings& settings);

}  // namespace host
