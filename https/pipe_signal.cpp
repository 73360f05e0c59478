#include "https/pipe_signal.h"

#include <ctime>

namespace https {
namespace {

sigset_t only_pipe() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool is_pending() {
  sigset_t pending{};
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

PipeSignal::PipeSignal() : was_pending_(is_pending()) {
  const auto pipe = only_pipe();
  pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

PipeSignal::~PipeSignal() {
  const auto pipe = only_pipe();
  const timespec now{};
  // Ours is taken back before others may see it.
  if (!was_pending_ && is_pending()) sigtimedwait(&pipe, nullptr, &now);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace https
