#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/cli/beside.h"
#include "agent/cloud/audit_request.h"
#include "agent/config/load_config.h"
#include "agent/history/history.h"
#include "checks/trace/question.h"
#include "net/prefix.h"

// One function a command, each in a file of its own; the number is the exit code.

namespace trace {
class PacketDetails;
}

namespace agent {

struct NodeLook;

/// Reads the command line, loads the configuration and runs the command; the number is the exit code.
int run_command_line(int argc, char** argv);

/// Exit codes of every command; 64 and 78 are EX_USAGE and EX_CONFIG of sysexits.h.
enum ExitCode : int {
  kOk = 0,
  kNo = 1,            ///< not ready, changes pending, a check failed, an error
  kUndetermined = 2,  ///< could not look
  kUsage = 64,
  kBadConfig = 78,
};

int run_daemon(const ConfigSources& sources, const LoadedConfig& loaded);

/// For a daemon that cannot start: a killed one may have left the ready file behind.
void remove_stale_runtime_files();

/// Blocks until the agent is ready. On a terminal it shows what is done and what is awaited, drawn anew; else
/// it prints each failing gate once, and again when it changes.
int wait_until_ready(const ConfigSources& sources, const LoadedConfig& loaded,
                     std::chrono::milliseconds timeout);

struct OutputOptions {
  bool json = false;
};

struct StatusOptions {
  bool json = false;
  bool all = false;  ///< each check and each route in a line of its own
  bool watch = false;
  bool html = false;  ///< of a bundle: the page
};

/// What the running daemon sees.
int print_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options);

/// The same, looked at each second and shown whenever something but ages has changed, until a signal ends it:
/// drawn anew on a terminal, else printed again; as JSON a line each time.
int watch_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options);

/// The difference between wanted and present, without making it.
int print_plan(const Beside& beside, const OutputOptions& output);
int print_plan(const NodeLook& look, const Beside& beside, const OutputOptions& output);
/// Empty: no document describes the VM, and nothing is known to be wanted.
std::string plan_json(const NodeLook& look, const Beside& beside);

struct DoctorOptions {
  bool json = false;
  bool all = false;  ///< each check in a line of its own
  bool npd = false;  ///< one line of at most 80 bytes, within 4 s (node-problem-detector's custom plug-in)
};

/// For a doctor that has no configuration to go by: the checks of the running daemon; nullopt without one.
std::optional<int> print_daemon_status(const ConfigSources& sources, const LoadedConfig& loaded,
                                       const DoctorOptions& options);

struct FlushOptions {
  bool dry_run = false;
  bool force = false;
  bool protocols = false;  ///< only name the numbers
};

/// Removes every route and rule of our protocol, in every table.
int flush_routes(const Beside& beside, const FlushOptions& options);

/// Judges the whole cluster: the program that has TLS takes this one's place. Returns where it cannot be
/// started.
int run_audit_program(const AuditRequest& request);

struct HistoryOptions {
  bool json = false;
  std::string since = "24h";  ///< as parse_moment() takes it
};

/// What the flight recorder has kept.
int print_history(const HistoryOptions& options);
/// The same of others' records; `now`: what is so long ago is that long before then.
int print_history(const Records& records, net::WallTime now, const HistoryOptions& options);

struct ExplainOptions {
  std::vector<std::string> words;  ///< a destination, or A to B
  std::string at;                  ///< as parse_moment() takes it; empty: now
  bool json = false;
};

/// A destination, whose routes are asked about; or one packet, whose hops are.
using Explained = std::variant<net::Prefix, trace::Question>;
/// nullopt after words.
std::optional<Explained> parse_explained(const ExplainOptions& options);

/// What was recorded about a destination, and of the node, at a moment as parse_moment() takes it.
int explain_past(const net::Prefix& destination, const std::string& at);
int explain_past(const Records& records, net::WallTime now, const net::Prefix& destination,
                 const std::string& at);

/// Why a destination goes where it goes.
int explain(const ConfigSources& sources, const Beside& beside, const net::Prefix& destination);
/// `status`: what /status says, asked for when it is needed.
int explain(const NodeLook& look, const Beside& beside, const net::Prefix& destination,
            const std::function<net::Result<std::string>()>& status);
/// What becomes of one packet at each hop.
int explain(const Beside& beside, const trace::Question& question, const OutputOptions& output);
/// `details`: what else the kernel is asked for.
int explain(const NodeLook& look, const Beside& beside, const trace::Question& question,
            const OutputOptions& output, trace::PacketDetails& details);
/// The same in a bundle, which holds no such details.
int explain_recorded(const NodeLook& look, const Beside& beside, const trace::Question& question,
                     const OutputOptions& output);

/// Every check once, daemon or not.
int print_doctor(const Beside& beside, const DoctorOptions& options);
int print_doctor(const NodeLook& look, const Beside& beside, const DoctorOptions& options);
std::string doctor_json(const NodeLook& look, const Beside& beside);

/// Everything that the checks judge, as a .tar.gz. `output`: its file; "-" standard output; empty: one named
/// after the node and the time, here.
int write_support_bundle(const ConfigSources& sources, const Beside& beside, const std::string& output);

/// The commands that a bundle answers instead of the node.
struct BundleCommands {
  std::function<int(const DoctorOptions&)> doctor;
  std::function<int(const OutputOptions&)> plan;
  std::function<int(const StatusOptions&)> status;
  std::function<int(const Explained& asked, const ExplainOptions&)> explain;
  std::function<int(const HistoryOptions&)> history;
};
int go_by_bundle(const std::string& file, const std::function<int(const BundleCommands&)>& command);

}  // namespace agent
