#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/config/codecs.h"
#include "agent/config/config.h"

namespace agent {

/// The codec of each kind of value: what a key of the table is made of.

/// A duration within the limits, themselves included.
TextCodec<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                              std::chrono::milliseconds most);

/// "http://HOST[:PORT]" without the slash that may end it; the host is an IPv4 address, an IPv6 address in
/// brackets or a name.
TextCodec<std::string> endpoint();

/// "primary", "mac:00:0d:3a:f8:06:ec", "name:eth1", "subnet:10.1.0.0/24".
TextCodec<node::NicSelector> nic_selector();

TextCodec<Listen> listen_address();

/// Anything without control characters.
TextCodec<std::string> plain();

/// Each is a network; whether they overlap is for cross_checks().
ListCodec<net::Prefix> cidrs();

/// Whether an id is known is for cross_checks(): only load_config() is told which are.
ListCodec<std::string> check_id_list();

TextCodec<std::optional<node::Mode>> modes();
TextCodec<node::NodeCidrSource> node_cidr_sources();
TextCodec<node::LocalSink> local_sinks();
/// True for "enforce".
TextCodec<bool> sysctl_actions();
TextCodec<AzureVerify> azure_verifications();
TextCodec<LogLevel> log_levels();
TextCodec<LogFormat> log_formats();

}  // namespace agent
