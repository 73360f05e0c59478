#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "net/error.h"
#include "net/names.h"

namespace observed {

/// Who was asked over the network.
enum class Service : std::uint8_t { imds, arm, kubernetes };

inline constexpr auto kServiceNames = std::to_array<net::Named<Service>>(
    {{Service::imds, "imds"}, {Service::arm, "arm"}, {Service::kubernetes, "kubernetes"}});

/// What came of it.
enum class RequestOutcome : std::uint8_t {
  ok,
  throttled,  ///< 429
  refused,    ///< another 4xx: no permission, not there
  failed,     ///< 5xx, or a service that starts
  unusable,   ///< an answer that is not what was asked for
  no_answer,  ///< no connection, or out of time
};

inline constexpr auto kRequestOutcomeNames =
    std::to_array<net::Named<RequestOutcome>>({{RequestOutcome::ok, "ok"},
                                               {RequestOutcome::throttled, "throttled"},
                                               {RequestOutcome::refused, "refused"},
                                               {RequestOutcome::failed, "failed"},
                                               {RequestOutcome::unusable, "unusable"},
                                               {RequestOutcome::no_answer, "no_answer"}});

/// One request, for metrics.
struct Request {
  Service to = Service::imds;
  RequestOutcome outcome = RequestOutcome::ok;
  std::chrono::milliseconds took{0};

  bool operator==(const Request&) const = default;
};

/// By an error's code, as imds::fetch_once() and kubernetes::get_node() give them.
inline RequestOutcome outcome_of(const net::Error& error) {
  switch (error.code.value()) {
    case EBUSY:
      return RequestOutcome::throttled;
    case EACCES:
    case EINVAL:
    case ENOENT:
    case EOPNOTSUPP:
      return RequestOutcome::refused;
    case EAGAIN:
      return RequestOutcome::failed;
    case EBADMSG:
    case EMSGSIZE:
    case EPROTO:
      return RequestOutcome::unusable;
    default:
      return RequestOutcome::no_answer;
  }
}

/// By an answer's HTTP status.
inline RequestOutcome outcome_of(unsigned status) {
  if (status == 429) return RequestOutcome::throttled;
  if (status >= 500) return RequestOutcome::failed;
  return status >= 400 ? RequestOutcome::refused : RequestOutcome::ok;
}

}  // namespace observed
