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
#include "agent/core/check_ids.h"
#include "agent/daemon/version.h"
#include "agent/log/log.h"

namespace agent {
namespace {

constexpr auto kDefaultFile = "/etc/calico-azure-agent/config.toml";

/// What the words on the command line mean, before anything is done.
struct CommandLine {
  std::string file;
  std::vector<std::string> settings;
  std::string checked_file;
  std::string timeout = "5m";
  OutputOptions output;
  FlushOptions flush;
  DoctorOptions doctor;
  std::string destination;
};

ConfigSources sources_of(const CommandLine& line) {
  const auto& named = line.checked_file.empty() ? line.file : line.checked_file;
  return {.file = named.empty() ? kDefaultFile : named,
          .file_required = !named.empty(),
          .environment = config_environment(environ),
          .settings = line.settings};
}

std::string valid_duration(const std::string& text) {
  const auto duration = parse_duration(text);
  return duration ? "" : duration.error().what;
}

constexpr auto kSummary = "Keeps the pod routes of an Azure node for Calico, and says what is wrong";

CLI::App* add(CLI::App& app, const char* name, const char* text, const char* exit = "") {
  auto* command = app.add_subcommand(name, text);
  command->footer(exit);
  return command;
}

void add_commands(CLI::App& app, CommandLine& line) {
  app.require_subcommand(1);
  app.fallthrough();  // --config and --set may stand behind the command too
  app.add_option("--config", line.file, std::string("Configuration file (default ") + kDefaultFile + ")")
      ->type_name("FILE");
  app.add_option("--set", line.settings,
                 "Override one key: section.key=value, lists with commas (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  add(app, "run", "The daemon: keeps routes and answers on the status address",
      "Exit: 0 on SIGTERM, 64 bad usage, 78 bad configuration");
  add(app, "wait", "Block until the node is ready, naming what it waits for",
      "Exit: 0 ready, 1 timed out, 64 bad usage")
      ->add_option("--timeout", line.timeout, "Give up after this long")
      ->type_name("DURATION")
      ->check(valid_duration)
      ->capture_default_str();
  add(app, "status", "What the running daemon sees", "Exit: 0 ready, 1 not ready, 2 no daemon answers")
      ->add_flag("--json", line.output.json, "As JSON");
  add(app, "plan", "The difference between wanted and present routes and sysctls; changes nothing",
      "Exit: 0 in sync, 1 changes pending, 2 could not be determined")
      ->add_flag("--json", line.output.json, "As JSON");
  auto* flush = add(app, "flush", "Remove every route and rule that the agent owns, and nothing else",
                    "Exit: 0, or 1 on an error");
  flush->add_flag("--dry-run", line.flush.dry_run, "Only say what would be removed");
  flush->add_flag("--force", line.flush.force, "Also while the daemon runs (which puts them back)");
  auto* doctor = add(app, "doctor", "Run every check once and say how to mend what failed",
                     "Exit: 0 no failure, 1 a check failed, 2 could not be determined");
  doctor->add_flag("--json", line.doctor.json, "As JSON");
  doctor->add_flag("--npd", line.doctor.npd, "One line of at most 80 bytes, for node-problem-detector");
  add(app, "explain", "Why a destination goes where it goes: the agent's route, the kernel's, Azure's",
      "Exit: 0, or 2 when nothing is known")
      ->add_option("DESTINATION", line.destination, "An address or a prefix")
      ->required();
  auto* config = add(app, "config", "Validate or show the configuration", "Exit: 0, or 78 bad configuration");
  config->require_subcommand(1);
  add(*config, "check", "Validate; every error with its line and column")
      ->add_option("FILE", line.checked_file, "Instead of the configured file");
  add(*config, "show", "The effective values and where each comes from");
  add(app, "version", "Version, commit, compiler and libraries");
}

Command described(const CLI::App& app) {
  Command command{.name = app.get_name(),
                  .text = app.get_description(),
                  .exit = app.get_footer(),
                  .options = {},
                  .commands = {}};
  for (const auto* each : app.get_options()) {
    const bool takes_a_value = each->get_items_expected_max() > 0;
    const auto positional = each->get_lnames().empty();
    command.options.push_back({.flag = positional ? "" : "--" + each->get_lnames().front(),
                               .type = positional      ? each->get_name(true)
                                       : takes_a_value ? each->get_type_name()
                                                       : "",
                               .text = each->get_description(),
                               .otherwise = each->get_default_str(),
                               .required = each->get_required()});
  }
  for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(described(*each));
  }
  return command;
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
    return kBadConfig;
  }
  const auto& config = loaded->config;
  if (app.got_subcommand("run")) return run_daemon(sources, *loaded);
  if (app.got_subcommand("wait")) return wait_until_ready(config, *parse_duration(line.timeout));
  if (app.got_subcommand("status")) return print_status(config, line.output);
  if (app.got_subcommand("plan")) return print_plan(config, line.output);
  if (app.got_subcommand("flush")) return flush_routes(config, line.flush);
  if (app.got_subcommand("doctor")) return print_doctor(config, line.doctor);
  if (app.got_subcommand("explain")) return explain(*loaded, line.destination);
  if (app.get_subcommand("config")->got_subcommand("show")) {
    std::cout << show_config(*loaded);
  } else {
    std::cout << "the configuration is good\n";
  }
  return kOk;
}

}  // namespace

Command command_tree() {
  CLI::App app(kSummary, "calico-azure-agent");
  CommandLine line;
  add_commands(app, line);
  return described(app);
}

int run_command_line(int argc, char** argv) {
  CLI::App app(kSummary, "calico-azure-agent");
  CommandLine line;
  add_commands(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;  // --help is a "parse error" of CLI11's with exit code 0
  }
  return run_with(app, line);
}

}  // namespace agent
