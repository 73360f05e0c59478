// Whatever IMDS, or what answers in its place, sends: parse() refuses it or keeps its promises.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "imds/answer.h"

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto node = imds::parse(text);
  if (!node) {
    if (node.error().what.empty() || !node.error().code) std::abort();
    return 0;
  }
  std::size_t addresses = 0;
  for (const auto& nic : node->nics) {
    addresses += nic.addresses.size();
    for (const auto& subnet : nic.subnets) {
      if (subnet.length() == 0) std::abort();
    }
    for (const auto& address : nic.addresses) {
      if (address.family() == net::Family::ipv6 && !nic.subnet_of(address)) std::abort();
    }
  }
  if (node->nics.empty() || addresses == 0) std::abort();
  if (*node != *imds::parse(text)) std::abort();
  return 0;
}
