#include "simulator/source_rule.h"

#include <fmt/format.h>
// A classic BPF program on the listening socket sees each SYN before the handshake; needs no privilege.
#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

namespace simulator {
namespace {

constexpr std::size_t kMostSources = 64;
constexpr std::uint32_t kSourceField = 12;  // offset in the IPv4 header
constexpr std::uint32_t kWholePacket = 0xffffffff;

sock_filter statement(unsigned code, std::uint32_t operand) {
  return {static_cast<std::uint16_t>(code), 0, 0, operand};
}

/// The program: accept when the source is one of the addresses, else drop.
std::vector<sock_filter> program(std::span<const net::Address> sources) {
  const auto network_header = static_cast<std::uint32_t>(SKF_NET_OFF);
  std::vector<sock_filter> steps = {statement(BPF_LD | BPF_W | BPF_ABS, network_header + kSourceField)};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto bytes = sources[i].bytes();
    const std::uint32_t value = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                                std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
    auto step = statement(BPF_JMP | BPF_JEQ | BPF_K, value);
    step.jt = static_cast<std::uint8_t>(sources.size() - i);  // over the rest and the drop
    steps.push_back(step);
  }
  steps.push_back(statement(BPF_RET | BPF_K, 0));
  steps.push_back(statement(BPF_RET | BPF_K, kWholePacket));
  return steps;
}

net::Result<void> outcome(int returned) {
  if (returned == 0) return {};
  const int error = errno;
  return net::failure(error, fmt::format("cannot set the rule for source addresses: {}",
                                         std::system_category().message(error)));
}

}  // namespace

net::Result<void> accept_only_from(int listening_socket, std::span<const net::Address> sources) {
  if (sources.empty()) {
    const int ignored = 0;
    const int detached =
        ::setsockopt(listening_socket, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
    return detached != 0 && errno == ENOENT ? net::Result<void>() : outcome(detached);
  }
  if (sources.size() > kMostSources) {
    return net::failure(EINVAL,
                        fmt::format("at most {} source addresses, not {}", kMostSources, sources.size()));
  }
  for (const auto& source : sources) {
    if (source.family() != net::Family::ipv4) {
      return net::failure(EINVAL,
                          fmt::format("source {} is not IPv4, the only family of IMDS", source.text()));
    }
  }
  auto steps = program(sources);
  const sock_fprog filter{static_cast<unsigned short>(steps.size()), steps.data()};
  return outcome(::setsockopt(listening_socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

}  // namespace simulator
