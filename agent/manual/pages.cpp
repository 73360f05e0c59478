#include "agent/manual/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/cli/command_tree.h"
#include "agent/config/keys.h"
#include "agent/manual/prose.h"
#include "agent/manual/roff.h"
#include "checks/check_table.h"

namespace agent::manual {
namespace {

template <std::size_t N>
std::string items(const Entry (&entries)[N]) {
  std::string all;
  for (const auto& each : entries) all += item(bold(each.tag), each.text);
  return all;
}

/// "-h, --help", "--timeout DURATION", "DESTINATION"
std::string tag_of(const Command::Option& option) {
  std::string tag;
  for (const auto& each : option.flags) tag += fmt::format("{}{}", tag.empty() ? "" : ", ", bold(each));
  if (!option.type.empty()) tag += fmt::format("{}{}", tag.empty() ? "" : " ", italic(option.type));
  return tag;
}

std::string text_of(const Command::Option& option) {
  return option.text + (option.otherwise.empty() ? "." : fmt::format(" (default {}).", option.otherwise));
}

bool is_help(const Command::Option& option) {
  return std::find(option.flags.begin(), option.flags.end(), "--help") != option.flags.end();
}

/// " [--json] DESTINATION"
std::string usage(const Command& command) {
  std::string all;
  for (const auto& each : command.options) {
    if (is_help(each)) continue;
    all += each.required ? fmt::format(" {}", tag_of(each)) : fmt::format(" [{}]", tag_of(each));
    if (each.repeatable) all += "...";
  }
  return all;
}

std::string option_items(const Command& command) {
  std::string all;
  for (const auto& each : command.options) {
    if (!is_help(each)) all += item(tag_of(each), text_of(each));
  }
  return all;
}

/// As one line, however it was laid out for --help.
std::string flowing(std::string_view text) {
  std::string all;
  for (const char each : text) {
    const bool blank = each == ' ' || each == '\n';
    if (!blank || (!all.empty() && all.back() != ' ')) all += blank ? ' ' : each;
  }
  return all;
}

/// A command's prose, which is then no longer in `notes`.
std::string take_note(std::vector<Entry>& notes, std::string_view command) {
  const auto found =
      std::find_if(notes.begin(), notes.end(), [command](const Entry& each) { return each.tag == command; });
  if (found == notes.end()) return "";
  auto text = roff(found->text) + '\n';
  notes.erase(found);
  return text;
}

/// A command and those below it: "config check".
std::string command_items(const Command& command, const std::string& before, std::vector<Entry>& notes) {
  const auto name = before + command.name;
  std::string all;
  if (command.commands.empty()) {
    all += item(bold(name) + usage(command), command.text + '.') + take_note(notes, name);
    if (!command.closing.empty()) all += ".br\n" + roff(flowing(command.closing)) + ".\n";
    if (const auto options = option_items(command); !options.empty()) all += ".RS\n" + options + ".RE\n";
  }
  for (const auto& each : command.commands) all += command_items(each, name + " ", notes);
  return all;
}

std::string commands_of(const Command& program) {
  std::vector<Entry> notes(std::begin(kNotes), std::end(kNotes));
  std::string all;
  for (const auto& each : program.commands) all += command_items(each, "", notes);
  if (!notes.empty()) throw std::logic_error("a note about no command: " + std::string(notes.front().tag));
  return all;
}

/// Ids in bold, divided by commas.
std::string listed(const std::vector<std::string_view>& ids) {
  std::string all;
  for (const auto id : ids) all += (all.empty() ? "" : ",\n") + bold(id);
  return all + ".\n";
}

/// "pods.overlap outside the NIC's own subnet", divided by commas.
void append(std::string& list, std::string_view id, std::string_view condition) {
  list += fmt::format("{}{} {}", list.empty() ? "" : ", ", id, condition);
}

std::string checks() {
  std::vector<std::pair<std::string, std::vector<std::string_view>>> by_condition;
  std::vector<std::string_view> others;
  std::string advisory;
  std::string with_kubelet;
  for (const auto& check : checks::check_table()) {
    if (!check.advisory.empty()) append(advisory, check.id, check.advisory);
    const auto needs = net::name_of(checks::kKubeletWords, check.needs_kubelet);
    if (check.gate != checks::Gate::never && !needs.empty()) append(with_kubelet, check.id, needs);
    const std::string when(net::name_of(checks::kGateWords, check.gate));
    const auto group = std::find_if(by_condition.begin(), by_condition.end(),
                                    [&when](const auto& each) { return each.first == when; });
    if (when.empty()) {
      others.push_back(check.id);
    } else if (group == by_condition.end()) {
      by_condition.push_back({when, {check.id}});
    } else {
      group->second.push_back(check.id);
    }
  }
  std::string all = paragraphs(fmt::format(kChecks, with_kubelet, advisory));
  for (const auto& [when, ids] : by_condition) all += ".TP\n" + roff(when) + '\n' + listed(ids);
  return all + ".PP\n" + paragraphs(kOtherChecks) + ".PP\n" + listed(others);
}

/// As whatis(1) wants it: what the program does, without a capital.
std::string summary(const Command& program) {
  auto text = program.text;
  text.at(0) = static_cast<char>(std::tolower(static_cast<unsigned char>(text.at(0))));
  return text;
}

}  // namespace

std::string program_page() {
  const auto program = command_tree();
  std::string all = title(program.name, 8);
  all += heading("NAME") + fmt::format("{} \\- {}\n", roff(program.name), roff(summary(program)));
  all += heading("SYNOPSIS") + bold(program.name) + usage(program) + " " + italic("COMMAND") + " [" +
         italic("ARGUMENT") + "]...\n.br\n" + bold(program.name) + " [" + italic("COMMAND") + "] " +
         bold("--help") + '\n';
  all += heading("DESCRIPTION") + paragraphs(kDescription);
  all += heading("OPTIONS") + "Before or behind any command:\n";
  for (const auto& each : program.options) all += item(tag_of(each), text_of(each));
  all += heading("COMMANDS") + commands_of(program);
  all += heading("EXIT STATUS") + "Each command lists its own above. In general:\n" + items(kExits);
  all += heading("ENDPOINTS") + paragraphs(kEndpointsIntroduction) + items(kEndpoints);
  all += heading("CHECKS") + checks();
  all += heading("FILES") + items(kFiles);
  all += heading("ENVIRONMENT") + items(kEnvironment);
  all += heading("SIGNALS") + items(kSignals);
  all += heading("EXAMPLES") + paragraphs(kExamples);
  all += heading("SEE ALSO") + bold("calico-azure-agent.toml") + "(5), " + bold("azure-simulator") + "(1), " +
         bold("ip-route") + "(8), " + bold("journalctl") + "(1), " + bold("systemctl") + "(1)\n";
  return all;
}

std::string configuration_page() {
  std::string all = title("calico-azure-agent.toml", 5);
  all += heading("NAME") + roff("calico-azure-agent.toml") + " \\- " +
         roff("configuration of calico-azure-agent(8)") + '\n';
  all += heading("SYNOPSIS") + bold(kDefaultFile) + '\n';
  all += heading("DESCRIPTION") + paragraphs(kConfiguration);
  const Config defaults;
  std::string section = "-";
  for (const auto& key : keys()) {
    if (key.section != section) {
      section = key.section;
      all += heading(section.empty() ? "TOP LEVEL" : fmt::format("[{}]", section));
    }
    all += item(bold(key.name) + roff(" = " + key.print(defaults)), key.doc);
    all += ".br\n" + roff(key.variable()) + '\n';
  }
  all += heading("EXAMPLES") + paragraphs(kConfigurationExample);
  all += heading("SEE ALSO") + bold("calico-azure-agent") + "(8)\n";
  return all;
}

}  // namespace agent::manual
