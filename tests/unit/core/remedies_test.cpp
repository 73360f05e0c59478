// What is printed to fix things is pasted by people in a hurry, as root: whatever the names in it are,
// nothing but the words of the project runs, and nothing of others' is taken away.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checks/check_table.h"
#include "net/foreign_text.h"
#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell_run.h"

namespace agent {
namespace {

using testing::Argv;
using testing::broken_nodes;
using testing::BrokenNodes;

using Word = std::function<void(std::string&)>;

/// An ARM id: each of its segments is a name of its own.
void each_segment(std::string& id, const Word& word) {
  std::string whole;
  for (std::size_t at = 0; at <= id.size();) {
    const auto end = std::min(id.find('/', at), id.size());
    auto segment = id.substr(at, end - at);
    if (!segment.empty()) word(segment);
    whole += (at == 0 ? "" : "/") + segment;
    at = end + 1;
  }
  id = whole;
}

/// A link's name, with the sysctls that are read by it.
void rename_link(checks::Facts& facts, std::string& name, const Word& word) {
  const auto before = '/' + name + '/';
  word(name);
  const auto after = '/' + name + '/';
  if (before == after) return;
  for (auto* readings : {&facts.sysctls, &facts.environment.edit().pod_sysctls}) {
    observed::SysctlReadings renamed;
    for (auto& [key, reading] : *readings) {
      auto moved = key;
      if (const auto at = moved.find(before); at != std::string::npos)
        moved.replace(at, before.size(), after);
      renamed.emplace(std::move(moved), reading);
    }
    *readings = std::move(renamed);
  }
}

void each_word_of_azure(observed::AzureNetwork& azure, const Word& word) {
  if (azure.nic) each_segment(azure.nic->id, word);
  if (azure.subnet) each_segment(azure.subnet->id, word);
  if (azure.subnet) each_segment(azure.subnet->route_table_id, word);
  if (azure.network) each_segment(azure.network->id, word);
  if (azure.nic && azure.nic->security_group_id) each_segment(*azure.nic->security_group_id, word);
  if (azure.subnet && azure.subnet->security_group_id) each_segment(*azure.subnet->security_group_id, word);
  if (azure.security_groups) {
    for (auto& group : *azure.security_groups) {
      each_segment(group.id, word);
      for (auto& rule : group.rules) word(rule.name);
    }
  }
  if (!azure.route_table || !*azure.route_table) return;
  auto& table = **azure.route_table;
  each_segment(table.id, word);
  for (auto& route : table.routes) {
    for (auto* each : {&route.name, &route.destination, &route.next_hop_type, &route.provisioning_state})
      word(*each);
  }
}

void each_word_of_cluster(observed::CloudState& cloud_state, const Word& word) {
  if (cloud_state.node && *cloud_state.node) {
    auto& node = **cloud_state.node;
    word(node.name);
    if (node.flannel) word(node.flannel->backend_type);
    if (auto& condition = node.network_unavailable; condition) {
      for (auto* each : {&condition->status, &condition->reason, &condition->message}) word(*each);
    }
  }
  if (cloud_state.cloud_config && *cloud_state.cloud_config) {
    auto& config = **cloud_state.cloud_config;
    for (auto* each : {&config.route_table_name, &config.route_table_resource_group, &config.resource_group,
                       &config.subscription, &config.network_subscription})
      word(*each);
  }
}

void each_word_of_cni(observed::CniFiles& cni, const Word& word) {
  if (cni.configuration) {
    word(cni.configuration->folder);
    for (auto& file : cni.configuration->files) {
      for (auto* each : {&file.path, &file.network, &file.problem}) word(*each);
      for (auto& plugin : file.plugins) {
        for (auto* each :
             {&plugin.type, &plugin.ipam, &plugin.subnet, &plugin.mode, &plugin.bridge, &plugin.data_dir})
          word(*each);
      }
    }
    for (auto& each : cni.configuration->missing_programs) word(each);
  }
  if (cni.host_local) {
    for (auto& each : *cni.host_local) word(each.folder);
  }
  if (cni.azure) {
    for (auto& each : cni.azure->broken_files) word(each);
    for (auto& each : cni.azure->locks) word(each.path);
  }
  if (cni.calico_node_name) word(*cni.calico_node_name);
}

void each_word_of_host(observed::HostSettings& host, const Word& word) {
  if (host.boot_sysctls) {
    for (auto& each : *host.boot_sysctls) word(each.file);
  }
  if (host.networkd) word(host.networkd->file);
  if (host.networkd) word(host.networkd->unread_file);
  word(host.calico_namespace);
  if (host.network_manager) {
    for (auto& each : host.network_manager->unmanaged) word(each);
  }
  if (host.link_files) {
    for (auto& each : *host.link_files) {
      word(each.link);
      word(each.file);
    }
  }
  if (host.packet_filters) {
    for (auto& filter : *host.packet_filters) {
      for (auto& hook : filter.other_hooks) {
        word(hook.table);
        word(hook.chain);
      }
    }
  }
  if (host.calico_environment) {
    for (auto& [key, value] : *host.calico_environment) word(value);
  }
  for (auto& each : host.felix_reporters) {
    word(each.name);
    word(each.detail);
  }
  if (host.firewalld) word(host.firewalld->version);
  if (host.resolver) word(host.resolver->file);
  if (!host.hotplug_rules.empty()) word(host.hotplug_rules);
}

/// Every word in the facts that somebody else has chosen.
void each_word(checks::Facts& facts, const Word& word) {
  word(facts.node_name);
  word(facts.policy.cloud_config);
  word(facts.imds.last_error);
  word(facts.nic.problem);
  if (facts.network) {
    each_segment(facts.network->identity.resource_id, word);
    word(facts.network->identity.vm_scale_set);
  }
  if (facts.nic.nic) {
    auto& name = facts.nic.nic->link.name;
    const auto before = name;
    rename_link(facts, name, word);
    for (auto& link : facts.links.edit()) {
      if (link.name == before) link.name = name;
    }
  }
  for (auto& link : facts.links.edit()) {
    if (!facts.nic.nic || link.index != facts.nic.nic->link.index) rename_link(facts, link.name, word);
  }
  if (facts.cloud_state.edit().azure) each_word_of_azure(*facts.cloud_state.edit().azure, word);
  each_word_of_cluster(facts.cloud_state.edit(), word);
  if (facts.environment.edit().cni) each_word_of_cni(*facts.environment.edit().cni, word);
  if (facts.environment.edit().host) each_word_of_host(*facts.environment.edit().host, word);
  word(facts.node_cidrs.disagreement);
  word(facts.route_error);
}

// Without a slash, which would make another segment of an id, and with all that a shell or a terminal minds.
constexpr std::string_view kHostile =
    "BEGIN'\";touch PWNED;reboot\nreboot\r$(touch PWNED)`touch PWNED`|reboot&&reboot>PWNED #*?[a]~!!{a,b}\\"
    "\x1b[2K\x07\xc2\x9b"
    "2K\xe2\x80\xae\xff${IFS}END";

/// The facts with one word changed, for each of them.
void change_each_word(const checks::Facts& broken, const std::function<void(const checks::Facts&)>& judge) {
  auto counted = broken;
  std::size_t count = 0;
  each_word(counted, [&count](std::string&) { ++count; });
  for (std::size_t wanted = 0; wanted < count; ++wanted) {
    auto facts = broken;
    std::size_t at = 0;
    each_word(facts, [&](std::string& word) {
      if (at++ == wanted) word += kHostile;
    });
    judge(facts);
  }
}

/// The facts with all words changed, in several ways.
void change_all_words(const checks::Facts& broken, const std::function<void(const checks::Facts&)>& judge) {
  const std::array<Word, 6> kAll = {[](std::string& word) { word += kHostile; },
                                    [](std::string& word) { word = std::string(kHostile) + word; },
                                    [](std::string& word) { word.insert(0, "-rf"); },
                                    [](std::string& word) { word.insert(0, "@"); },
                                    [](std::string& word) { word.clear(); },
                                    [](std::string& word) { word = "--ids"; }};
  for (const auto& change : kAll) {
    auto facts = broken;
    each_word(facts, change);
    judge(facts);
  }
}

using Remedies = std::map<std::string, std::string_view>;  ///< and a check that gives it

/// What the checks that fail say of them.
void add_remedies(const checks::Facts& facts, const std::vector<const checks::Check*>& checks,
                  Remedies& all) {
  for (const auto* check : checks) {
    const auto finding = check->look(facts);
    if (finding.status == checks::CheckStatus::fail || finding.fails_if_required)
      all.emplace(finding.remedy.text(), check->id);
  }
}

/// Every remedy that any check gives of each of these nodes, by its words as they are and with one of them
/// changed.
Remedies remedies_with_a_word_changed(const BrokenNodes& nodes) {
  Remedies all;
  for (const auto& node : nodes) {
    const auto facts = node.facts();
    std::vector<const checks::Check*> failing;
    for (const auto& check : checks::check_table()) {
      if (check.look(facts).status == checks::CheckStatus::fail) failing.push_back(&check);
    }
    add_remedies(facts, failing, all);
    change_each_word(facts, [&](const checks::Facts& changed) { add_remedies(changed, failing, all); });
  }
  return all;
}

/// Of any broken node, with all words changed.
Remedies remedies_with_all_words_changed() {
  std::vector<const checks::Check*> every;
  for (const auto& check : checks::check_table()) every.push_back(&check);
  Remedies all;
  for (const auto& node : broken_nodes())
    change_all_words(node.facts(), [&](const checks::Facts& changed) { add_remedies(changed, every, all); });
  return all;
}

/// As net::foreign_text() leaves text, which folds what a remedy puts before its comment.
std::string folded(std::string text) {
  const auto both_blank = [](char one, char other) { return one == ' ' && other == ' '; };
  text.erase(std::unique(text.begin(), text.end(), both_blank), text.end());
  return text;
}

bool has(const Argv& argv, std::string_view word) {
  return std::find(argv.begin(), argv.end(), word) != argv.end();
}

/// What takes from others, or changes their addresses, for good.
bool takes_away(const Argv& argv) {
  const auto& program = argv.front();
  if (program == "ip") {
    return has(argv, "flush") || has(argv, "del") || has(argv, "delete") || has(argv, "replace") ||
           has(argv, "change");
  }
  if (program == "az") return has(argv, "delete") || (has(argv, "vnet") && argv.at(3) == "update");
  if (program == "kubectl") return has(argv, "delete") && !has(argv, "pod");
  if (program.starts_with("iptables-")) return has(argv, "-F") || has(argv, "-X") || has(argv, "-D");
  return program == "systemctl" && (has(argv, "reboot") || has(argv, "mask"));
}

TEST(Remedies, AreGivenByEveryCheck) {
  std::set<std::string, std::less<>> silent;
  for (const auto id : checks::check_ids()) silent.emplace(id);
  for (const auto& node : broken_nodes()) {
    for (const auto& failed : testing::failures(node.facts())) silent.erase(failed.id);
  }
  EXPECT_EQ(silent, (std::set<std::string, std::less<>>())) << "no test breaks a node so that these fail";
}

TEST(Findings, AreAdvisoryWhereTheRowOfAGateSaysSoAndNowhereElse) {
  std::set<std::string_view> said;
  std::set<std::string_view> expected;
  for (const auto& check : checks::check_table()) {
    if (!check.advisory.empty()) expected.insert(check.id);
  }
  for (const auto& node : broken_nodes()) {
    const auto facts = node.facts();
    for (const auto& check : checks::check_table()) {
      if (check.look(facts).advisory) said.insert(check.id);
    }
  }
  EXPECT_EQ(said, expected);
}

TEST(Messages, SteerNoTerminalAndEndNoLineWhateverTheNames) {
  for (const auto& node : broken_nodes()) {
    SCOPED_TRACE(node.name);
    change_all_words(node.facts(), [](const checks::Facts& facts) {
      for (const auto& said : checks::assess(facts, {}, facts.wall)) {
        EXPECT_EQ(net::foreign_text(said.message, said.message.size()), said.message) << said.id;
        EXPECT_EQ(net::foreign_text(said.why, said.why.size()), said.why) << said.id;
      }
    });
  }
}

void expect_nothing_but_their_own_words(const Remedies& all, std::size_t at_least) {
  std::vector<std::string> remedies;
  std::vector<std::string_view> checks;
  for (const auto& [remedy, check] : all) {
    remedies.push_back(remedy);
    checks.push_back(check);
  }
  ASSERT_GT(remedies.size(), at_least);
  const auto runs = testing::paste(remedies);
  for (std::size_t i = 0; i < remedies.size(); ++i) {
    SCOPED_TRACE(std::string(checks[i]) + ": " + remedies[i]);
    EXPECT_EQ(net::foreign_text(remedies[i], remedies[i].size()), folded(remedies[i]));
    EXPECT_EQ(runs[i].complaints, "");
    EXPECT_EQ(runs[i].files, std::vector<std::string>());
    for (const auto& argv : runs[i].ran) {
      for (const auto& word : argv) {
        const auto begin = word.find("BEGIN");
        EXPECT_EQ(begin == std::string::npos, word.find("END") == std::string::npos) << word;
        EXPECT_FALSE(word.starts_with("@")) << word;
        EXPECT_FALSE(word.starts_with("-rf")) << word;
      }
      EXPECT_FALSE(takes_away(argv)) << ::testing::PrintToString(argv);
    }
  }
}

/// A part of the broken nodes, for all of them take their time.
class RemediesOfPart : public ::testing::TestWithParam<std::size_t> {};
constexpr std::size_t kParts = 4;

TEST_P(RemediesOfPart, RunNothingButTheirOwnWordsWhateverAName) {
  BrokenNodes part;
  for (std::size_t i = GetParam(); i < broken_nodes().size(); i += kParts) part.push_back(broken_nodes()[i]);
  expect_nothing_but_their_own_words(remedies_with_a_word_changed(part), 100);
}

INSTANTIATE_TEST_SUITE_P(Nodes, RemediesOfPart, ::testing::Range(std::size_t{0}, kParts));

TEST(Remedies, RunNothingButTheirOwnWordsWhateverAllNames) {
  expect_nothing_but_their_own_words(remedies_with_all_words_changed(), 250);
}

}  // namespace
}  // namespace agent
