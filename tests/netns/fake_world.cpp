#include <algorithm>
#include <stdexcept>

#include "tests/netns/world.h"
#include "tests/support/fake_kernel.h"

namespace {

class FakeWorld final : public World {
 public:
  net::Kernel& kernel() override { return kernel_; }
  std::uint32_t add_link(const std::string& name) override { return kernel_.add_link(name); }
  void remove_link(const std::string& name) override { kernel_.remove_link(index_of(name)); }
  void set_up(const std::string& name, bool up) override { kernel_.set_up(index_of(name), up); }
  void set_carrier(const std::string& name, bool carrier) override {
    kernel_.set_carrier(index_of(name), carrier);
  }
  void add_address(const std::string& name, const std::string& cidr) override {
    kernel_.add_address(index_of(name), cidr);
  }
  void remove_address(const std::string& name, const std::string& cidr) override {
    kernel_.remove_address(index_of(name), cidr);
  }
  bool by_other(test_support::Meeting meeting, const net::Route& route) override {
    return kernel_.as_foreign(meeting, route).error == 0;
  }
  bool other_removes(const net::Route& route) override { return kernel_.remove_foreign(route).error == 0; }
  bool by_other(const net::Rule& rule) override { return kernel_.add_foreign(rule).error == 0; }
  void change_settings(const std::string& name) override { kernel_.change_settings(index_of(name)); }
  std::vector<net::Notification> notifications() override { return kernel_.take_notifications(); }

 private:
  std::uint32_t index_of(const std::string& name) {
    const auto links = *kernel_.links();
    const auto found = std::find_if(links.begin(), links.end(),
                                    [&name](const net::Link& each) { return each.name == name; });
    if (found == links.end()) throw std::invalid_argument("no link " + name);
    return found->index;
  }

  test_support::FakeKernel kernel_;
};

}  // namespace

std::unique_ptr<World> make_fake_world() { return std::make_unique<FakeWorld>(); }
