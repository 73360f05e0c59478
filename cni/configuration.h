#pragma once

#include <string_view>

#include "observed/cni.h"

namespace cni {

/// What a file of network configurations holds: one plug-in (*.conf, *.json) or a list of them (*.conflist).
enum class Shape { plugin, list };

/// The configuration as a runtime reads it. What none can use has its `problem`, a predicate of the file
/// ("has no \"type\" in plug-in 2"), and no plug-ins. The path is the caller's to fill in.
///
/// No text of the file reaches the value but names: the network's, the plug-ins', a subnet, a mode, a link, a
/// meta plug-in's delegate. Each is its own net::foreign_text().
observed::CniFile parse_configuration(std::string_view text, Shape shape);

}  // namespace cni
