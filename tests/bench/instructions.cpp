// Does one kind of work so many times; what it costs is counted in instructions, from outside.
//
//   instructions encode|decode|compare|repair TIMES ROUTES
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "netlink/codecs.h"
#include "netlink/message.h"
#include "routing/reconciler.h"
#include "tests/bench/many_routes.h"

namespace {

void encode(unsigned times, const std::vector<net::Route>& routes) {
  netlink::Message message;
  for (unsigned i = 0; i < times; ++i)
    (void)netlink::encode_route(message, net::Verb::add, routes[i % routes.size()]);
}

void decode(unsigned times, const std::vector<net::Route>& routes) {
  const auto message = *netlink::encode_route(net::Verb::remove, routes.front());
  for (unsigned i = 0; i < times; ++i) {
    if (!netlink::decode_notification(message.header())->route) std::abort();
  }
}

void compare(unsigned times, const std::vector<net::Route>& routes) {
  routing::Desired desired;
  desired.routes = routes;
  const routing::RouteIndex index(desired.routes);
  routing::RouteDiffer comparison(desired, index);
  for (unsigned i = 0; i < times; ++i) comparison.take(routes[i % routes.size()]);
}

void repair(unsigned times, const std::vector<net::Route>& routes) {
  bench::YesKernel kernel;
  routing::Reconciler reconciler(kernel, 1);
  routing::Desired desired;
  desired.routes = routes;
  const net::MonoTime now{};
  reconciler.want(std::move(desired), 169, /*agreed=*/true, now);
  (void)reconciler.step(now);
  net::Notification notification;
  notification.subject = net::Notification::Subject::route;
  notification.removal = true;
  for (unsigned i = 0; i < times; ++i) {
    notification.route = routes[i % routes.size()];
    if (reconciler.repair_from_notifications({&notification, 1}, 0, now).made.size() != 1) std::abort();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const std::string_view work = argv[1];
  const auto times = static_cast<unsigned>(std::atoi(argv[2]));
  const auto routes = bench::many_routes(static_cast<unsigned>(std::atoi(argv[3])));
  if (work == "encode") encode(times, routes);
  if (work == "decode") decode(times, routes);
  if (work == "compare") compare(times, routes);
  if (work == "repair") repair(times, routes);
  return 0;
}
