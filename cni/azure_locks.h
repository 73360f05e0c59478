#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "observed/cni.h"

namespace cni {

/// Whether the text of /proc/locks shows a flock(2) on that file. One that is only waited for does not count.
bool is_flocked(std::string_view proc_locks, dev_t device, ino_t inode);

struct AzureLocks {
  std::vector<observed::AzureCniState::Lock> held;
  std::string unknown;  ///< why some could not be looked at; empty: all were
};

/// The locks of azure-vnet and azure-vnet-ipam that are held, and since when by their modification time.
/// Takes none.
AzureLocks find_azure_locks(const std::filesystem::path& state);

}  // namespace cni
