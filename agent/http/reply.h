#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/http/renderings.h"
#include "checks/check.h"

namespace agent::http {

inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

/// What is answered, before it becomes bytes.
struct Reply {
  unsigned status = 200;
  std::string_view content_type = kPlainText;
  std::string body{};
  /// Instead of `body`, a large one that others send too.
  SharedBody shared{};
  /// Headers beyond those that every reply bears.
  std::vector<std::pair<std::string_view, std::string_view>> headers{};
  /// A reply to HEAD: headers as for GET, Content-Length included, and no body.
  bool without_body = false;
};

/// A reply as it goes over the wire: first these bytes, then those of the body, if there is one.
struct Bytes {
  std::string first;
  SharedBody body{};
};

/// The reply as HTTP/1.1. Every one bears Date, Content-Length, `Cache-Control: no-store` (a state is stale
/// the moment it is sent), `X-Content-Type-Options: nosniff` and `Connection: close`.
Bytes reply_bytes(const Reply& reply, net::WallTime now);

}  // namespace agent::http
