#include "simulator/imds.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "simulator/connection.h"
#include "simulator/identity.h"
#include "simulator/listener.h"
#include "simulator/metadata.h"

namespace simulator {
namespace {

using Kind = Fault::Kind;

/// The words that IMDS and its identity endpoint have for a status.
struct StatusWords {
  const char* error;  ///< codes of the identity endpoint (its OpenAPI description)
  const char* text;
};

StatusWords words_for(unsigned status) {
  switch (status) {
    case 400:
      return {"bad_request", "Bad request"};
    case 403:
      return {"forbidden", "Forbidden"};
    case 404:
      return {"not_found", "Not found"};
    case 405:
      return {"method_not_allowed", "Method not allowed"};
    case 410:
      return {"service_unavailable", "Gone"};
    case kTooManyRequests:
      return {"too_many_requests", "Too many requests"};
    case 503:
      return {"service_unavailable", "Service unavailable"};
    default:
      return {"server_error", "Internal server error"};
  }
}

Response status_response(unsigned status, const Target& target) {
  const auto [error, text] = words_for(status);
  return is_identity(target) ? identity_refusal(status, error, text) : refusal(status, text);
}

TokenStyle token_style(const Fault* fault) {
  TokenStyle style;
  if (fault == nullptr) return style;
  style.not_found = fault->kind == Kind::identity_not_found;
  style.numbers = fault->kind == Kind::token_numbers;
  if (fault->kind == Kind::token_lifetime) style.lifetime = std::chrono::seconds(fault->amount);
  return style;
}

}  // namespace

/// So many per second, and as many at once after a pause. 0 = no limit.
class TokenBucket {
 public:
  explicit TokenBucket(double per_second) : per_second_(per_second), tokens_(per_second) {}

  /// False when the limit is reached.
  bool take(std::chrono::steady_clock::time_point now) {
    if (per_second_ <= 0) return true;
    const double since = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(per_second_, tokens_ + since * per_second_);
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double tokens_;
  std::chrono::steady_clock::time_point last_{};
};

/// One of the requests for tokens that count as open, while it lives.
class OpenRequest {
 public:
  explicit OpenRequest(std::shared_ptr<std::atomic<unsigned>> open) : open_(std::move(open)) { ++*open_; }
  OpenRequest(const OpenRequest&) = delete;
  OpenRequest& operator=(const OpenRequest&) = delete;
  ~OpenRequest() { --*open_; }

 private:
  std::shared_ptr<std::atomic<unsigned>> open_;
};

struct Imds::State {
  explicit State(Imds& imds)
      : listener([this, &imds](Listener::Socket socket) { serve(std::move(socket), imds, listener); }) {}

  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  nlohmann::ordered_json stale_document = nlohmann::ordered_json::object();
  nlohmann::ordered_json scheduled_events = {{"DocumentIncarnation", 1},
                                             {"Events", nlohmann::ordered_json::array()}};
  std::vector<net::Address> sources;
  RateLimit limit;
  TokenBucket general{limit.per_second};
  TokenBucket identity{limit.identity_per_second};
  /// Shared with the replies, which may outlive this.
  std::shared_ptr<std::atomic<unsigned>> identity_open = std::make_shared<std::atomic<unsigned>>(0);
  Listener listener;
};

Imds::Imds() : SimulatedService(Service::imds), state_(std::make_unique<State>(*this)) {}
Imds::~Imds() = default;

net::Result<std::unique_ptr<Imds>> Imds::start(const Options& options) {
  std::unique_ptr<Imds> imds(new Imds);
  const std::string document =
      options.document.empty() ? std::string(default_document(Form::virtual_machine)) : options.document;
  // Twice, so that there is an earlier one for the stale fault.
  for (int i = 0; i < 2; ++i) {
    if (const auto set = imds->set_document(document); !set) return net::pass_on(set);
  }
  imds->set_rate_limit(options.rate_limit);
  auto& listener = imds->state_->listener;
  if (const auto listening = listener.listen(options.listen); !listening) return net::pass_on(listening);
  if (const auto ruled = imds->set_sources(options.sources); !ruled) return net::pass_on(ruled);
  listener.run();
  return imds;
}

Reply Imds::true_reply(const Request& request, const Target& target, const Fault* fault, Time now) {
  if (is_identity(target)) {
    const auto most = state_->limit.identity_concurrent;
    const bool full = most != 0 && *state_->identity_open >= most;
    if (full || !state_->identity.take(now)) return {.response = status_response(kTooManyRequests, target)};
    return {
        .response = answer_identity(request, target, token_style(fault), std::chrono::system_clock::now()),
        .in_flight = std::make_shared<OpenRequest>(state_->identity_open)};
  }
  if (!state_->general.take(now)) return {.response = status_response(kTooManyRequests, target)};
  if (target.is_below({"metadata", "scheduledevents"}))
    return {.response = answer_scheduled_events(request, target, state_->scheduled_events)};
  const bool stale = fault != nullptr && fault->kind == Kind::stale;
  const auto& document = stale ? state_->stale_document : state_->document;
  return {.response =
              answer_metadata(request, target, fault == nullptr ? document : altered(document, fault->kind))};
}

std::optional<Response> Imds::service_response(const Request& /*request*/, const Target& target,
                                               const Fault& fault) const {
  if (fault.kind != Kind::status) return std::nullopt;
  return status_response(fault.code, target);
}

void Imds::add_headers(const Target& /*target*/, Response& response) const {
  response.extra.emplace_back("Server", "IMDS/150.870.65.1854");
  response.extra.emplace_back("x-ms-request-id", random_id());
}

std::string Imds::endpoint() const { return "http://" + state_->listener.address(); }

net::Result<void> Imds::set_document(std::string_view json) {
  auto fresh = read_instance(json);
  if (!fresh) return net::pass_on(fresh);
  const std::lock_guard lock(mutex_);
  state_->stale_document = std::exchange(state_->document, *std::move(fresh));
  return {};
}

std::string Imds::document() const {
  const std::lock_guard lock(mutex_);
  return state_->document.dump();
}

net::Result<void> Imds::set_scheduled_events(std::string_view json) {
  auto fresh = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!fresh.is_object() || !fresh.contains("Events") || !fresh["Events"].is_array())
    return net::failure(EINVAL, "scheduled events are {\"Events\": […]}");
  const std::lock_guard lock(mutex_);
  const auto incarnation = state_->scheduled_events["DocumentIncarnation"].get<int>();
  state_->scheduled_events = {{"DocumentIncarnation", incarnation + 1},
                              {"Events", std::move(fresh["Events"])}};
  return {};
}

void Imds::set_rate_limit(const RateLimit& limit) {
  const std::lock_guard lock(mutex_);
  state_->limit = limit;
  state_->general = TokenBucket(limit.per_second);
  state_->identity = TokenBucket(limit.identity_per_second);
}

RateLimit Imds::rate_limit() const {
  const std::lock_guard lock(mutex_);
  return state_->limit;
}

net::Result<void> Imds::set_sources(std::vector<net::Address> sources) {
  const std::lock_guard lock(mutex_);
  auto done = accept_only_from(state_->listener.descriptor(), sources);
  if (done) state_->sources = std::move(sources);
  return done;
}

std::vector<net::Address> Imds::sources() const {
  const std::lock_guard lock(mutex_);
  return state_->sources;
}

}  // namespace simulator
