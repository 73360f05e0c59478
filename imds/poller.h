#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "imds/options.h"
#include "imds/reading.h"
#include "net/error.h"

namespace imds {

/// An attempt that brought nothing usable; the same cause gives the same sentence, so that transitions can be
/// told from repeats. Codes as in fetch_once().
struct Failure {
  net::Error error;
};

using Event = std::variant<Reading, Failure>;

/// Asks IMDS for ever on a thread of its own, one request at a time, as Schedule says; Azure has no
/// notification of changes. The first attempt begins at once.
///
/// `deliver` is called on that thread with the outcome of every attempt, changed or not; it must neither
/// block nor destroy the poller. After each reading the cache file is rewritten when it is missing, damaged
/// or means something else; when that fails, `cache_failed` is called in the same way, again after each
/// reading.
class Poller {
 public:
  Poller(Options options, std::function<void(Event)> deliver,
         std::function<void(const net::Error&)> cache_failed = {});
  /// Ends an attempt under way and joins: in less than 100 ms, whatever the server does.
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Something changed here: asks as soon as 5 s have passed since the last attempt began; not sooner than
  /// planned after a 429. Any thread.
  void poll_soon();

  /// New options, after SIGHUP. Another endpoint is asked at once, instead of an attempt under way; anything
  /// else counts from the next attempt, which comes as after poll_soon(). Any thread.
  void reconfigure(Options options);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace imds
