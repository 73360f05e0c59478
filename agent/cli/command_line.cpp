#include "agent/cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "agent/cli/command_tree.h"
#include "agent/cli/commands.h"
#include "agent/cli/exit_codes.h"
#include "agent/config/duration.h"
#include "agent/config/load_config.h"
#include "agent/config/show_config.h"
#include "agent/config/suggest.h"
#include "agent/core/check_ids.h"
#include "agent/daemon/version.h"
#include "agent/log/log.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

/// For the daemon beside, which answers from memory; node-problem-detector waits for no more than 4 s in all.
constexpr std::chrono::milliseconds kDaemonPatience{1000};
constexpr std::chrono::milliseconds kNpdDaemonPatience{300};

ConfigSources sources_of(const CommandLine& line) {
  const auto& named = line.checked_file.empty() ? line.file : line.checked_file;
  return {.file = named.empty() ? kDefaultFile : named,
          .file_required = !named.empty(),
          .environment = config_environment(environ),
          .settings = line.settings};
}

/// The mistyped command, in a sentence with its likeness; "" when the error is another.
std::string mistyped_command(const CLI::App& app) {
  const auto* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  std::vector<std::string> known;
  for (const auto* each : at->get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(each->get_name());
  }
  const auto unknown = app.remaining(true);
  if (known.empty() || unknown.empty() || unknown.front().starts_with('-')) return "";
  return net::foreign_text(unknown.front(), 80) + " is no command" + did_you_mean(unknown.front(), known);
}

int refuse(const CLI::App& app, const CLI::ParseError& error) {
  // To CLI11 a mistyped command is one that is missing.
  const auto mistyped = dynamic_cast<const CLI::RequiredError*>(&error) ? mistyped_command(app) : "";
  if (mistyped.empty()) return app.exit(error) == 0 ? kOk : kUsage;  // --help is an error with exit code 0
  std::cerr << mistyped << "\nRun with --help for more information.\n";
  return kUsage;
}

int run_with(const CLI::App& app, const CommandLine& line) {
  if (app.got_subcommand("version")) {
    std::cout << version_details();
    return kOk;
  }
  const auto sources = sources_of(line);
  const auto loaded = load_config(sources, check_ids());
  if (!loaded) {
    for (const auto& error : loaded.error()) complain(EventKind::configuration_refused, error.text());
    if (app.got_subcommand("run")) withdraw_what_a_killed_daemon_left();
    return kBadConfig;
  }
  if (app.got_subcommand("run")) return run_daemon(sources, *loaded);
  if (app.got_subcommand("wait")) return wait_until_ready(sources, *loaded, *parse_duration(line.timeout));
  if (app.got_subcommand("status")) return print_status(sources, *loaded, line.output);
  const auto beside = [&](std::chrono::milliseconds patience = kDaemonPatience) {
    return beside_daemon(*loaded, sources, patience);
  };
  if (app.got_subcommand("plan")) return print_plan(beside(), line.output);
  if (app.got_subcommand("flush")) return flush_routes(beside(), line.flush);
  if (app.got_subcommand("doctor")) {
    return print_doctor(beside(line.doctor.npd ? kNpdDaemonPatience : kDaemonPatience), line.doctor);
  }
  if (app.got_subcommand("explain")) return explain(sources, beside(), line.destination);
  if (app.get_subcommand("config")->got_subcommand("show")) {
    std::cout << show_config(*loaded);
  } else {
    std::cout << "the configuration is good\n";
  }
  return kOk;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app;
  CommandLine line;
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  }
  return run_with(app, line);
}

}  // namespace agent
