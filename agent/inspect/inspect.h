#pragma once

#include <chrono>
#include <span>
#include <string>

#include "core/effects.h"
#include "host/read_settings.h"
#include "net/link.h"
#include "observed/node_environment.h"

namespace agent {

using core::InspectionTarget;

/// Only the node's CNI files: they show the mode. Takes a millisecond, and waits for nothing.
observed::NodeEnvironment look_at_files();

/// Of this machine, and the network namespace of the thread that reads.
host::HostReader host_reader();

/// The whole node environment, read-only: files, the kernel's tables, programs and services on loopback,
/// side by side. What does not answer until `finish_by` is an Error in its place.
observed::NodeEnvironment inspect(const InspectionTarget& aim, std::span<const net::Link> links,
                                  host::HostReader& reader, std::chrono::steady_clock::time_point finish_by);

}  // namespace agent
