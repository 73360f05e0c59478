#pragma once

#include <chrono>
#include <string>

#include "core/snapshot.h"

namespace agent::http {

struct PageOptions {
  /// Zero: the page stays as it is, so that a remedy can be selected and copied in peace.
  std::chrono::seconds refresh{0};
};

/// The snapshot as one self-contained HTML page: no script, no outside asset, light or dark as the reader's
/// system is. What needs doing comes first, with its remedy. Every string from outside is escaped.
std::string page(const core::Snapshot& snapshot, net::WallTime now, net::MonoTime mono_now,
                 PageOptions options = {});

/// The Content-Security-Policy to serve it with: inline style and the inline icon, and nothing else.
inline constexpr const char* kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace agent::http
