#include "simulator/cloud/cloud.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "simulator/cloud/arm.h"
#include "simulator/cloud/arm_store.h"
#include "simulator/cloud/credentials.h"
#include "simulator/cloud/fleet.h"
#include "simulator/cloud/kubernetes.h"
#include "simulator/cloud/node_store.h"
#include "simulator/control.h"
#include "simulator/listener.h"

namespace simulator::cloud {

struct Cloud::State {
  State(Cloud& cloud, std::vector<std::string> trusted)
      : tokens(std::move(trusted)), listener([this, &cloud](Listener::Socket socket) {
          serve_tls(std::move(socket), context, cloud, listener);
        }) {}

  const std::vector<std::string> tokens;
  ArmStore arm;
  NodeStore nodes;
  std::uint64_t watch_generation = 0;  ///< end_watches() begins a new one
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  Listener listener;
};

Cloud::Cloud(std::vector<std::string> tokens)
    : SimulatedService(Service::cloud), state_(std::make_unique<State>(*this, std::move(tokens))) {}
Cloud::~Cloud() = default;

net::Result<std::unique_ptr<Cloud>> Cloud::start(const Options& options) {
  std::unique_ptr<Cloud> cloud(new Cloud(options.tokens));
  const auto ready =
      prepare(cloud->state_->context, options.certificate_pem, options.key_pem, options.client_ca_pem);
  if (!ready) return net::pass_on(ready);
  auto& listener = cloud->state_->listener;
  if (const auto listening = listener.listen(options.listen); !listening) return net::pass_on(listening);
  listener.run();
  return cloud;
}

Reply Cloud::true_reply(const Request& request, const Target& target, const Fault* /*fault*/, Time /*now*/) {
  if (is_kubernetes(target)) {
    const auto user = user_of(request.headers, request.certificate, state_->tokens);
    auto answered = answer_kubernetes(request, target, user, state_->nodes);
    Reply reply{.response = std::move(answered.response)};
    if (answered.watch) reply.stream = watch(*std::move(answered.watch));
    return reply;
  }
  if (target.is_below_in_any_case({"metadata", "endpoints"})) {
    return {.response = answer_endpoints(request, target)};
  }
  return {.response = answer_arm(request, target, state_->arm, std::chrono::system_clock::now())};
}

EventStream Cloud::watch(WatchRequest request) {
  const auto timeout = request.timeout;
  return {
      .timeout = timeout,
      .news = [this, request = std::move(request), generation = state_->watch_generation](bool last) mutable {
        const std::lock_guard lock(mutex_);
        auto news = state_->nodes.advance(request.place);
        news.ended = news.ended || generation != state_->watch_generation;
        if (last && !news.ended && request.bookmarks) news.lines += NodeStore::bookmark(request.place);
        return news;
      }};
}

std::optional<Response> Cloud::service_response(const Request& request, const Target& target,
                                                const Fault& fault) const {
  const bool kubernetes = is_kubernetes(target);
  if (fault.kind == Fault::Kind::expired_token) {
    if (kubernetes) return unauthorized();
    const auto now = std::chrono::system_clock::now();
    return expired_token(now - std::chrono::minutes(1), now);
  }
  if (fault.kind != Fault::Kind::status) return std::nullopt;
  const bool own_headers = !fault.headers.empty();
  return kubernetes ? kubernetes_status(fault.code, node_of(target), own_headers)
                    : arm_status(fault.code, target, request, own_headers);
}

void Cloud::add_headers(const Target& target, Response& response) const {
  if (!is_kubernetes(target)) return add_arm_headers(response);
  response.extra.emplace_back("Audit-Id", random_id());
  response.extra.emplace_back("Cache-Control", "no-cache, private");
}

std::string Cloud::endpoint() const { return "https://" + state_->listener.address(); }

net::Result<void> Cloud::set_arm(std::string_view json) {
  const std::lock_guard lock(mutex_);
  return state_->arm.replace(json);
}

net::Result<void> Cloud::set_fleet(std::string_view json) {
  const auto size = parse_fleet_size(json);
  if (!size) return net::pass_on(size);
  auto documents = arm_of_fleet(*size);
  const auto nodes = nodes_of_fleet(*size);
  const std::lock_guard lock(mutex_);
  if (auto done = state_->arm.replace(std::move(documents)); !done) return done;
  auto done = state_->nodes.replace(nodes);
  state_->listener.wake_streams();
  return done;
}

std::string Cloud::arm() const {
  const std::lock_guard lock(mutex_);
  return state_->arm.text();
}

net::Result<void> Cloud::set_nodes(std::string_view json) {
  const std::lock_guard lock(mutex_);
  auto done = state_->nodes.replace(json);
  state_->listener.wake_streams();
  return done;
}

std::string Cloud::nodes() const {
  const std::lock_guard lock(mutex_);
  return state_->nodes.text();
}

std::uint64_t Cloud::resource_version() const {
  const std::lock_guard lock(mutex_);
  return state_->nodes.version();
}

net::Result<void> Cloud::compact(std::uint64_t before) {
  const std::lock_guard lock(mutex_);
  return state_->nodes.compact(before);
}

void Cloud::end_watches() {
  const std::lock_guard lock(mutex_);
  ++state_->watch_generation;
  state_->listener.wake_streams();
}

namespace {

using nlohmann::ordered_json;

net::Result<void> compact(Cloud& cloud, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.empty()) return cloud.compact(cloud.resource_version());
  if (!json.is_object() || json.size() != 1 || !json.contains("before") ||
      !json["before"].is_number_unsigned()) {
    return net::failure(EINVAL, R"(the body is not {"before":RESOURCE-VERSION}, nor {} for now)");
  }
  return cloud.compact(json["before"].get<std::uint64_t>());
}

}  // namespace

std::vector<ControlHandler> control_handlers(Cloud& cloud) {
  std::vector<ControlHandler> handlers = {
      on_get("/arm", "what ARM has", [&] { return cloud.arm(); }),
      on_put("/arm", R"(replaces it: {"/subscriptions/...": {document}})",
             [&](const std::string& body) { return cloud.set_arm(body); }),
      on_get("/nodes", "the Nodes", [&] { return cloud.nodes(); }),
      on_put("/nodes", R"(replaces them: {"NAME": {Node}})",
             [&](const std::string& body) { return cloud.set_nodes(body); }),
      on_put("/fleet", R"(replaces both by a large cluster's: {"nodes":5000,"unrouted":40})",
             [&](const std::string& body) { return cloud.set_fleet(body); }),
      on_put("/compaction", R"({"before":RESOURCE-VERSION}: watches from an older one are 410; {} = now)",
             [&](const std::string& body) { return compact(cloud, body); }),
      on_delete("/watches", "ends those that run", [&] { cloud.end_watches(); }),
  };
  for (auto& handler : service_control_handlers(cloud, "/cloud-")) handlers.push_back(std::move(handler));
  return handlers;
}

}  // namespace simulator::cloud
