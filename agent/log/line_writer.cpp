#include "agent/log/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace agent {
namespace {

constexpr int kPatience = 100;  // milliseconds

}  // namespace

LineWriter::LineWriter(int descriptor) : descriptor_(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {}

bool LineWriter::write(std::string_view line) {
  if (!descriptor_) return false;
  if (torn_ && write_pieces("\n") == 0) return false;
  const auto written = write_pieces(line);
  torn_ = written > 0 && written < line.size();
  return written == line.size();
}

/// A pipe that is writable takes PIPE_BUF bytes without waiting (pipe(7)), a stream socket more.
std::size_t LineWriter::write_pieces(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    kept_up_ = has_room(kept_up_ ? kPatience : 0);
    if (!kept_up_) break;
    const auto piece = text.substr(done, PIPE_BUF);
    const auto written = ::write(descriptor_.get(), piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

bool LineWriter::has_room(int milliseconds) const {
  pollfd waiting{.fd = descriptor_.get(), .events = POLLOUT, .revents = 0};
  return poll(&waiting, 1, milliseconds) == 1 && (waiting.revents & POLLOUT) != 0;
}

}  // namespace agent
