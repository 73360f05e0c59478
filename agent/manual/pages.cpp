#include "agent/manual/pages.h"

#include <fmt/format.h>

#include <string_view>

#include "agent/cli/command_tree.h"
#include "agent/config/keys.h"
#include "agent/config/show_config.h"
#include "agent/core/check_ids.h"
#include "agent/manual/roff.h"

namespace agent::manual {
namespace {

// What no table holds.
constexpr std::string_view kDescription =
    R"(Calico cannot route for itself on Azure: the fabric drops every packet whose source address it does not know. The daemon (run) programs and heals the kernel's pod routes of an Azure virtual machine, checks what else has to be true there, and answers on a loopback address that calico/node's start-up can wait for and the kubelet can probe.

It serves Azure user-defined routes, flannel, Calico VXLAN and Azure CNI, and finds out which of them a node runs. Whatever it makes bears route protocol 169, azure-agent in the output of ip(8); it never touches anything else. Stopping leaves its routes in place, starting adopts them.)";

constexpr std::string_view kEndpoints = R"(On 127.0.0.1:16925, by http.listen, for GET and HEAD:)";

constexpr std::string_view kExamples = R"(What is wrong with this node, and how to mend it:

    calico-azure-agent doctor

Why a pod's address goes where it goes:

    calico-azure-agent explain 10.244.2.7

Wait for the node before something else starts:

    calico-azure-agent wait --timeout 10m

What would change, with another cluster CIDR, without changing anything:

    calico-azure-agent plan --set pods.cluster_cidrs=10.245.0.0/16)";

struct Entry {
  std::string_view tag;
  std::string_view text;
};

constexpr Entry kEndpointList[] = {
    {"/readyz",
     "200 when the node can route pods, else 503. ?verbose names the gates, ?exclude=ID leaves one out"},
    {"/livez", "200 while the event loop turns, whatever Azure does"},
    {"/healthz", "as /readyz, over all checks"},
    {"/status", "JSON, schema calico-azure-agent/v1"},
    {"/metrics", "for Prometheus"},
    {"/", "a page for people"},
};

constexpr Entry kFiles[] = {
    {"/etc/calico-azure-agent/config.toml", "the configuration, calico-azure-agent.toml(5)"},
    {"/var/lib/calico-azure-agent/", "what Azure and Kubernetes told last; survives reboots"},
    {"/run/calico-azure-agent/ready", "exists exactly while the node is ready; holds the time since when"},
    {"/usr/share/calico-azure-agent/drop-ins/",
     "for systemd: the kubelet's and calico/node's gates, enforcing of sysctls"},
};

constexpr Entry kEnvironment[] = {
    {"CALICO_AZURE_AGENT_<SECTION>_<KEY>", "overrides that key of the configuration file"},
    {"NODE_NAME", "this node's name in Kubernetes, unless kubernetes.node_name is set"},
    {"NO_COLOR", "no colours on a terminal"},
};

constexpr Entry kSignals[] = {
    {"SIGHUP", "re-read the configuration; a bad file is refused and the old one stays"},
    {"SIGTERM, SIGINT", "stop; routes stay as they are"},
};

constexpr Entry kExits[] = {
    {"0, 1, 2", "by command, as above: as asked, not so, could not be determined"},
    {"64", "bad usage"},
    {"78", "bad configuration; each error is printed with its file, line and column"},
};

template <std::size_t N>
std::string items(const Entry (&entries)[N]) {
  std::string all;
  for (const auto& each : entries) all += item(each.tag, each.text);
  return all;
}

std::string tag_of(const Command::Option& option) {
  if (option.flag.empty()) return option.type;
  return option.type.empty() ? option.flag : option.flag + " " + option.type;
}

std::string text_of(const Command::Option& option) {
  return option.otherwise.empty() ? option.text
                                  : fmt::format("{} (default {})", option.text, option.otherwise);
}

bool is_help(const Command::Option& option) { return option.flag == "--help"; }

