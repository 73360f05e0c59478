#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/message.h"

namespace simulator {

/// Services that faults can be injected into.
enum class Service : std::uint8_t { imds, cloud };

/// One way in which a service misbehaves, for some requests or some time.
struct Fault {
  enum class Kind : std::uint8_t {
    // instead of the true response
    status,         ///< answers `code`: in the words of the service, or with `text`
    body,           ///< 200 with `text`, whatever it is
    not_json,       ///< 200 with a web page: something else answers on this address
    expired_token,  ///< 401, although the token is good
    proxy_403,      ///< 403 with a web page: a proxy in front
    redirect,       ///< 302 to `text`
    huge_body,      ///< 200 with a JSON document of more than 1 MiB
    huge_header,    ///< 200 with more than 16 KiB of header
    not_http,       ///< a greeting of SMTP
    silence,        ///< accepts the request and never answers
    reset,          ///< RST
    // on the way of the true response
    slow,            ///< the first byte comes after `delay`
    drip,            ///< `delay` after every byte; of a watch, after every event
    truncate,        ///< half of the body, or of a watch's first event, then the connection closes
    content_length,  ///< Content-Length is wrong by `amount`
    // in IMDS's document
    no_network,    ///< without the key
    no_addresses,  ///< every ipAddress is []
    reorder_nics,  ///< in reverse order
    ipv6_subnet,   ///< with an ipv6.subnet, which the real one never sends
    mac_colons,    ///< 00:0D:3A:..
    mac_lower_case,
    stale,  ///< the document that the last change replaced
    // in the tokens that IMDS issues
    identity_not_found,  ///< 400, as while a new assignment spreads
    token_numbers,       ///< times as JSON numbers
    token_lifetime,      ///< expires in `amount` seconds, negative: has expired
  };

  Kind kind = Kind::status;
  unsigned code = 503;
  std::string text = {};
  /// Added to the response of `status`; with 429 they replace the Retry-After that it has otherwise.
  Headers headers = {};
  std::chrono::milliseconds delay{0};
  long amount = 0;
  /// Only requests whose path begins with these segments, in any case, as ARM's ids are equal; "" = all.
  std::string path = {};
  /// So many requests; without it, every one.
  std::optional<unsigned> count = {};
  /// So long, from when it was set; without it, until it is cleared.
  std::optional<std::chrono::milliseconds> duration = {};

  bool operator==(const Fault&) const = default;
};

struct FaultKind {
  Fault::Kind kind;
  std::string_view name;                ///< in the control endpoint's JSON
  std::string_view description;         ///< with the members that it reads
  std::optional<Service> only_of = {};  ///< nullopt: both services have it
};

/// Those that the service has, in the order of the enumeration.
std::vector<FaultKind> fault_kinds(Service service);

std::string_view fault_name(Fault::Kind kind);

/// {"kind":"status","code":429,"headers":{"retry-after-ms":"1500"},"path":"/subscriptions","count":2}, or an
/// array of such. Members: kind, code, text, headers, delay_ms, amount, path, count, seconds. EINVAL, naming
/// the culprit, for anything else and for kinds that the service does not have.
net::Result<std::vector<Fault>> parse_faults(std::string_view json, Service service);

/// The same way back; what has its default value is left out.
nlohmann::ordered_json to_json(const Fault& fault);

/// The faults injected into a service. Not for several threads.
class FaultInjector {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Replaces all.
  void set(std::vector<Fault> faults, Time now);
  /// Those still in force, with what is left of their counts.
  [[nodiscard]] std::vector<Fault> in_force(Time now) const;
  /// The first one in force whose path fits the request's, which counts against its count.
  std::optional<Fault> take(const Target& target, Time now);

 private:
  struct Injected {
    Fault fault;
    Time set;

    [[nodiscard]] bool is_over(Time now) const;
  };

  std::vector<Injected> faults_;
};

/// What the fault answers whatever service it is ordered of; nullopt for faults that need the service's words
/// or let the truth be answered.
std::optional<Response> canned_response(const Fault& fault);

/// How the fault lets the bytes come.
Delivery delivery_of(const Fault& fault);

}  // namespace simulator
