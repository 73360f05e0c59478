#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/processes.h"
#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// systemd-networkd: networkd.conf and its drop-ins, and whether it runs in this network namespace and has
/// read them. EACCES, ENOENT: that is hidden from us.
net::Result<observed::NetworkdSettings> networkd_settings(const Processes& processes);

/// NetworkManager.conf and its conf.d, and whether it runs in this network namespace. EACCES, ENOENT: that is
/// hidden from us.
net::Result<observed::NetworkManagerSettings> network_manager_settings(const Processes& processes);

/// For each link name the .link file that systemd-udevd takes, as far as names tell: a file that matches by
/// anything but OriginalName= is passed over. Links that no file matches are left out.
net::Result<std::vector<observed::LinkFile>> link_files(const std::filesystem::path& root,
                                                        std::span<const std::string> links);

/// What the files of sysctl.d(5) set these keys to when systemd-sysctl runs at boot; keys that none of them
/// sets are left out. /run/sysctl.d is gone by then, and does not count. /etc/sysctl.conf counts where
/// 99-sysctl.conf links to it, as distributions have it: systemd-sysctl itself does not read it.
net::Result<std::vector<observed::BootSysctl>> boot_sysctls(const std::filesystem::path& root,
                                                            std::span<const std::string> keys);

/// A line of such a file: an assignment, or `-key` alone, by which patterns leave that key as it is.
struct SysctlLine {
  std::string key;  ///< as in net::Sysctls, may be a pattern: "net/ipv4/conf/*/rp_filter"
  std::optional<std::string> value;

  bool operator==(const SysctlLine&) const = default;
};
std::vector<SysctlLine> parse_sysctls(std::string_view text);

}  // namespace host
