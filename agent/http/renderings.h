#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/http/process_use.h"
#include "core/snapshot.h"

namespace agent {

/// The /status document (schema calico-azure-agent/v1), compact, with a final newline. Every field is always
/// there: one that does not apply is an empty string, or null for numbers and times. Times are RFC 3339 UTC
/// with milliseconds; `age_seconds` is measured on the monotonic clock, in whole seconds. Always valid UTF-8.
std::string status_json(const core::Snapshot& snapshot, net::MonoTime now);

/// A route as /status shows it, with empty strings for a gateway, device or source that it does not have; for
/// `plan --json`, which adds fields of its own.
nlohmann::ordered_json route_json(const routing::RouteStatus& status);

namespace http {

/// The snapshot in the Prometheus text format 0.0.4, clean under `promtool check metrics`. `started` is when
/// this process began to serve.
///
/// A node makes about 110 series; a check that does not apply to it makes none. The source of the IMDS
/// document and the state of routes are state sets, one series a state; a check's status is a number.
std::string metrics(const core::Snapshot& snapshot, net::WallTime started, const ProcessUse& use);

struct PageOptions {
  /// Zero: the page stays as it is, so that a remedy can be selected and copied in peace.
  std::chrono::seconds refresh{0};
  /// Why nobody answers for the node, of which somebody else has made the snapshot; empty: an agent does.
  std::string_view unanswered = {};
};

/// The snapshot as one self-contained HTML page: no script, no outside asset, light or dark as the reader's
/// system is. The verdict, what to do next with its remedies, the way of a pod's packet, what is known of it.
/// Every string from outside is escaped.
std::string page(const core::Snapshot& snapshot, net::WallTime now, net::MonoTime mono_now,
                 PageOptions options = {});

/// The Content-Security-Policy to serve it with: its own style sheet and the inline icon, and nothing else.
const std::string& page_policy();

}  // namespace http
}  // namespace agent
