#include "simulator/cloud/canned.h"

#include "simulator/cloud/arm.h"
#include "simulator/cloud/arm_error.h"
#include "simulator/cloud/kubernetes.h"
#include "simulator/cloud/status.h"

namespace simulator::cloud {
namespace {

using Kind = Fault::Kind;

Answer status(const Fault& fault, const Target& target, const Question& question) {
  const bool own_headers = !fault.headers.empty();
  auto answer = is_kubernetes(target) ? kubernetes_status(fault.code, node_of(target), own_headers)
                                      : arm_status(fault.code, target, question, own_headers);
  if (!fault.text.empty()) answer.body = fault.text;
  answer.extra.insert(answer.extra.end(), fault.headers.begin(), fault.headers.end());
  return answer;
}

Answer expired(const Target& target) {
  if (is_kubernetes(target)) return unauthorized();
  const auto now = std::chrono::system_clock::now();
  return expired_token(now - std::chrono::minutes(1), now);
}

}  // namespace

std::optional<Answer> canned_answer(const Fault& fault, const Target& target, const Question& question) {
  switch (fault.kind) {
    case Kind::status:
      return status(fault, target, question);
    case Kind::body:
      return Answer{.body = fault.text};
    case Kind::not_json:
      return Answer{.body = "<!DOCTYPE html><title>Welcome</title><p>Please sign in to the network.</p>",
                    .content_type = "text/html; charset=utf-8"};
    case Kind::expired_token:
      return expired(target);
    default:
      return std::nullopt;
  }
}

Delivery delivery_of(const Fault& fault) {
  Delivery how;
  how.silent = fault.kind == Kind::silence;
  how.reset = fault.kind == Kind::reset;
  how.truncated = fault.kind == Kind::truncate;
  if (fault.kind == Kind::slow) how.first_byte = fault.delay;
  if (fault.kind == Kind::drip) how.per_byte = fault.delay;
  return how;
}

}  // namespace simulator::cloud
