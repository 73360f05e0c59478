// What a probe, a scrape and a look at the page cost: the renderings alone, and over a socket.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "agent/http/client.h"
#include "agent/http/router.h"
#include "agent/http/server.h"
#include "checks/check_table.h"

namespace {

core::Snapshot node_with(std::int64_t routes) {
  core::Snapshot node;
  node.version = "0.1.0";
  node.ready = true;
  node.ready_since = net::WallTime{std::chrono::hours{1}};
  node.node_name = "aks-pool1-3000-vmss000002";
  node.imds.source = node::ImdsSource::live;
  node.imds.last_success = net::WallTime{std::chrono::hours{2}};
  node.imds.last_success_mono = net::MonoTime{std::chrono::hours{2}};
  for (const auto id : checks::check_ids()) {
    node.checks.push_back({.id = std::string(id),
                           .status = checks::CheckStatus::pass,
                           .gate = true,
                           .message = "net.ipv4.ip_forward is 1",
                           .why = "",
                           .remedy = "",
                           .since = net::WallTime{std::chrono::hours{1}}});
  }
  routing::RouteStatus status{
      .route = {}, .device = "eth0", .state = routing::RouteState::in_sync, .error = ""};
  status.route.gateway = net::Address::parse("10.240.0.1").value();
  node.routes = routing::RouteStatuses(std::vector(static_cast<std::size_t>(routes), status));
  return node;
}

void render(benchmark::State& state, const std::string& path) {
  const auto node = node_with(state.range(0));
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:16925\r\nUser-Agent: bench\r\n\r\n";
  const agent::http::View view{.snapshot = node,
                               .alive = true,
                               .silence = std::chrono::seconds{0},
                               .now = net::WallTime{std::chrono::hours{3}},
                               .mono_now = net::MonoTime{std::chrono::hours{3}},
                               .started = net::WallTime{}};
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto reply = agent::http::answer_bytes(request, view);
    if (!reply) std::abort();
    bytes = reply->size();
    benchmark::DoNotOptimize(reply->data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK_CAPTURE(render, readyz, "/readyz")->Arg(4)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render, status, "/status")->Arg(4)->Arg(600)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render, metrics, "/metrics")->Arg(4)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render, page, "/")->Arg(4)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void probe_over_tcp(benchmark::State& state) {
  const core::Published<core::Snapshot> published(node_with(4));
  const agent::Heartbeat heartbeat;
  net::ListenAddress where{.address = *net::Address::parse("127.0.0.1"), .port = 0, .unix_path = ""};
  const auto server =
      agent::StatusServer::start(where, agent::StatusServer::Content::all, published, heartbeat);
  if (!server) return state.SkipWithError(server.error().what.c_str());
  where.port = (*server)->port();
  for (auto _ : state) {
    if (!agent::http_get(where, "/readyz", std::chrono::seconds{5})) return state.SkipWithError("no reply");
  }
}
BENCHMARK(probe_over_tcp)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
