#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "netlink/linux_kernel.h"
#include "netlink/watch.h"
#include "tests/netns/world.h"
#include "tests/support/netns.h"

namespace {

/// As ip-route(8) takes it.
std::string spec_of(const net::Route& route) {
  auto spec = fmt::format("{} {} table {} metric {} proto {}", net::route_type_name(route.type),
                          route.key.destination.text(), route.key.table, route.key.metric, route.protocol);
  if (route.gateway) spec += " via " + route.gateway->text();
  if (route.extra_attributes) spec += " mtu lock 1400";
  return spec;
}

class RealWorld final : public World {
 public:
  RealWorld() {
    auto kernel = netlink::LinuxKernel::open();
    if (!kernel) throw std::runtime_error(kernel.error().what);
    kernel_ = std::move(*kernel);
    auto watch = netlink::Watch::open(kernel_->command_port());
    if (!watch) throw std::runtime_error(watch.error().what);
    watch_ = std::move(*watch);
  }

  net::Kernel& kernel() override { return *kernel_; }

  std::uint32_t add_link(const std::string& name) override {
    space_.add_veth(name, name + "-peer");
    return index_of(name);
  }
  void remove_link(const std::string& name) override { space_.run("ip link del " + name); }
  void set_up(const std::string& name, bool up) override {
    space_.run(fmt::format("ip link set {} {}", name, up ? "up" : "down"));
  }
  void set_carrier(const std::string& name, bool carrier) override {
    space_.set_carrier(name, name + "-peer", carrier);
  }
  void add_address(const std::string& name, const std::string& cidr) override {
    space_.add_address(name, cidr);
  }
  void remove_address(const std::string& name, const std::string& cidr) override {
    space_.run(fmt::format("ip addr del {} dev {}", cidr, name));
  }

  bool by_other(test_support::Meeting meeting, const net::Route& route) override {
    switch (meeting) {
      case test_support::Meeting::add:
        return ip_route("add", route);
      case test_support::Meeting::replace:
        return ip_route("replace", route);
      case test_support::Meeting::append:
        return ip_route("append", route);
      case test_support::Meeting::prepend:
        return ip_route("prepend", route);
    }
    return false;
  }
  bool other_removes(const net::Route& route) override { return ip_route("del", route); }
  bool by_other(const net::Rule& rule) override {
    return attempt(fmt::format("ip {} rule add from {} lookup {} pref {} protocol {}", family_of(rule.source),
                               rule.source.text(), rule.table, rule.priority, rule.protocol));
  }

  void change_settings(const std::string& name) override {
    const auto path = fmt::format("/proc/sys/net/ipv4/conf/{}/forwarding", name);
    int value = 0;
    std::ifstream(path) >> value;
    std::ofstream(path) << 1 - value;
  }

  /// Notifications come in order: when that of a marker is there, so are all before it.
  std::vector<net::Notification> notifications() override {
    net::Route marker;
    marker.key.destination = *net::Prefix::parse("192.0.2.0/24");
    marker.key.table = 4000;
    marker.key.metric = ++markers_;
    marker.type = net::RouteType::blackhole;
    marker.protocol = kTheirs;
    ip_route("add", marker);
    std::vector<net::Notification> notifications;
    while (true) {
      pollfd waiting{.fd = watch_->descriptor(), .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 10000) != 1) throw std::runtime_error("the marker's notification did not come");
      if (const auto read = watch_->read(notifications); !read) throw std::runtime_error(read.error().what);
      const auto last = std::find_if(
          notifications.begin(), notifications.end(),
          [&marker](const net::Notification& each) { return each.route && each.route->key == marker.key; });
      if (last == notifications.end()) continue;
      notifications.erase(last, notifications.end());
      return notifications;
    }
  }

 private:
  static std::string_view family_of(const net::Prefix& prefix) {
    return prefix.family() == net::Family::ipv4 ? "-4" : "-6";
  }

  bool attempt(const std::string& line) { return space_.attempt(test_support::words(line)).status == 0; }

  bool ip_route(std::string_view verb, const net::Route& route) {
    auto line = fmt::format("ip {} route {} {}", family_of(route.key.destination), verb, spec_of(route));
    if (route.device != 0) line += " dev " + name_of(route.device);
    if (route.source) line += " src " + route.source->text();
    return attempt(line);
  }

  std::string name_of(std::uint32_t index) {
    const auto links = *kernel_->links();
    for (const auto& link : links) {
      if (link.index == index) return link.name;
    }
    return fmt::format("if{}", index);
  }
  std::uint32_t index_of(const std::string& name) {
    const auto links = *kernel_->links();
    for (const auto& link : links) {
      if (link.name == name) return link.index;
    }
    throw std::runtime_error("no link " + name);
  }

  test_support::NetNamespace space_;
  std::unique_ptr<netlink::LinuxKernel> kernel_;
  std::unique_ptr<netlink::Watch> watch_;
  std::uint32_t markers_ = 0;
};

}  // namespace

std::unique_ptr<World> make_real_world() { return std::make_unique<RealWorld>(); }
