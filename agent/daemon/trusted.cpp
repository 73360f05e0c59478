#include "agent/daemon/trusted.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "host/processes.h"

namespace agent {

Trusted::Trusted(const std::filesystem::path& runtime_folder) {
  struct stat folder {};
  if (::lstat(runtime_folder.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode)) owner_ = folder.st_uid;
}

std::string user_text(uid_t user, pid_t process) {
  if (process <= 0) return fmt::format("user {}", user);
  const auto name = host::process_name("/", process);
  return fmt::format("user {} (process {}{})", user, process, name.empty() ? "" : ", " + name);
}

}  // namespace agent
