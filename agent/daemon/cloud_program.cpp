#include "agent/daemon/cloud_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>
#include <utility>

#include "agent/cloud/cloud_state_json.h"

namespace agent {
namespace {

using std::chrono::steady_clock;

constexpr auto kName = "calico-azure-agent-cloud";
// After its own time is up it reports what it knows.
constexpr auto kGrace = std::chrono::milliseconds(200);

struct Pipe {
  net::Descriptor read;
  net::Descriptor write;
};

net::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return net::failure(errno, fmt::format("{} cannot be started: no pipe: {}", kName, strerror(errno)));
  }
  return Pipe{net::Descriptor(ends[0]), net::Descriptor(ends[1])};
}

/// posix_spawn's list of what becomes of descriptors.
struct FileActions {
  posix_spawn_file_actions_t list{};
  FileActions() { posix_spawn_file_actions_init(&list); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&list); }
};

/// The child starts with these signals blocked: the daemon's threads block others.
struct Attributes {
  posix_spawnattr_t value{};
  explicit Attributes(const sigset_t& blocked) {
    posix_spawnattr_init(&value);
    posix_spawnattr_setsigmask(&value, &blocked);
    posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSIGMASK);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&value); }
};

/// Runs `spawn` where the child gets no capability. A service's come as ambient ones and would be the child's
/// too (capabilities(7)), which cannot give them up itself where a unit's filter holds capset(2). The set is
/// a thread's own: one that ends here leaves that of the others as it is.
int without_capabilities(const std::function<int()>& spawn) {
  int failed = 0;
  try {
    std::thread([&] {
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
      failed = spawn();
    }).join();
  } catch (const std::system_error& no_thread) {
    failed = no_thread.code().value();
  }
  return failed;
}

/// Waits until there is something to read; false when the time is up.
bool await_input(int descriptor, steady_clock::time_point until) {
  pollfd one{.fd = descriptor, .events = POLLIN, .revents = 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) > 0;
}

/// All its output until it ends or the time is up.
std::string read_until(int descriptor, steady_clock::time_point until) {
  std::string text;
  std::array<char, 16384> part{};
  while (await_input(descriptor, until)) {
    const auto count = ::read(descriptor, part.data(), part.size());
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (count > 0) text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

/// The last whole line: each has all that is known.
observed::CloudState last_cloud_state(std::string_view text) {
  const auto end = text.rfind('\n');
  if (end == std::string_view::npos) return {};
  const auto begin = text.rfind('\n', end == 0 ? 0 : end - 1);
  const auto line = text.substr(begin == std::string_view::npos || begin == end ? 0 : begin + 1, end);
  return parse_cloud_state(line.substr(0, line.find('\n'))).value_or(observed::CloudState{});
}

}  // namespace

std::filesystem::path cloud_program() {
  std::error_code ignored;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  auto beside = here / kName;
  if (std::filesystem::exists(beside, ignored)) return beside;
  return here.parent_path() / "libexec" / "calico-azure-agent" / kName;
}

net::Result<CloudProcess> CloudProcess::start() {
  // A terminal's ^C, a container's stop and systemd's KillMode=control-group go to the whole group: the
  // daemon would learn of its end before it knows of its own.
  sigset_t deaf_to;
  sigemptyset(&deaf_to);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&deaf_to, signal);
  return start({}, deaf_to);
}

net::Result<CloudProcess> CloudProcess::start_once(std::chrono::milliseconds patience) {
  sigset_t none;
  sigemptyset(&none);
  return start({"--once", std::to_string(std::max<std::int64_t>(1, patience.count()))}, none);
}

net::Result<CloudProcess> CloudProcess::start(const std::vector<std::string>& arguments,
                                              const sigset_t& blocked) {
  auto input = make_pipe();
  if (!input) return net::pass_on(input);
  auto output = make_pipe();
  if (!output) return net::pass_on(output);
  FileActions actions;
  posix_spawn_file_actions_adddup2(&actions.list, input->read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions.list, output->write.get(), STDOUT_FILENO);
  const Attributes attributes(blocked);

  const auto program = cloud_program().string();
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t process = -1;
  const int failed = without_capabilities([&] {
    return posix_spawn(&process, program.c_str(), &actions.list, &attributes.value, argv.data(), environ);
  });
  if (failed != 0) {
    // Not installed is nothing to ask with, as no credential is; anything else may pass.
    return net::failure(failed == ENOENT ? ENOKEY : failed,
                        fmt::format("{} cannot be started: {}: Azure and Kubernetes are not asked", program,
                                    strerror(failed)));
  }
  fcntl(input->write.get(), F_SETFL, O_NONBLOCK);
  fcntl(output->read.get(), F_SETFL, O_NONBLOCK);
  return CloudProcess(process, std::move(input->write), std::move(output->read));
}

net::Result<CloudProcess> CloudProcess::of_service(const std::filesystem::path& socket) {
  const auto refused = [&socket](int code) {
    return net::failure(code, fmt::format("{}: {}", socket.string(), strerror(code)));
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = socket.string();
  if (path.size() >= sizeof address.sun_path) return refused(ENAMETOOLONG);
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  net::Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return refused(errno);
  }
  net::Descriptor output(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (output.get() < 0) return refused(errno);
  return CloudProcess(-1, std::move(connection), std::move(output));
}

CloudProcess::CloudProcess(pid_t process, net::Descriptor input, net::Descriptor output)
    : process_(process), input_(std::move(input)), output_(std::move(output)) {}

CloudProcess::CloudProcess(CloudProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)) {}

CloudProcess& CloudProcess::operator=(CloudProcess&& other) noexcept {
  std::swap(process_, other.process_);
  input_ = std::move(other.input_);
  output_ = std::move(other.output_);
  return *this;
}

CloudProcess::~CloudProcess() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);  // it holds nothing that a kill could lose
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
}

net::Result<void> CloudProcess::tell(const CloudQuery& query) {
  const auto line = cloud_query_line(query) + '\n';
  // At most PIPE_BUF bytes go into a pipe as a whole or not at all, see pipe(7); paths and ids are shorter.
  const auto written = ::write(input_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return {};
  const int code = written < 0 ? errno : EAGAIN;
  return net::failure(code, fmt::format("{} does not listen: {}", kName, strerror(code)));
}

observed::CloudState nobody_asked(const net::Error& error) {
  const tl::unexpected<net::Error> why(error);
  return {.azure =
              observed::AzureNetwork{
                  .nic = why, .subnet = why, .route_table = why, .network = why, .security_groups = why},
          .node = net::Result<observed::KubernetesNode>(why),
          .cloud_config = net::Result<observed::CloudConfig>(why)};
}

observed::CloudState ask_cloud_once(const CloudQuery& query, std::chrono::milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  auto process = CloudProcess::start_once(patience - kGrace);
  if (!process) return nobody_asked(process.error());
  if (const auto told = process->tell(query); !told) return nobody_asked(told.error());
  auto cloud_state = last_cloud_state(read_until(process->output(), until));
  auto late = nobody_asked(
      {{ETIMEDOUT, std::system_category()},
       fmt::format("no answer within {} s", std::chrono::ceil<std::chrono::seconds>(patience).count())});
  if (!cloud_state.azure && query.verify) cloud_state.azure = std::move(late.azure);
  if (!cloud_state.node) cloud_state.node = std::move(late.node);
  if (!cloud_state.cloud_config) cloud_state.cloud_config = std::move(late.cloud_config);
  return cloud_state;
}

}  // namespace agent
