#include "audit/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "net/foreign_text.h"

namespace audit {
namespace {

constexpr std::size_t kNamed = 5;
constexpr std::size_t kLongestLine = 400;

/// What others wrote is in it: one line, and nothing that steers a terminal.
std::string line(std::string_view text) { return net::foreign_text(text, kLongestLine); }

std::string nodes_text(std::size_t nodes) { return nodes == 0 ? "" : "  " + counted(nodes, "node", "nodes"); }

std::string and_more(std::size_t count, std::size_t shown) {
  return count > shown ? fmt::format("    and {} more  (--all names them)\n", count - shown) : "";
}

std::string heading(const Group& group) {
  const auto& row = row_of(group.cause);
  return fmt::format("{}{}  {}{}", row.id, nodes_text(group.nodes), row.title,
                     group.where.empty() ? "" : ": " + line(group.where));
}

std::string group_text(const Group& group, std::size_t most) {
  auto text = fmt::format("{}\n    ({})\n", heading(group), row_of(group.cause).why);
  const auto shown = std::min(most, group.findings.size());
  for (std::size_t i = 0; i < shown; ++i)
    text += fmt::format("    {}: {}\n", line(group.findings[i]->object), line(group.findings[i]->message));
  return text + and_more(group.findings.size(), shown);
}

std::string doubt_text(const Doubt& doubt, std::size_t most) {
  auto text = fmt::format("{}  {}\n    ", doubt.passes ? "pending" : "unknown", line(doubt.why));
  const auto shown = std::min(most, doubt.unknowns.size());
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + line(doubt.unknowns[i]->object);
  if (doubt.unknowns.size() > shown) text += fmt::format(" and {} more", doubt.unknowns.size() - shown);
  return text + '\n';
}

std::string time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

std::string report_text(const Report& report, std::string_view cost, bool all) {
  const auto most = all ? report.findings.size() + report.unknowns.size() : kNamed;
  const auto& counts = report.counts;
  auto text = verdict_of(report).sentence + '\n';
  text += fmt::format("mode {}: {}\n", report.mode ? node::mode_name(*report.mode) : "unknown",
                      line(report.mode_reason));
  text += fmt::format("{}, {}, {}, {} with {}, {}; {}\n", counted(counts.nodes, "node", "nodes"),
                      counted(counts.nics, "NIC", "NICs"), counted(counts.subnets, "subnet", "subnets"),
                      counted(counts.tables, "route table", "route tables"),
                      counted(counts.routes, "route", "routes"),
                      counted(counts.security_groups, "security group", "security groups"), cost);
  for (const auto& note : report.notes) text += fmt::format("note: {}\n", line(note));
  for (const auto& group : groups_of(report)) text += '\n' + group_text(group, most);
  for (const auto& doubt : doubts_of(report)) text += '\n' + doubt_text(doubt, most);
  return text;
}

std::string repair_script(const Report& report) {
  auto script = fmt::format(
      "#!/bin/sh\n# What mends what calico-azure-agent audit found at {}: {}.\n# Read it before you run it. "
      "It "
      "needs az, logged in with the right to write; a command that fails ends it.\nset -eu\n",
      time_text(report.read_at), line(verdict_of(report).sentence));
  for (const auto& group : groups_of(report)) {
    script += fmt::format("\n# {}\n# {}\n", heading(group), row_of(group.cause).why);
    std::set<std::string> said;
    for (const auto* finding : group.findings) {
      script += fmt::format("# {}: {}\n", line(finding->object), line(finding->message));
      const auto command = finding->remedy.text();
      if (!command.empty() && said.insert(command).second) script += command + '\n';
    }
  }
  return script;
}

}  // namespace audit
