#include "simulator/cloud/behaviour.h"

#include <algorithm>
#include <utility>

#include "net/ascii_case.h"
#include "simulator/cloud/arm.h"
#include "simulator/cloud/canned.h"
#include "simulator/message.h"

namespace simulator::cloud {
namespace {

/// ARM's ids are equal in any case, so paths are here.
bool is_below(const Target& target, const Target& folder) {
  return target.path.size() >= folder.path.size() &&
         std::equal(folder.path.begin(), folder.path.end(), target.path.begin(), net::same_ignoring_case);
}

Answer with_kubernetes_headers(Answer answer) {
  answer.extra.emplace_back("Audit-Id", random_id());
  answer.extra.emplace_back("Cache-Control", "no-cache, private");
  return answer;
}

}  // namespace

CloudReply Behaviour::reply(const Question& question, const ClientCertificate& certificate, Time now) {
  const std::lock_guard lock(mutex_);
  const auto target = Target::parse(question.target);
  auto reply = honest(question, target, certificate);
  if (const auto fault = take_fault(target, now)) {
    reply.delivery = delivery_of(*fault);
    if (auto canned = canned_answer(*fault, target, question)) {
      reply = {.answer = *std::move(canned), .delivery = reply.delivery};
    }
  }
  reply.answer = is_kubernetes(target) ? with_kubernetes_headers(std::move(reply.answer))
                                       : with_arm_headers(std::move(reply.answer));
  const bool unanswered = reply.delivery.silent || reply.delivery.reset;
  record_.add({.source = question.source,
               .method = question.method,
               .target = question.target,
               .headers = question.headers,
               .status = unanswered ? 0 : reply.answer.status});
  return reply;
}

CloudReply Behaviour::honest(const Question& question, const Target& target,
                             const ClientCertificate& certificate) const {
  if (is_kubernetes(target)) {
    auto said = answer_kubernetes(question, target, user_of(question.headers, certificate, tokens_), nodes_);
    CloudReply reply{.answer = std::move(said.answer)};
    if (said.watch) reply.watch = RunningWatch{.request = *std::move(said.watch), .round = round_};
    return reply;
  }
  if (is_below(target, {.path = {"metadata", "endpoints"}, .query = {}})) {
    return {.answer = answer_endpoints(question, target)};
  }
  return {.answer = answer_arm(question, target, arm_, std::chrono::system_clock::now())};
}

NodeStore::News Behaviour::news(RunningWatch& watch) const {
  const std::lock_guard lock(mutex_);
  auto news = nodes_.advance(watch.request.place);
  news.ended = news.ended || watch.round != round_;
  return news;
}

bool Behaviour::is_over(const Active& active, Time now) {
  const auto& fault = active.fault;
  return (fault.count && *fault.count == 0) || (fault.duration && now - active.set >= *fault.duration);
}

std::optional<Fault> Behaviour::take_fault(const Target& target, Time now) {
  for (auto& active : faults_) {
    if (is_over(active, now) || !is_below(target, Target::parse(active.fault.path))) continue;
    if (active.fault.count) --*active.fault.count;
    return active.fault;
  }
  return std::nullopt;
}

net::Result<void> Behaviour::set_arm(std::string_view json) {
  const std::lock_guard lock(mutex_);
  return arm_.replace(json);
}

std::string Behaviour::arm() const {
  const std::lock_guard lock(mutex_);
  return arm_.text();
}

net::Result<void> Behaviour::set_nodes(std::string_view json) {
  const std::lock_guard lock(mutex_);
  return nodes_.replace(json);
}

std::string Behaviour::nodes() const {
  const std::lock_guard lock(mutex_);
  return nodes_.text();
}

std::uint64_t Behaviour::version() const {
  const std::lock_guard lock(mutex_);
  return nodes_.version();
}

net::Result<void> Behaviour::compact(std::uint64_t before) {
  const std::lock_guard lock(mutex_);
  return nodes_.compact(before);
}

void Behaviour::end_watches() {
  const std::lock_guard lock(mutex_);
  ++round_;
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

}  // namespace simulator::cloud
