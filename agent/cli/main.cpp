#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <iostream>

#include "agent/cli/commands.h"
#include "agent/daemon/process.h"
#include "net/foreign_text.h"

namespace {

/// Who closes a stream has what is opened next in its place, a socket or a file, and words for people in it.
void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool is_closed = ::fcntl(stream, F_GETFD) < 0 && errno == EBADF;
    if (is_closed) ::open(stream == STDOUT_FILENO ? "/dev/full" : "/dev/null", O_RDWR);
  }
}

/// As of head(1), which has read what it wanted.
bool reader_went_away() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/// What a script would take for the whole answer is none.
int with_output_written(int result) {
  if (std::cout.flush() || reader_went_away()) return result;
  std::cerr
      << "calico-azure-agent: standard output cannot be written: what is there is not the whole answer\n";
  return result == agent::kOk ? agent::kNo : result;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of that write, not of the agent
  fill_closed_streams();
  agent::limit_heap();
  try {
    return with_output_written(agent::run_command_line(argc, argv));
  } catch (const std::exception& bug) {
    std::cerr << "calico-azure-agent: a bug, please report it: " << net::foreign_text(bug.what(), 1000)
              << '\n';
    return agent::kNo;
  }
}
