#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// What clang checks with -Wthread-safety: who touches a guarded member holds its mutex. g++ knows none of
// this. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define CAA_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define CAA_THREAD_SAFETY(attribute)
#endif
#define CAA_GUARDED_BY(mutex) CAA_THREAD_SAFETY(guarded_by(mutex))
#define CAA_REQUIRES(mutex) CAA_THREAD_SAFETY(requires_capability(mutex))
#define CAA_EXCLUDES(mutex) CAA_THREAD_SAFETY(locks_excluded(mutex))

namespace net {

/// std::mutex, which libstdc++ does not annotate.
class CAA_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() CAA_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() CAA_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds the mutex for as long as this lives.
class CAA_THREAD_SAFETY(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) CAA_THREAD_SAFETY(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() CAA_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

/// Releases a mutex that is held, for as long as this lives: around what takes time.
class CAA_THREAD_SAFETY(scoped_lockable) Unlock {
 public:
  explicit Unlock(Mutex& mutex) CAA_THREAD_SAFETY(release_capability(mutex)) : mutex_(mutex) {
    mutex_.unlock();
  }
  ~Unlock() CAA_THREAD_SAFETY(release_capability()) { mutex_.lock(); }  // clang's way to say: acquires again
  Unlock(const Unlock&) = delete;
  Unlock& operator=(const Unlock&) = delete;

 private:
  Mutex& mutex_;
};

/// std::condition_variable. Without predicates, which clang would look at as functions that hold nothing:
/// wait in a loop.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(Mutex& mutex) CAA_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// False when the time has come.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point until) CAA_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_until(lock, until);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace net
