#include "simulator/wire.h"

#include "net/ascii_case.h"

namespace simulator {

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (net::same_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

}  // namespace simulator
