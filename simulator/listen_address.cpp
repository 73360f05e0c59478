#include "simulator/listen_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace simulator {

net::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto address = net::Address::parse(text.substr(0, colon));
  const auto digits = text.substr(std::min(colon + 1, text.size()));
  ListenAddress parsed;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
  if (!address || address->family() != net::Family::ipv4 || error != std::errc{} ||
      end != digits.data() + digits.size()) {
    return net::failure(EINVAL, fmt::format("'{}' is not IPV4-ADDRESS:PORT, such as 127.0.0.1:8080", text));
  }
  parsed.address = *address;
  return parsed;
}

}  // namespace simulator
