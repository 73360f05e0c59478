#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

// What is told of one change to each healthy node that it can happen to.
namespace agent::testing {

/// One thing that is wrong; exactly one check says so.
struct FaultOfNodes {
  const char* name;
  bool (*where)(const checks::Facts&);
  std::function<void(checks::Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

/// A state in which nothing is wrong as far as anyone can tell: no check fails, and one says what it knows.
struct HealthyNodes {
  const char* name;
  bool (*where)(const checks::Facts&);
  std::function<void(checks::Facts&)> change;
  const char* id;
  checks::CheckStatus status;
  const char* message;
};

inline bool anywhere(const checks::Facts&) { return true; }
inline bool on_flannel(const checks::Facts& facts) { return facts.policy.mode == node::Mode::flannel; }
inline bool on_calico_vxlan(const checks::Facts& facts) {
  return facts.policy.mode == node::Mode::calico_vxlan;
}
inline bool on_overlays(const checks::Facts& facts) { return on_flannel(facts) || on_calico_vxlan(facts); }
inline bool on_azure_cni(const checks::Facts& facts) { return facts.policy.mode == node::Mode::azure_cni; }
inline bool with_calico(const checks::Facts& facts) { return facts.environment->host->felix.has_value(); }
/// Where others make links by names that they can be told by.
inline bool with_named_links(const checks::Facts& facts) { return with_calico(facts) || on_overlays(facts); }
inline bool with_sink(const checks::Facts& facts) { return !on_azure_cni(facts); }

/// Every healthy node that it concerns, after the change.
inline void on_each(const char* name, bool (*where)(const checks::Facts&),
                    const std::function<void(checks::Facts&)>& change,
                    const std::function<void(const checks::Facts&)>& expect) {
  std::size_t nodes = 0;
  for (const auto& node : kHealthyNodes) {
    auto facts = node.facts();
    if (!where(facts)) continue;
    SCOPED_TRACE(std::string(name) + " on " + node.name);
    ++nodes;
    EXPECT_TRUE(failures(facts).empty());
    change(facts);
    expect(facts);
  }
  EXPECT_GT(nodes, 0U) << name;
}

inline void expect_told_by_one_check(const FaultOfNodes& fault) {
  std::set<std::string> remedies;
  on_each(fault.name, fault.where, fault.inject, [&](const checks::Facts& facts) {
    const auto failed = failures(facts);
    std::string all;
    for (const auto& each : failed) all += each.id + ": " + each.message + "\n";
    ASSERT_EQ(failed.size(), 1U) << all;
    const auto& told = failed.front();
    EXPECT_EQ(told.id, fault.id) << all;
    EXPECT_NE(told.message.find(fault.message), std::string::npos) << told.message;
    EXPECT_EQ(told.message.find('\n'), std::string::npos) << told.message;
    EXPECT_NE(told.remedy.find(fault.remedy), std::string::npos) << told.remedy;
    if (remedies.insert(told.remedy).second) {
      EXPECT_TRUE(is_shell(told.remedy)) << told.remedy;
    }
    EXPECT_FALSE(told.why.empty());
    EXPECT_TRUE(!told.gate || told.id == "sysctl.ip_forward");
  });
}

inline void expect_healthy(const HealthyNodes& healthy) {
  on_each(healthy.name, healthy.where, healthy.change, [&](const checks::Facts& facts) {
    for (const auto& each : failures(facts)) ADD_FAILURE() << each.id << ": " << each.message;
    const auto said = result(facts, healthy.id);
    EXPECT_EQ(said.status, healthy.status) << said.message;
    EXPECT_NE(said.message.find(healthy.message), std::string::npos) << said.message;
  });
}

}  // namespace agent::testing
