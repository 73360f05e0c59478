// The real daemon in a namespace of its own, against the simulator: how long pods would lose packets.
//
//   bench_node AGENT-BINARY      as root; prints medians and 99th percentiles, and the kernel's own floor
//   beside them
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "imds/simulator/simulator.h"
#include "netlink/linux_kernel.h"
#include "netlink/watch.h"

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr auto kDeadline = std::chrono::seconds(20);
constexpr std::uint8_t kProtocol = 169;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_node: {}\n", why);
  std::exit(1);
}

void shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) give_up("failed: " + command);
}

/// Where systemd's READY=1 arrives.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path)
      : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      give_up("notify socket");
  }
  void await_ready() const {
    const auto end = Clock::now() + kDeadline;
    while (Clock::now() < end) {
      pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 1000) > 0 && next().find("READY=1") != std::string::npos) return;
    }
    give_up("the agent did not become ready");
  }
  void drain() const {
    while (!next().empty()) {
    }
  }

 private:
  [[nodiscard]] std::string next() const {
    std::array<char, 4096> buffer{};
    const auto size = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  int descriptor_;
};

/// The daemon as a child process.
class Agent {
 public:
  Agent(const std::string& binary, const std::string& folder) {
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      setenv("NOTIFY_SOCKET", (folder + "/notify").c_str(), 1);
      setenv("RUNTIME_DIRECTORY", folder.c_str(), 1);
      setenv("STATE_DIRECTORY", folder.c_str(), 1);
      const int log = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(log, STDERR_FILENO);
      const auto config = folder + "/config.toml";
      execl(binary.c_str(), binary.c_str(), "run", "--config", config.c_str(), nullptr);
      _exit(127);
    }
  }
  void stop() const {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] long status_value(const std::string& key) const {
    std::ifstream status(fmt::format("/proc/{}/status", pid_));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(key + ":")) return std::strtol(line.c_str() + key.size() + 1, nullptr, 10);
    }
    return -1;
  }
  [[nodiscard]] long switches() const {
    long sum = 0;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("voluntary_ctxt_switches:")) sum += std::strtol(line.c_str() + 24, nullptr, 10);
      }
    }
    return sum;
  }

 private:
  pid_t pid_ = -1;
};

void print_row(std::string_view what, std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&](double quantile) {
    return microseconds.at(static_cast<std::size_t>(quantile * static_cast<double>(microseconds.size() - 1)));
  };
  fmt::print("{:<46}{:>12.0f}{:>12.0f}{:>12.0f}   n={}\n", what, at(0.5), at(0.99), at(1.0),
             microseconds.size());
}

class Bench {
 public:
  explicit Bench(std::string binary)
      : binary_(std::move(binary)),
        kernel_(std::move(*netlink::LinuxKernel::open())),
        watch_(std::move(*netlink::Watch::open(kernel_->command_port()))) {
    shell(
        "ip link set lo up && ip address add 169.254.169.254/32 dev lo && "
        "ip link add eth0 address 00:0d:3a:f8:06:ec type veth peer name fabric && "
        "ip link set fabric up && ip link set eth0 up && ip address add 10.240.0.4/24 dev eth0 && "
        "sysctl -qw net.ipv4.ip_forward=1");
    std::array<char, 32> pattern{"/tmp/bench_node.XXXXXX"};
    folder_ = mkdtemp(pattern.data());
  }
  ~Bench() { std::filesystem::remove_all(folder_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }

  void configure(int clusters) const {
    std::ofstream file(folder_ + "/config.toml");
    file << "[pods]\ncluster_cidrs = [";
    for (int i = 0; i < clusters; ++i) file << fmt::format("\"10.{}.{}.0/24\",", 100 + i / 256, i % 256);
    file << "]\n[log]\nlevel = \"warn\"\n";
  }

  [[nodiscard]] Agent start() const { return {binary_, folder_}; }

  std::vector<net::Route> ours() { return *kernel_->routes(kProtocol); }

  /// Runs `take_away`, and waits for as many routes of ours to be announced; microseconds from the end of the
  /// call where `from_end`, else from its beginning.
  double until_back(std::size_t count, const std::function<void()>& take_away, bool from_end) {
    drain();
    const auto begin = Clock::now();
    take_away();
    const auto start = from_end ? Clock::now() : begin;
    std::size_t back = 0;
    while (back < count) {
      if (Clock::now() > begin + kDeadline)
        give_up(fmt::format("only {} of {} routes came back", back, count));
      pollfd waiting{.fd = watch_->descriptor(), .events = POLLIN, .revents = 0};
      poll(&waiting, 1, 1000);
      for (const auto& hint : hints()) {
        if (hint.route && hint.route->protocol == kProtocol && !hint.removal) ++back;
      }
    }
    return Microseconds(Clock::now() - start).count();
  }

  void remove(const std::vector<net::Route>& routes) {
    std::vector<net::Change> changes;
    for (const auto& route : routes) changes.push_back({.verb = net::Verb::remove, .object = route});
    if (const auto refused = kernel_->apply(changes); !refused || !refused->empty())
      give_up("a route was not removed");
  }

  /// What the same removal and the putting back cost without an agent: one thread, no waiting.
  double floor_of(const std::vector<net::Route>& routes) {
    std::vector<net::Change> changes;
    for (const auto& route : routes) changes.push_back({.verb = net::Verb::add, .object = route});
    remove(routes);
    const auto begin = Clock::now();
    if (const auto refused = kernel_->apply(changes); !refused || !refused->empty())
      give_up("a route was not added");
    return Microseconds(Clock::now() - begin).count();
  }

 private:
  std::vector<net::Hint> hints() {
    std::vector<net::Hint> hints;
    if (!watch_->read(hints)) give_up("watch");
    return hints;
  }
  void drain() {
    while (!hints().empty()) {
    }
  }

  std::string binary_;
  std::unique_ptr<netlink::LinuxKernel> kernel_;
  std::unique_ptr<netlink::Watch> watch_;
  std::string folder_;
};

std::vector<double> repeat(int times, const std::function<double()>& once) {
  std::vector<double> samples;
  for (int i = 0; i < times; ++i) samples.push_back(once());
  return samples;
}

/// Events that come alone: in a storm the agent spends a tenth of a core and no more, so the next ones wait.
std::vector<double> repeat_apart(int times, const std::function<double()>& once) {
  return repeat(times, [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return once();
  });
}

std::unique_ptr<imds::simulator::Simulator> start_simulator() {
  imds::simulator::Options options;
  options.listen = "169.254.169.254:80";
  options.rate_limit = {.per_second = 0, .identity_per_second = 0, .identity_concurrent = 0};
  options.document =
      R"({"compute":{"name":"vm1","vmId":"0b6f4a5e-0000-4000-8000-000000000001"},"network":{"interface":[
      {"ipv4":{"ipAddress":[{"privateIpAddress":"10.240.0.4"}],"subnet":[{"address":"10.240.0.0","prefix":"24"}]},
       "macAddress":"000D3AF806EC"}]}})";
  auto simulator = imds::simulator::Simulator::start(options);
  if (!simulator) give_up(simulator.error().what);
  return std::move(*simulator);
}

