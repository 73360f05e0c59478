#include "host/responses.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "http1/exchange.h"
#include "net/descriptor.h"

namespace host {
namespace {

using Clock = std::chrono::steady_clock;

/// A child with a process group of its own; killed and waited for at the latest when this goes.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ > 0) (void)end();
  }

  /// Kills the group, so that no process of it holds the pipe, and takes the status of the first.
  int end() {
    ::kill(-id_, SIGKILL);
    return wait();
  }
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = 0;
    return status;
  }

 private:
  pid_t id_;
};

net::Result<pid_t> spawn(const std::vector<std::string>& command, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  auto words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::string locale = "LC_ALL=C";
  std::array<char*, 3> environment = {path.data(), locale.data(), nullptr};
  pid_t id = 0;
  const int error = ::posix_spawn(&id, command.front().c_str(), &actions, &attributes, arguments.data(),
                                  environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return net::failure(error, fmt::format("{}: {}", command.front(), std::strerror(error)));
  return id;
}

int milliseconds_until(Clock::time_point when) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

}  // namespace

net::Result<std::string> run_program(const std::vector<std::string>& command, Clock::time_point finish_by,
                                     std::size_t limit) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return net::failure(errno, "pipe: " + std::string(std::strerror(errno)));
  const net::Descriptor output(ends[0]);
  net::Descriptor theirs(ends[1]);
  const auto id = spawn(command, theirs.get());
  if (!id) return net::pass_on(id);
  Child child(*id);
  theirs = net::Descriptor();
  std::string text;
  std::array<char, 65536> part{};
  while (true) {
    pollfd waiting{.fd = output.get(), .events = POLLIN, .revents = 0};
    const auto ready = ::poll(&waiting, 1, milliseconds_until(finish_by));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return net::failure(ETIMEDOUT, command.front() + " does not end in time");
    const auto count = ::read(output.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > limit)
      return net::failure(EFBIG, fmt::format("{} writes more than {} bytes", command.front(), limit));
  }
  // Its output has ended; a program that lingers without one gets no time for it.
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  return net::failure(EIO, fmt::format("{} failed with status {}", command.front(),
                                       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
}

namespace {

using Stage = http1::Failure::Stage;

/// How much of an answer is wanted.
struct Wanted {
  http1::Extent extent = http1::Extent::header;
  std::uint64_t body_limit = std::uint64_t{1} << 20;  ///< a header that announces more is refused, too
};

/// The answer, or why there is none; its status is 0 where a connection was all that was wanted.
net::Result<http1::Response> ask(const net::Address& address, std::uint16_t port, const std::string& path,
                                 Clock::time_point finish_by, Wanted wanted) {
  const auto host = address.family() == net::Family::ipv6 ? fmt::format("[{}]:{}", address.text(), port)
                                                          : fmt::format("{}:{}", address.text(), port);
  auto answer = http1::Exchange().get({.peer = {.address = address, .port = port, .unix_path = {}},
                                       .target = path,
                                       .host = host,
                                       .headers = {{"User-Agent", "calico-azure-agent"}},
                                       .connect_by = finish_by,
                                       .finish_by = finish_by,
                                       .extent = wanted.extent,
                                       .body_limit = wanted.body_limit});
  if (answer) return std::move(*answer);
  const auto& failure = answer.error();
  if (failure.stage == Stage::connecting) {
    return net::failure(failure.code.value(),
                        fmt::format("{} port {}: {}", address.text(), port, failure.detail));
  }
  const bool is_no_http = failure.closed || failure.code.value() == EPROTO;
  return net::failure(
      is_no_http ? EPROTO : failure.code.value(),
      fmt::format("http://{}{}: {}", host, path, is_no_http ? "the answer is no HTTP" : failure.detail));
}

}  // namespace

net::Result<void> connects(const net::Address& address, std::uint16_t port, Clock::time_point finish_by) {
  const auto made = ask(address, port, "", finish_by, {.extent = http1::Extent::connection});
  if (!made) return net::pass_on(made);
  return {};
}

net::Result<int> http_status(const net::Address& address, std::uint16_t port, const std::string& path,
                             Clock::time_point finish_by) {
  const auto answer = ask(address, port, path, finish_by, {.extent = http1::Extent::header});
  if (!answer) return net::pass_on(answer);
  return static_cast<int>(answer->status);
}

net::Result<std::string> http_body(const net::Address& address, std::uint16_t port, const std::string& path,
                                   Clock::time_point finish_by, std::uint64_t limit) {
  auto answer = ask(address, port, path, finish_by, {.extent = http1::Extent::body, .body_limit = limit});
  if (!answer) return net::pass_on(answer);
  return std::move(answer->body);
}

}  // namespace host
