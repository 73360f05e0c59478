#include "imds/scheduled_events.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "imds/answer.h"
#include "imds/endpoint.h"
#include "imds/quiet_thread.h"
#include "json/json.h"
#include "net/foreign_text.h"
#include "net/mutex.h"

namespace imds {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

/// Has EventSource, Description and DurationInSeconds.
constexpr auto kTarget = "/metadata/scheduledevents?api-version=2020-07-01";
constexpr auto kInterval = seconds(10);
constexpr auto kAfterFailure = seconds(60);
/// "It can take up to two minutes" for the first one, which switches the service on.
constexpr auto kPatience = seconds(130);
constexpr unsigned kEventsFollow = 200;
constexpr std::size_t kLongestText = 300;
constexpr std::size_t kMostEvents = 16;
constexpr std::size_t kMostVms = 1000;  // a scale set's

/// "Mon, 19 Sep 2016 18:29:47 GMT": RFC 1123.
std::optional<system_clock::time_point> date_of(const std::string& text) {
  std::tm fields{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return system_clock::from_time_t(::timegm(&fields));
}

std::optional<observed::Maintenance> event_of(const json::Value& entry) {
  const auto text = [&entry](const char* key) {
    return net::foreign_text(json::string(json::at(entry, key)), kLongestText);
  };
  const auto type = net::value_named(observed::kMaintenanceTypeNames, text("EventType"));
  observed::Maintenance event{.id = text("EventId"),
                              .started = text("EventStatus") == "Started",
                              .vms = {},
                              .not_before = date_of(text("NotBefore")),
                              .source = text("EventSource"),
                              .description = text("Description")};
  if (!type || event.id.empty()) return std::nullopt;
  event.type = *type;
  for (const json::Value& vm : json::entries(json::at(entry, "Resources"))) {
    if (event.vms.size() < kMostVms) event.vms.push_back(net::foreign_text(json::string(vm), kLongestText));
  }
  const auto& duration = json::at(entry, "DurationInSeconds");
  if (duration.is_number_integer() && duration.get<std::int64_t>() >= 0)
    event.duration = seconds(duration.get<std::int64_t>());
  return event;
}

}  // namespace

net::Result<std::vector<observed::Maintenance>> parse_scheduled_events(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return net::failure(EBADMSG, "the answer is " + document.error().what);
  const json::Value& list = json::at(*document, "Events");
  if (!list.is_array()) return net::failure(EBADMSG, "the answer has no list of \"Events\"");
  std::vector<observed::Maintenance> events;
  for (const json::Value& entry : list) {
    auto event = event_of(entry);
    if (event && events.size() < kMostEvents) events.push_back(*std::move(event));
  }
  return events;
}

class ScheduledEvents::Worker {
 public:
  Worker(Options options, std::function<void(Answer)> deliver)
      : options_(std::move(options)),
        deliver_(std::move(deliver)),
        thread_(quiet_thread("events", [this] { run(); })) {}

  ~Worker() {
    {
      const net::Lock lock(mutex_);
      stopping_ = true;
    }
    exchange_.interrupt();
    changed_.notify_one();
    thread_.join();
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

 private:
  void run() {
    std::optional<Answer> last;
    const net::Lock lock(mutex_);
    while (!stopping_) {
      const auto answer = ask();
      if (stopping_) return;
      if (!last || is_news(*last, answer)) {
        const net::Unlock open(mutex_);
        deliver_(answer);
      }
      const auto until = steady_clock::now() + (answer ? kInterval : kAfterFailure);
      last = answer;
      while (!stopping_ && steady_clock::now() < until) changed_.wait_until(mutex_, until);
    }
  }

  static bool is_news(const Answer& before, const Answer& now) {
    if (before.has_value() != now.has_value()) return true;
    return now ? *before != *now : before.error().what != now.error().what;
  }

  Answer ask() CAA_REQUIRES(mutex_) {
    const net::Unlock open(mutex_);
    const auto endpoint = parse_endpoint(options_.endpoint);
    if (!endpoint) return net::pass_on(endpoint);
    const auto now = steady_clock::now();
    const auto response =
        exchange_.get(request_to(*endpoint, kTarget, now + options_.connect_timeout, now + kPatience));
    if (!response) return tl::unexpected(explain(response.error(), options_));
    if (response->status != kEventsFollow)
      return net::failure(EPROTO, fmt::format("IMDS answers {} to {}", response->status, kTarget));
    return parse_scheduled_events(response->body);
  }

  const Options options_;
  std::function<void(Answer)> deliver_;
  http1::Exchange exchange_;

  net::Mutex mutex_;
  net::Condition changed_;
  bool stopping_ CAA_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

ScheduledEvents::ScheduledEvents(const Options& options, std::function<void(Answer)> deliver)
    : worker_(std::make_unique<Worker>(options, std::move(deliver))) {}
ScheduledEvents::~ScheduledEvents() = default;

}  // namespace imds
