#pragma once

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "net/mutex.h"

namespace net {

/// What may take as long as a disk does, on a thread of its own that is there while there is something to do.
/// `Pending` gathers what waits; when it is as it is by default, nothing does.
template <class Pending>
class BackgroundWork {
 public:
  /// `work` is called on that thread, with all that has gathered.
  explicit BackgroundWork(std::function<void(Pending)> work) : work_(std::move(work)) {}
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;
  /// Waits until all that was begun is done.
  ~BackgroundWork() { wait(); }

  /// Calls `gather` with what waits, and returns what it does. Any thread.
  template <class Gather>
  auto gather(Gather gather) CAA_EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    return gather(pending_);
  }

  /// Begins with what waits. One thread at a time.
  void begin() CAA_EXCLUDES(mutex_) {
    {
      const Lock lock(mutex_);
      if (pending_ == Pending{} || std::exchange(working_, true)) return;
    }
    wait();  // it has ended, but for its last instructions
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {  // no thread to be had
      run();
    }
  }

  /// Until all that was begun is done. One thread at a time, and not that of `work`.
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() CAA_EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    while (pending_ != Pending{}) {
      auto taken = std::exchange(pending_, Pending{});
      const Unlock open(mutex_);
      work_(std::move(taken));
    }
    working_ = false;
  }

  std::function<void(Pending)> work_;
  Mutex mutex_;
  Pending pending_ CAA_GUARDED_BY(mutex_) = {};
  bool working_ CAA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace net
