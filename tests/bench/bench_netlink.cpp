// The kernel's door alone, in a network namespace of its own: adding, looking at and removing as many routes
// as an Azure route table holds (400), and many more.
//
//   bench_netlink [--benchmark_filter=add]      as root
//
// Take ratios, not digits: the kernel's own work is most of it.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/change.h"
#include "netlink/data_plane.h"
#include "netlink/linux_kernel.h"
#include "tests/support/netns.h"

namespace {

constexpr std::uint8_t kOurs = 169;
constexpr std::uint8_t kTheirs = 4;
constexpr std::size_t kForeign = 50000;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_netlink: {}\n", why);
  std::exit(1);
}

template <class T>
T must(net::Result<T> result) {
  if (!result) give_up(result.error().what);
  return std::move(*result);
}

/// One namespace for the whole run, with the device that every route leaves by.
class World {
 public:
  World() {
    space_.add_veth("eth0", "peer");
    space_.run("ip addr add 10.240.0.4/16 dev eth0");
    space_.run("ip addr add fd00::4/64 dev eth0");
    kernel_ = must(netlink::LinuxKernel::open());
    for (const auto& link : must(kernel_->links())) {
      if (link.name == "eth0") eth0_ = link.index;
    }
  }

  netlink::LinuxKernel& kernel() { return *kernel_; }

  [[nodiscard]] std::vector<net::Change> changes(net::Verb verb, net::Family family, std::size_t count,
                                                 std::uint8_t protocol = kOurs) const {
    const bool ipv4 = family == net::Family::ipv4;
    // Foreign routes lie among ours, not behind them.
    const unsigned metric = protocol == kOurs ? 1024 : 2048;
    std::vector<net::Change> made;
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      net::Route route;
      const auto text = ipv4 ? fmt::format("{}.{}.{}.0/24", 20 + i / 65536, i / 256 % 256, i % 256)
                             : fmt::format("fd20:{:x}::/64", i);
      route.key = {.table = 254, .destination = must(net::Prefix::parse(text)), .metric = metric, .tos = 0};
      route.protocol = protocol;
      route.gateway = must(net::Address::parse(ipv4 ? "10.240.0.1" : "fd00::1"));
      route.device = eth0_;
      made.push_back({.verb = verb, .object = route});
    }
    return made;
  }

  void apply(const std::vector<net::Change>& changes) {
    const auto refused = must(kernel_->apply(changes));
    if (!refused.empty()) give_up(refused.front().error.what);
  }

 private:
  test_support::NetNamespace space_;
  std::unique_ptr<netlink::LinuxKernel> kernel_;
  std::uint32_t eth0_ = 0;
};

World& world() {
  static World only;
  return only;
}

net::Family family_of(const benchmark::State& state) {
  return state.range(0) == 4 ? net::Family::ipv4 : net::Family::ipv6;
}

std::size_t routes_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(1)); }

/// The routes of each turn, whatever is timed of it.
void count_routes(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * state.range(1)); }

/// Times one verb; its opposite goes on between.
void change(benchmark::State& state, net::Verb timed) {
  const auto adds = world().changes(net::Verb::add, family_of(state), routes_of(state));
  const auto removals = world().changes(net::Verb::remove, family_of(state), routes_of(state));
  for ([[maybe_unused]] auto turn : state) {
    if (timed == net::Verb::remove) {
      state.PauseTiming();
      world().apply(adds);
      state.ResumeTiming();
      world().apply(removals);
    } else {
      world().apply(adds);
      state.PauseTiming();
      world().apply(removals);
      state.ResumeTiming();
    }
  }
  count_routes(state);
}

void add(benchmark::State& state) { change(state, net::Verb::add); }
void remove(benchmark::State& state) { change(state, net::Verb::remove); }

void replace(benchmark::State& state) {
  world().apply(world().changes(net::Verb::add, family_of(state), routes_of(state)));
  const auto replacements = world().changes(net::Verb::replace, family_of(state), routes_of(state));
  for ([[maybe_unused]] auto turn : state) world().apply(replacements);
  world().apply(world().changes(net::Verb::remove, family_of(state), routes_of(state)));
  count_routes(state);
}

/// What every look at the kernel costs: both families are asked for.
void dump(benchmark::State& state, std::size_t foreign_routes) {
  world().apply(world().changes(net::Verb::add, family_of(state), routes_of(state)));
  world().apply(world().changes(net::Verb::add, family_of(state), foreign_routes, kTheirs));
  for ([[maybe_unused]] auto turn : state) {
    if (must(world().kernel().routes(kOurs)).size() != routes_of(state)) give_up("the dump is not complete");
  }
  world().apply(world().changes(net::Verb::remove, family_of(state), foreign_routes, kTheirs));
  world().apply(world().changes(net::Verb::remove, family_of(state), routes_of(state)));
  count_routes(state);
}

/// Every change is refused, as when a NIC has lost its address: each refusal carries a sentence.
void refusals(benchmark::State& state) {
  auto changes = world().changes(net::Verb::add, family_of(state), routes_of(state));
  for (auto& each : changes) {
    auto& route = std::get<net::Route>(each.object);
    route.source = route.gateway;  // no address of ours
  }
  for ([[maybe_unused]] auto turn : state) {
    if (must(world().kernel().apply(changes)).size() != changes.size()) give_up("a change was not refused");
  }
  count_routes(state);
}

void links(benchmark::State& state) {
  for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(must(world().kernel().links()));
}

/// Once a minute: foreign routes in table main go by.
void data_plane(benchmark::State& state) {
  const auto foreign_routes =
      world().changes(net::Verb::add, net::Family::ipv4, static_cast<std::size_t>(state.range(0)), kTheirs);
  world().apply(foreign_routes);
  for ([[maybe_unused]] auto turn : state) {
    if (!must(netlink::read_data_plane({})).routes.empty()) give_up("foreign routes matter to nobody");
  }
  auto removals = foreign_routes;
  for (auto& each : removals) each.verb = net::Verb::remove;
  world().apply(removals);
}

void lookup(benchmark::State& state) {
  const auto destination = must(net::Address::parse("10.240.0.77"));
  for ([[maybe_unused]] auto turn : state) {
    benchmark::DoNotOptimize(must(world().kernel().lookup(net::Flow(destination))));
  }
}

void each_family_and_size(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"IPv", "routes"})->ArgsProduct({{4, 6}, {400, 10000}});
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(add)->Apply(each_family_and_size);
BENCHMARK(replace)->Apply(each_family_and_size);
BENCHMARK(remove)->Apply(each_family_and_size);
BENCHMARK(refusals)->Apply(each_family_and_size);
BENCHMARK_CAPTURE(dump, alone, 0)->Apply(each_family_and_size);
BENCHMARK_CAPTURE(dump, among_50000_foreign, kForeign)->Apply(each_family_and_size);
BENCHMARK(data_plane)->ArgName("foreign")->Arg(0)->Arg(500000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(links)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(lookup)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
