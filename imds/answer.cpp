#include "imds/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "imds/document.h"
#include "net/foreign_text.h"

namespace imds {
namespace {

constexpr std::size_t kQuoted = 160;

std::string about(std::string_view endpoint, std::string_view what) {
  return fmt::format("IMDS at {}: {}", net::foreign_text(endpoint, kQuoted), what);
}

/// " (the beginning of the body)", or nothing for an empty one.
std::string body_of(const http1::Response& response) {
  const auto body = net::foreign_text(response.body, kQuoted);
  return body.empty() ? "" : fmt::format(" ({})", body);
}

struct Meaning {
  int code;
  std::string sentence;
};

/// The statuses of https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service, and those
/// that only others than IMDS itself give.
Meaning meaning_of(const http1::Response& response) {
  const unsigned status = response.status;
  const auto answered = fmt::format("it answers {}{}", status, body_of(response));
  const auto to = net::foreign_text(response.location, kQuoted);
  if (status == 400) {
    return {EINVAL,
            answered +
                ": it takes neither api-version of this agent, or a proxy has altered the request; check "
                "what stands between this node and the endpoint"};
  }
  if (status == 403) {
    return {EACCES,
            answered +
                ": IMDS itself never does; it is the Guest Proxy Agent (Metadata Security Protocol) or a "
                "proxy in front: allow calico-azure-agent in the VM's IMDS access rules, or remove the "
                "proxy"};
  }
  if (status == 404)
    return {EAGAIN, answered + ": it is starting or being updated; asked again until it is there"};
  if (status == 410) return {EAGAIN, answered + ": it is being updated, which takes up to 70 s; asked again"};
  if (status == 429) {
    return {EBUSY,
            answered +
                ": this VM's processes together ask more than 5 times a second; find the one that does "
                "(ss -tnp dst 169.254.169.254); asked again more slowly"};
  }
  if (status >= 500) return {EAGAIN, answered + ": a passing failure of Azure's host; asked again"};
  if (status >= 300 && status < 400) {
    return {EOPNOTSUPP,
            fmt::format("it redirects ({}){}, which IMDS never does: something else answers on this address; "
                        "the redirect is not followed",
                        status, to.empty() ? "" : fmt::format(" to '{}'", to))};
  }
  return {EOPNOTSUPP, answered + ": something else answers on this address; check imds.endpoint"};
}

std::string in_seconds(std::chrono::milliseconds duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

std::string not_connected(const http1::Failure& failure, const Options& options) {
  auto cannot = fmt::format("cannot connect ({})", failure.detail);
  switch (failure.code.value()) {
    case ETIMEDOUT:
      return fmt::format(
          "no connection within {}: only the primary NIC's primary address reaches IMDS; check 'ip "
          "route get 169.254.169.254' and the firewall",
          in_seconds(std::min(options.connect_timeout, options.read_timeout)));
    case ENETUNREACH:
    case EHOSTUNREACH:
      return cannot + ": DHCP on the primary NIC brings the route to IMDS; check the lease and 'ip route'";
    case ECONNREFUSED:
      return cannot +
             ": nothing listens there; check imds.endpoint, and firewall or DNAT rules for this address";
    case EACCES:
    case EPERM:
      return cannot + ": a firewall, a 'prohibit' route or the unit's IPAddressDeny= forbids it";
    default:
      return cannot;
  }
}

std::string not_answered(const http1::Failure& failure, const Options& options) {
  switch (failure.code.value()) {
    case ETIMEDOUT:
      return fmt::format(
          "connected, but no complete answer within {}: it is overloaded, or something else accepts "
          "connections on this address; asked again",
          in_seconds(options.read_timeout));
    case EMSGSIZE:
      return fmt::format(
          "the answer is too large ({}): something else answers on this address; check "
          "imds.endpoint",
          failure.detail);
    case EPROTO:
      return fmt::format(
          "what answers does not speak HTTP ({}): something else answers on this address; check "
          "imds.endpoint",
          failure.detail);
    default:
      return fmt::format(
          "the connection broke ({}): it is restarting, or what stands in front of it is; asked again",
          failure.detail);
  }
}

}  // namespace

net::Result<observed::NodeNetwork> judge(const http1::Response& response, std::string_view endpoint) {
  if (response.status != 200) {
    const auto meaning = meaning_of(response);
    return net::failure(meaning.code, about(endpoint, meaning.sentence));
  }
  const auto begin = response.body.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos || response.body[begin] != '{') {
    return net::failure(EBADMSG,
                        about(endpoint, fmt::format("something else answers on this address: 200 without "
                                                    "a metadata document{}; check imds.endpoint",
                                                    body_of(response))));
  }
  auto network = parse(response.body);
  if (!network) {
    return net::failure(EBADMSG,
                        about(endpoint, network.error().what + "; taken as no answer and asked again"));
  }
  return network;
}

net::Error explain(const http1::Failure& failure, const Options& options) {
  const auto what = failure.stage == http1::Failure::Stage::connecting ? not_connected(failure, options)
                                                                       : not_answered(failure, options);
  return {failure.code, about(options.endpoint, what)};
}

Outcome outcome_of(const net::Error& error) {
  switch (error.code.value()) {
    case EBUSY:
      return Outcome::throttled;
    case EACCES:
    case EINVAL:
    case EOPNOTSUPP:
      return Outcome::refused;
    default:
      return Outcome::failed;
  }
}

}  // namespace imds
