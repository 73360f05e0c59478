#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/core/healthy_nodes.h"

// Every node that some test of a check breaks, for what holds of all checks: a table of faults is listed with
// `const bool kFaultsAreListed = list_broken(kFaults);` behind it.
namespace agent::testing {

struct BrokenNode {
  std::string name;
  std::function<checks::Facts()> facts;
};

using BrokenNodes = std::vector<BrokenNode>;

/// Of faults with a node of their own: {name, node, inject}.
template <class Fault>
requires requires(const Fault& fault) { fault.node(); }
void add_broken_by(const Fault& fault, BrokenNodes& all) {
  all.push_back({fault.name, [fault] {
                   auto facts = fault.node();
                   fault.inject(facts);
                   return facts;
                 }});
}

/// Of faults that happen to each healthy node that they concern: {name, where, inject}.
template <class Fault>
requires requires(const Fault& fault, const checks::Facts& facts) { fault.where(facts); }
void add_broken_by(const Fault& fault, BrokenNodes& all) {
  for (const auto& node : kHealthyNodes) {
    if (!fault.where(node.facts())) continue;
    all.push_back({std::string(fault.name) + " on " + node.name, [fault, node] {
                     auto facts = node.facts();
                     fault.inject(facts);
                     return facts;
                   }});
  }
}

using ListBroken = std::function<void(BrokenNodes&)>;

inline std::vector<ListBroken>& lists_of_broken() {
  static std::vector<ListBroken> all;
  return all;
}

/// Made when a test asks, not at the start of each process that runs another test.
inline const BrokenNodes& broken_nodes() {
  static const BrokenNodes kAll = [] {
    BrokenNodes all;
    for (const auto& list : lists_of_broken()) list(all);
    return all;
  }();
  return kAll;
}

inline bool list_broken(ListBroken list) {
  lists_of_broken().push_back(std::move(list));
  return true;
}

/// The table is to live as long as the process.
template <class Fault, std::size_t Size>
bool list_broken(const Fault (&faults)[Size]) {
  return list_broken([&faults](BrokenNodes& all) {
    for (const auto& fault : faults) add_broken_by(fault, all);
  });
}

/// Of faults that all happen to one node: {name, inject}.
template <class Fault, std::size_t Size>
bool list_broken(const Fault (&faults)[Size], checks::Facts (*node)()) {
  return list_broken([&faults, node](BrokenNodes& all) {
    for (const auto& fault : faults) {
      all.push_back({fault.name, [&fault, node] {
                       auto facts = node();
                       fault.inject(facts);
                       return facts;
                     }});
    }
  });
}

}  // namespace agent::testing
