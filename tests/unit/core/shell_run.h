#pragma once

#include <string>
#include <vector>

// What happens when remedies are pasted into a shell.
namespace agent::testing {

/// A program that ran, with its name.
using Argv = std::vector<std::string>;

struct ShellRun {
  std::vector<Argv> ran;  ///< of programs that remedies may call: each is one that only says so
  std::string
      complaints;  ///< what the shell had to say: another program, a file that cannot be written, a syntax
  std::vector<std::string> files;  ///< those that are there afterwards, apart from those below /etc
};

/// Pastes each line into a POSIX shell of its own, in a folder of its own. Nothing real can be called or
/// written: the only programs are stand-ins, and /etc is below that folder.
std::vector<ShellRun> paste(const std::vector<std::string>& lines);
inline ShellRun paste(const std::string& line) { return paste(std::vector{line}).front(); }

}  // namespace agent::testing
