#pragma once

#include <string_view>

// The text of the pages that is in no table of the program. Empty lines divide paragraphs; lines that begin
// with four spaces are shown as they are.
namespace agent::manual {

struct Entry {
  std::string_view tag;
  std::string_view text;
};

inline constexpr std::string_view kDescription =
    R"(Calico cannot route for itself on Azure: the fabric drops every packet whose source address it
does not know. The daemon, calico-azure-agent run, programs and heals the kernel's pod routes of
an Azure virtual machine, checks what else has to be true there, and answers on a loopback address
that calico/node's start-up can wait for and the kubelet can probe. systemd starts it as
calico-azure-agent.service.

It serves Azure user-defined routes, flannel, Calico VXLAN and Azure CNI, for IPv4, IPv6 and dual
stack, and finds out which of them a node runs. All its routes and rules have route protocol 169,
azure-agent in the output of ip(8); it never touches anything else. Stopping leaves its routes in
place, starting adopts them.)";

/// What a command does beyond the sentence that --help has for it.
inline constexpr Entry kNotes[] = {
    {"run",
     R"(For systemd: it sends READY=1 when the node is ready. A second daemon of root or the service user
is refused. It runs on without sources that do not answer, such as Azure, and without its abstract
socket name if another user holds that.)"},
    {"wait",
     R"(On a terminal the gates are shown in place, those that are done and those that are awaited, each
with its time; elsewhere, and where TERM is dumb, each failing gate is printed once, and again when
it changes. The agent may start later, and restart meanwhile. It asks the address of http.listen where that is set, else the one in the
daemon's file listening. An answer from a process of any user but root and the service's is
refused, and the user is named. Neither wait nor status needs a configuration: a default file that
is invalid or unreadable only causes a note on standard error.)"},
    {"status",
     R"(From the daemon's /status: the verdict; failed and unknown checks, each reason once; the way of a
pod's packet to another node, hop by hop, where ! is a warning, ? what could not be looked at, and a
cross what a failed gate breaks; node, NIC, pod subnets and routes; and how many checks passed or do
not apply. Arrows and cross are of ASCII where the locale is not UTF-8. The daemon is found and its
user verified as by wait. With --watch it asks each second until a signal ends it, and shows all of
it again when something but ages and counters has changed: in place on a terminal, else below, and
with --json as one document in a line.)"},
    {"plan",
     R"(Needs no daemon: it reads the kernel and asks Azure's metadata service, or uses its last document
and says so. Beside a running daemon it uses the configuration that the daemon has in force, even
if the file was edited since, as do doctor, explain and flush; with another configuration, the
first line (note in JSON) lists the keys that differ from the daemon's. From a daemon that does not
run as root no path, endpoint or identity is used, nor a file that others than root can write; what
was left out is listed.)"},
    {"flush",
     R"(In every table, IPv4 and IPv6: every route and rule with the protocol number routes.protocol, or
with one that it had on this machine before while routes of that are left. Refused while the daemon
runs, which would restore them.)"},
    {"doctor",
     R"(Needs no daemon. Each failure names what is wrong, why it matters to pods, and the command that
fixes it; then comes what is unknown, each reason once, and how many checks passed or do not apply.
All commands are listed once more at the end, in the order to run them. If the file of a
running daemon has become invalid, its errors come first; the checks then use the configuration
that the daemon has in force, or are shown as by status. With --npd it ends within 4 seconds.)"},
    {"audit",
     R"(Runs anywhere, as any user, without a daemon or a configuration: it lists the nodes, then NICs, virtual
networks, route tables and security groups of their resource groups, by GETs alone, and judges every route
at once. What it lists follows from the nodes' providerIDs. It says how often it will ask Azure before it
does, and stops at --max-requests. Findings stand by cause, the worst first; what could not be read is
unknown and names the right that is missing. In a mode that needs nothing of Azure, Azure is not asked.
With a token of az's:
az account get-access-token --query accessToken --output tsv | calico-azure-agent audit --token-file -.
A kubeconfig that starts another program for its credential is not taken: give the output of
kubectl get nodes --output json by --nodes then. --repair-script writes commands of az, each below its
reason; whatever deletes is a comment there.)"},
    {"explain",
     R"(Of a destination: the agent's route and where it comes from, what the kernel would do, what Azure's
route table does, and the last changes with who made them. Of A to B: the decision at every hop of the
first packet, in its order: the pod's link, forwarding, rule, table and route, netfilter, the
neighbour, Azure's NIC, security groups and route table, the overlay where there is one, and the
answer's way back. A is the address of a pod or of this node, or the word node; B an address, with a
port ADDRESS:PORT or [ADDRESS]:PORT, of TCP unless /udp follows. The first hop that drops the packet is
the last one shown, with the command that mends it where a check has one. Each node sees its own half:
asked on the node of B, the same question shows how B gets it. What cannot be seen is uncertain or not
asked, with the command that shows it; rules by port, state, mark, set or rate are not followed.)"},
    {"config check", R"(Reads the configuration alone, so it runs on any machine.)"},
    {"config show", R"(As TOML that is a valid configuration file.)"},
};

