#include "simulator/fault.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace simulator {
namespace {

using Kind = Fault::Kind;

constexpr auto kPage = "text/html; charset=utf-8";
constexpr std::size_t kHugeBody = (std::size_t{1} << 20) + 1;
constexpr std::size_t kHugeHeader = std::size_t{17} << 10;

constexpr auto kKinds = std::to_array<FaultKind>({
    {Kind::status, "status", "answers `code`, with `text` as its body and `headers` if there are any"},
    {Kind::body, "body", "200 with `text`, whatever it is"},
    {Kind::not_json, "not_json", "200 with a web page"},
    {Kind::expired_token, "expired_token", "401, although the token is good", Service::cloud},
    {Kind::proxy_403, "proxy_403", "403 with a web page"},
    {Kind::redirect, "redirect", "302 to `text`"},
    {Kind::huge_body, "huge_body", "200 with a JSON document of more than 1 MiB"},
    {Kind::huge_header, "huge_header", "200 with more than 16 KiB of header"},
    {Kind::not_http, "not_http", "bytes that are not HTTP"},
    {Kind::silence, "silence", "accepts the request and never answers"},
    {Kind::reset, "reset", "a TCP reset instead of an answer"},
    {Kind::slow, "slow", "the first byte after `delay_ms`"},
    {Kind::drip, "drip", "`delay_ms` after every byte; of a watch, after every event"},
    {Kind::truncate, "truncate", "half of the body, or of a watch's first event, then the connection closes"},
    {Kind::content_length, "content_length", "Content-Length wrong by `amount` bytes"},
    {Kind::no_network, "no_network", "the document has no network", Service::imds},
    {Kind::no_addresses, "no_addresses", "every ipAddress is empty", Service::imds},
    {Kind::reorder_nics, "reorder_nics", "the interfaces in reverse order", Service::imds},
    {Kind::ipv6_subnet, "ipv6_subnet", "with ipv6.subnet, which real IMDS never sends", Service::imds},
    {Kind::mac_colons, "mac_colons", "MAC addresses with colons", Service::imds},
    {Kind::mac_lower_case, "mac_lower_case", "MAC addresses in lower case", Service::imds},
    {Kind::stale, "stale", "the document that the last change replaced", Service::imds},
    {Kind::identity_not_found, "identity_not_found", "tokens: 400 Identity not found", Service::imds},
    {Kind::token_numbers, "token_numbers", "tokens: times as JSON numbers", Service::imds},
    {Kind::token_lifetime, "token_lifetime", "tokens: expire in `amount` seconds, negative: have expired",
     Service::imds},
});

}  // namespace

std::vector<FaultKind> fault_kinds(Service service) {
  std::vector<FaultKind> kinds;
  std::copy_if(kKinds.begin(), kKinds.end(), std::back_inserter(kinds),
               [service](const FaultKind& each) { return each.only_of.value_or(service) == service; });
  return kinds;
}

std::string_view fault_name(Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)).name; }

bool FaultInjector::Injected::is_over(Time now) const {
  return (fault.count && *fault.count == 0) || (fault.duration && now - set >= *fault.duration);
}

void FaultInjector::set(std::vector<Fault> faults, Time now) {
  faults_.clear();
  for (auto& fault : faults) faults_.push_back({.fault = std::move(fault), .set = now});
}

std::vector<Fault> FaultInjector::in_force(Time now) const {
  std::vector<Fault> faults;
  for (const auto& each : faults_) {
    if (!each.is_over(now)) faults.push_back(each.fault);
  }
  return faults;
}

std::optional<Fault> FaultInjector::take(const Target& target, Time now) {
  for (auto& each : faults_) {
    if (each.is_over(now) || !target.is_below_in_any_case(Target::parse(each.fault.path).path)) continue;
    if (each.fault.count) --*each.fault.count;
    return each.fault;
  }
  return std::nullopt;
}

std::optional<Response> canned_response(const Fault& fault) {
  switch (fault.kind) {
    case Kind::body:
      return Response{.body = fault.text};
    case Kind::not_json:
      return Response{.body = "<!DOCTYPE html><title>Welcome</title><p>Please sign in to the network.</p>",
                      .content_type = kPage};
    case Kind::proxy_403:
      return Response{.status = 403,
                      .body =
                          "<html><head><title>403 Forbidden</title></head><body>destination unreachable"
                          "</body></html>",
                      .content_type = kPage};
    case Kind::redirect:
      return Response{.status = 302, .body = "", .content_type = kPage, .extra = {{"Location", fault.text}}};
    case Kind::huge_body:
      // Well-formed, so that only its size can be what is wrong with it.
      return Response{.body = R"({"compute":{"userData":")" + std::string(kHugeBody, 'A') + R"("}})"};
    case Kind::huge_header:
      return Response{.body = "{}", .extra = {{"x-padding", std::string(kHugeHeader, 'A')}}};
    default:
      return std::nullopt;
  }
}

Delivery delivery_of(const Fault& fault) {
  Delivery how;
  how.silent = fault.kind == Kind::silence;
  how.reset = fault.kind == Kind::reset;
  how.truncated = fault.kind == Kind::truncate;
  if (fault.kind == Kind::not_http) how.instead = "220 mail.example.com ESMTP ready\r\n";
  if (fault.kind == Kind::slow) how.first_byte = fault.delay;
  if (fault.kind == Kind::drip) how.per_byte = fault.delay;
  if (fault.kind == Kind::content_length) how.content_length_error = fault.amount;
  return how;
}

}  // namespace simulator
