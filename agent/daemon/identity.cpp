#include "agent/daemon/identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace agent {

std::string node_name(const Config& config) {
  if (!config.kubernetes.node_name.empty()) return config.kubernetes.node_name;
  const char* variable = std::getenv("NODE_NAME");
  if (variable != nullptr && *variable != '\0') return variable;
  std::array<char, 256> host{};
  return gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

ModeChoice choose_mode(const Config& config) {
  if (config.mode)
    return {.mode = *config.mode, .reason = fmt::format("mode = \"{}\"", mode_name(*config.mode))};
  return {.mode = Mode::udr,
          .reason = "mode = \"auto\": user-defined routes, the only mode that auto chooses so far"};
}

}  // namespace agent
