// What is decided and translated without a kernel: for one route, for all of them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>

#include "agent/config/toml_file.h"
#include "imds/answer.h"
#include "netlink/codecs.h"
#include "netlink/message.h"
#include "node/desired_routes.h"
#include "routing/reconciler.h"
#include "tests/bench/many_routes.h"

namespace {

std::vector<net::Route> routes_of(const benchmark::State& state) {
  return bench::many_routes(static_cast<unsigned>(state.range(0)));
}

routing::Desired desired_of(const std::vector<net::Route>& routes) {
  routing::Desired desired;
  desired.routes = routes;
  return desired;
}

void encode(benchmark::State& state) {
  const auto routes = bench::many_routes(1000);
  netlink::Message message;
  std::size_t i = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(netlink::encode_route(message, net::Verb::add, routes[++i % 1000]));
}

void decode(benchmark::State& state) {
  const auto message = *netlink::encode_route(net::Verb::remove, bench::many_routes(1).front());
  for (auto _ : state) benchmark::DoNotOptimize(netlink::decode_notification(message.header()));
}

void parse_document(benchmark::State& state) {
  std::ifstream file(CAA_TEST_DATA "/imds/acn_vmss_uniform_compute.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (auto _ : state) benchmark::DoNotOptimize(imds::parse(text));
}

void parse_configuration(benchmark::State& state) {
  std::string text = "[pods]\ncluster_cidrs = [\n";
  for (const auto& route : routes_of(state)) text += fmt::format("\"{}\",\n", route.key.destination.text());
  text += "]\n";
  for (auto _ : state) benchmark::DoNotOptimize(agent::parse_toml(text, "config.toml"));
}

void index(benchmark::State& state) {
  const net::SharedList<net::Route> routes = routes_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(routing::RouteIndex(routes));
}

/// A dump in which everything is as wanted.
void compare(benchmark::State& state) {
  const auto routes = routes_of(state);
  const auto desired = desired_of(routes);
  const routing::RouteIndex index(desired.routes);
  for (auto _ : state) {
    routing::RouteDiffer comparison(desired, index);
    for (const auto& route : routes) comparison.take(route);
    benchmark::DoNotOptimize(comparison.finish({}, {}));
  }
}

void repair_one(benchmark::State& state) {
  const auto routes = routes_of(state);
  bench::YesKernel kernel;
  routing::Reconciler reconciler(kernel, 1);
  net::MonoTime now{};
  reconciler.want(desired_of(routes), 169, /*agreed=*/true, now);
  (void)reconciler.step(now);
  net::Notification notification;
  notification.subject = net::Notification::Subject::route;
  notification.removal = true;
  std::size_t i = 0;
  for (auto _ : state) {
    now += std::chrono::seconds(1);
    notification.route = routes[++i * 7919 % routes.size()];
    benchmark::DoNotOptimize(reconciler.repair_from_notifications({&notification, 1}, 0, now));
  }
}

BENCHMARK(encode);
BENCHMARK(decode);
BENCHMARK(parse_document)->Unit(benchmark::kMicrosecond);
BENCHMARK(parse_configuration)->Arg(400)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(index)->Arg(400)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(compare)->Arg(400)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(repair_one)->Arg(10)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
