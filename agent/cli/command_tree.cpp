#include "agent/cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "agent/config/values.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

/// CLI11's rendering, without its type names and shouted words.
class Help : public CLI::Formatter {
 public:
  Help() {
    column_width(24);
    label("Positionals", "Arguments");
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    auto name = Formatter::make_option_name(option, is_positional);
    if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
    return name;
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    const bool has_type = option->get_items_expected_max() > 0 && !option->get_positional();
    return has_type ? " " + option->get_type_name() : "";
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    const auto otherwise = option->get_default_str();
    return option->get_description() + (otherwise.empty() ? "" : " (default " + otherwise + ")");
  }

  std::string make_footer(const CLI::App* app) const override {
    auto footer = app->get_footer();
    if (app->get_parent() != nullptr) {
      footer += (footer.empty() ? "" : "\n\n") + std::string("Also --config FILE and --set KEY=VALUE: see ") +
                kProgram + " --help";
    }
    return footer + '\n';
  }
};

std::string valid_duration(const std::string& text) {
  const auto duration = parse_duration(text);
  return duration ? "" : duration.error().what;
}

std::string valid_moment(const std::string& text) {
  const auto moment = parse_moment(text, std::chrono::system_clock::now());
  return moment ? "" : moment.error().what;
}

bool is_without_configuration(const std::string& command) {
  return command == "history" || command == "audit";
}

CLI::App* add(CLI::App& app, const char* name, const char* text, const char* exit = "") {
  auto* command = app.add_subcommand(name, text);
  command->group("Commands");
  // Before a command does anything, the configuration is read: but for version, which has no such codes, and
  // those that need none.
  if (*exit != '\0') {
    command->footer(std::string("Exit: ") + exit + ",\n      64 bad usage" +
                    (is_without_configuration(command->get_name()) ? "" : ", 78 bad configuration"));
  }
  return command;
}

void add_json(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "Print JSON instead of text");
}

void add_all(CLI::App* command, bool& all) {
  command->add_flag("--all", all, "Also a line for each check that passed or does not apply");
}

void add_bundle(CLI::App* command, std::string& bundle) {
  command->add_option("--bundle", bundle, "Of the node in this support bundle, on any machine")
      ->type_name("FILE");
}

std::string valid_prefix(const std::string& text) {
  const auto prefix = net::Prefix::parse(text);
  return prefix ? "" : prefix.error().what;
}

std::string valid_mode(const std::string& text) {
  return net::value_named(node::kModeNames, text) ? "" : "it is udr, flannel, azure-cni or calico-vxlan";
}

std::string valid_count(const std::string& text) {
  constexpr unsigned kMost = 5000;
  const auto count = net::parse_number<unsigned>(text);
  return count && *count > 0 && *count <= kMost ? "" : "it is a number from 1 to 5000";
}

/// A list of values, one a time.
CLI::Option* add_each(CLI::App* command, const char* flag, std::vector<std::string>& values,
                      const char* text) {
  return command->add_option(flag, values, text)->expected(1)->take_all();
}

void describe_audit(CLI::App& app, CommandLine& line) {
  auto* audit = add(app, "audit", "Judge the routes and NICs of a whole cluster; change nothing",
                    "0 nothing is wrong, 1 something is, 2 could not look");
  auto& request = line.audit;
  audit
      ->add_option("--kubeconfig", request.kubeconfig,
                   "Of the API server (default $KUBECONFIG, ~/.kube/config,\nin-cluster)")
      ->type_name("FILE");
  audit
      ->add_option("--nodes", request.nodes,
                   "Instead of it: what kubectl get nodes --output json\nprinted; - is standard input")
      ->type_name("FILE");
  audit
      ->add_option("--token-file", request.token_file,
                   "Azure's token, as az account get-access-token prints\nit; - is standard input (default: "
                   "a workload\n"
                   "identity, else the managed identity of this VM)")
      ->type_name("FILE");
  audit->add_option("--client-id", request.client_id, "Which identity, where there are several")
      ->type_name("ID");
  audit->add_option("--cloud", request.cloud, "AzureUSGovernmentCloud or AzureChinaCloud")->type_name("NAME");
  audit->add_option("--endpoint", request.endpoint, "Resource Manager of another cloud: https://HOST")
      ->type_name("URL");
  audit->add_option("--imds-endpoint", request.imds_endpoint, "Where a managed identity gets its token\n")
      ->type_name("URL")
      ->capture_default_str();
  add_each(audit, "--resource-group", request.resource_groups,
           "Look for route tables in this group, too, by name or\nid; repeatable")
      ->type_name("NAME");
  add_each(audit, "--route-table", request.route_tables, "Read this route table, too; repeatable")
      ->type_name("ID");
  add_each(audit, "--cluster-cidr", line.audit_cidrs,
           "Where the cluster's pods are; repeatable (default: as\nnodes' pod CIDRs are)")
      ->type_name("CIDR")
      ->check(valid_prefix);
  audit->add_option("--mode", line.audit_mode, "What the cluster is (default: as it shows)")
      ->type_name("MODE")
      ->check(valid_mode);
  audit
      ->add_option("--repair-script", request.repair_script,
                   "Write commands that mend it there; - is standard\noutput")
      ->type_name("FILE");
  audit->add_option("--max-requests", request.max_requests, "Ask Azure no more often")
      ->type_name("NUMBER")
      ->check(valid_count)
      ->capture_default_str();
  audit->add_option("--timeout", line.audit_timeout, "Give up after this long")
      ->type_name("DURATION")
      ->check(valid_duration)
      ->capture_default_str();
  add_json(audit, request.json);
  audit->add_flag("--all", request.all, "Name each node and route, however many");
}

