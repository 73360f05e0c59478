#include "agent/inspect/inspector.h"

#include <sys/resource.h>

#include <algorithm>
#include <memory>
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

Inspector::Eyes Inspector::eyes_on_this_host() {
  const auto reader = std::make_shared<host::HostReader>(host_reader());
  return {.look =
              [reader](const InspectionTarget& aim, Clock::time_point finish_by) {
                auto kernel = netlink::LinuxKernel::open();
                const auto links = kernel ? (*kernel)->links() : net::Result<std::vector<net::Link>>();
                return inspect(aim, links.value_or(std::vector<net::Link>{}), *reader, finish_by);
              },
          .rules_have_changed = [reader] { return reader->rules_have_changed(); }};
}

Inspector::Inspector(std::function<void(observed::NodeEnvironment)> deliver, Eyes eyes)
    : deliver_(std::move(deliver)), eyes_(std::move(eyes)) {}

Inspector::~Inspector() {
  {
    const net::Lock lock(mutex_);
    ending_ = true;
  }
  called_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Inspector::aim(const InspectionTarget& aim) {
  {
    const net::Lock lock(mutex_);
    if (aim_ == aim) return;
    aim_ = aim;
    schedule_.request();
  }
  // Not before: the start of a thread would hold up a node that is ready without a look.
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  called_.notify_one();
}

void Inspector::request_inspection() {
  {
    const net::Lock lock(mutex_);
    schedule_.request();
  }
  called_.notify_one();
}

void Inspector::set_calm(bool calm) {
  {
    const net::Lock lock(mutex_);
    if (schedule_.is_calm() == calm) return;  // each turn says it: nobody is woken
    schedule_.set_calm(calm);
  }
  called_.notify_one();
}

bool Inspector::await_cause() {
  while (!ending_) {
    const auto now = Clock::now();
    if (!aim_) {
      called_.wait(mutex_);
    } else if (schedule_.due() <= now) {
      return true;
    } else if (schedule_.glance_due() <= now) {
      schedule_.glance(now);
      const net::Unlock open(mutex_);
      if (eyes_.rules_have_changed()) request_inspection();
    } else {
      called_.wait_until(mutex_, std::min(schedule_.due(), schedule_.glance_due()));
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
      const auto begin = Clock::now();
      auto seen = eyes_.look(aim, begin + kPatience);
      seen.took = Clock::now() - begin;
      deliver_(std::move(seen));
    }
    schedule_.end(Clock::now(), processor_time() - used_before);
  }
}

}  // namespace agent