inline constexpr Entry kExits[] = {
    {"0", "As asked, and as it should be: ready, in sync, nothing failed."},
    {"1", "It is not, or an error: not ready, timed out, changes pending, a check failed."},
    {"2", "Could not be determined: no daemon answers, or the kernel or Azure cannot be asked."},
    {"64", "Bad usage of any command."},
    {"78",
     R"(Bad configuration, whatever the command (version, audit and history need none; nor do wait and status, nor doctor,
plan, explain and flush beside a daemon that reports its own, unless a file is named); each mistake is
printed with its file, line and column.)"},
};

inline constexpr std::string_view kEndpointsIntroduction =
    R"(At http.listen, 127.0.0.1:16925 by default, for GET and HEAD alone; nothing can be changed over
HTTP.)";

inline constexpr Entry kEndpoints[] = {
    {"/readyz",
     "200 when the node can route pods, else 503, as when the loop has hung for 90 s. ?verbose names each "
     "gate; ?exclude=ID, repeatable, leaves one out."},
    {"/healthz", "The same over all checks, those that only warn included."},
    {"/livez", "200 while the daemon's loop turns, whatever Azure does."},
    {"/status", "JSON, schema calico-azure-agent/v1."},
    {"/metrics", "For Prometheus; names begin with calico_azure_agent_."},
    {"/", "A page for people."},
};

/// {}: the gates that need the kubelet; those that may only warn.
inline constexpr std::string_view kChecks =
    R"(Each passes, fails, is unknown (it could not look, which never holds back readiness) or is skipped
(it does not apply here). A gate that fails holds back readiness: /readyz, wait, READY=1 for
systemd and the file ready. READY=1 alone does not wait for what the kubelet brings: {}.
These are gates. Some failures of them only warn: {}.)";

inline constexpr std::string_view kOtherChecks =
    R"(These only warn. readiness.require makes any check a gate; readiness.ignore lets a gate only warn.)";

inline constexpr Entry kFiles[] = {
    {"/etc/calico-azure-agent/config.toml",
     "The configuration: calico-azure-agent.toml(5). It may be missing."},
    {"/var/lib/calico-azure-agent/",
     "The last data of Azure and Kubernetes, the mode that was detected and the protocol numbers of the "
     "agent's "
     "routes; survives reboots."},
    {"/run/calico-azure-agent/ready", "There exactly while the node is ready; holds the time since when."},
    {"/run/calico-azure-agent/listening",
     "Where the running daemon listens, such as 127.0.0.1:16925, for wait, status and containers. The owner "
     "of this folder is the one user, beside root, that clients trust."},
    {"/run/calico-azure-agent/lock", "Locked by the running daemon, flock(2)."},
    {"/etc/iproute2/rt_protos.d/calico-azure-agent.conf", "Lets ip(8) call route protocol 169 azure-agent."},
    {"/usr/share/calico-azure-agent/drop-ins/",
     "For systemd, to be copied: the kubelet waits for 4 minutes at most, calico/node waits; sysctls are "
     "enforced; other rights."},
};

inline constexpr Entry kEnvironment[] = {
    {"CALICO_AZURE_AGENT_<SECTION>_<KEY>",
     "Overrides that key of the configuration file: calico-azure-agent.toml(5) has each by name. "
     "calico-azure-agent-cloud@.service, which asks Azure and Kubernetes, uses the file and an "
     "environment of its own."},
    {"NODE_NAME", "This node's name in Kubernetes, unless kubernetes.node_name is set."},
    {"NO_COLOR", "When set and not empty: no colours, not even on a terminal."},
};

inline constexpr Entry kSignals[] = {
    {"SIGHUP",
     "Read the configuration again (systemctl reload). All of it takes effect but http.listen; a bad file is "
     "refused, and the old configuration stays. Until the node has been ready for the first time an edited "
     "file is read without it."},
    {"SIGTERM, SIGINT", "Stop. Routes stay as they are."},
};

inline constexpr std::string_view kExamples = R"(What is wrong with this node, and how to fix it:

    calico-azure-agent doctor

Why packets to a pod go where they go:

    calico-azure-agent explain 10.244.2.7

Which hop drops what a pod of this node sends to a pod of another one:

    calico-azure-agent explain 10.244.1.7 to 10.244.2.9:443

Let something wait until the node can route pods:

    calico-azure-agent wait --timeout 10m

What other pod subnets would change, without a change:

    calico-azure-agent plan --set pods.cluster_cidrs=10.245.0.0/16,fd00:10:245::/48

Remove every route of the agent:

    systemctl stop calico-azure-agent
    calico-azure-agent flush)";

inline constexpr std::string_view kConfiguration =
    R"(TOML. Every key may be left out. What is unknown or wrong is an error with its line and column,
and all errors are reported at once: calico-azure-agent config check.

The variable named with each key overrides the file; the option --set section.key=value overrides
both. Lists are then written with commas, 10.244.0.0/16,fd00:10:244::/48, and texts without
quotes. calico-azure-agent config show prints the effective values and where each comes from.

Durations are "500ms", "90s", "1h30m".

While the node has not been ready since the start, an edited file takes effect by itself: systemctl
reload would wait for the start. After that, systemctl reload calico-azure-agent applies every key
but http.listen. A file with an error is refused, and the old configuration stays.

Each key is listed with its default.)";

inline constexpr std::string_view kConfigurationExample =
    R"(Minimal configuration for Azure user-defined routes:

    [pods]
    cluster_cidrs = ["10.244.0.0/16"])";

}  // namespace agent::manual
