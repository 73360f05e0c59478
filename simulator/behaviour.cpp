#include "simulator/behaviour.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <utility>

#include "simulator/canned.h"
#include "simulator/identity.h"
#include "simulator/instance_document.h"
#include "simulator/metadata.h"
#include "simulator/target.h"

namespace simulator {
namespace {

using Kind = Fault::Kind;

constexpr unsigned kTooManyRequests = 429;

/// One of the requests that count as open, while it lives.
class SourceLocation {
 public:
  explicit SourceLocation(std::shared_ptr<std::atomic<unsigned>> open) : open_(std::move(open)) { ++*open_; }
  SourceLocation(const SourceLocation&) = delete;
  SourceLocation& operator=(const SourceLocation&) = delete;
  ~SourceLocation() { --*open_; }

 private:
  std::shared_ptr<std::atomic<unsigned>> open_;
};

TokenStyle token_style(const std::optional<Fault>& fault) {
  TokenStyle style;
  if (!fault) return style;
  style.not_found = fault->kind == Kind::identity_not_found;
  style.numbers = fault->kind == Kind::token_numbers;
  if (fault->kind == Kind::token_lifetime) style.lifetime = std::chrono::seconds(fault->amount);
  return style;
}

Delivery delivery(const std::optional<Fault>& fault) {
  Delivery how;
  if (!fault) return how;
  how.silent = fault->kind == Kind::silence;
  how.reset = fault->kind == Kind::reset;
  how.truncated = fault->kind == Kind::truncate;
  if (fault->kind == Kind::not_http) how.instead = "220 mail.example.com ESMTP ready\r\n";
  if (fault->kind == Kind::slow) how.first_byte = fault->delay;
  if (fault->kind == Kind::drip) how.per_byte = fault->delay;
  if (fault->kind == Kind::content_length) how.content_length_error = fault->amount;
  return how;
}

}  // namespace

struct Behaviour::Documents {
  nlohmann::ordered_json now = nlohmann::ordered_json::object();
  nlohmann::ordered_json before = nlohmann::ordered_json::object();
};

Behaviour::Behaviour()
    : documents_(std::make_unique<Documents>()),
      general_(limit_.per_second),
      identity_(limit_.identity_per_second),
      identity_open_(std::make_shared<std::atomic<unsigned>>(0)) {}
Behaviour::~Behaviour() = default;

Reply Behaviour::reply(const Question& question, Time now) {
  const std::lock_guard lock(mutex_);
  const auto fault = take_fault(question.target, now);
  auto reply = honest(question, fault, now);
  auto canned = fault ? canned_answer(*fault, is_identity(Target::parse(question.target))) : std::nullopt;
  if (canned) reply.answer = *std::move(canned);
  // The limiter stands in front of what is slow or broken.
  if (reply.answer.status != kTooManyRequests) reply.delivery = delivery(fault);
  const bool unanswered = reply.delivery.silent || reply.delivery.reset;
  record_.add({.source = question.source,
               .method = question.method,
               .target = question.target,
               .headers = question.headers,
               .status = unanswered ? 0 : reply.answer.status});
  return reply;
}

Reply Behaviour::honest(const Question& question, const std::optional<Fault>& fault, Time now) {
  const auto target = Target::parse(question.target);
  if (is_identity(target)) {
    auto place = enter_identity();
    if (!place || !identity_.take(now)) {
      return {.answer = identity_refusal(kTooManyRequests, "too_many_requests", "Too many requests")};
    }
    return {.answer = answer_identity(question, target, token_style(fault), std::chrono::system_clock::now()),
            .in_flight = std::move(place)};
  }
  if (!general_.take(now)) {
    return {.answer = refusal(kTooManyRequests, "Too many requests")};
  }
  const auto& document = fault && fault->kind == Kind::stale ? documents_->before : documents_->now;
  auto answer = answer_metadata(question, target, fault ? altered(document, fault->kind) : document);
  return {.answer = std::move(answer)};
}

std::shared_ptr<void> Behaviour::enter_identity() {
  if (limit_.identity_concurrent != 0 && *identity_open_ >= limit_.identity_concurrent) return nullptr;
  return std::make_shared<SourceLocation>(identity_open_);
}

bool Behaviour::is_over(const Active& active, Time now) {
  const auto& fault = active.fault;
  return (fault.count && *fault.count == 0) || (fault.duration && now - active.set >= *fault.duration);
}

std::optional<Fault> Behaviour::take_fault(std::string_view target, Time now) {
  const auto asked = Target::parse(target);
  for (auto& active : faults_) {
    if (is_over(active, now) || !asked.is_below(Target::parse(active.fault.path).path)) continue;
    if (active.fault.count) --*active.fault.count;
    return active.fault;
  }
  return std::nullopt;
}

net::Result<void> Behaviour::set_document(std::string_view json) {
  auto fresh = read_instance(json);
  if (!fresh) return net::pass_on(fresh);
  const std::lock_guard lock(mutex_);
  documents_->before = std::exchange(documents_->now, *std::move(fresh));
  return {};
}

std::string Behaviour::document() const {
  const std::lock_guard lock(mutex_);
  return documents_->now.dump();
}

void Behaviour::set_faults(std::vector<Fault> faults, Time now) {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  for (auto& fault : faults) faults_.push_back({.fault = std::move(fault), .set = now});
}

std::vector<Fault> Behaviour::faults(Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Fault> in_force;
  for (const auto& active : faults_) {
    if (!is_over(active, now)) in_force.push_back(active.fault);
  }
  return in_force;
}

void Behaviour::set_rate_limit(const RateLimit& limit) {
  const std::lock_guard lock(mutex_);
  limit_ = limit;
  general_ = TokenBucket(limit.per_second);
  identity_ = TokenBucket(limit.identity_per_second);
}

RateLimit Behaviour::rate_limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

}  // namespace simulator
