#pragma once

#include <filesystem>
#include <string>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// /etc/resolv.conf; where that leads to systemd-resolved's stub alone, the servers that resolved itself
/// knows. ENOENT: there is no such file; EXDEV: it is this container's.
net::Result<observed::Resolver> resolver(const std::filesystem::path& root);

/// /etc/udev/rules.d/90-cloud-init-hook-hotplug.rules, which cloud-init writes where its hotplug is switched
/// on, and removes at a boot where it is not (cc_install_hotplug.py); empty: it is not there.
std::string hotplug_rules(const std::filesystem::path& root);

}  // namespace host
