#include "netlink/doer.h"

#include <fmt/format.h>

#include <fstream>

namespace netlink {

std::string doer_name(std::uint32_t port) {
  std::ifstream file(fmt::format("/proc/{}/comm", port));
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace netlink
