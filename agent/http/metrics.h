#pragma once

#include <string>

#include "core/snapshot.h"

namespace agent::http {

/// The snapshot in the Prometheus text format 0.0.4, clean under `promtool check metrics`.
/// `started` is when this process began to serve.
///
/// Things that are one of several (a check's status, the source of the IMDS document) are state sets: one
/// series per state, 1 for the one that holds, so that no series comes and goes with a change.
std::string metrics(const core::Snapshot& snapshot, net::WallTime started);

}  // namespace agent::http
