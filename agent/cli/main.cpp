#include <csignal>
#include <exception>
#include <iostream>

#include "agent/cli/commands.h"
#include "agent/daemon/process.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of that write, not of the agent
  agent::limit_heap();
  try {
    return agent::run_command_line(argc, argv);
  } catch (const std::exception& bug) {
    std::cerr << "calico-azure-agent: a bug, please report it: " << bug.what() << '\n';
    return agent::kNo;
  }
}
