#include "host/health.h"

#include <fmt/format.h>

#include <cerrno>

#include "http1/exchange.h"

namespace host {
namespace {

using Clock = std::chrono::steady_clock;
using Stage = http1::Failure::Stage;

/// The answer's status, or why there is none; 0 where a connection was all that was wanted.
net::Result<int> ask(const net::Address& address, std::uint16_t port, const std::string& path,
                     Clock::time_point finish_by, http1::Extent extent) {
  const auto host = address.family() == net::Family::ipv6 ? fmt::format("[{}]:{}", address.text(), port)
                                                          : fmt::format("{}:{}", address.text(), port);
  const auto answer = http1::Exchange().get({.peer = {.address = address, .port = port, .unix_path = {}},
                                             .target = path,
                                             .host = host,
                                             .headers = {{"User-Agent", "calico-azure-agent"}},
                                             .connect_by = finish_by,
                                             .finish_by = finish_by,
                                             .extent = extent});
  if (answer) return static_cast<int>(answer->status);
  const auto& failure = answer.error();
  if (failure.stage == Stage::connecting) {
    return net::failure(failure.code.value(),
                        fmt::format("{} port {}: {}", address.text(), port, failure.detail));
  }
  const bool is_no_http = failure.closed || failure.code.value() == EPROTO;
  return net::failure(
      is_no_http ? EPROTO : failure.code.value(),
      fmt::format("http://{}{}: {}", host, path, is_no_http ? "the answer is no HTTP" : failure.detail));
}

}  // namespace

net::Result<void> connects(const net::Address& address, std::uint16_t port, Clock::time_point finish_by) {
  const auto made = ask(address, port, "", finish_by, http1::Extent::connection);
  if (!made) return net::pass_on(made);
  return {};
}

net::Result<int> http_status(const net::Address& address, std::uint16_t port, const std::string& path,
                             Clock::time_point finish_by) {
  return ask(address, port, path, finish_by, http1::Extent::header);
}

}  // namespace host
