#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/cli/beside.h"
#include "agent/config/load_config.h"
#include "net/prefix.h"

// One function a command, each in a file of its own; the number is the exit code.

namespace agent {

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
};

/// What the running daemon sees.
int print_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options);

/// The same, looked at each second and shown whenever something but ages has changed, until a signal ends it:
/// drawn anew on a terminal, else printed again; as JSON a line each time.
int watch_status(const ConfigSources& sources, const LoadedConfig& loaded, const StatusOptions& options);

/// The difference between wanted and present, without making it.
int print_plan(const Beside& beside, const OutputOptions& output);

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

struct HistoryOptions {
  bool json = false;
  std::string since = "24h";  ///< as parse_moment() takes it
};

/// What the flight recorder has kept.
int print_history(const HistoryOptions& options);

/// What was recorded about a destination, and of the node, at a moment as parse_moment() takes it.
int explain_past(const net::Prefix& destination, const std::string& at);

/// Why a destination goes where it goes: an address or a prefix. `at`: as it was then; empty: now.
int explain(const ConfigSources& sources, const Beside& beside, const std::string& text,
            const std::string& at);

/// Every check once, daemon or not.
int print_doctor(const Beside& beside, const DoctorOptions& options);

}  // namespace agent
