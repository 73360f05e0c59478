#include "arm/cluster_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arm/endpoint.h"
#include "arm/refusal.h"

namespace arm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned kAnswered = 200;
constexpr unsigned kTokenRefused = 401;
constexpr unsigned kFirstOfServer = 500;
/// A page of NICs has megabytes, and a virtual network of 65,536 addresses names each of them.
constexpr std::size_t kLargestDocument = std::size_t{24} << 20;
constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kUntold = std::chrono::seconds(10);  // where a 429 does not say
constexpr auto kPause = std::chrono::seconds(1);
constexpr int kMostAttempts = 4;

}  // namespace

ClusterRequests::ClusterRequests(Cloud cloud, https::Getter get, TokenSource token, std::string principal,
                                 const ClusterLimits& limits, Sleep sleep, Progress progress)
    : cloud_(std::move(cloud)),
      get_(std::move(get)),
      token_(std::move(token)),
      principal_(std::move(principal)),
      limits_(limits),
      sleep_(std::move(sleep)),
      progress_(std::move(progress)) {}

tl::unexpected<net::Error> ClusterRequests::end(net::Error reason) {
  stopped_ = reason;
  return tl::unexpected(std::move(reason));
}

net::Error ClusterRequests::about(int code, const std::string& what) const {
  return {{code, std::system_category()}, fmt::format("ARM at {}: {}", authority_of(cloud_.endpoint), what)};
}

net::Error ClusterRequests::unusable(const Subject& subject, const net::Error& error) const {
  return about(error.code.value(),
               fmt::format("the answer about {} cannot be used: {}", subject.phrase(), error.what));
}

net::Result<https::Response> ClusterRequests::send(const std::string& target, bool with_token) {
  const auto now = steady_clock::now();
  if (with_token && requests_ >= limits_.requests)
    return end(about(EAGAIN, fmt::format("not asked: {} requests are made, and no more are allowed; "
                                         "--max-requests allows more",
                                         requests_)));
  if (bytes_ >= limits_.bytes)
    return end(about(EMSGSIZE, fmt::format("not asked: its answers have {} MiB already", bytes_ >> 20U)));
  if (now >= limits_.finish_by)
    return end(about(ETIMEDOUT, "not asked: the time is up; --timeout allows more"));
  if (with_token) ++requests_;
  https::Request request{.url = cloud_.endpoint + target,
                         .headers = {{"Accept", "application/json"}},
                         .finish_by = std::min(limits_.finish_by, now + kPatience),
                         .secrets = secrets_,
                         .form = {},
                         .largest_body = kLargestDocument};
  if (with_token) request.headers.emplace_back("Authorization", "Bearer " + secrets_.back());
  auto response = get_(request);
  if (!response) return tl::unexpected(about(response.error().code.value(), response.error().what));
  bytes_ += response->body.size();
  return response;
}

net::Result<void> ClusterRequests::prepare() {
  if (stopped_) return tl::unexpected(*stopped_);
  if (cloud_.audience.empty()) {
    const auto response = send(std::string(kSelfDescription), false);
    if (!response) return end(response.error());
    auto audience = response->status == kAnswered
                        ? parse_audience(response->body, cloud_.endpoint)
                        : net::failure(EAGAIN, fmt::format("it answers {}", response->status));
    if (!audience)
      return end(about(EBADMSG, fmt::format("it does not say for whom tokens are ({}): {}", kSelfDescription,
                                            audience.error().what)));
    cloud_.audience = *std::move(audience);
  }
  if (!secrets_.empty()) return {};
  auto token = token_(cloud_.audience, false);
  if (!token) return end(token.error());
  secrets_.push_back(*std::move(token));
  return {};
}

net::Result<https::Response> ClusterRequests::send_patiently(const Subject& subject,
                                                             const std::string& target) {
  for (int attempt = 1;; ++attempt) {
    auto response = send(target, true);
    if (!response || attempt == kMostAttempts) return response;
    const auto asked = retry_after(response->headers, std::chrono::system_clock::now());
    milliseconds wait = kPause;
    if (is_throttling(*response)) {
      wait = std::max<milliseconds>(kPause, asked.value_or(kUntold));
    } else if (response->status < kFirstOfServer || attempt > 1) {
      return response;
    }
    if (steady_clock::now() + wait >= limits_.finish_by) return response;
    progress_(requests_,
              fmt::format("{} s of rest, as Azure asks, before {}",
                          std::chrono::ceil<std::chrono::seconds>(wait).count(), subject.phrase()));
    sleep_(wait);
  }
}

net::Result<std::string> ClusterRequests::read(const Subject& subject, const std::string& target) {
  if (const auto ready = prepare(); !ready) return net::pass_on(ready);
  progress_(requests_, subject.phrase());
  auto response = send_patiently(subject, target);
  if (response && response->status == kTokenRefused && secrets_.size() == 1) {
    auto fresh = token_(cloud_.audience, true);
    if (!fresh) return end(fresh.error());
    if (*fresh != secrets_.front()) {
      secrets_.push_back(*std::move(fresh));
      response = send_patiently(subject, target);
    }
  }
  if (!response) return net::pass_on(response);
  if (response->status == kAnswered) return std::move(response->body);
  if (response->status == kTokenRefused) {
    return end(
        about(EACCES, fmt::format("it does not accept the token of {} (401): it has expired, or is for "
                                  "another cloud or tenant; its audience has to be {}",
                                  principal_, cloud_.audience)));
  }
  auto refused = refusal(*response, subject, authority_of(cloud_.endpoint), principal_);
  if (is_throttling(*response)) return end(std::move(refused));
  return tl::unexpected(std::move(refused));
}

}  // namespace arm
