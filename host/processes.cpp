#include "host/processes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "host/files.h"
#include "host/text.h"
#include "net/foreign_text.h"

namespace host {
namespace {

namespace fs = std::filesystem;

/// /proc/PID/cmdline: words that end with a zero byte.
std::vector<std::string> words_of(const fs::path& process) {
  const auto text = read_text(process / "cmdline");
  if (!text) return {};
  std::vector<std::string> words;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = rest.find('\0');
    words.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return words;
}

bool is_like(const fs::path& process, std::string_view name, const ProcessPattern& wanted) {
  if (name != wanted.name) return false;
  if (wanted.arguments.empty()) return true;
  const auto words = words_of(process);
  if (words.empty()) return false;
  return std::search(words.begin() + 1, words.end(), wanted.arguments.begin(), wanted.arguments.end()) !=
         words.end();
}

std::optional<pid_t> process_id_in(std::string_view text) {
  pid_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

net::Result<std::string> name_of(const fs::path& process) {
  auto name = read_text(process / "comm");
  if (name && name->ends_with('\n')) name->pop_back();
  return name;
}

/// The number that stands so many words behind the text.
std::optional<std::uint64_t> word_behind(std::string_view text, std::size_t count) {
  const auto words = parts(text, " \n");
  std::uint64_t number = 0;
  if (count >= words.size()) return std::nullopt;
  const auto& word = words.at(count);
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

}  // namespace

NamedProcesses ProcessNames::read(const fs::path& root, Time now) {
  NamedProcesses names;
  auto before = std::exchange(known_, {});
  std::error_code error;
  for (fs::directory_iterator entry(root / "proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto number = process_id_in(entry->path().filename().string());
    if (!number) continue;
    auto node = before.extract(*number);
    auto known = node.empty() ? Known{.name = {}, .first = now} : std::move(node.mapped());
    const bool is_settled = known.asked - known.first >= kSettled && now - known.asked < kSettled;
    if (!is_settled) {
      auto name = name_of(entry->path());
      if (!name) continue;
      if (known.name != *name) known.first = now;
      known.name = std::move(*name);
      known.asked = now;
    }
    names.emplace_back(*number, known.name);
    known_.emplace(*number, std::move(known));
  }
  return names;
}

Processes::Processes(const fs::path& root) : Processes(root, ProcessNames().read(root, {})) {}

Processes::Processes(const fs::path& root, NamedProcesses names) : root_(root), names_(std::move(names)) {}

net::Result<pid_t> Processes::running(std::span<const ProcessPattern> wanted) const {
  std::error_code error;
  const auto home = fs::read_symlink(root_ / "proc/self/ns/net", error);
  std::string_view first;
  for (const auto& shown : names_) {
    const auto number = shown.first;
    const std::string& name = shown.second;
    if (number == 1) first = name;
    const auto process = root_ / "proc" / std::to_string(number);
    const auto is_it = [&](const ProcessPattern& each) { return is_like(process, name, each); };
    if (std::none_of(wanted.begin(), wanted.end(), is_it)) continue;
    if (name_of(process).value_or("") != name) continue;  // another has its number by now
    std::error_code hidden;
    const auto there = fs::read_symlink(process / "ns/net", hidden);
    // Where it cannot be seen whose namespace it is, it is taken for ours: most nodes have one.
    if (hidden || home.empty() || there == home) return number;
  }
  const auto program = wanted.empty() ? std::string_view{} : wanted.front().name;
  // A container's first process is its own program, or what holds its pod together.
  if (!first.empty() && first != "calico-azure-ag" && first != "pause")
    return net::failure(ESRCH, fmt::format("{} does not run here", program));
  return net::failure(EACCES, fmt::format("whether {} runs cannot be seen: other processes are not shown to "
                                          "the agent (a DaemonSet needs hostPID)",
                                          program));
}

std::optional<pid_t> process_with_socket(const fs::path& root, std::uint64_t inode) {
  const auto wanted = fmt::format("socket:[{}]", inode);
  std::error_code error;
  for (fs::directory_iterator process(root / "proc", error), end; !error && process != end;
       process.increment(error)) {
    const auto number = process_id_in(process->path().filename().string());
    if (!number) continue;
    std::error_code hidden;
    for (fs::directory_iterator each(process->path() / "fd", hidden), last; !hidden && each != last;
         each.increment(hidden)) {
      std::error_code gone;
      if (fs::read_symlink(each->path(), gone) == wanted) return number;
    }
  }
  return std::nullopt;
}

std::string process_name(const fs::path& root, pid_t process) {
  const auto name = name_of(root / "proc" / std::to_string(process));
  return name ? net::foreign_text(*name) : std::string();
}

net::Result<std::chrono::system_clock::time_point> start_of(const fs::path& root, pid_t process) {
  // proc(5): field 22 of stat, counted behind the name, which may hold anything.
  const auto stat = read_text(root / "proc" / std::to_string(process) / "stat");
  if (!stat) return net::pass_on(stat);
  const auto name_ends = stat->rfind(')');
  const auto ticks =
      name_ends == std::string::npos ? std::nullopt : word_behind(stat->substr(name_ends + 1), 19);
  const auto all = read_text(root / "proc/stat");
  if (!all) return net::pass_on(all);
  constexpr std::string_view kBoot = "\nbtime ";
  const auto boot_line = all->find(kBoot);
  const auto boot =
      boot_line == std::string::npos ? std::nullopt : word_behind(all->substr(boot_line + kBoot.size()), 0);
  if (!ticks || !boot) return net::failure(EBADMSG, "/proc does not tell when a process was started");
  using namespace std::chrono;
  const auto since_boot = milliseconds(*ticks * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  return system_clock::from_time_t(static_cast<std::time_t>(*boot)) + since_boot;
}

namespace {

bool concerns_networking(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWhole = {
      "CALICO_NETWORKING_BACKEND", "CLUSTER_TYPE", "USE_POD_CIDR", "IP", "IP6", "NO_DEFAULT_POOLS"};
  constexpr std::array<std::string_view, 2> kBegins = {"FELIX_", "CALICO_IPV4POOL_"};
  // Felix takes its datastore's password and keys by the same prefix.
  constexpr std::array<std::string_view, 7> kSecret = {"TOKEN", "PASSWORD", "SECRET", "KEY",
                                                       "CERT",  "ETCD",     "CRED"};
  const auto holds = [name](std::string_view word) { return name.find(word) != std::string_view::npos; };
  const auto begins = [name](std::string_view prefix) { return name.starts_with(prefix); };
  return (std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end() ||
          std::any_of(kBegins.begin(), kBegins.end(), begins)) &&
         std::none_of(kSecret.begin(), kSecret.end(), holds);
}

/// Felix takes its settings' names in any case (felix/config/env_var_loader.go).
std::string in_capitals(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

}  // namespace

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto entry = text.substr(0, end);
    const auto sign = std::min(entry.find('='), entry.size());
    auto name = in_capitals(entry.substr(0, sign));
    if (sign < entry.size() && concerns_networking(name))
      found.emplace(std::move(name), entry.substr(sign + 1));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

net::Result<std::map<std::string, std::string>> calico_environment(const Processes& processes) {
  // felix/run in node/filesystem/etc/service/available of https://github.com/projectcalico/calico, by
  // release: calico-felix; `calico-node -felix` up to 3.32; `calico component felix` from 3.33 on.
  const std::array<ProcessPattern, 3> felix = {ProcessPattern{.name = "calico-felix"},
                                               {.name = "calico-node", .arguments = {"-felix"}},
                                               {.name = "calico", .arguments = {"component", "felix"}}};
  const auto process = processes.running(felix);
  if (!process) return net::pass_on(process);
  const auto text = read_text(processes.root() / "proc" / std::to_string(*process) / "environ");
  if (!text) return net::pass_on(text);
  return parse_environment(*text);
}

std::string calico_namespace(const std::filesystem::path& root) {
  // legacySymlink() in kubelet's pkg/kubelet/kuberuntime/legacy.go; no name holds a '_'.
  std::error_code error;
  std::string found;
  for (std::filesystem::directory_iterator entry(root / "var/log/containers", error), end;
       !error && entry != end; entry.increment(error)) {
    const auto name = parts(entry->path().filename().string(), "_");
    // Where a pod of another installation has left its own, the first by name: each call returns the same.
    if (name.size() == 3 && name.at(2).starts_with("calico-node-") && (found.empty() || name.at(1) < found))
      found = name.at(1);
  }
  return found;
}

net::Result<bool> bird_runs(const Processes& processes) {
  const std::array<ProcessPattern, 2> bird = {ProcessPattern{.name = "bird"}, {.name = "bird6"}};
  const auto process = processes.running(bird);
  if (process) return true;
  if (process.error().code.value() == ESRCH) return false;
  return net::pass_on(process);
}

}  // namespace host
