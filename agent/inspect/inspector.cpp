#include "agent/inspect/inspector.h"

#include <sys/resource.h>

#include <utility>

#include "netlink/linux_kernel.h"

namespace agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(3);
using Clock = std::chrono::steady_clock;

/// Of this process, all of its threads, and of the programs that it has started and that have ended.
Clock::duration processor_time() {
  const auto of = [](int who) {
    rusage used{};
    ::getrusage(who, &used);
    const auto duration = [](const timeval& time) {
      return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return duration(used.ru_utime) + duration(used.ru_stime);
  };
  return of(RUSAGE_SELF) + of(RUSAGE_CHILDREN);
}

}  // namespace

Inspector::Look Inspector::look_at_present_links() {
  return [reader = host_reader()](const InspectionTarget& aim, Clock::time_point finish_by) mutable {
    auto kernel = netlink::LinuxKernel::open();
    const auto links = kernel ? (*kernel)->links() : net::Result<std::vector<net::Link>>();
    return inspect(aim, links.value_or(std::vector<net::Link>{}), reader, finish_by);
  };
}

Inspector::Inspector(std::function<void(observed::NodeEnvironment)> deliver, Look look)
    : deliver_(std::move(deliver)), look_(std::move(look)), thread_([this] { work(); }) {}

Inspector::~Inspector() {
  {
    const net::Lock lock(mutex_);
    ending_ = true;
  }
  called_.notify_one();
  thread_.join();
}

void Inspector::aim(const InspectionTarget& aim) {
  {
    const net::Lock lock(mutex_);
    if (aim_ == aim) return;
    aim_ = aim;
    schedule_.request();
  }
  called_.notify_one();
}

void Inspector::request_inspection() {
  {
    const net::Lock lock(mutex_);
    schedule_.request();
  }
  called_.notify_one();
}

bool Inspector::await_cause() {
  while (!ending_) {
    if (!aim_) {
      called_.wait(mutex_);
    } else if (const auto due = schedule_.due(); Clock::now() < due) {
      called_.wait_until(mutex_, due);
    } else {
      return true;
    }
  }
  return false;
}

void Inspector::work() {
  const net::Lock lock(mutex_);
  while (await_cause()) {
    const auto aim = *aim_;
    schedule_.begin();
    const auto used_before = processor_time();
    {
      const net::Unlock open(mutex_);
      deliver_(look_(aim, Clock::now() + kPatience));
    }
    schedule_.end(Clock::now(), processor_time() - used_before);
  }
}

}  // namespace agent
