#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/check.h"
#include "core/snapshot.h"

namespace agent::http {

inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

/// A body that several connections send.
using SharedBody = std::shared_ptr<const std::string>;

/// The large renderings of the snapshot at hand. Each is made once and shared by all connections that are
/// sent it: 500 clients that do not read hold one /status of 5,000 routes, not 500. It goes with the
/// last of them, so an idle server holds none. Of one thread.
class Renderings {
 public:
  /// What is shared from now on is of this snapshot.
  void follow(const std::shared_ptr<const core::Snapshot>& snapshot);

  /// The rendering of that name, else a new one. `moment` distinguishes renderings that contain the time.
  SharedBody share(const std::string& name, std::int64_t moment, const std::function<std::string()>& render);

 private:
  struct Entry {
    std::string name;
    std::int64_t moment;
    std::weak_ptr<const std::string> body;
  };

  std::weak_ptr<const core::Snapshot> snapshot_;
  std::vector<Entry> entries_;
};

/// What is answered, before it becomes bytes.
struct Reply {
  unsigned status = 200;
  std::string_view content_type = kPlainText;
  std::string body{};
  /// Instead of `body`, a large one that others send too.
  SharedBody shared{};
  /// Headers beyond those that every reply has.
  std::vector<std::pair<std::string_view, std::string_view>> headers{};
  /// A reply to HEAD: headers as for GET, Content-Length included, and no body.
  bool without_body = false;
};

/// A reply as it goes over the wire: first these bytes, then those of the body, if there is one.
struct Bytes {
  std::string first;
  SharedBody body{};
};

/// The reply as HTTP/1.1. Every one has Date, Content-Length, `Cache-Control: no-store` (a state is stale
/// the moment it is sent), `X-Content-Type-Options: nosniff` and `Connection: close`.
Bytes reply_bytes(const Reply& reply, net::WallTime now);

}  // namespace agent::http
