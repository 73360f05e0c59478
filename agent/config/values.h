#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/raw_value.h"

namespace agent {

/// What was wrong with one value.
struct ParseResult {
  std::vector<ConfigIssue> issues;
  /// Of each element that was accepted, in order: for checks across keys.
  std::vector<SourceLocation> elements;
};

/// How the value of a key is read and written. Issues are sentences for the end of "nic.select: ".
template <class T>
struct Codec {
  Shape shape;
  /// Sets the target unless the value is refused; of a list, to the elements that are not.
  std::function<ParseResult(const RawValue&, T&)> read;
  std::function<RawValue::Value(const T&)> write;
};

/// Whole numbers with the units h, m, s and ms, each at most once and the larger first: "90s", "1h30m",
/// "500ms". EINVAL for anything else (a bare number, a fraction, a sign, a blank) and for more than 100
/// years.
net::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() takes for the same duration, never negative: "1m30s", "0s".
std::string duration_text(std::chrono::milliseconds duration);

/// A duration within the limits, themselves included.
Codec<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most);

/// An integer within the limits, themselves included, for which `refusal` gives no reason.
template <class T>
Codec<T> integer(std::int64_t least, std::int64_t most,
                 std::optional<std::string> (*refusal)(std::int64_t) = nullptr);

/// TOML's own true and false.
Codec<bool> boolean();

/// "http://HOST[:PORT]" without the slash that may end it; the host is an IPv4 address, an IPv6 address in
/// brackets or a name.
Codec<std::string> endpoint();

/// "primary", "mac:00:0d:3a:f8:06:ec", "name:eth1", "subnet:10.1.0.0/24".
Codec<node::NicSelector> nic_selector();

Codec<net::ListenAddress> listen_address();

/// Of a TCP socket that others can find: with a port; "" is none.
Codec<std::optional<net::ListenAddress>> metrics_address();

/// Anything without control characters.
Codec<std::string> plain();

/// Each is a network; whether they overlap is for cross_checks().
Codec<net::SharedList<net::Prefix>> cidrs();

/// Whether an id is known is for cross_checks(): only load_config() knows which are.
Codec<std::vector<std::string>> check_ids();

Codec<std::optional<node::Mode>> modes();
Codec<node::NodeCidrSource> node_cidr_sources();
Codec<node::LocalSink> local_sinks();
/// True for "enforce".
Codec<bool> sysctl_actions();
Codec<AzureVerify> azure_verifications();
Codec<core::LogLevel> log_levels();
Codec<LogFormat> log_formats();

}  // namespace agent
