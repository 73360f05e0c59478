#pragma once

#include <string>
#include <string_view>

#include "net/error.h"

namespace net {

/// The port to /proc/sys. A key is the path below it, "net/ipv4/conf/eth0/forwarding": with slashes, since
/// link names may hold dots.
class Sysctls {
 public:
  Sysctls() = default;
  Sysctls(const Sysctls&) = delete;
  Sysctls& operator=(const Sysctls&) = delete;
  virtual ~Sysctls() = default;

  /// The value without its newline; ENOENT when this kernel has no such key.
  virtual Result<std::string> read(std::string_view key) = 0;
  virtual Result<void> write(std::string_view key, std::string_view value) = 0;
};

/// sysctl(8)'s spelling of a key: dots for slashes and slashes for dots.
inline std::string sysctl_name(std::string_view key) {
  std::string name(key);
  for (char& c : name) {
    if (c == '/') {
      c = '.';
    } else if (c == '.') {
      c = '/';
    }
  }
  return name;
}

}  // namespace net
