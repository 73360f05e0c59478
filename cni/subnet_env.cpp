#include "cni/subnet_env.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>

namespace cni {
namespace {

using Variables = std::map<std::string_view, std::string_view>;

/// The text up to the separator, which is taken off together with it.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

Variables variables_in(std::string_view text) {
  Variables variables;
  while (!text.empty()) {
    auto line = take(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('=') == std::string_view::npos) continue;
    const auto key = take(line, '=');
    variables[key] = line;
  }
  return variables;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// FLANNEL_SUBNET is the first usable address of the subnet: 10.244.3.1/24.
std::optional<net::Prefix> network_of(std::string_view text) {
  const auto address = net::Address::parse(take(text, '/'));
  const auto length = number_of<unsigned>(text);
  if (!address || !length) return std::nullopt;
  const auto network = net::Prefix::around(*address, *length);
  return network ? std::optional(*network) : std::nullopt;
}

tl::unexpected<net::Error> useless(std::string_view key, std::string_view why) {
  return net::failure(EBADMSG, fmt::format("has {} {}", key, why));
}

tl::unexpected<net::Error> missing(std::string_view key) {
  return net::failure(EBADMSG, fmt::format("has no {}: half written?", key));
}

/// With several cluster networks flannel writes them with commas between.
net::Result<void> add_networks(const Variables& variables, std::string_view key,
                               std::vector<net::Prefix>& into) {
  const auto found = variables.find(key);
  if (found == variables.end()) return missing(key);
  auto rest = found->second;
  do {
    const auto network = network_of(take(rest, ','));
    if (!network) return useless(key, "that is no ADDRESS/LENGTH");
    into.push_back(*network);
  } while (!rest.empty());
  return {};
}

}  // namespace

net::Result<observed::FlannelLease> parse_subnet_env(std::string_view text) {
  const auto variables = variables_in(text);
  observed::FlannelLease lease;
  const bool has_ipv6 =
      variables.contains("FLANNEL_IPV6_NETWORK") || variables.contains("FLANNEL_IPV6_SUBNET");
  const bool has_ipv4 = variables.contains("FLANNEL_NETWORK") || variables.contains("FLANNEL_SUBNET");
  if (has_ipv4 || !has_ipv6) {
    if (auto added = add_networks(variables, "FLANNEL_NETWORK", lease.networks); !added)
      return net::pass_on(added);
    if (auto added = add_networks(variables, "FLANNEL_SUBNET", lease.subnets); !added)
      return net::pass_on(added);
  }
  if (has_ipv6) {
    if (auto added = add_networks(variables, "FLANNEL_IPV6_NETWORK", lease.networks); !added)
      return net::pass_on(added);
    if (auto added = add_networks(variables, "FLANNEL_IPV6_SUBNET", lease.subnets); !added)
      return net::pass_on(added);
  }
  const auto mtu = variables.find("FLANNEL_MTU");
  if (mtu == variables.end()) return missing("FLANNEL_MTU");
  const auto bytes = number_of<std::uint32_t>(mtu->second);
  if (!bytes) return useless("FLANNEL_MTU", "that is no number");
  lease.mtu = *bytes;
  const auto masquerade = variables.find("FLANNEL_IPMASQ");
  if (masquerade == variables.end()) return missing("FLANNEL_IPMASQ");
  if (masquerade->second != "true" && masquerade->second != "false") {
    return useless("FLANNEL_IPMASQ", "that is neither true nor false");
  }
  lease.masquerades = masquerade->second == "true";
  return lease;
}

}  // namespace cni
