#include "cni/programs.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "cni/folder.h"

namespace cni {
namespace {

std::vector<std::string> programs_of(const net::CniFile& file) {
  std::vector<std::string> programs;
  const auto add = [&programs](const std::string& name) {
    if (name.empty() || std::find(programs.begin(), programs.end(), name) != programs.end()) return;
    programs.push_back(name);
  };
  for (const auto& plugin : file.plugins) {
    add(plugin.type);
    // azure-vnet asks the daemon azure-cns itself: there is no such program.
    if (plugin.type != "azure-vnet" || plugin.ipam != "azure-cns") add(plugin.ipam);
  }
  return programs;
}

}  // namespace

MissingPrograms find_missing_programs(const net::CniFile& file, const std::filesystem::path& folder) {
  MissingPrograms missing;
  for (const auto& program : programs_of(file)) {
    const auto path = folder / program;
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
      // Its mode, not access(2): the runtime's rights may be more than ours.
      if (!S_ISREG(status.st_mode)) {
        missing.sentences.push_back(fmt::format("{} is no regular file", path.string()));
      } else if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
        missing.sentences.push_back(fmt::format("{} may not be executed by anyone", path.string()));
      }
      continue;
    }
    const int error = errno;
    if (error != ENOENT && error != ENOTDIR && error != ELOOP) {
      missing.unknown = fmt::format("{} {}", path.string(), unreadable(error).value().what);
      continue;
    }
    const bool is_link = ::lstat(path.c_str(), &status) == 0;
    missing.sentences.push_back(
        fmt::format("{} is {}", path.string(), is_link ? "a link that leads nowhere" : "not there"));
  }
  return missing;
}

}  // namespace cni
