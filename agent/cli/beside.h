#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load_config.h"
#include "core/event.h"

namespace agent {

/// The configuration that a command uses beside a daemon, and a note about it: one sentence,
/// or none.
struct Beside {
  LoadedConfig loaded;
  std::string note;
  bool no_daemon = false;       ///< none runs here; false also where that cannot be told
  bool is_the_daemons = false;  ///< it has the values of the running one, all of them
  bool is_edited = false;       ///< the daemon's file is no longer what the daemon has read
  std::string hung = {};  ///< "the running daemon (process 7) does not answer"; empty: it does, or none runs
};

/// Whose daemon reports its configuration. Of another user's than root's, nothing may lead root's command
/// anywhere: neither a file that this user could have written, nor a path, an endpoint or an identity.
enum class DaemonOf : std::uint8_t { root, service_user };

/// A command goes by what its caller gives; without that, by what the running daemon goes by. `own` is what
/// `given` leads to.
Beside go_by(LoadedConfig own, const ConfigSources& given, const core::ConfigInForce& told, DaemonOf daemon);

/// The same, after asking the daemon; without one, `own`.
Beside beside_daemon(LoadedConfig own, const ConfigSources& given, std::chrono::milliseconds patience);

/// The note as the first line of what a command prints for people; nothing without one.
void say_note(const Beside& beside);

/// The overrides that shape what is wanted of routes, sysctls and checks, and those that lead somewhere.
struct Overrides {
  std::vector<std::string> taken;
  std::vector<std::string> left_out;
};
Overrides sort_overrides(const std::vector<std::string>& overrides);

/// "config" of a /status; nullopt where it has none.
std::optional<core::ConfigInForce> config_told(std::string_view status);

}  // namespace agent
