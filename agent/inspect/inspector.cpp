#include "agent/inspect/inspector.h"

#include <algorithm>
#include <utility>

#include "netlink/linux_kernel.h"

namespace agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(3);
// Pods come and go by the dozen; each look starts programs.
constexpr auto kLeastPause = std::chrono::seconds(5);
// So many times as long as a look took, whatever its cause: nobody pays for it with more than a twentieth.
constexpr auto kRest = 20;

/// The links of now; none where the kernel does not answer.
std::vector<net::Link> present_links() {
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return {};
  return (*kernel)->links().value_or(std::vector<net::Link>{});
}

}  // namespace

Inspector::Inspector(std::function<void(observed::NodeEnvironment)> deliver)
    : deliver_(std::move(deliver)), thread_([this] { work(); }) {}

Inspector::~Inspector() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  called_.notify_one();
  thread_.join();
}

void Inspector::aim(const InspectionTarget& aim) {
  {
    const std::lock_guard lock(mutex_);
    if (aim_ == aim) return;
    aim_ = aim;
    cause_ = true;
  }
  called_.notify_one();
}

void Inspector::request_inspection() {
  {
    const std::lock_guard lock(mutex_);
    cause_ = true;
  }
  called_.notify_one();
}

bool Inspector::await_cause(std::unique_lock<std::mutex>& lock) {
  while (!ending_) {
    const auto now = Clock::now();
    if (!aim_) {
      called_.wait(lock);
    } else if (now < not_before_) {
      called_.wait_until(lock, not_before_);
    } else if (!cause_ && now < next_) {
      called_.wait_until(lock, next_);
    } else {
      cause_ = false;
      return true;
    }
  }
  return false;
}

void Inspector::work() {
  std::unique_lock lock(mutex_);
  while (await_cause(lock)) {
    const auto aim = *aim_;
    lock.unlock();
    const auto begin = Clock::now();
    deliver_(inspect(aim, present_links(), begin + kPatience));
    const auto end = Clock::now();
    lock.lock();
    not_before_ = end + std::max<Clock::duration>(kLeastPause, (end - begin) * kRest);
    next_ = std::max<Clock::time_point>(not_before_, end + kInterval);
  }
}

}  // namespace agent
