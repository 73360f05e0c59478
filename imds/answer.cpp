#include "imds/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"
#include "net/foreign_text.h"

namespace imds {
namespace {

using json::at;

constexpr unsigned kIpv6SubnetLength = 64;

/// A leaf, sanitized: IMDS makes every leaf a string, imitations do not.
std::string text(const json::Value& value) {
  return value.is_number() || value.is_boolean() ? value.dump() : json::text(value);
}

template <class T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

std::optional<net::Prefix> subnet(const json::Value& entry) {
  const auto address = net::Address::parse(text(at(entry, "address")));
  const auto digits = text(at(entry, "prefix"));
  const char* end = digits.data() + digits.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, length);
  if (!address || error != std::errc{} || stop != end || length == 0) return std::nullopt;
  const auto network = net::Prefix::around(*address, length);
  return network ? std::optional(*network) : std::nullopt;
}

std::optional<observed::Nic> nic(const json::Value& interface) {
  const auto mac = net::MacAddress::parse(text(at(interface, "macAddress")));
  if (!mac) return std::nullopt;
  observed::Nic nic{.mac = *mac, .addresses = {}, .subnets = {}};
  for (const char* family : {"ipv4", "ipv6"}) {
    const json::Value& block = at(interface, family);
    for (const json::Value& entry : json::entries(at(block, "ipAddress"))) {
      const auto address = net::Address::parse(text(at(entry, "privateIpAddress")));
      if (address) add_once(nic.addresses, *address);
    }
    for (const json::Value& entry : json::entries(at(block, "subnet"))) {
      if (const auto network = subnet(entry)) add_once(nic.subnets, *network);
    }
  }
  for (const auto& address : nic.addresses) {
    if (address.family() == net::Family::ipv6 && !nic.subnet_of(address)) {
      nic.subnets.push_back(*net::Prefix::around(address, kIpv6SubnetLength));
    }
  }
  return nic;
}

observed::NodeIdentity identity(const json::Value& compute) {
  return {.name = text(at(compute, "name")),
          .computer_name = text(at(at(compute, "osProfile"), "computerName")),
          .vm_id = text(at(compute, "vmId")),
          .resource_id = text(at(compute, "resourceId")),
          .location = text(at(compute, "location")),
          .vm_scale_set = text(at(compute, "vmScaleSetName")),
          .environment = text(at(compute, "azEnvironment"))};
}

/// The list of interfaces in any of the three shapes; null when the document has none.
const json::Value& interfaces(const json::Value& document) {
  if (document.is_array()) return document;
  if (const json::Value& network = at(document, "network"); network.is_object())
    return at(network, "interface");
  return at(document, "interface");
}

/// What a document without any list of interfaces lacks.
std::string missing(const json::Value& document) {
  if (!document.is_object()) return "is no object";
  if (const auto error = text(at(document, "error")); !error.empty()) {
    return "holds an error instead of metadata: " + net::foreign_text(error, 200);
  }
  if (!document.contains("network") && !document.contains("interface")) return "has no \"network\"";
  if (document.contains("network") && !document["network"].is_object()) return "has an empty \"network\"";
  return "has no list of interfaces in \"network\"";
}

tl::unexpected<net::Error> unusable(std::string_view what) {
  return net::failure(EBADMSG, fmt::format("the metadata document {}", what));
}

}  // namespace

net::Result<observed::NodeNetwork> parse(std::string_view text) {
  const auto parsed = json::parse(text, json::kStrict);
  if (!parsed) return unusable("cannot be read: " + parsed.error().what);
  const json::Value& document = *parsed;
  const json::Value& list = interfaces(document);
  if (!list.is_array()) return unusable(missing(document));
  if (list.empty()) return unusable("lists no interface");

  observed::NodeNetwork node{.identity = identity(at(document, "compute")), .nics = {}};
  for (const json::Value& entry : list) {
    if (auto one = nic(entry)) node.nics.push_back(std::move(*one));
  }
  if (node.nics.empty()) {
    return unusable(fmt::format("gives none of its {} interface(s) a MAC address", list.size()));
  }
  const auto has_address = [](const observed::Nic& each) { return !each.addresses.empty(); };
  if (std::none_of(node.nics.begin(), node.nics.end(), has_address)) {
    return unusable(fmt::format("gives none of its {} interface(s) an address", node.nics.size()));
  }
  return node;
}

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
