#include "imds/poller.h"

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "imds/answer.h"
#include "imds/cache.h"
#include "imds/fetch.h"
#include "imds/quiet_thread.h"
#include "imds/schedule.h"
#include "net/mutex.h"
#include "net/random.h"

namespace imds {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

class Poller::Worker {
 public:
  Worker(Options options, std::function<void(Event, milliseconds)> deliver,
         std::function<void(const net::Error&)> cache_failed)
      : deliver_(std::move(deliver)),
        cache_failed_(std::move(cache_failed)),
        options_(std::move(options)),
        thread_(quiet_thread("imds", [this] { run(); })) {}

  ~Worker() {
    {
      const net::Lock lock(mutex_);
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
      const net::Lock lock(mutex_);
      asked_ = true;
    }
    changed_.notify_one();
  }

  void keep(Reading reading) {
    {
      const net::Lock lock(mutex_);
      to_keep_ = std::move(reading);
    }
    changed_.notify_one();
  }

  void reconfigure(Options options) {
    {
      const net::Lock lock(mutex_);
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
  void abandon_attempt() CAA_REQUIRES(mutex_) {
    if (exchange_ != nullptr) exchange_->interrupt();
  }

  void run() {
    const net::Lock lock(mutex_);
    Schedule schedule(options_.poll_interval);
    std::minstd_rand generator(net::random_number());
    std::uniform_real_distribution<double> chance(0, 1);
    while (!stopping_) {
      if (std::exchange(moved_, false)) schedule = Schedule(options_.poll_interval);
      schedule.set_poll_interval(options_.poll_interval);
      asked_ = false;
      const auto started = steady_clock::now();
      const auto outcome = attempt_once();
      const auto ended = steady_clock::now();
      const auto took = std::chrono::duration_cast<milliseconds>(ended - started);
      rest(ended, schedule.after(outcome, took, chance(generator)));
    }
    if (to_keep_) write_cache();  // what came last serves the next start
  }

  net::Result<Reading> ask(http1::Exchange& exchange, const Options& options) CAA_REQUIRES(mutex_) {
    const net::Unlock open(mutex_);
    return attempt(exchange, options, api_version_);
  }

  /// Asks and delivers without the lock; an abandoned attempt is not delivered.
  Outcome attempt_once() CAA_REQUIRES(mutex_) {
    const auto options = options_;
    http1::Exchange exchange;
    exchange_ = &exchange;
    const auto started = steady_clock::now();
    auto result = ask(exchange, options);
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started);
    const auto outcome = result ? Outcome::success : outcome_of(result.error());
    exchange_ = nullptr;
    if (stopping_ || moved_) return outcome;
    const net::Unlock open(mutex_);
    if (result) {
      deliver_(std::move(*result), took);
    } else {
      deliver_(Failure{std::move(result.error())}, took);
    }
    return outcome;
  }

  /// Without the lock: a disk may be slow.
  void write_cache() CAA_REQUIRES(mutex_) {
    const auto reading = *std::exchange(to_keep_, std::nullopt);
    const auto file = options_.cache_file;
    const net::Unlock open(mutex_);
    const auto saved = file.empty() ? net::Result<void>() : save(file, reading);
    if (!saved && cache_failed_) cache_failed_(saved.error());
  }

  void rest(steady_clock::time_point from, const Pause& pause) CAA_REQUIRES(mutex_) {
    while (!stopping_ && !moved_) {
      const auto until = from + (asked_ ? pause.asked : pause.planned);
      if (to_keep_) {
        write_cache();
        continue;
      }
      if (steady_clock::now() >= until) return;
      changed_.wait_until(mutex_, until);
    }
  }

  std::function<void(Event, milliseconds)> deliver_;
  std::function<void(const net::Error&)> cache_failed_;
  std::string api_version_ = kPreferredApiVersion;  // of the thread alone

  net::Mutex mutex_;
  net::Condition changed_;
  Options options_ CAA_GUARDED_BY(mutex_);
  std::optional<Reading> to_keep_ CAA_GUARDED_BY(mutex_);
  http1::Exchange* exchange_ CAA_GUARDED_BY(mutex_) = nullptr;  // the attempt under way
  bool stopping_ CAA_GUARDED_BY(mutex_) = false;
  bool asked_ CAA_GUARDED_BY(mutex_) = false;
  bool moved_ CAA_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

Poller::Poller(Options options, std::function<void(Event, milliseconds)> deliver,
               std::function<void(const net::Error&)> cache_failed)
    : worker_(std::make_unique<Worker>(std::move(options), std::move(deliver), std::move(cache_failed))) {}
Poller::~Poller() = default;

void Poller::poll_soon() { worker_->poll_soon(); }
void Poller::keep(Reading reading) { worker_->keep(std::move(reading)); }
void Poller::reconfigure(Options options) { worker_->reconfigure(std::move(options)); }

}  // namespace imds
