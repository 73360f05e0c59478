#include "https/guards.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <ctime>

namespace https {

using std::chrono::steady_clock;

Watch::Watch(steady_clock::time_point finish_by) : thread_([this, finish_by] { wait(finish_by); }) {}

Watch::~Watch() {
  {
    const net::Lock lock(mutex_);
    over_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Watch::guard(int socket) {
  const net::Lock lock(mutex_);
  // A descriptor of our own: the other one may be closed, and its number reused, at any moment.
  socket_ = net::Descriptor(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
}

bool Watch::expired() const {
  const net::Lock lock(mutex_);
  return expired_;
}

void Watch::wait(steady_clock::time_point finish_by) {
  constexpr std::chrono::milliseconds kAgain{20};
  const net::Lock lock(mutex_);
  while (!over_ && ended_.wait_until(mutex_, finish_by)) continue;
  if (over_) return;
  expired_ = true;
  // shutdown(2) does nothing to a socket that has yet to connect, so once is not enough.
  while (!over_) {
    if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
    ended_.wait_until(mutex_, steady_clock::now() + kAgain);
  }
}

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
