#include "cni/host_local.h"

#include <algorithm>

namespace cni {

std::vector<net::Address> reserved_addresses(std::span<const std::string> names) {
  std::vector<net::Address> addresses;
  for (const auto& name : names) {
    if (const auto address = net::Address::parse(name)) addresses.push_back(*address);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

}  // namespace cni
