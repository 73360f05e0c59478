
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "agent/cli/command_tree.h"
#include "agent/cli/commands.h"
#include "agent/config/keys.h"
#include "agent/config/load_config.h"
#include "agent/config/show_config.h"
#include "agent/config/values.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/process.h"
#include "agent/daemon/runtime_files.h"
#include "agent/log/log.h"
#include "checks/check_table.h"
#include "net/foreign_text.h"

namespace agent {

namespace {

/// For the daemon beside, which answers from memory; node-problem-detector waits for no more than 4 s in all.
constexpr std::chrono::milliseconds kDaemonPatience{1000};
constexpr std::chrono::milliseconds kNpdDaemonPatience{300};

/// A command may be given a pipe by name.
ConfigSources sources_of(const CommandLine& line, bool is_daemon) {
  const auto& named = line.checked_file.empty() ? line.file : line.checked_file;
  return {.file = named.empty() ? kDefaultFile : named,
          .file_required = !named.empty(),
          .file_is_regular = is_daemon || named.empty(),
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

constexpr std::size_t kLongestNote = 1000;

struct Ask {
  ConfigSources sources;
  LoadedConfig loaded;
};

/// With the file left out, which is wrong; the variables too, where these are.
Ask without_the_file(const ConfigSources& sources) {
  Ask ask{.sources = {.file = std::nullopt, .environment = sources.environment, .settings = {}},
          .loaded = {}};
  auto loaded = load_config(ask.sources, checks::check_ids());
  if (!loaded) ask.sources.environment.clear();
  ask.loaded = loaded ? std::move(*loaded) : load_config({}, checks::check_ids()).value_or(LoadedConfig{});
  return ask;
}

int ask_the_daemon(const CLI::App& app, const CommandLine& line, const Ask& ask) {
  if (app.got_subcommand("wait"))
    return wait_until_ready(ask.sources, ask.loaded, *parse_duration(line.timeout));
  return line.status.watch ? watch_status(ask.sources, ask.loaded, line.status)
                           : print_status(ask.sources, ask.loaded, line.status);
}

int go_by(const CLI::App& app, const CommandLine& line, const Ask& ask, const Beside& beside) {
  if (app.got_subcommand("plan")) return print_plan(beside, line.output);
  if (app.got_subcommand("flush")) return flush_routes(beside, line.flush);
  if (app.got_subcommand("doctor")) return print_doctor(beside, line.doctor);
  if (app.got_subcommand("support-bundle"))
    return write_support_bundle(ask.sources, beside, line.output_file);
  const auto asked = parse_explained(line.explain);
  if (!asked) return kUsage;
  if (const auto* question = std::get_if<trace::Question>(&*asked))
    return explain(beside, *question, {.json = line.explain.json});
  return explain(ask.sources, beside, std::get<net::Prefix>(*asked));
}

int ask_the_past(const CLI::App& app, const CommandLine& line) {
  if (app.got_subcommand("history")) return print_history(line.history);
  const auto asked = parse_explained(line.explain);
  return asked ? explain_past(std::get<net::Prefix>(*asked), line.explain.at) : kUsage;
}

int ask_the_bundle(const CLI::App& app, const CommandLine& line) {
  const auto asked = app.got_subcommand("explain") ? parse_explained(line.explain) : std::nullopt;
  if (app.got_subcommand("explain") && !asked) return kUsage;
  return go_by_bundle(line.bundle, [&](const BundleCommands& commands) {
    if (app.got_subcommand("doctor")) return commands.doctor(line.doctor);
    if (app.got_subcommand("plan")) return commands.plan(line.output);
    if (app.got_subcommand("status")) return commands.status(line.status);
    if (app.got_subcommand("history")) return commands.history(line.history);
    return commands.explain(*asked, line.explain);
  });
}

bool is_any_of(const CLI::App& app, std::initializer_list<const char*> commands) {
  return std::any_of(commands.begin(), commands.end(),
                     [&app](const char* command) { return app.got_subcommand(command); });
}

Beside beside_daemon_of(const Ask& ask, const CommandLine& line) {
  return beside_daemon(ask.loaded, ask.sources, line.doctor.npd ? kNpdDaemonPatience : kDaemonPatience);
}

void complain_of(const std::vector<ConfigError>& errors) {
  for (const auto& line : lines_of(errors)) complain(core::EventKind::configuration_refused, line);
}

/// A daemon keeps what it had before the file became what it is, and its node may be ready: who waits for it,
/// asks it or looks beside it needs no file.
int run_without_the_file(const CLI::App& app, const CommandLine& line, const ConfigSources& sources,
                         const std::vector<ConfigError>& errors) {
  const auto ask = without_the_file(sources);
  if (is_any_of(app, {"wait", "status"})) {
    const auto others = errors.size() > 1 ? fmt::format(" (and {} more)", errors.size() - 1) : std::string();
    std::cerr << fmt::format("note: the configuration is not taken: {}{}\n",
                             net::foreign_text(errors.front().text(), kLongestNote), others);
    return ask_the_daemon(app, line, ask);
  }
  complain_of(errors);
  const auto beside = beside_daemon_of(ask, line);
  // Which protocol numbers the agent's routes bear is kept: a broken file keeps nobody from removing them.
  if (beside.is_the_daemons || app.got_subcommand("flush")) return go_by(app, line, ask, beside);
  if (!app.got_subcommand("doctor") || beside.no_daemon) return kBadConfig;
  return print_daemon_status(ask.sources, ask.loaded, line.doctor).value_or(kBadConfig);
}

int audit_cluster(const CommandLine& line) {
  auto request = line.audit;
  request.mode = net::value_named(node::kModeNames, line.audit_mode);
  request.timeout = *parse_duration(line.audit_timeout);
  for (const auto& each : line.audit_cidrs) request.cluster_cidrs.push_back(*net::Prefix::parse(each));
  return run_audit_program(request);
}

int run_with(const CLI::App& app, const CommandLine& line) {
  if (app.got_subcommand("version")) {
    std::cout << version_details();
    return kOk;
  }
  if (app.got_subcommand("audit")) return audit_cluster(line);
  if (!line.bundle.empty()) return ask_the_bundle(app, line);
  if (app.got_subcommand("history") || !line.explain.at.empty()) return ask_the_past(app, line);
  const auto sources = sources_of(line, app.got_subcommand("run"));
  auto loaded = load_config(sources, checks::check_ids());
  if (!loaded) {
    const bool is_said = sources.file_required || !sources.settings.empty();
    if (!is_said && !is_any_of(app, {"run", "config"}))
      return run_without_the_file(app, line, sources, loaded.error());
    complain_of(loaded.error());
    if (app.got_subcommand("run")) remove_stale_runtime_files();
    return kBadConfig;
  }
  if (app.got_subcommand("run")) return run_daemon(sources, *loaded);
  if (app.got_subcommand("config")) {
    const bool show = app.get_subcommand("config")->got_subcommand("show");
    std::cout << (show ? show_config(*loaded) : "the configuration is good\n");
    return kOk;
  }
  const Ask ask{.sources = sources, .loaded = std::move(*loaded)};
  if (is_any_of(app, {"wait", "status"})) return ask_the_daemon(app, line, ask);
  return go_by(app, line, ask, beside_daemon_of(ask, line));
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

int run_daemon(const ConfigSources& sources, const LoadedConfig& loaded) {
  auto daemon = Daemon::create(sources, loaded);
  if (!daemon) {
    complain(core::EventKind::start_refused, "calico-azure-agent: " + daemon.error().what);
    return kNo;
  }
  (*daemon)->run();
  return kOk;
}

void remove_stale_runtime_files() {
  const auto folder = runtime_directory();
  if (InstanceLock::holder(folder)) return;  // a running daemon wrote them
  ReadyFile{folder}.withdraw();
  ListeningFile{folder}.withdraw();
}

}  // namespace agent
