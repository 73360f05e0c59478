#include "node/policy.h"

#include <algorithm>

namespace node {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

std::string selector_text(const NicSelector& selector) {
  return std::visit(Overloaded{
                        [](const PrimaryNic&) { return std::string("primary"); },
                        [](const net::MacAddress& mac) { return "mac:" + mac.text(); },
                        [](const LinkNamed& link) { return "name:" + link.name; },
                        [](const net::Prefix& subnet) { return "subnet:" + subnet.text(); },
                    },
                    selector);
}

bool Policy::uses(net::Family family) const {
  const auto of_family = [family](const net::Prefix& cidr) { return cidr.family() == family; };
  return std::any_of(cluster_cidrs.begin(), cluster_cidrs.end(), of_family) ||
         std::any_of(node_cidrs.begin(), node_cidrs.end(), of_family);
}

}  // namespace node
