#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "imds/fetch.h"
#include "net/error.h"
#include "observed/maintenance.h"

namespace imds {

/// The document of /metadata/scheduledevents. Events of other types, or without an id, are left out. EBADMSG:
/// it is none.
net::Result<std::vector<observed::Maintenance>> parse_scheduled_events(std::string_view json);

/// Asks for Azure's Scheduled Events every ten seconds (a Preempt comes thirty seconds after its
/// announcement), after a failure every minute, on a thread of its own. The first request switches the
/// service on for this VM, and is answered up to two minutes later.
///
/// `deliver` is called on that thread with the first answer and whenever it is another one than before; it
/// must neither block nor destroy this.
class ScheduledEvents {
 public:
  using Answer = net::Result<std::vector<observed::Maintenance>>;

  ScheduledEvents(const Options& options, std::function<void(Answer)> deliver);
  /// Ends a request under way, and joins.
  ~ScheduledEvents();
  ScheduledEvents(const ScheduledEvents&) = delete;
  ScheduledEvents& operator=(const ScheduledEvents&) = delete;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace imds
