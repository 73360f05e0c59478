#pragma once

#include <string>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cloud/audit_request.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace agent {

/// What the words on the command line mean, before anything is done.
struct CommandLine {
  std::string file;
  std::vector<std::string> settings;
  std::string checked_file;
  std::string timeout = "5m";
  OutputOptions output;
  StatusOptions status;
  FlushOptions flush;
  DoctorOptions doctor;
  ExplainOptions explain;
  std::string bundle;
  std::string output_file;
  HistoryOptions history;
  AuditRequest audit;
  std::string audit_mode;
  std::vector<std::string> audit_cidrs;
  std::string audit_timeout = "5m";
};

inline constexpr auto kProgram = "calico-azure-agent";
inline constexpr auto kDefaultFile = "/etc/calico-azure-agent/config.toml";

/// Tells `app` every command and option: the one place where they stand. What is parsed goes into `line`,
/// which has to live as long as `app`.
void describe(CLI::App& app, CommandLine& line);

/// One command, for manual pages and shells: the content of --help, as data.
struct Command {
  struct Option {
    std::vector<std::string> flags;  ///< "-h", "--help"; empty: an argument that stands by its place
    std::string type;                ///< "DURATION", or the argument's name; empty: takes no value
    std::string text;
    std::string otherwise;  ///< its default; may be empty
    bool required = false;
    bool repeatable = false;
  };

  std::string name;
  std::string text;
  std::string closing;  ///< what its --help ends with: what the exit codes mean; may be empty
  std::vector<Option> options;
  std::vector<Command> commands;
};

/// The program itself, with all that stands below it.
Command command_tree();

}  // namespace agent
