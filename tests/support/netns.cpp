#include "tests/support/netns.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace test_support {
namespace {

[[noreturn]] void fail(const std::string& doing, int error = errno) {
  throw std::runtime_error(fmt::format("{}: {}", doing, std::system_category().message(error)));
}

int checked(int result, const std::string& doing) {
  if (result < 0) fail(doing);
  return result;
}

int current_namespace() {
  return checked(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open the network namespace");
}

void enter(int descriptor) { checked(setns(descriptor, CLONE_NEWNET), "enter a network namespace"); }

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path);
}

/// Makes this process root of a user namespace; a second time it already is.
void become_root_of_own() {
  const auto user = geteuid();
  const auto group = getegid();
  checked(unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
  write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

/// A file in memory: what a child writes into it can be read without any pipe that could fill up.
class Scratch {
 public:
  explicit Scratch(std::string_view content) : descriptor_(memfd_create("scratch", MFD_CLOEXEC)) {
    checked(descriptor_, "memfd_create");
    checked(static_cast<int>(write(descriptor_, content.data(), content.size())), "write");
    lseek(descriptor_, 0, SEEK_SET);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { close(descriptor_); }

  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] std::string content() const {
    lseek(descriptor_, 0, SEEK_SET);
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t size = 0; (size = read(descriptor_, part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  int descriptor_;
};

/// Waits until the device is operational (IFF_RUNNING), or is no longer: the kernel makes it so up to a
/// second after the carrier came or went, by a notification of its own that would otherwise fall into a test,
/// or not be there yet.
void await_running(const std::string& name, bool running) {
  const int links = checked(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
  sockaddr_nl changes{};
  changes.nl_family = AF_NETLINK;
  changes.nl_groups = RTMGRP_LINK;
  checked(bind(links, reinterpret_cast<const sockaddr*>(&changes), sizeof(changes)), "hear of links");
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  checked(setsockopt(links, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), "patience");
  ifreq request{};
  name.copy(std::begin(request.ifr_name), IFNAMSIZ - 1);
  std::array<char, 8192> notification{};
  while (ioctl(links, SIOCGIFFLAGS, &request) != 0 || ((request.ifr_flags & IFF_RUNNING) != 0) != running) {
    if (recv(links, notification.data(), notification.size(), 0) < 0)
      throw std::runtime_error(name + (running ? " does not become operational" : " stays operational"));
  }
  close(links);
}

CommandResult run_here(const std::vector<std::string>& command, std::string_view input) {
  const Scratch in(input);
  const Scratch out({});
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDERR_FILENO);
  auto copies = command;
  std::vector<char*> arguments;
  arguments.reserve(copies.size() + 1);
  for (auto& each : copies) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(fmt::format("start {}", command[0]), error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail(fmt::format("wait for {}", command[0]));
  }
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .output = out.content()};
}

}  // namespace

NetNamespace::NetNamespace() : former_(current_namespace()), own_(-1) {
  if (unshare(CLONE_NEWNET) != 0) {
    if (errno != EPERM) fail("unshare(CLONE_NEWNET)");
    become_root_of_own();
    checked(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
  }
  own_ = current_namespace();
  run("ip link set lo up");
}

NetNamespace::~NetNamespace() {
  // From inside a user namespace there is no way back to one outside: then the thread stays.
  (void)setns(former_, CLONE_NEWNET);
  close(former_);
  close(own_);
}

NetNamespace::Inside::Inside(const NetNamespace& space) : former_(current_namespace()) { enter(space.own_); }

NetNamespace::Inside::~Inside() {
  (void)setns(former_, CLONE_NEWNET);
  close(former_);
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  while (!line.empty()) {
    const auto end = line.find(' ');
    if (end != 0) found.emplace_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return found;
}

std::string NetNamespace::run(const std::vector<std::string>& command) const {
  auto result = attempt(command);
  if (result.status != 0) {
    throw std::runtime_error(
        fmt::format("'{}' failed with {}: {}", fmt::join(command, " "), result.status, result.output));
  }
  return std::move(result.output);
}

std::string NetNamespace::run(std::string_view line) const { return run(words(line)); }

CommandResult NetNamespace::attempt(const std::vector<std::string>& command, std::string_view input) const {
  const Inside inside(*this);
  return run_here(command, input);
}

void NetNamespace::add_veth(const std::string& name, const std::string& peer) const {
  run({"ip", "link", "add", name, "type", "veth", "peer", "name", peer});
  for (const auto& each : {name, peer}) {
    run({"ip", "link", "set", each, "addrgenmode", "none"});
    const Inside inside(*this);
    write_file(fmt::format("/proc/sys/net/ipv6/conf/{}/accept_dad", each), "0");
  }
  run({"ip", "link", "set", name, "up"});
  run({"ip", "link", "set", peer, "up"});
  const Inside inside(*this);
  for (const auto& each : {name, peer}) await_running(each, true);
}

void NetNamespace::set_carrier(const std::string& name, const std::string& peer, bool carrier) const {
  run({"ip", "link", "set", peer, carrier ? "up" : "down"});
  const Inside inside(*this);
  await_running(name, carrier);
}

void NetNamespace::add_address(const std::string& name, const std::string& cidr) const {
  run({"ip", "address", "add", cidr, "dev", name});
  if (cidr.find(':') == std::string::npos) return;
  const auto host = cidr.substr(0, cidr.find('/'));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (run({"ip", "-6", "route", "show", "table", "local", host}).empty()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(cidr + " gets no local route");
  }
}

void NetNamespace::move_link(const std::string& name, const NetNamespace& into) const {
  // The descriptor of the other namespace, as the child sees it.
  run({"ip", "link", "set", name, "netns", fmt::format("/proc/{}/fd/{}", getpid(), into.own_)});
  into.run({"ip", "link", "set", name, "up"});
}

}  // namespace test_support
