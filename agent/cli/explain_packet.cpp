#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/cli/presentation.h"
#include "checks/trace/trace.h"
#include "netlink/packet_details.h"

namespace agent {
namespace {

class RunningKernel final : public trace::PacketDetails {
 public:
  net::Result<net::Address> source_address(const net::Flow& flow) override {
    return netlink::source_address(flow);
  }
  net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(std::uint32_t device,
                                                                       const net::Address& address) override {
    return netlink::neighbour_entry(device, address);
  }
};

class NoKernel final : public trace::PacketDetails {
 public:
  net::Result<net::Address> source_address(const net::Flow& /*flow*/) override {
    return net::failure(ENODATA, "a bundle does not hold which source address the kernel chose");
  }
  net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(
      std::uint32_t /*device*/, const net::Address& /*address*/) override {
    return net::failure(ENODATA, "a bundle does not hold the entries of neighbours");
  }
};

checks::CheckStatus colour_of(trace::Verdict verdict) {
  switch (verdict) {
    case trace::Verdict::carried:
      return checks::CheckStatus::pass;
    case trace::Verdict::dropped:
      return checks::CheckStatus::fail;
    case trace::Verdict::uncertain:
      return checks::CheckStatus::unknown;
    case trace::Verdict::not_asked:
      break;
  }
  return checks::CheckStatus::skip;
}

int exit_of(trace::Trace::Outcome outcome) {
  switch (outcome) {
    case trace::Trace::Outcome::arrives:
    case trace::Trace::Outcome::uncertain:
      return kOk;
    case trace::Trace::Outcome::dropped:
      return kNo;
    case trace::Trace::Outcome::not_here:
      break;
  }
  return kUndetermined;
}

/// Lines to paste, each once.
void print_commands(const char* heading, const trace::Trace& trace, std::string trace::TracedHop::*command) {
  std::vector<std::string> printed;
  for (const auto& hop : trace.hops) {
    const auto& line = hop.*command;
    if (line.empty() || std::find(printed.begin(), printed.end(), line) != printed.end()) continue;
    if (printed.empty()) std::cout << heading;
    std::cout << line << '\n';
    printed.push_back(line);
  }
}

void print_text(const trace::Question& question, const trace::Trace& trace) {
  std::cout << bold(fmt::format("{}: {}", trace::question_text(question), trace.summary)) << "\n\n";
  std::size_t width = 0;
  for (const auto& hop : trace.hops) width = std::max(width, hop.title.size());
  for (const auto& hop : trace.hops) {
    const auto verdict = fmt::format("{:<9}", net::name_of(trace::kVerdictNames, hop.verdict));
    const auto see = hop.check.empty() ? "" : fmt::format(" ({})", hop.check);
    std::cout << fmt::format("  {}  {:<{}}  {}{}\n", coloured(verdict, colour_of(hop.verdict)), hop.title,
                             width, hop.sentence, see);
  }
  print_commands("\n# suggested fix\n", trace, &trace::TracedHop::remedy);
  print_commands("\n# to see more\n", trace, &trace::TracedHop::next_step);
}

std::string json_text(const trace::Question& question, const trace::Trace& trace, const std::string& note) {
  using Json = nlohmann::ordered_json;
  Json hops = Json::array();
  for (const auto& hop : trace.hops) {
    hops.push_back({{"hop", net::name_of(checks::kHopKeys, hop.hop)},
                    {"title", hop.title},
                    {"verdict", net::name_of(trace::kVerdictNames, hop.verdict)},
                    {"message", hop.sentence},
                    {"check", hop.check},
                    {"remedy", hop.remedy},
                    {"next_step", hop.next_step}});
  }
  const auto* protocol = question.protocol == trace::Protocol::any   ? ""
                         : question.protocol == trace::Protocol::udp ? "udp"
                                                                     : "tcp";
  const Json report = {{"schema", "calico-azure-agent/explain/v1"},
                       {"note", note},
                       {"from", question.from ? question.from->text() : "node"},
                       {"to", question.to.text()},
                       {"port", question.port ? Json(*question.port) : Json()},
                       {"protocol", protocol},
                       {"outcome", net::name_of(trace::kOutcomeNames, trace.outcome)},
                       {"summary", trace.summary},
                       {"hops", std::move(hops)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

int explain(const Beside& beside, const trace::Question& question, const OutputOptions& output) {
  using Role = core::NodeEngine::Role;
  const auto look = look_at_node(beside.loaded.config, kEverythingPatience,
                                 beside.no_daemon ? Role::observes_without_daemon : Role::observes);
  if (!look) {
    std::cerr << "explain: " << look.error().what << '\n';
    return kUndetermined;
  }
  RunningKernel kernel;
  return explain(*look, beside, question, output, kernel);
}

int explain_recorded(const NodeLook& look, const Beside& beside, const trace::Question& question,
                     const OutputOptions& output) {
  NoKernel kernel;
  return explain(look, beside, question, output, kernel);
}

int explain(const NodeLook& look, const Beside& beside, const trace::Question& question,
            const OutputOptions& output, trace::PacketDetails& details) {
  const auto& facts = look.plan.facts;
  const auto answers = trace::ask_kernel(*look.kernel, details, facts, question);
  const auto traced = trace::trace_packet(facts, look.snapshot->checks, question, answers);
  if (output.json) {
    std::cout << json_text(question, traced, beside.note);
  } else {
    say_note(beside);
    print_text(question, traced);
  }
  return exit_of(traced.outcome);
}

}  // namespace agent
