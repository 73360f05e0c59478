#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace net {

/// A stranger's text (a name of Azure's, Kubernetes' or a file's, a server's words) made fit for a message, a
/// terminal, JSON and a command alike: one line of UTF-8, at most `limit` bytes and then "...".
///
/// - White space, line and paragraph separators included, is folded into one space and cut off at both ends.
/// - '?' stands for each control character (C0, DEL, C1: a terminal takes U+009B for ESC [), each invisible
///   format character (General_Category Cf: the bidirectional overrides U+202A to U+202E and U+2066 to
///   U+2069, zero-width characters, tags) and each ill-formed byte sequence.
/// - Everything else stays, whatever its script.
///
/// Idempotent. Where a name must be used exactly, compare it with its foreign_text() and refuse it when they
/// differ.
std::string foreign_text(std::string_view text, std::size_t limit = 200);

}  // namespace net
