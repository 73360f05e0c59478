#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net/sysctls.h"

namespace agent::testing {

/// /proc/sys as a map; a key that is not there is ENOENT.
class FakeSysctls final : public net::Sysctls {
 public:
  std::map<std::string, std::string, std::less<>> values;
  std::vector<std::pair<std::string, std::string>> writes;
  bool read_only = false;

  net::Result<std::string> read(std::string_view key) override {
    const auto found = values.find(key);
    if (found == values.end()) return net::failure(ENOENT, "no " + std::string(key));
    return found->second;
  }
  net::Result<void> write(std::string_view key, std::string_view value) override {
    if (read_only) return net::failure(EROFS, "read-only: " + std::string(key));
    writes.emplace_back(key, value);
    values[std::string(key)] = std::string(value);
    return {};
  }
};

}  // namespace agent::testing