void measure_starts(Bench& bench, const NotifySocket& notify) {
  bench.configure(2);
  print_row("exec to READY=1, IMDS answers at once", repeat(20, [&] {
              const auto begin = Clock::now();
              const auto agent = bench.start();
              notify.await_ready();
              const auto took = Microseconds(Clock::now() - begin).count();
              agent.stop();
              return took;
            }));
}

void measure_repairs(Bench& bench, const NotifySocket& notify, int clusters) {
  bench.configure(clusters);
  const auto agent = bench.start();
  notify.await_ready();
  const auto all = bench.ours();
  if (all.size() != static_cast<std::size_t>(clusters))
    give_up(fmt::format("{} routes, not {}", all.size(), clusters));
  const std::vector one = {all.front()};
  print_row(fmt::format("one of {} routes deleted, back after", clusters), repeat_apart(500, [&] {
              return bench.until_back(
                  1, [&] { bench.remove(one); }, true);
            }));
  print_row(fmt::format("all {} deleted, all back after", clusters), repeat_apart(50, [&] {
              return bench.until_back(
                  all.size(), [&] { bench.remove(all); }, true);
            }));
  print_row(fmt::format("link down and up, {} back after up", clusters), repeat_apart(20, [&] {
              notify.drain();
              shell("ip link set eth0 down");
              return bench.until_back(
                  all.size(), [] { shell("ip link set eth0 up"); }, false);
            }));
  const auto before = agent.switches();
  std::this_thread::sleep_for(std::chrono::seconds(10));  // what is measured is a time without events
  fmt::print("{:<46}{:>12.1f} a second\n", fmt::format("context switches when idle, {} routes", clusters),
             static_cast<double>(agent.switches() - before) / 10);
  fmt::print("{:<46}{:>12.1f} MiB\n", fmt::format("resident memory, {} routes", clusters),
             static_cast<double>(agent.status_value("VmRSS")) / 1024);
  agent.stop();
  print_row(fmt::format("the kernel's floor: {} put back by one batch", clusters),
            repeat(50, [&] { return bench.floor_of(all); }));
  bench.remove(all);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) give_up("usage: bench_node AGENT-BINARY");
  if (unshare(CLONE_NEWNET) != 0) give_up("needs root for a network namespace of its own");
  Bench bench(argv[1]);
  const NotifySocket notify(bench.folder() + "/notify");
  const auto simulator = start_simulator();
  fmt::print("{:<46}{:>12}{:>12}{:>12}\n", "microseconds", "median", "p99", "worst");
  measure_starts(bench, notify);
  measure_repairs(bench, notify, 2);
  measure_repairs(bench, notify, 400);
  return 0;
}