Command described(const CLI::App& app) {
  Command command{.name = app.get_name(),
                  .text = app.get_description(),
                  .closing = app.get_footer(),
                  .options = {},
                  .commands = {}};
  for (const auto* each : app.get_options()) {
    const bool takes_a_value = each->get_items_expected_max() > 0;
    Command::Option option{.flags = {},
                           .type = each->get_positional() ? each->get_name(true)
                                   : takes_a_value        ? each->get_type_name()
                                                          : "",
                           .text = each->get_description(),
                           .otherwise = each->get_default_str(),
                           .required = each->get_required(),
                           .repeatable = each->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll};
    for (const auto& letter : each->get_snames()) option.flags.push_back("-" + letter);
    for (const auto& word : each->get_lnames()) option.flags.push_back("--" + word);
    command.options.push_back(std::move(option));
  }
  for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(described(*each));
  }
  return command;
}

}  // namespace

void describe(CLI::App& app, CommandLine& line) {
  app.name(kProgram);
  app.description("Keeps the pod routes of an Azure node for Calico and reports what is wrong");
  app.footer("Manual: calico-azure-agent(8); every key: calico-azure-agent.toml(5)");
  app.formatter(std::make_shared<Help>());
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.fallthrough();  // --config and --set may stand behind the command too
  app.add_option("--config", line.file, std::string("Configuration file (default ") + kDefaultFile + ")")
      ->type_name("FILE");
  app.add_option("--set", line.settings,
                 "Override one key of it, such as routes.metric=512; lists with\ncommas; repeatable")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  add(app, "run", "Run as the daemon: keep the routes, answer on http.listen",
      "0 stopped by a signal, 1 could not run");
  add(app, "wait", "Block until the node is ready; name what it waits for", "0 ready, 1 timed out")
      ->add_option("--timeout", line.timeout, "Give up after this long, such as 90s or 1h30m")
      ->type_name("DURATION")
      ->check(valid_duration)
      ->capture_default_str();
  auto* status = add(app, "status", "Show what the running daemon sees",
                     "0 ready, 1 not ready, 2 no daemon answers; --watch ends with 130 on SIGINT");
  add_json(status, line.status.json);
  add_all(status, line.status.all);
  status->add_flag("--watch", line.status.watch,
                   "Show it again whenever something has changed; with --json a line\neach time");
  add_bundle(status, line.bundle);
  status->add_flag("--html", line.status.html, "With --bundle: print the page that http.listen would serve");
  auto* plan = add(app, "plan", "Show which routes and sysctls would change; change none",
                   "0 in sync, 1 changes pending, 2 could not be determined");
  add_json(plan, line.output.json);
  add_bundle(plan, line.bundle);
  auto* flush = add(app, "flush", "Remove every route and rule of the agent's, nothing else",
                    "0 nothing of it is left, 1 an error");
  flush->add_flag("--dry-run", line.flush.dry_run, "Only print what would be removed");
  flush->add_flag("--protocols", line.flush.protocols,
                  "Only print the protocol numbers by which routes are the agent's");
  flush->add_flag("--force", line.flush.force, "Even while the daemon runs, which puts them back");
  auto* doctor = add(app, "doctor", "Run every check and suggest fixes; change nothing",
                     "0 no failure, 1 a check failed, 2 could not be determined");
  add_json(doctor, line.doctor.json);
  add_all(doctor, line.doctor.all);
  doctor->add_flag("--npd", line.doctor.npd, "One line of at most 80 bytes, for node-problem-detector");
  add_bundle(doctor, line.bundle);
  describe_audit(app, line);
  auto* explain = add(app, "explain", "Say why packets to a destination go where they go",
                      "0 something is known, 2 nothing is; of A to B: 1 a hop drops it,\n      2 neither "
                      "is on this node");
  explain
      ->add_option("DESTINATION", line.explain.words,
                   "An address or a prefix; or A to B[:PORT[/udp]]: each hop of the\npacket, A is a pod's "
                   "address or the word node")
      ->required()
      ->expected(-1);
  add_json(explain, line.explain.json);
  explain
      ->add_option("--at", line.explain.at,
                   "As it was then, in UTC: 04:12, 2026-11-30T04:12Z, or 2h ago as 2h")
      ->type_name("TIME")
      ->check(valid_moment);
  add_bundle(explain, line.bundle);
  auto* history = add(app, "history", "Show what the flight recorder has kept, over restarts and crashes",
                      "0 shown, 2 nothing is recorded or it cannot be read");
  history->add_option("--since", line.history.since, "From then on, as --at of explain takes it")
      ->type_name("TIME")
      ->check(valid_moment)
      ->capture_default_str();
  add_json(history, line.history.json);
  add_bundle(history, line.bundle);
  add(app, "support-bundle", "Write all that the checks judge into one file, without secrets",
      "0 written, 1 an error")
      ->add_option("-o,--output", line.output_file,
                   "Write it there; - is standard output (default: a name\nof node and time, here)")
      ->type_name("FILE");
  auto* config = add(app, "config", "Check or show the configuration");
  config->require_subcommand(1);
  add(*config, "check", "Find every mistake, each with its line and column", "0 the configuration is good")
      ->add_option("FILE", line.checked_file, "Look at this file instead of the configured one");
  add(*config, "show", "Show the effective values and where each comes from", "0 shown");
  add(app, "version", "Show version, commit, compiler and libraries");
}

Command command_tree() {
  CLI::App app;
  CommandLine line;
  describe(app, line);
  return described(app);
}

}  // namespace agent