std::string usage(const Command& command) {
  std::string all;
  for (const auto& each : command.options) {
    if (is_help(each)) continue;
    all += each.required ? " " + tag_of(each) : fmt::format(" [{}]", tag_of(each));
  }
  return all;
}

/// A command and those below it: "config check".
std::string command_items(const Command& command, const std::string& before) {
  const auto name = before.empty() ? command.name : before + " " + command.name;
  std::string all = item(name + usage(command), command.text + '.');
  if (!command.exit.empty()) all += ".br\n" + roff(command.exit) + ".\n";
  bool any = false;
  for (const auto& each : command.options) {
    if (is_help(each)) continue;
    if (!any) all += ".RS\n";
    any = true;
    all += item(tag_of(each), text_of(each));
  }
  if (any) all += ".RE\n";
  for (const auto& each : command.commands) all += command_items(each, name);
  return all;
}

}  // namespace

std::string program_page() {
  const auto program = command_tree();
  std::string all = title(program.name, 8);
  all += heading("NAME") + fmt::format("{} \\- {}\n", roff(program.name), roff(program.text));
  all += heading("SYNOPSIS") +
         fmt::format("\\fB{}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...\n", roff(program.name));
  all += heading("DESCRIPTION") + paragraphs(kDescription);
  all += heading("OPTIONS");
  for (const auto& each : program.options) all += item(tag_of(each), text_of(each));
  all += heading("COMMANDS");
  for (const auto& each : program.commands) all += command_items(each, "");
  all += heading("EXIT STATUS") + items(kExits);
  all += heading("ENDPOINTS") + paragraphs(kEndpoints) + items(kEndpointList);
  all += heading("CHECKS") +
         paragraphs(
             "Each passes, fails, is unknown (could not look; never holds readiness back) or is skipped. "
             "readiness.require makes any a gate, readiness.ignore lets a gate only warn:") +
         ".PP\n";
  std::string ids;
  for (const auto& each : check_ids()) ids += fmt::format("{}{}", ids.empty() ? "" : ",\n", roff(each));
  all += ids + ".\n";
  all += heading("FILES") + items(kFiles);
  all += heading("ENVIRONMENT") + items(kEnvironment);
  all += heading("SIGNALS") + items(kSignals);
  all += heading("EXAMPLES") + paragraphs(kExamples);
  all += heading("SEE ALSO") +
         "\\fBcalico\\-azure\\-agent.toml\\fR(5), \\fBip\\-route\\fR(8), \\fBjournalctl\\fR(1)\n";
  return all;
}

std::string configuration_page() {
  std::string all = title("calico-azure-agent.toml", 5);
  all += heading("NAME") + "calico\\-azure\\-agent.toml \\- configuration of calico\\-azure\\-agent(8)\n";
  all += heading("SYNOPSIS") + roff("/etc/calico-azure-agent/config.toml") + '\n';
  all += heading("DESCRIPTION") +
         paragraphs(
             "TOML. Every key may be left out; what is unknown or wrong is an error with its line and "
             "column, and all "
             "errors are reported. A variable of the environment overrides the file, --set section.key=value "
             "overrides both; lists are then written with commas. Durations are \"500ms\", \"90s\", "
             "\"1h30m\".\n\n"
             "SIGHUP (systemctl reload calico-azure-agent) applies every key but http.listen.");
  const Config defaults;
  std::string section = "-";
  for (const auto& key : keys()) {
    if (key.section != section) {
      section = key.section;
      all += heading(section.empty() ? "TOP LEVEL" : fmt::format("[{}]", section));
    }
    all += item(fmt::format("{} = {}", key.name, key.print(defaults)), key.doc);
    all += fmt::format(".br\n{}\n", roff(key.variable()));
  }
  all += heading("SEE ALSO") + "\\fBcalico\\-azure\\-agent\\fR(8)\n";
  return all;
}

}  // namespace agent::manual
