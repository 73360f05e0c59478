#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// systemd-networkd: networkd.conf and its drop-ins, and whether it runs in this network namespace and knows
/// them. EACCES, ENOENT: that is hidden from us.
net::Result<observed::NetworkdSettings> networkd_settings(const std::filesystem::path& root);

/// NetworkManager.conf and its conf.d, and whether it runs in this network namespace. EACCES, ENOENT: that is
/// hidden from us.
net::Result<observed::NetworkManagerSettings> network_manager_settings(const std::filesystem::path& root);

/// For each link name the .link file that systemd-udevd takes, as far as names tell: a file that matches by
/// anything but OriginalName= is passed over. Links that no file matches are left out.
net::Result<std::vector<observed::LinkFile>> link_files(const std::filesystem::path& root,
                                                        std::span<const std::string> links);

}  // namespace host
