#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace agent {

struct StatusTextOptions {
  bool all = false;   ///< each route and each check in a line of its own
  bool utf8 = false;  ///< arrows and marks; else of ASCII
};

/// The /status document for people, in the page's order: verdict, what needs a look, the path, the node, the
/// rest. The daemon is not root's, and anybody names links: nothing in it steers a terminal.
std::string status_text(const nlohmann::json& status, const StatusTextOptions& options);

/// The way of a pod's packet in one line: "pod → cbr0 → 10.244.0.0/16 via 10.240.0.1 → eth0 ✗ → …". The other
/// node is one word. Empty: an older daemon tells none.
std::string path_line(const nlohmann::json& path, bool utf8);

/// All that is told but ages, times of answers and counters: where two are the same, nothing has changed that
/// is worth drawing.
std::string what_lasts(nlohmann::json status);

}  // namespace agent
