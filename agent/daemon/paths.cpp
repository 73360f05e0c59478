#include "agent/daemon/paths.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "host/processes.h"

namespace agent {
namespace {

std::filesystem::path from_environment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return otherwise;
  const std::string folders(value);
  return folders.substr(0, folders.find(':'));  // systemd.exec(5): several folders are separated by colons
}

}  // namespace

std::filesystem::path runtime_directory() {
  return from_environment("RUNTIME_DIRECTORY", "/run/calico-azure-agent");
}

std::filesystem::path state_directory() {
  return from_environment("STATE_DIRECTORY", "/var/lib/calico-azure-agent");
}

std::filesystem::path document_cache() { return state_directory() / "imds.json"; }

std::filesystem::path kept_file() { return state_directory() / "kept.json"; }

std::filesystem::path product_uuid_file() {
  const auto credential = from_environment("CREDENTIALS_DIRECTORY", "/nonexistent") / "product_uuid";
  std::error_code ignored;
  return std::filesystem::exists(credential, ignored) ? credential : "/sys/class/dmi/id/product_uuid";
}

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
