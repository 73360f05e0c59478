#pragma once

namespace agent {

/// Reads the command line, loads the configuration and runs the command; the number is the exit code.
int run_command_line(int argc, char** argv);

}  // namespace agent
