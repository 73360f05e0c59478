#pragma once

#include <string>
#include <vector>

namespace agent {

/// The command line as data, for the manual page and for shells: what --help says, without the program.
struct Command {
  struct Option {
    std::string flag;  ///< "--timeout"; empty: what stands by its place
    std::string type;  ///< "DURATION", the name of an argument; empty: a flag
    std::string text;
    std::string otherwise;  ///< its default; may be empty
    bool required = false;
  };

  std::string name;
  std::string text;
  std::string exit;  ///< what its exit codes mean; empty where only 0 is usual
  std::vector<Option> options;
  std::vector<Command> commands;
};

/// The program's own, with all that stand below it.
Command command_tree();

}  // namespace agent
