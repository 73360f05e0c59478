#include "simulator/simulated_service.h"

#include <utility>

namespace simulator {
namespace {

constexpr std::size_t kRemembered = 100;

}  // namespace

void SimulatedService::set_faults(std::vector<Fault> faults) {
  const std::lock_guard lock(mutex_);
  faults_.set(std::move(faults), Time::clock::now());
}

std::vector<Fault> SimulatedService::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_.in_force(Time::clock::now());
}

std::size_t SimulatedService::request_count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::vector<RecordedRequest> SimulatedService::recent() const {
  const std::lock_guard lock(mutex_);
  return {recent_.begin(), recent_.end()};
}

void SimulatedService::forget_requests() {
  const std::lock_guard lock(mutex_);
  recent_.clear();
  count_ = 0;
}

bool SimulatedService::await_requests(std::size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return recorded_.wait_for(lock, timeout, [&] { return count_ >= count; });
}

Reply SimulatedService::reply(const Request& request) {
  const std::lock_guard lock(mutex_);
  const auto now = Time::clock::now();
  const auto target = Target::parse(request.target);
  const auto fault = faults_.take(target, now);
  auto reply = true_reply(request, target, fault ? &*fault : nullptr, now);
  if (fault) {
    auto instead = service_response(request, target, *fault);
    if (!instead) instead = canned_response(*fault);
    if (instead) {
      reply.response = *std::move(instead);
      reply.stream.reset();
    }
    if (fault->kind == Fault::Kind::status) {
      auto& extra = reply.response.extra;
      if (!fault->text.empty()) reply.response.body = fault->text;
      extra.insert(extra.end(), fault->headers.begin(), fault->headers.end());
    }
    // A limiter stands in front of what is slow or broken.
    if (reply.response.status != kTooManyRequests) reply.delivery = delivery_of(*fault);
  }
  add_headers(target, reply.response);
  const bool unanswered = reply.delivery.silent || reply.delivery.reset;
  recent_.push_back({.source = request.source,
                     .method = request.method,
                     .target = request.target,
                     .headers = request.headers,
                     .status = unanswered ? 0 : reply.response.status});
  if (recent_.size() > kRemembered) recent_.pop_front();
  ++count_;
  recorded_.notify_all();
  return reply;
}

}  // namespace simulator
