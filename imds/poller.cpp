#include "imds/poller.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "imds/answer.h"
#include "imds/attempt.h"
#include "imds/cache.h"
#include "imds/schedule.h"

namespace imds {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A thread that takes no signals: they are for the loop of the main thread.
template <class Function>
std::thread quiet_thread(Function run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), "imds");
  return thread;
}

}  // namespace

class Poller::Worker {
 public:
  Worker(Options options, std::function<void(Event)> deliver,
         std::function<void(const net::Error&)> cache_failed)
      : deliver_(std::move(deliver)),
        cache_failed_(std::move(cache_failed)),
        options_(std::move(options)),
        thread_(quiet_thread([this] { run(); })) {}

  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      abandon_attempt();
    }
    changed_.notify_one();
    thread_.join();
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void poll_soon() {
    {
      const std::lock_guard lock(mutex_);
      asked_ = true;
    }
    changed_.notify_one();
  }

  void keep(Reading reading) {
    {
      const std::lock_guard lock(mutex_);
      to_keep_ = std::move(reading);
    }
    changed_.notify_one();
  }

  void reconfigure(Options options) {
    {
      const std::lock_guard lock(mutex_);
      asked_ = true;
      if (options.endpoint != options_.endpoint) {
        moved_ = true;
        abandon_attempt();
      }
      options_ = std::move(options);
    }
    changed_.notify_one();
  }

 private:
  /// Needs the lock.
  void abandon_attempt() {
    if (exchange_ != nullptr) exchange_->interrupt();
  }

  void run() {
    std::unique_lock lock(mutex_);
    Schedule schedule(options_.poll_interval);
    std::minstd_rand generator(std::random_device{}());
    std::uniform_real_distribution<double> chance(0, 1);
    while (!stopping_) {
      if (std::exchange(moved_, false)) schedule = Schedule(options_.poll_interval);
      schedule.set_poll_interval(options_.poll_interval);
      asked_ = false;
      const auto started = steady_clock::now();
      const auto outcome = attempt_once(lock);
      const auto ended = steady_clock::now();
      const auto took = std::chrono::duration_cast<milliseconds>(ended - started);
      rest(lock, ended, schedule.after(outcome, took, chance(generator)));
    }
    if (to_keep_) write_cache(lock);  // what came last serves the next start
  }

  /// Asks and delivers without the lock; an abandoned attempt is delivered to nobody.
  Outcome attempt_once(std::unique_lock<std::mutex>& lock) {
    const auto options = options_;
    http1::Exchange exchange;
    exchange_ = &exchange;
    lock.unlock();
    auto result = attempt(exchange, options, api_version_);
    const auto outcome = result ? Outcome::success : outcome_of(result.error());
    lock.lock();
    exchange_ = nullptr;
    if (stopping_ || moved_) return outcome;
    lock.unlock();
    if (result) {
      deliver_(std::move(*result));
    } else {
      deliver_(Failure{std::move(result.error())});
    }
    lock.lock();
    return outcome;
  }

  /// Without the lock: a disk may be slow.
  void write_cache(std::unique_lock<std::mutex>& lock) {
    const auto reading = *std::exchange(to_keep_, std::nullopt);
    const auto file = options_.cache_file;
    lock.unlock();
    const auto saved = file.empty() ? net::Result<void>() : save(file, reading);
    if (!saved && cache_failed_) cache_failed_(saved.error());
    lock.lock();
  }

  void rest(std::unique_lock<std::mutex>& lock, steady_clock::time_point from, const Pause& pause) {
    while (!stopping_ && !moved_) {
      const auto until = from + (asked_ ? pause.asked : pause.planned);
      if (to_keep_) {
        write_cache(lock);
        continue;
      }
      if (steady_clock::now() >= until) return;
      changed_.wait_until(lock, until);
    }
  }

  std::function<void(Event)> deliver_;
  std::function<void(const net::Error&)> cache_failed_;
  std::string api_version_ = kPreferredApiVersion;  // of the thread alone

  std::mutex mutex_;
  std::condition_variable changed_;
  Options options_;
  std::optional<Reading> to_keep_;
  http1::Exchange* exchange_ = nullptr;  // the attempt under way
  bool stopping_ = false;
  bool asked_ = false;
  bool moved_ = false;

  std::thread thread_;
};

Poller::Poller(Options options, std::function<void(Event)> deliver,
               std::function<void(const net::Error&)> cache_failed)
    : worker_(std::make_unique<Worker>(std::move(options), std::move(deliver), std::move(cache_failed))) {}
Poller::~Poller() = default;

void Poller::poll_soon() { worker_->poll_soon(); }
void Poller::keep(Reading reading) { worker_->keep(std::move(reading)); }
void Poller::reconfigure(Options options) { worker_->reconfigure(std::move(options)); }

}  // namespace imds
