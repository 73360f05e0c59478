#include "cni/programs.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "cni/folder.h"
#include "net/foreign_text.h"

namespace cni {
namespace {

/// Why the program cannot be run, as a predicate of its path; empty: it can.
struct Look {
  std::string problem;
  bool is_seen = true;  ///< false: it could not be read, `problem` is why
};

Look look_at(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) return {.problem = "is no regular file"};
    // Its mode, not access(2): the runtime's rights may be more than ours.
    if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
      return {.problem = "may not be executed by anyone"};
    return {};
  }
  const int error = errno;
  if (error != ENOENT && error != ENOTDIR && error != ELOOP)
    return {.problem = unreadable(error).value().what, .is_seen = false};
  const bool is_link = ::lstat(path.c_str(), &status) == 0;
  return {.problem = is_link ? "is a link that leads nowhere" : "is not there"};
}

}  // namespace

std::vector<std::string> programs_of_pods(const observed::CniConfiguration& configuration) {
  std::vector<std::string> programs;
  const auto add = [&programs](const std::string& name) {
    if (name.empty() || std::find(programs.begin(), programs.end(), name) != programs.end()) return;
    programs.push_back(name);
  };
  const auto add_all = [&add](const std::vector<observed::CniPlugin>& plugins) {
    for (const auto& plugin : plugins) {
      add(plugin.type);
      // azure-vnet asks the daemon azure-cns itself: there is no such program.
      if (plugin.type != "azure-vnet" || plugin.ipam != "azure-cns") add(plugin.ipam);
    }
  };
  if (const auto* winner = configuration.winner()) add_all(winner->plugins);
  if (const auto network = configuration.network())
    add_all(network->file == network->by ? network->file->delegation.plugins : network->file->plugins);
  return programs;
}

MissingPrograms find_missing_programs(std::span<const std::string> programs,
                                      std::span<const std::filesystem::path> folders) {
  MissingPrograms missing;
  for (const auto& program : programs) {
    std::vector<Look> looks;
    for (const auto& folder : folders) looks.push_back(look_at(folder / program));
    const auto is_fine = [](const Look& look) { return look.problem.empty(); };
    if (looks.empty() || std::any_of(looks.begin(), looks.end(), is_fine)) continue;
    auto sentence = fmt::format("{} {}", (folders.front() / program).string(), looks.front().problem);
    if (looks.front().is_seen) {
      missing.sentences.push_back(std::move(sentence));
    } else {
      missing.unknown = std::move(sentence);
    }
  }
  return missing;
}

namespace {

namespace fs = std::filesystem;

/// toml++ takes a stack frame for each part of a dotted key; a large real configuration has some hundreds.
constexpr auto kMostDots = 1000;

std::optional<toml::table> parsed(std::string_view text) {
  if (std::count(text.begin(), text.end(), '.') > kMostDots) return std::nullopt;
  try {
    return toml::parse(text);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::vector<std::string> strings_of(const toml::node* node) {
  std::vector<std::string> found;
  if (node == nullptr) return found;
  if (const auto alone = node->value<std::string>(); alone && !alone->empty()) found.push_back(*alone);
  if (const auto* list = node->as_array()) {
    for (const auto& each : *list) {
      if (auto text = each.value<std::string>()) found.push_back(std::move(*text));
    }
  }
  return found;
}

/// nullopt unless each is a path that can stand in a sentence.
std::optional<Folders> folders_of(const std::vector<std::string>& paths) {
  const auto is_fit = [](const std::string& path) {
    return path.starts_with('/') && net::foreign_text(path, path.size()) == path;
  };
  if (paths.empty() || !std::all_of(paths.begin(), paths.end(), is_fit)) return std::nullopt;
  return Folders(paths.begin(), paths.end());
}

std::optional<Folders> of_containerd(const fs::path& root) {
  const auto text = read_file(root / "etc/containerd/config.toml");
  return text ? containerds_program_folders(*text) : std::nullopt;
}

/// A later file has the last word.
std::optional<Folders> of_crio(const fs::path& root) {
  std::optional<Folders> found;
  const auto take = [&found](const net::Result<std::string>& text) {
    if (!text) return text.error().code.value() == ENOENT || text.error().code.value() == EISDIR;
    if (auto folders = crios_program_folders(*text)) found = std::move(folders);
    return true;
  };
  if (!take(read_file(root / "etc/crio/crio.conf"))) return std::nullopt;
  const auto drop_ins = Folder::open(root / "etc/crio/crio.conf.d");
  if (!drop_ins) return drop_ins.error().code.value() == ENOENT ? found : std::nullopt;
  const auto names = drop_ins->names();
  if (!names) return std::nullopt;
  for (const auto& name : *names) {
    if (!take(drop_ins->read(name))) return std::nullopt;
  }
  return found;
}

}  // namespace

std::optional<Folders> containerds_program_folders(std::string_view text) {
  const auto all = parsed(text);
  if (!all) return std::nullopt;
  // An import overrules this file, and who has switched the plug-in for Kubernetes off makes no pods.
  if (!strings_of(all->get("imports")).empty()) return std::nullopt;
  for (const auto& disabled : strings_of(all->get("disabled_plugins"))) {
    if (disabled == "cri" || disabled == "io.containerd.grpc.v1.cri" ||
        disabled == "io.containerd.cri.v1.runtime")
      return std::nullopt;
  }
  constexpr std::array kPlugins = {"cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"};
  const auto version = (*all)["version"].value_or(std::int64_t{1});
  if (version < 1 || version > std::int64_t{kPlugins.size()}) return std::nullopt;
  const auto cni = (*all)["plugins"][kPlugins.at(static_cast<std::size_t>(version - 1))]["cni"];
  auto paths = strings_of(cni["bin_dirs"].node());
  if (paths.empty()) paths = strings_of(cni["bin_dir"].node());
  return folders_of(paths);
}

std::optional<Folders> crios_program_folders(std::string_view text) {
  const auto all = parsed(text);
  if (!all) return std::nullopt;
  const auto network = (*all)["crio"]["network"];
  auto paths = strings_of(network["plugin_dirs"].node());
  const auto old = strings_of(network["plugin_dir"].node());
  paths.insert(paths.end(), old.begin(), old.end());
  return folders_of(paths);
}

std::optional<Folders> runtimes_program_folders(const fs::path& root) {
  const auto exists = [&root](const char* path) {
    std::error_code error;
    return fs::exists(root / path, error);
  };
  // k3s and RKE2 have a containerd of their own, with files of its own.
  if (exists("run/k3s/containerd/containerd.sock")) return std::nullopt;
  const bool crio_runs = exists("run/crio/crio.sock");
  const bool containerd_runs = exists("run/containerd/containerd.sock");
  if (crio_runs != containerd_runs) return crio_runs ? of_crio(root) : of_containerd(root);
  if (crio_runs) return std::nullopt;  // both
  auto containerds = of_containerd(root);
  auto crios = of_crio(root);
  if (containerds && crios) return std::nullopt;
  return containerds ? containerds : crios;
}

}  // namespace cni
