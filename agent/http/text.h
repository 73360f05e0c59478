#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "checks/check.h"

namespace agent::http {

// How strings from outside (Azure, the kernel, the configuration) are made fit for each format. The formats
// promise UTF-8, the strings do not: every ill-formed sequence becomes U+FFFD, one per maximal subpart, as
// the Unicode Standard (section 3.9, "U+FFFD Substitution of Maximal Subparts") recommends.

/// Well-formed UTF-8.
std::string valid_utf8(std::string_view text);

/// For HTML text and double-quoted attributes: one line, with & < > " ' as references.
std::string html_escaped(std::string_view text);

/// For a label value of the Prometheus text format: backslash, quote and newline escaped.
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information)
std::string label_escaped(std::string_view text);

/// For a JSON string: quote, backslash and control characters escaped (RFC 8259, section 7).
std::string json_escaped(std::string_view text);

/// Characters (code points) of a text, each ill-formed sequence as one.
std::size_t characters_of(std::string_view text);

/// At most so many characters; what is cut ends in an ellipsis.
std::string shortened(std::string_view text, std::size_t most);

/// For people, to the second: "2026-08-01 09:30:00 UTC".
std::string utc_text(net::WallTime time);

/// The Date header's form (RFC 9110, section 5.6.7): "Sat, 01 Aug 2026 09:30:00 GMT".
std::string http_date(net::WallTime time);

/// Seconds since the epoch with milliseconds, as Prometheus wants times: "1785576600.123".
std::string unix_seconds(net::WallTime time);

/// A duration in its one or two largest units: "45 s", "12 min", "3 h 20 min", "2 d 4 h". Negative is "0 s".
/// 0.
std::string duration_text(std::chrono::seconds duration);

}  // namespace agent::http
