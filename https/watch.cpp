#include "https/watch.h"

#include <fcntl.h>
#include <sys/socket.h>

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

}  // namespace https
