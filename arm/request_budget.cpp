#include "arm/request_budget.h"

#include <fmt/format.h>

#include <utility>

#include "arm/endpoint.h"
#include "arm/refusal.h"

namespace arm {
namespace {

using std::chrono::steady_clock;

constexpr unsigned kOk = 200;
constexpr unsigned kUnauthorized = 401;

net::Error error(int code, std::string what) { return {{code, std::system_category()}, std::move(what)}; }

}  // namespace

tl::unexpected<net::Error> RequestBudget::end(net::Error reason) {
  stopped_ = reason;
  return tl::unexpected(std::move(reason));
}

net::Error RequestBudget::about(const net::Error& error) const {
  return {error.code, fmt::format("ARM at {}: {}", authority_of(cloud_.endpoint), error.what)};
}

net::Error RequestBudget::unusable(const Subject& subject, const net::Error& error) const {
  return about(
      {error.code, fmt::format("the answer about {} cannot be used: {}", subject.phrase(), error.what)});
}

net::Result<https::Response> RequestBudget::send(const std::string& target, bool with_token) {
  if (with_token && requests_ == limit_) {
    return end(error(EAGAIN, fmt::format("not read this time: a verification makes {} requests at most; next "
                                         "time",
                                         limit_)));
  }
  if (steady_clock::now() >= finish_by_) {
    return end(error(ETIMEDOUT, "not read this time: the verification took too long; next time"));
  }
  if (with_token) ++requests_;
  https::Request request{.url = cloud_.endpoint + target,
                         .headers = {{"Accept", "application/json"}},
                         .finish_by = finish_by_,
                         .secrets = secrets_};
  if (with_token) request.headers.emplace_back("Authorization", "Bearer " + secrets_.back());
  auto response = get_(request);
  if (!response) return tl::unexpected(about(response.error()));
  return response;
}

net::Result<void> RequestBudget::learn_audience() {
  const auto response = send(std::string(kSelfDescription), false);
  if (!response) return end(response.error());
  if (response->status != kOk) {
    return end(
        about(error(EAGAIN, fmt::format("it answers {} to the question whom tokens are for ({}); check "
                                        "resourceManagerEndpoint in azure.json; asked again next time",
                                        response->status, kSelfDescription))));
  }
  auto audience = parse_audience(response->body, cloud_.endpoint);
  if (!audience) {
    return end(about(error(EBADMSG, fmt::format("its description of itself ({}) cannot be used: {}",
                                                kSelfDescription, audience.error().what))));
  }
  cloud_.audience = *std::move(audience);
  return {};
}

net::Result<void> RequestBudget::need_token(bool fresh) {
  auto token = token_(cloud_.audience, fresh);
  if (!token) return end(token.error());
  secrets_.push_back(*std::move(token));
  return {};
}

net::Result<void> RequestBudget::prepare() {
  if (stopped_) return tl::unexpected(*stopped_);
  if (cloud_.audience.empty()) {
    if (auto learned = learn_audience(); !learned) return learned;
  }
  return secrets_.empty() ? need_token(false) : net::Result<void>();
}

net::Result<std::string> RequestBudget::read(const Subject& subject, const std::string& target) {
  if (const auto ready = prepare(); !ready) return net::pass_on(ready);
  auto response = send(target, true);
  if (response && response->status == kUnauthorized && secrets_.size() == 1 && requests_ < limit_) {
    if (const auto renewed = need_token(true); !renewed) return net::pass_on(renewed);
    response = send(target, true);
  }
  if (!response) return net::pass_on(response);
  if (response->status == kOk) return std::move(response->body);

  if (response->status == kUnauthorized && secrets_.size() == 1) {
    return end(
        about(error(EACCES, "it does not accept the managed identity's token; next time with a fresh one")));
  }
  auto refused = refusal(*response, subject, authority_of(cloud_.endpoint));
  if (response->status == kUnauthorized) return end(std::move(refused));
  if (is_throttling(*response)) {
    resume_after_ = retry_after(response->headers, std::chrono::system_clock::now());
    stopped_ = error(EBUSY, "not read this time: ARM asked for fewer requests");
  }
  return tl::unexpected(std::move(refused));
}

}  // namespace arm
