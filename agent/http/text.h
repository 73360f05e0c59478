#pragma once

#include <string>
#include <string_view>

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

}  // namespace agent::http
