#pragma once

#include <string_view>

#include "observed/host_settings.h"

namespace host {

/// A rule of iptables-save(8) without "-A CHAIN".
observed::FilterRule parse_iptables_rule(std::string_view rule);

/// The word after -j or -g; empty: there is none.
std::string_view target_of(std::string_view rule);

/// Pods' connections are of these; a rule about another protocol is about few of their packets.
bool is_followed_protocol(std::string_view name);

}  // namespace host
