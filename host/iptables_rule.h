#pragma once

#include <string_view>

#include "net/host_settings.h"

namespace host {

/// A rule of iptables-save(8) without "-A CHAIN".
net::FilterRule parse_iptables_rule(std::string_view rule);

/// The word after -j or -g; empty: there is none.
std::string_view target_of(std::string_view rule);

}  // namespace host
