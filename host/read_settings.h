#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/checksum_errors.h"
#include "host/packet_filters.h"
#include "host/processes.h"
#include "observed/host_settings.h"

namespace host {

struct HostQuery {
  std::string nic;                      ///< the link of pod traffic; empty while it is not known
  bool azure_cni = false;               ///< ask its services too
  bool is_root = false;                 ///< we are: what answers root alone is asked too
  bool ipv6 = false;                    ///< pods use it: its packet filters matter too
  std::vector<std::string> links = {};  ///< whose MACAddressPolicy= matters
  std::filesystem::path root = "/";     ///< of all files; tests have one of their own
};

/// Reads them, and keeps from one look to the next what need not be asked again. Not thread-safe.
class HostReader {
 public:
  HostReader(RulesetGeneration generation, NftBaseChains base_chains)
      : packet_filters_(std::move(generation), std::move(base_chains)) {}

  /// All of it, side by side: what waits (programs, services) costs the others nothing, and is given up at
  /// `finish_by`.
  observed::HostSettings read(const HostQuery& query, std::chrono::steady_clock::time_point finish_by);

  /// The rules of nftables are others than those that were last read.
  [[nodiscard]] bool rules_have_changed() const { return packet_filters_.is_outdated(); }

 private:
  PacketFilterReader packet_filters_;
  ChecksumErrorReader checksum_errors_;
  ProcessNames process_names_;
};

/// Makes every text of a file, a program or an environment fit for a message, a terminal and a command: this
/// is where all of them enter.
void sanitize(observed::HostSettings& settings);

}  // namespace host
