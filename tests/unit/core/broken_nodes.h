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

inline std::vector<BrokenNode>& broken_nodes() {
  static std::vector<BrokenNode> all;
  return all;
}

/// Of faults with a node of their own: {name, node, inject}.
template <class Fault>
requires requires(const Fault& fault) { fault.node(); }
void list_broken_by(const Fault& fault) {
  broken_nodes().push_back({fault.name, [fault] {
                              auto facts = fault.node();
                              fault.inject(facts);
                              return facts;
                            }});
}

/// Of faults that happen to each healthy node that they concern: {name, where, inject}.
template <class Fault>
requires requires(const Fault& fault, const checks::Facts& facts) { fault.where(facts); }
void list_broken_by(const Fault& fault) {
  for (const auto& node : kHealthyNodes) {
    if (!fault.where(node.facts())) continue;
    broken_nodes().push_back({std::string(fault.name) + " on " + node.name, [fault, node] {
                                auto facts = node.facts();
                                fault.inject(facts);
                                return facts;
                              }});
  }
}

template <class Table>
bool list_broken(const Table& faults) {
  for (const auto& fault : faults) list_broken_by(fault);
  return true;
}

/// Of faults that all happen to one node: {name, inject}.
template <class Table>
bool list_broken(const Table& faults, checks::Facts (*node)()) {
  for (const auto& fault : faults) {
    broken_nodes().push_back({fault.name, [fault, node] {
                                auto facts = node();
                                fault.inject(facts);
                                return facts;
                              }});
  }
  return true;
}

}  // namespace agent::testing
