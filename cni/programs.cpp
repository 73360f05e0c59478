#include "cni/programs.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "cni/folder.h"

namespace cni {
namespace {

/// Why the program cannot be run, as a predicate of its path; empty: it can.
struct Look {
  std::string problem;
  bool is_seen = true;  ///< false: nobody could look, and `problem` says why
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

}  // namespace cni
