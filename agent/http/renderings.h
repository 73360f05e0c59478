#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/snapshot.h"

namespace agent::http {

/// A body that several connections send.
using SharedBody = std::shared_ptr<const std::string>;

/// The large renderings of the snapshot at hand. Each is made once and shared by all connections that are
/// being told it: 500 clients that do not read hold one /status of 5,000 routes, not 500. It goes with the
/// last of them, so an idle server holds none. Of one thread.
class Renderings {
 public:
  /// What is shared from now on is of this snapshot.
  void follow(const std::shared_ptr<const core::Snapshot>& snapshot);

  /// The rendering of that name, else a new one. `moment` tells those apart that say what time it is.
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

}  // namespace agent::http
