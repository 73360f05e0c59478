#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "imds/fetch.h"
#include "net/error.h"

namespace imds {

/// An attempt that brought nothing usable; the same cause gives the same sentence, so that transitions can be
/// distinguished from repeats. Codes as in fetch_once().
struct Failure {
  net::Error error;
};

using Event = std::variant<Reading, Failure>;

/// Asks IMDS for ever on a thread of its own, one request at a time, as Schedule decides; Azure has no
/// notification of changes. The first attempt begins at once.
///
/// `deliver` is called on that thread with the outcome of every attempt, changed or not, and how long it
/// took; it must neither block nor destroy the poller.
class Poller {
 public:
  Poller(Options options, std::function<void(Event, std::chrono::milliseconds took)> deliver,
         std::function<void(const net::Error&)> cache_failed = {});
  /// Ends an attempt under way, writes what is to be kept, and joins: in less than 100 ms and what the disk
  /// takes, whatever the server does.
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Something changed here: asks as soon as 5 s have passed since the last attempt began; not sooner than
  /// planned after a 429. Any thread.
  void poll_soon();

  /// Writes the cache file on the poller's thread, as soon as no attempt is under way: what is worth keeping
  /// is for the caller to say, since an answer may be incomplete. When that fails, `cache_failed` is called
  /// as `deliver` is. Any thread.
  void keep(Reading reading);

  /// New options, after SIGHUP. Another endpoint is asked at once, instead of an attempt under way; anything
  /// else counts from the next attempt, which comes as after poll_soon(). Any thread.
  void reconfigure(Options options);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace imds
