#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/cli/check_list.h"
#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/cli/presentation.h"
#include "checks/check_table.h"

namespace agent {
namespace {

// node-problem-detector gives up after 5 s by default; the whole command has to end within 4.
constexpr auto kNpdPatience = std::chrono::milliseconds(3000);
// node-problem-detector's custom plug-in monitor: max_output_length of its default configuration.
constexpr std::size_t kNpdBytes = 80;

struct Verdict {
  int exit = kOk;
  std::string sentence;
};

std::size_t count_of(const std::vector<checks::CheckResult>& checks, checks::CheckStatus status) {
  return static_cast<std::size_t>(std::count_if(
      checks.begin(), checks.end(), [status](const auto& check) { return check.status == status; }));
}

/// What the daemon has told kubelet and Calico is not known where it does not answer.
std::string readiness(const std::vector<checks::CheckResult>& checks, const std::string& hung) {
  if (!checks::is_ready(checks)) return "the node is not ready";
  return hung.empty() ? "the node is ready, with warnings"
                      : "whether the node is ready is not known, for " + hung;
}

Verdict judge(const std::vector<checks::CheckResult>& checks, const std::string& hung) {
  const auto failed = count_of(checks, checks::CheckStatus::fail);
  if (failed > 0) {
    return {.exit = kNo,
            .sentence =
                fmt::format("{} of {} checks failed; {}", failed, checks.size(), readiness(checks, hung))};
  }
  if (!hung.empty()) return {.exit = kUndetermined, .sentence = "no check failed, but " + hung};
  const bool blind = std::any_of(checks.begin(), checks.end(), [](const checks::CheckResult& check) {
    return check.gate && check.status == checks::CheckStatus::unknown;
  });
  if (blind)
    return {.exit = kUndetermined, .sentence = "could not look at everything that readiness depends on"};
  return {.exit = kOk, .sentence = "no check failed"};
}

void print_text(const std::vector<checks::CheckResult>& checks, const Verdict& verdict, bool all) {
  std::cout << bold(verdict.sentence) << '\n';
  if (const auto open = open_checks(checks); !open.empty()) std::cout << '\n' << open;
  if (const auto settled = settled_checks(checks, all); !settled.empty())
    std::cout << '\n' << (all ? "checks\n" : "checks  (--all shows each)\n") << settled;
  if (const auto commands = repairs(checks); !commands.empty()) {
    std::cout << "\n# suggested fixes, in order\n";
    for (const auto& command : commands) std::cout << command << '\n';
  }
}

std::string json_text(const std::vector<checks::CheckResult>& checks, const Verdict& verdict,
                      const std::string& note) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const auto& check : checks) {
    list.push_back({{"id", check.id},
                    {"status", checks::status_name(check.status)},
                    {"gate", check.gate},
                    {"message", check.message},
                    {"why", check.why},
                    {"remedy", check.remedy}});
  }
  const Json report = {{"schema", "calico-azure-agent/doctor/v1"},
                       {"note", note},
                       {"verdict", verdict.sentence},
                       {"checks", std::move(list)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// One line, cut to what node-problem-detector keeps.
std::string npd_line(const std::vector<checks::CheckResult>& checks, const Verdict& verdict) {
  std::string line = verdict.sentence;
  for (const auto& check : checks) {
    if (check.status != checks::CheckStatus::fail) continue;
    line = fmt::format("{}: {}", check.id, check.message);
    if (check.gate) break;  // what holds the node back comes first
  }
  if (line.size() <= kNpdBytes) return line;
  auto end = kNpdBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0U) == 0x80U)
    --end;  // not within a UTF-8 character
  return line.substr(0, end) + "...";
}

}  // namespace

int print_doctor(const Beside& beside, const DoctorOptions& options) {
  using Role = core::NodeEngine::Role;
  const auto look = look_at_node(beside.loaded.config, options.npd ? kNpdPatience : kEverythingPatience,
                                 beside.no_daemon ? Role::observes_without_daemon : Role::observes);
  if (!look) {
    (options.npd ? std::cout : std::cerr) << "doctor: " << look.error().what.substr(0, kNpdBytes - 8) << '\n';
    return kUndetermined;
  }
  return print_doctor(*look, beside, options);
}

int print_doctor(const NodeLook& look, const Beside& beside, const DoctorOptions& options) {
  const auto checks = checks::assess(look.plan.facts, {}, look.time);
  auto verdict = judge(checks, beside.hung);
  if (options.npd && beside.is_edited && !beside.is_the_daemons && verdict.exit == kNo) {
    // What the daemon has in force may be in order.
    verdict = {.exit = kUndetermined,
               .sentence = "the daemon has not read the edited configuration: reload it"};
    std::cout << verdict.sentence << '\n';
  } else if (options.npd) {
    std::cout << npd_line(checks, verdict) << '\n';
  } else if (options.json) {
    std::cout << json_text(checks, verdict, beside.note);
  } else {
    say_note(beside);
    print_text(checks, verdict, options.all);
  }
  return verdict.exit;
}

std::string doctor_json(const NodeLook& look, const Beside& beside) {
  const auto checks = checks::assess(look.plan.facts, {}, look.time);
  return json_text(checks, judge(checks, beside.hung), beside.note);
}

}  // namespace agent
