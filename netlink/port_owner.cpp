#include "netlink/port_owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace netlink {
namespace {

/// PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h.
constexpr std::uint32_t kLargestProcessId = 4 * 1024 * 1024;

}  // namespace

std::string process_name_of_port(std::uint32_t port) {
  if (port == 0 || port > kLargestProcessId) return "";
  std::ifstream file(fmt::format("/proc/{}/comm", port));
  std::string name;
  // A name may hold newlines; the kernel's own is the last character.
  std::getline(file, name, '\0');
  if (name.ends_with('\n')) name.pop_back();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace netlink
