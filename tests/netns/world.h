#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/kernel.h"
#include "net/route_watch.h"
#include "tests/support/fake_fib.h"

/// The protocol number that the tests apply by, and one of somebody else.
inline constexpr std::uint8_t kOurs = 169;
inline constexpr std::uint8_t kTheirs = 4;

/// A kernel and everybody else who changes it: the fake one and the real one, for the same questions.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  virtual net::Kernel& kernel() = 0;
  /// An Ethernet device that is up and has carrier. Returns its index.
  virtual std::uint32_t add_link(const std::string& name) = 0;
  virtual void remove_link(const std::string& name) = 0;
  virtual void set_up(const std::string& name, bool up) = 0;
  virtual void set_carrier(const std::string& name, bool carrier) = 0;
  virtual void add_address(const std::string& name, const std::string& cidr) = 0;
  virtual void remove_address(const std::string& name, const std::string& cidr) = 0;
  /// What somebody else does; false: the kernel refused.
  virtual bool by_other(test_support::Meeting meeting, const net::Route& route) = 0;
  virtual bool other_removes(const net::Route& route) = 0;
  virtual bool by_other(const net::Rule& rule) = 0;
  virtual void change_settings(const std::string& name) = 0;
  /// Everything that was notified since the last call; nothing that happened before it is missing.
  virtual std::vector<net::Notification> notifications() = 0;
};

enum class Which : std::uint8_t { fake, real };

std::unique_ptr<World> make_fake_world();
/// In a network namespace of its own.
std::unique_ptr<World> make_real_world();
inline std::unique_ptr<World> make_world(Which which) {
  return which == Which::fake ? make_fake_world() : make_real_world();
}
